// Package scan tells how far a run of bytes of one set goes: the inner loop of [^"]*, \S+ and their like.
//
// The amd64 version looks at 16 or 32 bytes at a time (SSSE3, AVX2: found out when the program starts), the arm64
// version at 16 (NEON); other machines, and builds with the tag purego, step through a table. All give the same
// answers. The vector versions may read, without using it, what lies behind the end of the text, as far as the same
// page of memory goes.
package scan

// Set is a set of bytes: any of those below 0x80, and either all or none of the others, so that a run of it is the
// same whether bytes or UTF-8 characters are counted. It is not changed once made: several goroutines may use it.
type Set struct {
	// What the assembly knows, in this order.
	low  [16]byte // by the low half of a byte: bit h says that h<<4|low is a member
	bits [16]byte // by the high half h of a byte: 1<<h; 0 from 8 on
	high [16]byte // by the high half h of a byte: all ones if h is 8 or more and the bytes from 0x80 on are members

	table [256]bool // the same once more, by byte
}

// NewSet returns the set of the bytes below 0x80 whose bit is set in ascii, and, if high, of all bytes from 0x80 on.
func NewSet(ascii [2]uint64, high bool) *Set {
	t := &Set{}
	for h := range 8 {
		t.bits[h] = 1 << h
	}
	for b := range 0x80 {
		if ascii[b>>6]>>(b&63)&1 != 0 {
			t.low[b&15] |= 1 << (b >> 4)
			t.table[b] = true
		}
	}
	if high {
		for h := 8; h < 16; h++ {
			t.high[h] = 0xFF
		}
		for b := 0x80; b < 0x100; b++ {
			t.table[b] = true
		}
	}
	return t
}

// Has reports whether b is a member.
func (t *Set) Has(b byte) bool { return t.table[b] }

// Run returns the end of the run of members of t that begins at s[i]: the first index from i on whose byte is none, or
// len(s); i itself where there is no run. 0 <= i <= len(s) must hold.
func Run(s string, i int, t *Set) int { return run(s, i, t) }

// RunMax is Run that goes no further than limit bytes, which is not negative.
func RunMax(s string, i, limit int, t *Set) int {
	return run(s[:i+min(limit, len(s)-i)], i, t)
}

// loop is the portable version, and the obvious one. It is no part of its callers, so that those can be parts of theirs.
//
//go:noinline
func loop(s string, i int, t *Set) int {
	for i < len(s) && t.table[s[i]] {
		i++
	}
	return i
}
