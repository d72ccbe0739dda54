package syntax

import "slices"

// Walk calls f for n and, where it returns true, for what is below it, from left to right.
func Walk(n *Node, f func(*Node) bool) {
	if !f(n) {
		return
	}
	for _, sub := range n.Subs {
		Walk(sub, f)
	}
}

// Clone returns a copy of n and of all below it, for those who rewrite trees. Classes are shared: they are never
// written to.
func Clone(n *Node) *Node {
	c := *n
	c.Refs = slices.Clone(n.Refs)
	if n.Subs != nil {
		c.Subs = make([]*Node, len(n.Subs))
		for i, sub := range n.Subs {
			c.Subs[i] = Clone(sub)
		}
	}
	return &c
}

// Clone returns a copy of the tree, for those who rewrite trees.
func (t *Tree) Clone() *Tree {
	c := *t
	c.Root = Clone(t.Root)
	c.Names = slices.Clone(t.Names)
	return &c
}
