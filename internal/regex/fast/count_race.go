//go:build race

package fast

const counted = true
