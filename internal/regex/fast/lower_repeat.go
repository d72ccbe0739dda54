package fast

import "sluice/internal/regex/syntax"

// lowerRepeat lowers a repeat, whose begin and end go to at.
func (l *lowering) lowerRepeat(n *node, next pc, at span) pc {
	if n.sub().op == syntax.OneOf {
		return l.lowerRun(n, next, at)
	}
	if at != (span{}) {
		return l.save(opSave, at, n, next)
	}
	switch {
	case about(n.sub()).nullable && n.max != 1:
		return l.lowerNullable(n, next)
	case n.max < 0:
		return l.lowerLoop(n, next)
	default:
		return l.unroll(n, next)
	}
}

// lowerRun lowers a repeat of a class.
func (l *lowering) lowerRun(n *node, next pc, at span) pc {
	c, follow := n.sub().cls, l.first[next]
	in := instr{
		cls: c, min: n.min, max: n.max, lo: at.lo, hi: at.hi, next: next, alt: noPC,
		follow: follow.bytes, edge: follow.edge,
	}
	everything := c.kind == highClass && c.ascii == allBytes().minus(highBytes())
	switch {
	case n.min == n.max:
		in.op = opRun
	case n.lazy && everything && n.min == 0 && n.max < 0 && l.code[next].op == opLit:
		in.op, in.lit, in.neg = opLazyLit, l.code[next].lit, l.settled(l.code[next].next)
	case n.lazy:
		in.op = opLazy
	case everything && n.min <= 1 && n.max < 0 && l.settled(next):
		in.op = opRest
	case possessive(n, follow) || l.settled(next):
		in.op = opRun
	default:
		in.op = opGreedy
	}
	if in.op == opRun || in.op == opRest || in.op == opLazyLit {
		in.follow, in.edge = byteSet{}, false
	}
	return l.emit(in, first(n, follow))
}

// settled says that what has been matched when p is reached is never returned to.
func (l *lowering) settled(p pc) bool {
	for {
		switch in := &l.code[p]; in.op {
		case opMatch, opCommit, opAheadEnd, opNotEnd:
			return true
		case opSave, opLog:
			p = in.next
		case opRest:
			if in.min > 0 {
				return false
			}
			p = in.next // it matches everywhere
		default:
			return false
		}
	}
}

// either is a choice between a, which is tried first, and b.
func (l *lowering) either(a, b pc) pc {
	if l.err != nil {
		return 0
	}
	fa, fb := l.first[a], l.first[b]
	switch {
	case a == b || fb.none():
		return a
	case fa.none():
		return b
	}
	return l.emit(instr{
		op: opChoice, set: fa.bytes, edge: fa.edge, follow: fb.bytes, followEdge: fb.edge, next: a, alt: b,
	}, fa.or(fb))
}

// again is a choice between another round and going on.
func (l *lowering) again(n *node, body, out pc) pc {
	if n.lazy {
		return l.either(out, body)
	}
	return l.either(body, out)
}

// lowerLoop lowers a repeat without an end, of something that is never empty.
func (l *lowering) lowerLoop(n *node, next pc) pc {
	head := l.place(instr{op: opJump, next: noPC, alt: noPC}, firstBeforeAll(n.sub()).or(l.first[next]))
	body := l.lower(n.sub(), head)
	if l.err != nil {
		return 0
	}
	choice := l.again(n, body, next)
	l.code[head].next = choice
	if n.min == 0 {
		return choice
	}
	for range n.min - 1 {
		body = l.lower(n.sub(), body)
	}
	return body
}

// lowerNullable lowers a repeat of something that may be empty: an empty round is the last one.
func (l *lowering) lowerNullable(n *node, next pc) pc {
	if n.max >= 0 || n.min > 1 || about(n.sub()).captures {
		return l.fail("a counted or capturing repeat of what may be empty")
	}
	reg := l.regs
	l.regs++
	head := l.place(instr{op: opJump, next: noPC, alt: noPC}, anySide())
	check := l.emit(instr{op: opCheck, arg: reg, next: head, alt: next}, anySide())
	body := l.lower(n.sub(), check)
	if l.err != nil {
		return 0
	}
	mark := l.emit(instr{op: opMark, arg: reg, next: body, alt: noPC}, firstBeforeAll(n.sub()))
	choice := l.again(n, mark, next)
	l.code[head].next = choice
	if n.min == 0 {
		return choice
	}
	return mark
}

// unroll lowers a repeat with an end: as many copies as there may be.
func (l *lowering) unroll(n *node, next pc) pc {
	p := next
	for range n.max - n.min {
		body := l.lower(n.sub(), p)
		if l.err != nil {
			return 0
		}
		p = l.again(n, body, next)
	}
	for range n.min {
		p = l.lower(n.sub(), p)
	}
	return p
}
