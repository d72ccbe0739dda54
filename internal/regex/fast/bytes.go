package fast

import "math/bits"

// byteSet is a set of bytes.
type byteSet [4]uint64

// The sets that proofs need again and again.
func allBytes() byteSet  { return byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)} }
func highBytes() byteSet { return byteSet{0, 0, ^uint64(0), ^uint64(0)} }

// wordBytes are the word characters below 0x80.
func wordBytes() byteSet { return byteSet{0x03ff000000000000, 0x07fffffe87fffffe, 0, 0} }

func oneByte(c byte) (b byteSet) {
	b.add(c)
	return b
}

func byteRange(lo, hi byte) (b byteSet) {
	for c := int(lo); c <= int(hi); c++ {
		b.add(byte(c))
	}
	return b
}

func (b *byteSet) add(c byte)     { b[c>>6] |= 1 << (c & 63) }
func (b byteSet) has(c byte) bool { return b[c>>6]>>(c&63)&1 != 0 }

func (b byteSet) or(c byteSet) byteSet {
	return byteSet{b[0] | c[0], b[1] | c[1], b[2] | c[2], b[3] | c[3]}
}

func (b byteSet) and(c byteSet) byteSet {
	return byteSet{b[0] & c[0], b[1] & c[1], b[2] & c[2], b[3] & c[3]}
}

func (b byteSet) minus(c byteSet) byteSet {
	return byteSet{b[0] &^ c[0], b[1] &^ c[1], b[2] &^ c[2], b[3] &^ c[3]}
}

func (b byteSet) len() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

func (b byteSet) empty() bool             { return b == byteSet{} }
func (b byteSet) within(c byteSet) bool   { return b.minus(c).empty() }
func (b byteSet) disjoint(c byteSet) bool { return b.and(c).empty() }

// side is what can stand on one side of a position: one of bytes, or (edge) the text's begin or end.
type side struct {
	bytes byteSet
	edge  bool
}

func anySide() side { return side{allBytes(), true} }

func (a side) or(b side) side  { return side{a.bytes.or(b.bytes), a.edge || b.edge} }
func (a side) and(b side) side { return side{a.bytes.and(b.bytes), a.edge && b.edge} }

// onlyEdge says that nothing but the text's begin or end stands there.
func (a side) onlyEdge() bool { return a.bytes.empty() && a.edge }

// none says that nothing can stand there: the position is never reached.
func (a side) none() bool { return a.bytes.empty() && !a.edge }

// disjoint says that what stands there decides between a and b.
func (a side) disjoint(b side) bool { return a.bytes.disjoint(b.bytes) && (!a.edge || !b.edge) }
