package syntax

import "slices"

// checkCalls refuses what calls could never end: a group that is called again before anything is consumed, and one
// that has no way to match without calling itself. Oniguruma refuses both when it reads the expression.
func (p *parser) checkCalls(t *Tree) {
	c := &callChecker{p: p, m: NewMeasure(t), ends: map[int]bool{}, state: map[int]int{}}
	calls := 0
	for _, n := range p.refs {
		if n.Op != Call {
			continue
		}
		if calls++; calls > maxCalls {
			p.fail(n.Pos, n.End, "found more than %d calls, expected fewer", maxCalls)
			return
		}
		c.targets = append(c.targets, n)
	}
	for _, n := range c.targets {
		c.descend(n.Index)
	}
	if p.err == nil {
		c.findEnds()
	}
}

type callChecker struct {
	p       *parser
	m       *Measure
	targets []*Node
	state   map[int]int  // of descend, by group
	ends    map[int]bool // groups that can match without end of calls
}

// states of descend.
const (
	unseen = iota
	open
	done
)

// descend follows the calls that come before anything is consumed.
func (c *callChecker) descend(index int) {
	c.state[index] = open
	c.head(c.m.groups[index])
	c.state[index] = done
}

// head looks at the calls that a node may make before anything is consumed, and reports whether what follows it may
// come so early, too.
func (c *callChecker) head(n *Node) {
	if c.p.err != nil {
		return
	}
	if n.Op == Call {
		switch c.state[n.Index] {
		case open:
			c.p.fail(n.Pos, n.End, "found a call that leads back to itself before anything is consumed, expected text before it")
		case unseen:
			c.descend(n.Index)
		}
		return
	}
	for _, sub := range n.Subs {
		c.head(sub)
		if n.Op == Seq && !c.m.Of(sub).Nullable() {
			return
		}
	}
}

// findEnds refuses groups that cannot match without calling themselves: from those that can, one finds those that
// call only such, until there are no more.
func (c *callChecker) findEnds() {
	for found := true; found; {
		found = false
		for _, n := range c.targets {
			if !c.ends[n.Index] && c.canEnd(c.m.groups[n.Index]) {
				c.ends[n.Index] = true
				found = true
			}
		}
	}
	for _, n := range c.targets {
		if !c.ends[n.Index] {
			c.p.fail(n.Pos, n.End, "found a call that leads back to itself whatever happens, expected an alternative to it")
			return
		}
	}
}

// canEnd reports whether a node can match with calls of groups in c.ends only.
func (c *callChecker) canEnd(n *Node) bool {
	switch n.Op {
	case Call:
		return c.ends[n.Index]
	case Repeat:
		return n.Min == 0 || c.canEnd(n.Subs[0])
	case Alt, Condition:
		return slices.ContainsFunc(n.Subs, c.canEnd)
	}
	for _, sub := range n.Subs {
		if !c.canEnd(sub) {
			return false
		}
	}
	return true
}
