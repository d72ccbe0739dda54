package fast

import (
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// lowerLook lowers a look-ahead or look-behind.
func (l *lowering) lowerLook(n *node, next pc) pc {
	if b, ok := charSet(n.sub()); ok {
		o := opPeek
		if n.behind {
			o = opPrev
		}
		return l.emit(instr{op: o, set: b, neg: n.neg, next: next, alt: noPC}, first(n, l.first[next]))
	}
	if n.behind && about(n.sub()).captures {
		return l.fail("a look-behind that captures")
	}
	reg := l.regs
	l.regs += 2
	in := instr{op: opAhead, arg: reg, alt: noPC}
	end := instr{op: opAheadEnd, arg: reg, next: next, alt: noPC}
	if n.neg {
		in.op, in.alt = opNot, next
		end.op, end.next = opNotEnd, noPC
	}
	stop := l.emit(end, anySide())
	if n.behind {
		in.next = l.behind(n.sub(), stop)
	} else {
		in.next = l.lower(n.sub(), stop)
	}
	if l.err != nil {
		return 0
	}
	return l.emit(in, first(n, l.first[next]))
}

// charSet returns the bytes with which the character that n is can begin, and end, if those decide whether it is one.
func charSet(n *node) (byteSet, bool) {
	if n.op == syntax.OneOf && n.cls.kind == highClass {
		return n.cls.run(), true
	}
	if n.op == syntax.OneOf && n.cls.kind == mixedClass {
		return byteSet{}, false
	}
	return asciiSet(n)
}

// behind lowers what a look-behind looks for: each alternative begins as many characters back as it has.
func (l *lowering) behind(n *node, next pc) pc {
	alts := []*node{n}
	if n.op == syntax.Alt {
		alts = n.subs
	}
	p := noPC
	for _, alt := range slices.Backward(alts) {
		w, ok := charWidth(alt)
		if !ok {
			return l.fail("a look-behind whose alternatives have no fixed width")
		}
		body := l.lower(alt, next)
		if w > 0 {
			body = l.emit(instr{op: opBack, min: w, next: body, alt: noPC}, anySide())
		}
		if p == noPC {
			p = body
		} else {
			p = l.emit(instr{op: opPush, next: body, alt: p}, anySide())
		}
	}
	return p
}

// charWidth returns the number of characters that n matches, if it is always the same.
func charWidth(n *node) (int, bool) {
	switch n.op {
	case syntax.Literal:
		return utf8.RuneCountInString(n.text), true
	case syntax.OneOf:
		return 1, true
	case syntax.Seq:
		sum := 0
		for _, s := range n.subs {
			w, ok := charWidth(s)
			if !ok {
				return 0, false
			}
			sum += w
		}
		return sum, true
	case syntax.Alt:
		w, ok := charWidth(n.subs[0])
		for _, s := range n.subs[1:] {
			v, vok := charWidth(s)
			ok = ok && vok && v == w
		}
		return w, ok
	case syntax.Repeat:
		w, ok := charWidth(n.sub())
		return w * n.min, ok && n.min == n.max
	case syntax.Capture, syntax.Atomic:
		return charWidth(n.sub())
	default:
		return 0, zeroWidth(n)
	}
}
