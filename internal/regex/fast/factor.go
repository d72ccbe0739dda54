package fast

import (
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// factor returns the alternatives alts, each a sequence, with common beginnings taken out: ab|ac is a(?:b|c). That
// is the same only if the beginning matches in one way, and where an alternative moves over others only if never both
// can match.
func factor(alts [][]*node, prev, next side) *node {
	switch len(alts) {
	case 0:
		return failNode()
	case 1:
		return seqOf(alts[0])
	}
	f := factoring{prev: prev, next: next, alts: make([]branch, len(alts))}
	for i, a := range alts {
		f.alts[i] = newBranch(a, next)
	}
	var out []*node
	for i := range f.alts {
		if !f.alts[i].used {
			out = append(out, f.take(i))
		}
	}
	return joinAlternatives(out)
}

// branch is an alternative while common beginnings are looked for.
type branch struct {
	whole []*node
	items []*node // the same, with its first item as small as possible
	first side
	key   string // of the first item
	used  bool
}

func newBranch(items []*node, next side) branch {
	b := branch{whole: items, items: expandHead(items), first: first(seqOf(items), next)}
	if len(b.items) > 0 {
		b.key = key(b.items[0])
	}
	return b
}

type factoring struct {
	prev, next side
	alts       []branch
}

// take returns alternative i, and with it those behind it that begin in the same way.
func (f *factoring) take(i int) *node {
	a := &f.alts[i]
	a.used = true
	group := f.group(i)
	if len(group) == 1 {
		return seqOf(a.whole)
	}
	head := a.items[0]
	tails := make([][]*node, len(group))
	for k, g := range group {
		tails[k] = f.alts[g].items[1:]
	}
	if !f.oneWayHead(head, tails) {
		return seqOf(a.whole)
	}
	for _, g := range group {
		f.alts[g].used = true
	}
	return seqOf([]*node{head, factor(tails, last(head, f.prev), f.next)})
}

// group returns i and the numbers of the alternatives that may be drawn to it.
func (f *factoring) group(i int) []int {
	group := []int{i}
	a := &f.alts[i]
	if a.key == "" || about(a.items[0]).captures {
		return group
	}
	var between []int
	for j := i + 1; j < len(f.alts); j++ {
		b := &f.alts[j]
		if b.used {
			continue
		}
		if b.key == a.key && f.disjoint(b, between) {
			group = append(group, j)
		} else {
			between = append(between, j)
		}
	}
	return group
}

func (f *factoring) disjoint(b *branch, others []int) bool {
	for _, o := range others {
		if !f.alts[o].first.disjoint(b.first) {
			return false
		}
	}
	return true
}

// oneWayHead says that head matches in one way if one of the tails shall match behind it.
func (f *factoring) oneWayHead(head *node, tails [][]*node) bool {
	if oneWay(head) {
		return true
	}
	for _, t := range tails {
		if !possessive(head, first(seqOf(t), f.next)) {
			return false
		}
	}
	return true
}

// maxUnroll bounds the repeats whose first round is looked at on its own when beginnings are compared.
const maxUnroll = 8

// maxSplit bounds, in nodes, what is repeated there: it is written out twice, so that repeats of repeats grow exponentially.
const maxSplit = 100

// splits says whether the first round of a repeat may stand on its own.
func splits(n *node) bool {
	f := about(n)
	return n.min == n.max && n.min >= 1 && n.min <= maxUnroll && n.sub().op != syntax.OneOf && !f.captures && f.size <= maxSplit
}

// expandHead splits the first item: abc into a and bc, (?:xy){3} into x, y and (?:xy){2}.
func expandHead(items []*node) []*node {
	if len(items) == 0 {
		return items
	}
	h := items[0]
	var split []*node
	switch {
	case h.op == syntax.Repeat && splits(h):
		split = append(split, itemsOf(h.sub())...)
		switch {
		case h.min == 2:
			split = append(split, itemsOf(h.sub())...)
		case h.min > 2:
			split = append(split, repeatOf(h.sub(), h.min-1, h.max-1))
		}
	case h.op == syntax.Literal:
		_, w := utf8.DecodeRuneInString(h.text)
		if w == len(h.text) {
			return items
		}
		return append([]*node{literal(h.text[:w]), literal(h.text[w:])}, items[1:]...)
	default:
		return items
	}
	return expandHead(append(split, items[1:]...))
}

// joinAlternatives makes the node of alternatives: a class where each is one ASCII character, an optional node where the
// last is empty.
func joinAlternatives(out []*node) *node {
	if len(out) == 1 {
		return out[0]
	}
	var set byteSet
	chars := true
	for _, o := range out {
		b, ok := asciiSet(o)
		if !ok || o.op == syntax.OneOf && o.cls.kind != lowClass || !b.disjoint(highBytes()) {
			chars = false
			break
		}
		set = set.or(b)
	}
	if chars {
		return oneOf(lowClassOf(set))
	}
	if k := len(out) - 1; out[k].op == syntax.Empty {
		body := out[0]
		if k > 1 {
			body = altOf(out[:k])
		}
		return repeatOf(body, 0, 1)
	}
	return altOf(out)
}
