// Package e2e tests both programs from outside: the main job against real servers with `kill -9` (build tag
// e2e, `make e2e`), the same against the in-memory stand-ins, the configurations in configs/, and the rules
// of the tree. What only its tests need is in its folders.
package e2e
