package syntax

// Range is the characters from Lo to Hi, both included.
type Range struct{ Lo, Hi rune }

// MaxRune is the last code point.
const MaxRune = 0x10FFFF

// Class is a set of characters: code points, and, apart from them, the bytes that are not part of valid UTF-8.
// Such a byte is a character of its own, which is in a class as a whole or not: "." and negated classes have
// it, classes that name their members do not.
type Class struct {
	Ranges  []Range // sorted, neither overlapping nor touching
	Invalid bool    // whether bytes outside of valid UTF-8 are members
}

// Has reports whether r is a member. It is the slow and obvious way: what is hot has a table.
func (c *Class) Has(r rune) bool {
	lo, hi := 0, len(c.Ranges)
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < c.Ranges[mid].Lo:
			hi = mid
		case r > c.Ranges[mid].Hi:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// ASCII returns the members below 0x80 as a bit set.
func (c *Class) ASCII() (set [2]uint64) {
	for _, r := range c.Ranges {
		for x := r.Lo; x <= r.Hi && x < 0x80; x++ {
			set[x>>6] |= 1 << (x & 63)
		}
	}
	return set
}

// High tells how the class takes what is not ASCII: all of it (every code point from 0x80 on, and invalid bytes),
// none of it, or some. A run of a class that is not mixed can be scanned byte by byte.
func (c *Class) High() (all, none bool) {
	none = !c.Invalid
	for _, r := range c.Ranges {
		if r.Hi >= 0x80 {
			none = false
		}
		if r.Lo <= 0x80 && r.Hi == MaxRune && c.Invalid {
			all = true
		}
	}
	return all, none
}
