package fast

import (
	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
)

// leafRef is the automaton of an opLeaf.
type leafRef struct {
	dfa    *leaf.DFA
	follow *leaf.Follow
	first  bool // of an atomic group
}

// leafMaker makes automata, each once.
type leafMaker struct {
	cache   leaf.Cache
	off     bool // make none
	follows map[side]*leaf.Follow
}

func (m *leafMaker) follow(s side) *leaf.Follow {
	f, ok := m.follows[s]
	if !ok {
		f = leaf.NewFollow(s.bytes, s.edge)
		m.follows[s] = f
	}
	return f
}

// maxGeneral is the size, in nodes, of what gets a general way beside its automaton, for the texts in which the automaton
// cannot tell. Larger ones (addresses) give up there.
const maxGeneral = 48

// lowerLeaf lowers items as an automaton that says where they end, if that is possible and pays.
func (l *lowering) lowerLeaf(items []*node, next pc) (pc, bool) {
	return l.leafCapture(seqOf(items), next, span{})
}

// leafCapture is lowerLeaf with the begin and the end going to at.
func (l *lowering) leafCapture(n *node, next pc, at span) (pc, bool) {
	f := about(n)
	if l.noLeaves || l.leaves.off || f.nullable || f.captures || !worthLeaf(n) {
		return 0, false
	}
	d, ok := l.leaves.cache.Build(export(n), leaf.Ends)
	if !ok {
		return 0, false
	}
	follow := l.first[next]
	alt := l.general(n, next, at)
	return l.emit(instr{
		op: opLeaf, leaf: leafRef{d, l.leaves.follow(follow), false}, lo: at.lo, hi: at.hi, next: next, alt: alt,
	}, first(n, follow)), l.err == nil
}

// leafAtomic lowers an atomic group as an automaton that says where it ends.
func (l *lowering) leafAtomic(n *node, next pc, at span) (pc, bool) {
	f := about(n)
	if l.noLeaves || l.leaves.off || f.nullable || f.captures {
		return 0, false
	}
	d, ok := l.leaves.cache.Build(export(n.sub()), leaf.First)
	if !ok {
		return 0, false
	}
	alt := l.general(n, next, at)
	return l.emit(instr{
		op: opLeaf, leaf: leafRef{d, nil, true}, lo: at.lo, hi: at.hi, next: next, alt: alt,
	}, first(n, l.first[next])), l.err == nil
}

// general lowers n without automata.
func (l *lowering) general(n *node, next pc, at span) pc {
	if size(n) > maxGeneral {
		return l.emit(instr{op: opGiveUp, next: noPC, alt: noPC}, anySide())
	}
	l.noLeaves = true
	p := l.save(opSave, at, n, next)
	l.noLeaves = false
	return p
}

// leafBefore looks for an automaton of the item before i and up to three behind it, which may be needed to say where
// it ends. nexts are the instructions of the items from i on.
func (l *lowering) leafBefore(items []*node, i int, nexts []pc) (pc, bool) {
	if l.noLeaves || l.leaves.off || !worthLeaf(items[i-1]) {
		return 0, false
	}
	for k := i; k < len(items)+1 && k < i+4; k++ {
		if nexts[k] == noPC {
			continue
		}
		if p, ok := l.lowerLeaf(items[i-1:k], nexts[k]); ok {
			return p, true
		}
	}
	return 0, false
}

// worthLeaf says that n has choices of which an automaton relieves the machine.
func worthLeaf(n *node) bool {
	switch n.op {
	case syntax.Alt:
		return true
	case syntax.Repeat:
		return n.sub().op != syntax.OneOf && !(n.sub().op == syntax.Literal && n.max == 1)
	case syntax.Seq:
		for _, s := range n.subs {
			if worthLeaf(s) {
				return true
			}
		}
	}
	return false
}

// size estimates the number of instructions of n.
func size(n *node) int {
	sum := 0
	for _, s := range n.subs {
		sum += size(s)
	}
	switch {
	case n.op == syntax.Repeat && n.sub().op != syntax.OneOf:
		return sum*max(n.min, n.max, 1) + 1
	case n.op == syntax.Seq:
		return sum
	default:
		return sum + 1
	}
}

// export is the inverse of importer.node.
func export(n *node) *syntax.Node {
	m := &syntax.Node{
		Op: n.op, Text: n.text, Min: n.min, Max: n.max, Index: n.group, Lazy: n.lazy, Behind: n.behind, Neg: n.neg,
		Subs: make([]*syntax.Node, len(n.subs)),
	}
	if n.cls != nil {
		m.Class = n.cls.src
	}
	for i, s := range n.subs {
		m.Subs[i] = export(s)
	}
	return m
}
