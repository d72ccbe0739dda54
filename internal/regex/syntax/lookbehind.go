package syntax

// checkLookBehinds refuses look-behinds that Oniguruma refuses: those whose texts have several lengths, apart from
// alternatives that are all of the look-behind, and those with constructs that cannot be looked at backwards.
func (p *parser) checkLookBehinds(t *Tree) {
	m := NewMeasure(t)
	for _, n := range p.outer {
		p.checkBehind(n.Subs[0], n.Neg)
	}
	for _, n := range p.looks {
		if p.err != nil {
			return
		}
		body := n.Subs[0]
		parts := []*Node{body}
		if body.Op == Alt && p.hidden[body] != byOptions {
			parts = body.Subs
		}
		for _, part := range parts {
			if l := m.Of(part); p.err == nil && !p.fixed(m, part) {
				p.failLength(part, l)
			}
		}
	}
}

// fixed reports whether all texts of a node have one length in characters, at each of its alternatives too.
func (p *parser) fixed(m *Measure, n *Node) bool {
	if !m.Of(n).Fixed() {
		return false
	}
	if n.Op == Repeat && n.Min != n.Max {
		return false
	}
	if n.Op == Look || n.Op == Call {
		return true
	}
	for _, sub := range n.Subs {
		if !p.fixed(m, sub) {
			return false
		}
	}
	return true
}

// failLength refuses a part of a look-behind that may have several lengths.
func (p *parser) failLength(n *Node, l Length) {
	if l.MaxChars == NoLimit {
		p.fail(n.Pos, n.End, "found at least %d characters without a limit in a look-behind, expected a fixed number", l.MinChars)
		return
	}
	p.fail(n.Pos, n.End, "found %d to %d characters in a look-behind, expected a fixed number, or alternatives as the whole of it",
		l.MinChars, l.MaxChars)
}

// checkBehind refuses the constructs that must not stand in a look-behind, or, neg, in a negative one.
func (p *parser) checkBehind(n *Node, neg bool) {
	what := ""
	switch n.Op {
	case Look:
		if !n.Behind && p.hidden[n] == 0 {
			what = "a look-ahead"
		}
		neg = neg || n.Neg
	case Capture:
		if neg {
			what = "a group that captures, in a negative one,"
		}
	case Atomic:
		what = "an atomic group or possessive repeat"
	case TextEnd, TextEndNewline:
		what = "an anchor of the text's end"
	case Condition:
		what = "a condition"
	case Absent:
		what = "an absent operator"
	case Backref:
		what = "a back-reference"
	}
	if what != "" {
		p.fail(n.Pos, n.End, "found %s in a look-behind, expected text of a fixed length", what)
		return
	}
	for _, sub := range n.Subs {
		p.checkBehind(sub, neg)
	}
}
