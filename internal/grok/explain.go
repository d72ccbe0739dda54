package grok

import (
	"fmt"
	"sort"

	"sluice/internal/regex"
	"sluice/internal/regex/syntax"
)

// Failure is why a text does not match: the longest part of the expression, from its begin, with which it still does,
// and what comes behind that.
type Failure struct {
	From, Reached int    // the part of the text that was matched
	Pos           int    // where in the expanded expression it stopped
	Place         Place  // the same in the definition of the pattern that stands there
	Wanted        string // the part of the expression that does not match there
}

// String writes the failure on one line.
func (f *Failure) String() string {
	return fmt.Sprintf("bytes %d to %d match, then %q does not, in %s", f.From, f.Reached, f.Wanted, f.Place)
}

// Explainer finds out why texts do not match a pattern. It tries parts of the expression, and keeps what it compiled for
// the next text, within bounds. It belongs to one goroutine at a time.
type Explainer struct {
	p     *Pattern
	parts map[string]*trial
	text  string
}

// trial is a compiled part of an expression.
type trial struct {
	m *regex.Matcher // nil where the part makes no expression: it calls a group that stands farther behind
}

// maxParts is about how many compiled parts an explainer keeps. Those of a large expression have half a megabyte each.
const maxParts = 24

// trialBudget is how many steps a part may take where nothing else bounds them; then it is said not to match.
const trialBudget = 200_000

// NewExplainer returns an explainer of the pattern.
func (p *Pattern) NewExplainer() *Explainer {
	return &Explainer{p: p, parts: map[string]*trial{}}
}

// Explain returns why a text does not match, which must be known.
func (e *Explainer) Explain(text string) Failure {
	s, x := e.stop(text), e.p.Expanded
	pos := min(s.node.Pos+s.skip, len(x.Text))
	return Failure{
		From: s.from, Reached: s.reached, Pos: pos, Place: x.Place(pos),
		Wanted: x.Text[pos:max(pos, min(s.node.End, len(x.Text)))],
	}
}

func (e *Explainer) stop(text string) stopped {
	if len(e.parts) > maxParts {
		clear(e.parts)
	}
	e.text = text
	s := e.look(nil, e.p.program.Tree().Root)
	e.text = ""
	return s
}

// part is a node, or as much of it as cut says: bytes of a literal, rounds of a repeat.
type part struct {
	node *syntax.Node
	cut  int
}

const uncut = -1

// whole returns the parts before, and then nodes as they are.
func whole(before []part, nodes ...*syntax.Node) []part {
	list := append(make([]part, 0, len(before)+len(nodes)), before...)
	for _, n := range nodes {
		list = append(list, part{n, uncut})
	}
	return list
}

// cut returns the parts before, and then a part of a node.
func cut(before []part, n *syntax.Node, k int) []part {
	return append(whole(before), part{n, k})
}

// tree returns the node of a part.
func (p part) tree() *syntax.Node {
	if p.cut == uncut {
		return p.node
	}
	n := *p.node
	if n.Op == syntax.Literal {
		n.Text = n.Text[:p.cut]
	} else {
		n.Min, n.Max = p.cut, p.cut
	}
	return &n
}

// stopped is where an expression stopped to match.
type stopped struct {
	from, reached int
	node          *syntax.Node
	skip          int // bytes of the node's text that matched
}

// matches reports whether parts, one after another, match, and where.
func (e *Explainer) matches(list []part) (from, to int, ok bool) {
	if len(list) == 0 {
		return 0, 0, true
	}
	t := e.trial(list)
	if t.m == nil {
		return 0, 0, false
	}
	caps, ok := t.m.Match(e.text)
	if !ok {
		return 0, 0, false
	}
	return int(caps[0]), int(caps[1]), true
}

// trial returns parts as a compiled expression.
func (e *Explainer) trial(list []part) *trial {
	var key []byte
	for _, p := range list {
		key = fmt.Appendf(key, "%p %d ", p.node, p.cut)
	}
	if t, ok := e.parts[string(key)]; ok {
		return t
	}
	tree := *e.p.program.Tree()
	tree.Root = &syntax.Node{Op: syntax.Seq}
	for _, p := range list {
		tree.Root.Subs = append(tree.Root.Subs, p.tree())
	}
	if len(list) == 1 {
		tree.Root = tree.Root.Subs[0]
	}
	t := &trial{}
	if !tree.Called || complete(tree.Root) {
		if p, err := regex.CompileTree(&tree, regex.Options{Budget: trialBudget}); err == nil {
			t.m = p.NewMatcher()
		}
	}
	e.parts[string(key)] = t
	return t
}

// complete reports whether a part of a tree has every group that it calls.
func complete(root *syntax.Node) bool {
	has, calls := map[int]bool{0: true}, map[int]bool{}
	var walk func(n *syntax.Node)
	walk = func(n *syntax.Node) {
		switch n.Op {
		case syntax.Capture:
			has[n.Index] = true
		case syntax.Call:
			calls[n.Index] = true
		}
		for _, sub := range n.Subs {
			walk(sub)
		}
	}
	walk(root)
	for i := range calls {
		if !has[i] {
			return false
		}
	}
	return true
}

// first returns the first k below n for which the parts do not match, or n.
func (e *Explainer) first(n int, parts func(k int) []part) int {
	return sort.Search(n, func(k int) bool {
		_, _, ok := e.matches(parts(k))
		return !ok
	})
}

// look searches a node that does not match, behind parts that do, for what is to blame.
func (e *Explainer) look(before []part, n *syntax.Node) stopped {
	switch n.Op {
	case syntax.Seq:
		k := e.first(len(n.Subs), func(k int) []part { return whole(before, n.Subs[:k+1]...) })
		if k < len(n.Subs) {
			return e.look(whole(before, n.Subs[:k]...), n.Subs[k])
		}
	case syntax.Alt:
		best := e.here(before, n) // all of them, where none matches anything
		for _, sub := range n.Subs {
			if s := e.look(before, sub); s.reached-s.from > best.reached-best.from {
				best = s
			}
		}
		return best
	case syntax.Repeat:
		return e.repeat(before, n)
	case syntax.Capture, syntax.Atomic:
		return e.look(before, n.Subs[0])
	case syntax.Literal:
		return e.literal(before, n)
	}
	return e.here(before, n)
}

// literal finds how much of a literal matches.
func (e *Explainer) literal(before []part, n *syntax.Node) stopped {
	k := e.first(len(n.Text), func(k int) []part { return cut(before, n, k+1) })
	if k == 0 {
		return e.here(before, n)
	}
	s := e.here(cut(before, n, k), n)
	if n.End-n.Pos == len(n.Text) { // it is written as it is
		s.skip = k
	}
	return s
}

// repeat finds the round of a repeat that does not match.
func (e *Explainer) repeat(before []part, n *syntax.Node) stopped {
	k := e.first(n.Min, func(k int) []part { return cut(before, n, k+1) })
	if k > 0 {
		before = cut(before, n, k)
	}
	if k == n.Min || n.Subs[0].Op == syntax.OneOf {
		return e.here(before, n)
	}
	return e.look(before, n.Subs[0])
}

// here says that a node as a whole is where it stopped.
func (e *Explainer) here(before []part, n *syntax.Node) stopped {
	from, to, _ := e.matches(before)
	return stopped{from: from, reached: to, node: n}
}
