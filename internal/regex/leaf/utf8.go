package leaf

import (
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

const (
	contLo, contHi = 0x80, 0xBF // the bytes that continue a character
	surrogateLo    = 0xD800
	surrogateHi    = 0xDFFF
	maxRanges      = 64 // of a class: the alphabets of the world are not for small automata
)

// class builds one character of c before next.
func (p *builder) class(c *syntax.Class, next int32) int32 {
	ascii := c.ASCII()
	low := inst{kind: isBytes, set: byteSet{ascii[0], ascii[1]}, next: next}
	if _, none := c.High(); none {
		return p.emit(low)
	}
	if len(c.Ranges) > maxRanges {
		low.bail = setOf(utf8.RuneSelf, 0xFF) // the general way knows
		return p.emit(low)
	}
	outs := []int32{p.emit(low)}
	w := encoder{p: p, next: next, made: map[piece]int32{}}
	for _, r := range c.Ranges {
		w.runes(max(r.Lo, utf8.RuneSelf), min(r.Hi, surrogateLo-1))
		w.runes(max(r.Lo, surrogateHi+1), r.Hi)
	}
	outs = append(outs, w.starts...)
	if c.Invalid {
		outs = append(outs, p.invalid())
	}
	return p.emit(inst{kind: isSplit, out: outs})
}

// piece is a range of bytes before an instruction.
type piece struct {
	lo, hi byte
	next   int32
}

// encoder makes the byte sequences of ranges of code points.
type encoder struct {
	p      *builder
	next   int32
	made   map[piece]int32 // equal ends of sequences are made once
	starts []int32
}

// runes adds the code points from lo to hi, which are no surrogates. It halves the range until the encodings of its ends
// have the same length, and differ in such a way that every combination of the bytes between theirs is in the range.
func (w *encoder) runes(lo, hi rune) {
	if lo > hi || w.p.failed {
		return
	}
	for _, last := range [...]rune{0x7FF, 0xFFFF} {
		if lo <= last && hi > last {
			w.runes(lo, last)
			w.runes(last+1, hi)
			return
		}
	}
	for shift := 6; shift < 6*utf8.RuneLen(hi); shift += 6 {
		mask := rune(1)<<shift - 1
		if lo&^mask == hi&^mask {
			break
		}
		if lo&mask != 0 {
			w.runes(lo, lo|mask)
			w.runes(lo|mask+1, hi)
			return
		}
		if hi&mask != mask {
			w.runes(lo, hi&^mask-1)
			w.runes(hi&^mask, hi)
			return
		}
	}
	first, last := utf8.AppendRune(nil, lo), utf8.AppendRune(nil, hi)
	next := w.next
	for i, lo := range slices.Backward(first) {
		k := piece{lo, last[i], next}
		at, ok := w.made[k]
		if !ok {
			at = w.p.emit(inst{kind: isBytes, set: setOf(k.lo, k.hi), next: next})
			w.made[k] = at
			if i == 0 {
				w.starts = append(w.starts, at)
			}
		}
		next = at
	}
}

// lead is the bytes that begin a character, the range that the second byte must have, and how many follow that.
type lead struct{ lo, hi, secondLo, secondHi, more byte }

// leads is the table of well-formed sequences of the Unicode standard (3-7).
func leads() [8]lead {
	return [8]lead{
		{0xC2, 0xDF, contLo, contHi, 0},
		{0xE0, 0xE0, 0xA0, contHi, 1},
		{0xE1, 0xEC, contLo, contHi, 1},
		{0xED, 0xED, contLo, 0x9F, 1},
		{0xEE, 0xEF, contLo, contHi, 1},
		{0xF0, 0xF0, 0x90, contHi, 2},
		{0xF1, 0xF3, contLo, contHi, 2},
		{0xF4, 0xF4, contLo, 0x8F, 2},
	}
}

// invalid returns instructions that never match, but bail out where a character begins that is not valid: one
// byte would be a character then, which is known only three bytes later at worst.
func (p *builder) invalid() int32 {
	if p.broken != 0 {
		return p.broken
	}
	never := p.emit(inst{kind: isSplit})
	first := setOf(contLo, 0xFF)
	var outs, more []int32
	more = append(more, never)
	for range 2 {
		next := more[len(more)-1]
		more = append(more, p.continuation(contLo, contHi, next))
	}
	for _, l := range leads() {
		second := p.continuation(l.secondLo, l.secondHi, more[l.more])
		set := setOf(l.lo, l.hi)
		first = first.and(set.not())
		outs = append(outs, p.emit(inst{kind: isBytes, set: set, next: second}))
	}
	outs = append(outs, p.emit(inst{kind: isBytes, bail: first, next: never}))
	p.broken = p.emit(inst{kind: isSplit, out: outs})
	return p.broken
}

func (p *builder) continuation(lo, hi byte, next int32) int32 {
	set := setOf(lo, hi)
	return p.emit(inst{kind: isBytes, set: set, bail: set.not(), bailEnd: true, next: next})
}
