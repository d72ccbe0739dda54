//go:build (!amd64 && !arm64) || purego

package scan

func run(s string, i int, t *Set) int { return loop(s, i, t) }
