//go:build (amd64 || arm64) && !purego

package scan

// run finds the end of the run by vector instructions, where the processor has them.
func run(s string, i int, t *Set) int { return runVector(s, i, t) }

// runVector is loop. It reads nothing where the text ends at i, and makes no use of bytes outside of s[i:].
//
//go:noescape
func runVector(s string, i int, t *Set) int
