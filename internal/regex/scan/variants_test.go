//go:build !amd64 || purego

package scan

import "testing"

// variants returns functions that choose what the processor can do: there is no choice here.
func variants(testing.TB) []func() { return []func(){func() {}} }
