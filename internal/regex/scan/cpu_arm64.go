//go:build !purego

package scan

const vectors = true // NEON is part of the architecture
