package plain

// Trace tells how far the attempt came that went through most of the expression before it failed.
type Trace struct {
	Begin, End int // what it matched, in bytes
	Pos, Until int // the part of the expression that did not match what comes then, in bytes

	ok   bool
	rank int32 // of that part
	part int   // bytes of it that did match
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

// note takes note of an instruction that failed, if no other has come farther. Farther is what stands later in the
// expression, alternatives and repeats taken as a whole; in those, what went through more of the text. Without them the first attempt
// counts: a lazy .*? before what is missing, say, may come to the text's end, but that tells nothing.
func (m *Machine) note(in *inst, pos int) {
	if m.depth > 0 || in.op == opRun {
		return
	}
	for mark := m.mark; mark >= 0; mark = m.stack[mark].b {
		if m.p.insts[m.stack[mark].a].op == opLook {
			return // how far a look-around came says nothing
		}
	}
	part := 0
	if in.op == opText {
		part = common(m.p.texts[in.arg], m.s[pos:])
	}
	t := m.trace
	switch {
	case !t.ok || in.rank > t.rank:
	case in.rank < t.rank:
		return
	case in.rank == in.pos: // the part as a whole
		if part <= t.part {
			return
		}
	case pos+part-m.began <= t.End-t.Begin:
		return
	}
	*t = Trace{Begin: m.began, End: pos + part, Pos: int(in.pos), Until: int(in.end), ok: true, rank: in.rank, part: part}
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
