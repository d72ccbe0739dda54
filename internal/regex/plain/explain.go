package plain

// Trace tells how far the attempt came that matched the longest text before it failed.
type Trace struct {
	Begin, End int // the text, in bytes
	Pos, Until int // the part of the expression that did not match what comes then, in bytes
	ok         bool
}

// Explain is like Match, and tells how far the search came where there is no match. It takes no more steps than the budget.
func (m *Machine) Explain(s string, caps []int32) (Result, Trace) {
	if len(s) > maxText {
		return Exhausted, Trace{}
	}
	m.trace = &Trace{}
	defer func() { m.trace = nil }()
	r := m.Match(s, 0, caps)
	return r, *m.trace
}

// note takes note of an instruction that failed.
func (m *Machine) note(in *inst, pos int) {
	if m.depth > 0 {
		return
	}
	for mark := m.mark; mark >= 0; mark = m.stack[mark].b {
		if m.p.insts[m.stack[mark].a].op == opLook {
			return // how far a look-around came says nothing
		}
	}
	if in.op == opText {
		pos += common(m.p.texts[in.arg], m.s[pos:])
	}
	if t := m.trace; !t.ok || pos-m.began > t.End-t.Begin {
		*t = Trace{Begin: m.began, End: pos, Pos: int(in.pos), Until: int(in.end), ok: true}
	}
}

// common returns the length of the longest common begin.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
