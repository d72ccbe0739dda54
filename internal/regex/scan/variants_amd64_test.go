//go:build !purego

package scan

import "testing"

// variants returns functions that choose what the processor can do, and leaves it as it was at the end of the test.
func variants(tb testing.TB) []func() {
	hasVectors, hasWide := vectors, wide
	tb.Cleanup(func() { vectors, wide = hasVectors, hasWide })
	return []func(){
		func() { vectors, wide = false, false },
		func() { vectors, wide = hasVectors, false },
		func() { vectors, wide = hasVectors, hasWide },
	}
}
