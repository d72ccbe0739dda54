package grok

import (
	"fmt"
	"slices"
	"sort"

	"sluice/internal/regex/plain"
	"sluice/internal/regex/syntax"
)

// Failure is why a text does not match: the longest part of the expression, from its begin, with which it still does,
// and what comes behind that.
type Failure struct {
	From, Reached int    // the part of the text that was matched
	Place         Place  // where in the expression it stopped
	Pos           int    // the same in the expanded text
	Wanted        string // the part of the expression that does not match there
}

// Explain returns why a text does not match, which is known to be so. It compiles parts of the expression for that: it is for
// people who ask, not for every event.
func (p *Pattern) Explain(text string) Failure {
	e := explainer{tree: p.program.Tree(), text: text}
	s := e.stop(nil, e.tree.Root)
	if s.node == nil {
		s.node = e.tree.Root
	}
	x := p.Expanded
	pos := min(s.node.Pos+s.skip, len(x.Text))
	return Failure{
		From: s.from, Reached: s.reached, Place: x.Place(pos), Pos: pos,
		Wanted: x.Text[pos:max(pos, min(s.node.End, len(x.Text)))],
	}
}

// explainer looks for the longest part of a tree that matches.
type explainer struct {
	tree *syntax.Tree
	text string
}

// stopped is where a part of the tree stopped to match.
type stopped struct {
	from, reached int
	node          *syntax.Node
	skip          int // bytes of the node's text that matched
}

// matches reports whether nodes, one after another, match, and where.
func (e *explainer) matches(nodes []*syntax.Node) (from, to int, ok bool) {
	root := &syntax.Node{Op: syntax.Seq, Subs: nodes}
	switch len(nodes) {
	case 0:
		return 0, 0, true
	case 1:
		root = nodes[0]
	}
	tree := *e.tree
	tree.Root = root
	p, err := plain.Compile(&tree)
	if err != nil {
		return 0, 0, false // it calls a group that stands farther behind
	}
	caps := make([]int32, 2*(p.Groups()+1))
	if plain.NewMachine(p).Match(e.text, 0, caps) != plain.Matched {
		return 0, 0, false
	}
	return int(caps[0]), int(caps[1]), true
}

// stop looks into a node that does not match behind the nodes before it, which do, for the part that is to blame.
func (e *explainer) stop(before []*syntax.Node, n *syntax.Node) stopped {
	before = slices.Clip(before)
	switch n.Op {
	case syntax.Seq:
		k := sort.Search(len(n.Subs), func(i int) bool {
			_, _, ok := e.matches(append(before, n.Subs[:i+1]...))
			return !ok
		})
		if k < len(n.Subs) {
			return e.stop(append(before, n.Subs[:k]...), n.Subs[k])
		}
	case syntax.Alt:
		best := stopped{reached: -1}
		for _, sub := range n.Subs {
			if s := e.stop(before, sub); s.reached > best.reached {
				best = s
			}
		}
		return best
	case syntax.Repeat:
		return e.repeat(before, n)
	case syntax.Capture, syntax.Atomic:
		return e.stop(before, n.Subs[0])
	case syntax.Literal:
		k := sort.Search(len(n.Text), func(i int) bool {
			_, _, ok := e.matches(append(before, literalOf(n, i+1)))
			return !ok
		})
		if k > 0 && k < len(n.Text) {
			s := e.here(append(before, literalOf(n, k)), n)
			if n.End-n.Pos == len(n.Text) {
				s.skip = k
			}
			return s
		}
	}
	return e.here(before, n)
}

func literalOf(n *syntax.Node, length int) *syntax.Node {
	l := *n
	l.Text = n.Text[:length]
	return &l
}

// repeat finds the round of a repeat that does not match.
func (e *explainer) repeat(before []*syntax.Node, n *syntax.Node) stopped {
	rounds := func(k int) []*syntax.Node {
		if k == 0 {
			return before
		}
		r := *n
		r.Min, r.Max = k, k
		return append(before, &r)
	}
	k := sort.Search(max(n.Min, 1), func(i int) bool {
		_, _, ok := e.matches(rounds(i + 1))
		return !ok
	})
	if k == n.Min {
		return e.here(before, n)
	}
	if n.Subs[0].Op == syntax.OneOf {
		return e.here(rounds(k), n)
	}
	return e.stop(rounds(k), n.Subs[0])
}

// here says that a node as a whole is where it stopped.
func (e *explainer) here(before []*syntax.Node, n *syntax.Node) stopped {
	from, to, _ := e.matches(before)
	return stopped{from: from, reached: to, node: n}
}

// String writes the failure on one line.
func (f *Failure) String() string {
	return fmt.Sprintf("bytes %d to %d match, then %q does not, in %s", f.From, f.Reached, f.Wanted, f.Place)
}
