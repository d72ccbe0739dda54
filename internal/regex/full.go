//go:build !lean

package regex

// lean says that there is the plain executor alone. A program in which few texts are matched, and briefly, is built with the
// tag lean: the others are then not linked, which makes it half a megabyte smaller.
const lean = false
