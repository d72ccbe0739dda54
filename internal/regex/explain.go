package regex

import "sluice/internal/regex/plain"

// Explanation tells why a text has no match.
type Explanation struct {
	// Caps are the offsets of the match, as Match returns them; nil where there is none.
	Caps []int32
	// Exhausted says that the search ended before that was known; what it tells is true of what was tried.
	Exhausted bool
	// Begin and End are what was matched, in bytes, by the attempt that went through most of the expression before it
	// failed: what comes from End on is what did not fit.
	Begin, End int
	// Steps is how much was done to find out; a step takes some nanoseconds.
	Steps int64
	// Pos and Until are the part of the expression, in bytes, that did not fit there. In alternatives and repeats it is
	// the one before which most of the text was matched; of several, the first.
	Pos, Until int
}

// Explain tells how far a search for a match in s comes. It is slow, compared with Match, and allocates, but it
// takes no more than so many steps, and no more than the program's own budget. It may be called by several goroutines at once.
func (p *Program) Explain(s string, steps int64) Explanation {
	m := plain.NewMachine(p.plain)
	m.Budget = min(steps, p.budget)
	caps := make([]int32, 2*(len(p.tree.Names)+1))
	r, t := m.Explain(s, caps)
	if r == plain.Matched {
		return Explanation{Caps: caps, Steps: m.Steps()}
	}
	return Explanation{Steps: m.Steps(), Exhausted: r == plain.Exhausted, Begin: t.Begin, End: t.End, Pos: t.Pos, Until: t.Until}
}
