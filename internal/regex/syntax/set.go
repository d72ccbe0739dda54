package syntax

import (
	"cmp"
	"slices"
	"unicode/utf8"
)

// Arithmetic of classes. What it returns is new, or one of the operands: classes are never written to once they
// are made, so that trees may share them.

// dot is every character, bytes outside of valid UTF-8 included.
func dot() *Class {
	return &Class{Ranges: []Range{{0, MaxRune}}, Invalid: true}
}

// classOf returns the class of the given ranges, in any order.
func classOf(ranges ...Range) *Class {
	return &Class{Ranges: normalize(ranges)}
}

// normalize sorts ranges, in place, and joins those that overlap or touch.
func normalize(ranges []Range) []Range {
	if len(ranges) < 2 {
		return ranges
	}
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := ranges[:1]
	for _, r := range ranges[1:] {
		last := &out[len(out)-1]
		if r.Lo > last.Hi+1 {
			out = append(out, r)
			continue
		}
		last.Hi = max(last.Hi, r.Hi)
	}
	return slices.Clip(out)
}

// union returns the members of a and of b.
func union(a, b *Class) *Class {
	ranges := make([]Range, 0, len(a.Ranges)+len(b.Ranges))
	ranges = append(append(ranges, a.Ranges...), b.Ranges...)
	return &Class{Ranges: normalize(ranges), Invalid: a.Invalid || b.Invalid}
}

// negate returns the characters that are not in c.
func negate(c *Class) *Class {
	out := make([]Range, 0, len(c.Ranges)+1)
	next := rune(0)
	for _, r := range c.Ranges {
		if r.Lo > next {
			out = append(out, Range{next, r.Lo - 1})
		}
		next = r.Hi + 1
	}
	if next <= MaxRune {
		out = append(out, Range{next, MaxRune})
	}
	return &Class{Ranges: out, Invalid: !c.Invalid}
}

// intersect returns the members that a and b share.
func intersect(a, b *Class) *Class {
	var out []Range
	for i, j := 0, 0; i < len(a.Ranges) && j < len(b.Ranges); {
		x, y := a.Ranges[i], b.Ranges[j]
		if lo, hi := max(x.Lo, y.Lo), min(x.Hi, y.Hi); lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if x.Hi < y.Hi {
			i++
		} else {
			j++
		}
	}
	return &Class{Ranges: out, Invalid: a.Invalid && b.Invalid}
}

// single returns the only member of c, if it has just one, which can be written as UTF-8.
func single(c *Class) (rune, bool) {
	if len(c.Ranges) == 1 && !c.Invalid && c.Ranges[0].Lo == c.Ranges[0].Hi && utf8.ValidRune(c.Ranges[0].Lo) {
		return c.Ranges[0].Lo, true
	}
	return 0, false
}
