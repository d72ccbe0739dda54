package syntax

// link finishes a tree when all of the expression is read: groups get their final numbers, references their
// groups, and what only then can be seen to be wrong is refused.
func (p *parser) link(t *Tree) error {
	p.numberGroups(t)
	byName := map[string][]int{}
	for i, name := range t.Names {
		byName[name] = append(byName[name], i+1)
	}
	for _, n := range p.refs {
		p.resolve(t, n, byName)
	}
	if p.err == nil && p.named {
		t.Root = p.dropPlain(t.Root, p.finalNumbers())
	}
	if p.err == nil && t.Called {
		p.checkCalls(t)
	}
	if p.err == nil && len(p.looks) > 0 {
		p.checkLookBehinds(t)
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

// numberGroups lists the groups: the named ones, if there is a name at all.
func (p *parser) numberGroups(t *Tree) {
	for _, g := range p.groups {
		if g.name != "" || !p.named {
			t.Names = append(t.Names, g.name)
		}
	}
}

// resolve finds the groups that a node refers to.
func (p *parser) resolve(t *Tree, n *Node, byName map[string][]int) {
	ref := p.target[n]
	switch n.Op {
	case Call:
		t.Called = true
	default:
		t.Backrefs = true
	}
	if ref.name == "" {
		p.resolveNumber(n, ref.number)
		return
	}
	refs := byName[ref.name]
	switch {
	case len(refs) == 0:
		p.fail(n.Pos, n.End, "found no group named %s, expected one", quote(ref.name))
	case n.Op == Call && len(refs) > 1:
		p.fail(n.Pos, n.End, "found a call of %s, expected a name that only one group has: %d have it", quote(ref.name), len(refs))
	case n.Op == Call:
		n.Index = refs[0]
	case n.Op == Condition:
		n.Refs = refs[:1] // as in Oniguruma, which asks the leftmost one
	default:
		n.Refs = refs
		p.charge(len(refs))
	}
}

// resolveNumber checks a reference by number.
func (p *parser) resolveNumber(n *Node, number int) {
	switch {
	case n.Op == Call && number == 0:
		n.Index = 0
	case p.named:
		p.fail(n.Pos, n.End, "found a reference to group %d by number, expected a name, since there are named groups", number)
	case number > len(p.groups):
		p.fail(n.Pos, n.End, "found a reference to group %d, expected a group of the expression, which has %d", number, len(p.groups))
	case n.Op == Call:
		n.Index = number
	default:
		n.Refs = []int{number}
	}
}

// dropPlain takes plain parentheses out of a tree in which names make the groups, and numbers those.
func (p *parser) dropPlain(n *Node, final []int) *Node {
	for n.Op == Capture && final[n.Index] == 0 {
		n = n.Subs[0]
	}
	if n.Op == Capture {
		n.Index = final[n.Index]
	}
	for i, sub := range n.Subs {
		n.Subs[i] = p.dropPlain(sub, final)
	}
	return n
}

// finalNumbers returns the number that each pair of parentheses has in the end, 0 where it is no group.
func (p *parser) finalNumbers() []int {
	final := make([]int, len(p.groups)+1)
	named := 0
	for i, g := range p.groups {
		if g.name != "" {
			named++
			final[i+1] = named
		}
	}
	return final
}
