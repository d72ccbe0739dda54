//go:build lean

package regex

const lean = true
