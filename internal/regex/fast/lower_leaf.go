package fast

import (
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
)

// leafRef is the automaton of an opLeaf.
type leafRef struct {
	dfa    *leaf.DFA
	follow *leaf.Follow
	kind   leafKind
}

// leafKind says what is asked of an automaton.
type leafKind uint8

const (
	leafOne   leafKind = iota // the only end
	leafFirst                 // the end of an atomic group
	leafTry                   // the end to try first; if that fails, the general way begins anew
)

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
const maxGeneral = 160

// usuallyMany is the number of bytes before which a sub-expression may end or go on, from which on several ends are so
// usual that it does not pay to look for the only one.
const usuallyMany = 10

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
	alt := l.giveUp()
	if both := follow.bytes.and(d.GoesOn()); !both.empty() {
		alt = l.undecided(n, next, at)
		if both.len() >= usuallyMany && l.err == nil && l.code[alt].op == opLeaf {
			return alt, true
		}
	}
	return l.emit(instr{
		op: opLeaf, leaf: leafRef{d, l.leaves.follow(follow), leafOne}, lo: at.lo, hi: at.hi, next: next, alt: alt,
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
		op: opLeaf, leaf: leafRef{d, nil, leafFirst}, lo: at.lo, hi: at.hi, next: next, alt: alt,
	}, first(n, l.first[next])), l.err == nil
}

func (l *lowering) giveUp() pc {
	return l.emit(instr{op: opGiveUp, next: noPC, alt: noPC}, anySide())
}

// undecided lowers n for texts in which it has several ends: the one that backtracking tries first is right, unless the
// match cannot go on from there.
func (l *lowering) undecided(n *node, next pc, at span) pc {
	general := l.general(n, next, at)
	follow := l.first[next]
	d, ok := l.leaves.cache.Build(export(seqOf([]*node{n, lookFor(follow)})), leaf.First)
	if !ok {
		return general
	}
	return l.emit(instr{
		op: opLeaf, leaf: leafRef{d, nil, leafTry}, lo: at.lo, hi: at.hi, next: next, alt: general,
	}, first(n, follow))
}

// lookFor returns a look-ahead for what can follow, or a little more.
func lookFor(follow side) *node {
	c := &syntax.Class{}
	add := func(lo, hi rune) {
		if k := len(c.Ranges); k > 0 && c.Ranges[k-1].Hi == lo-1 {
			c.Ranges[k-1].Hi = hi
		} else {
			c.Ranges = append(c.Ranges, syntax.Range{Lo: lo, Hi: hi})
		}
	}
	in := func(member bool) bool { return member != follow.edge } // where the text may end: not what cannot follow
	for b := range rune(utf8.RuneSelf) {
		if in(follow.bytes.has(byte(b))) {
			add(b, b)
		}
	}
	if in(!follow.bytes.disjoint(highBytes())) {
		add(utf8.RuneSelf, utf8.MaxRune)
		c.Invalid = true
	}
	if len(c.Ranges) == 0 {
		if follow.edge {
			return emptyNode()
		}
		return failNode()
	}
	return &node{op: syntax.Look, neg: follow.edge, subs: []*node{oneOf(newClass(c))}}
}

// general lowers n without automata.
func (l *lowering) general(n *node, next pc, at span) pc {
	if size(n) > maxGeneral {
		return l.giveUp()
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
		return n.sub().op != syntax.OneOf && (n.sub().op != syntax.Literal || n.max != 1)
	case syntax.Seq:
		return slices.ContainsFunc(n.subs, worthLeaf)
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
