package syntax

// checkCalls refuses what calls could never end: a group that is called again before anything is consumed, and one
// that has no way to match without calling itself. Oniguruma refuses both when it reads the expression.
func (p *parser) checkCalls(t *Tree) {
	c := &callChecker{
		p: p, m: NewMeasure(t), state: map[*Node]int{}, missing: map[*Node]int{},
		parent: map[*Node]*Node{}, callers: map[*Node][]*Node{}, ended: map[*Node]bool{},
	}
	var calls []*Node
	for _, n := range p.refs {
		if n.Op == Call {
			calls = append(calls, n)
		}
	}
	if len(calls) > maxCalls {
		p.fail(calls[maxCalls].Pos, calls[maxCalls].End, "found more than %d calls, expected fewer", maxCalls)
		return
	}
	for _, n := range calls {
		c.head(c.m.groups[n.Index], n)
	}
	if p.err != nil {
		return
	}
	c.findEnds(t, calls)
	for _, n := range calls {
		if c.missing[n] > 0 {
			p.fail(n.Pos, n.End, "found a call that leads back to itself whatever happens, expected an alternative to it")
			return
		}
	}
}

type callChecker struct {
	p     *parser
	m     *Measure
	state map[*Node]int // of head

	// Of findEnds: how many of a node's operands are still missing until it is known that it can match without
	// calls that do not end; its parent; the calls of a group.
	missing map[*Node]int
	parent  map[*Node]*Node
	callers map[*Node][]*Node
	ended   map[*Node]bool // nodes of which that is known
}

// states of a node in head.
const (
	open = iota + 1
	done
)

// head follows what a node may do before anything is consumed, and refuses a call in it that leads to a node from
// which it came. The node itself is there because of that call.
func (c *callChecker) head(n, call *Node) {
	if c.state[n] == open {
		c.p.fail(call.Pos, call.End, "found a call that leads back to itself before anything is consumed, expected text before it")
	}
	if c.state[n] != 0 || c.p.err != nil {
		return
	}
	c.state[n] = open
	if n.Op == Call {
		c.head(c.m.groups[n.Index], n)
	}
	for _, sub := range n.Subs {
		c.head(sub, call)
		if n.Op == Seq && !c.m.Of(sub).Nullable() {
			break
		}
	}
	c.state[n] = done
}

// findEnds finds the nodes that can match without calls that never end: first those without calls, then whatever
// needs only such nodes, until there is nothing more to find.
func (c *callChecker) findEnds(t *Tree, calls []*Node) {
	for _, n := range calls {
		target := c.m.groups[n.Index]
		c.callers[target] = append(c.callers[target], n)
	}
	c.count(t.Root)
}

// count computes what n is missing, and what follows for others when that is nothing.
func (c *callChecker) count(n *Node) {
	switch n.Op {
	case Call:
		c.missing[n] = 1 // its group
		if c.ended[c.m.groups[n.Index]] {
			c.missing[n] = 0
		}
	case Alt, Condition:
		c.missing[n] = 1 // any of its operands
	case Repeat:
		c.missing[n] = min(n.Min, 1)
	default:
		c.missing[n] = len(n.Subs)
	}
	free := c.missing[n] == 0
	for _, sub := range n.Subs {
		c.parent[sub] = n
		c.count(sub)
	}
	if free {
		c.ends(n)
	}
}

// ends tells those that miss n that it can end.
func (c *callChecker) ends(n *Node) {
	for ; n != nil; n = c.parent[n] {
		c.ended[n] = true
		for _, call := range c.callers[n] {
			if c.missing[call] > 0 {
				c.missing[call] = 0
				c.ends(call)
			}
		}
		up := c.parent[n]
		if up == nil || c.missing[up] == 0 {
			return
		}
		if c.missing[up]--; c.missing[up] > 0 {
			return
		}
	}
}
