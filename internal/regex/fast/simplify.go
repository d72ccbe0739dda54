package fast

import (
	"slices"

	"sluice/internal/regex/syntax"
)

// simplify returns a node that matches the same texts in the same order as n does where prev can stand before it and
// next behind it. next must be what the rest of the match needs there: inside of what is matched for its own sake
// (atomic groups, look-arounds) it is everything.
func simplify(n *node, prev, next side) *node {
	switch n.op {
	case syntax.OneOf:
		return simplifyClass(n)
	case syntax.Seq:
		return simplifySeq(n, prev, next)
	case syntax.Alt:
		return simplifyAlt(n, prev, next)
	case syntax.Repeat:
		return simplifyRepeat(n, prev, next)
	case syntax.Capture:
		s := simplify(n.sub(), prev, next)
		return hoist(n, s)
	case syntax.Atomic:
		return simplifyAtomic(n, prev, next)
	case syntax.Look:
		return simplifyLook(n, prev, next)
	case syntax.WordBoundary, syntax.NotWordBoundary:
		return simplifyBoundary(n, prev, next)
	case syntax.LineStart, syntax.TextStart:
		return simplifyStart(n, prev, next)
	case syntax.LineEnd, syntax.TextEnd, syntax.TextEndNewline:
		return simplifyEnd(n, next)
	default:
		return n
	}
}

// simplifyClass makes a literal of a class of one ASCII character.
func simplifyClass(n *node) *node {
	if n.cls.kind != lowClass || len(n.cls.src.Ranges) != 1 {
		return n
	}
	if r := n.cls.src.Ranges[0]; r.Lo == r.Hi {
		return literal(string(r.Lo))
	}
	return n
}

func simplifySeq(n *node, prev, next side) *node {
	firsts := make([]side, len(n.subs)+1)
	firsts[len(n.subs)] = next
	for i := len(n.subs) - 1; i >= 0; i-- {
		firsts[i] = first(n.subs[i], firsts[i+1])
	}
	out := make([]*node, 0, len(n.subs))
	for i, s := range n.subs {
		t := simplify(s, prev, firsts[i+1])
		if t.op == syntax.Fail {
			return t
		}
		prev = last(t, prev)
		out = append(out, t)
	}
	s := seqOf(out)
	if s.op != syntax.Seq {
		return s
	}
	if items, ok := rotate(s.subs); ok {
		return seqOf(items)
	}
	return s
}

// hoist returns capture n around s without the assertions at the begin and the end of s, which do not change what is captured.
func hoist(n, s *node) *node {
	if s.op == syntax.Fail {
		return s
	}
	items := itemsOf(s)
	free := func(t *node) bool { return zeroWidth(t) && !about(t).captures }
	lo, hi := 0, len(items)
	for lo < hi && free(items[lo]) {
		lo++
	}
	for hi > lo && free(items[hi-1]) {
		hi--
	}
	if hi-lo == len(items) {
		return n.with(s)
	}
	out := append([]*node{}, items[:lo]...)
	out = append(out, n.with(seqOf(items[lo:hi])))
	return seqOf(append(out, items[hi:]...))
}

// seqOf makes a sequence: flat, without what is empty, adjacent literals joined.
func seqOf(items []*node) *node {
	out := make([]*node, 0, len(items))
	var add func(s *node)
	add = func(s *node) {
		k := len(out)
		switch {
		case s.op == syntax.Empty:
		case s.op == syntax.Seq:
			for _, t := range s.subs {
				add(t)
			}
		case s.op == syntax.Literal && k > 0 && out[k-1].op == syntax.Literal:
			out[k-1] = literal(out[k-1].text + s.text)
		default:
			out = append(out, s)
		}
	}
	for _, s := range items {
		if s.op == syntax.Fail {
			return s
		}
		add(s)
	}
	switch len(out) {
	case 0:
		return emptyNode()
	case 1:
		return out[0]
	default:
		return &node{op: syntax.Seq, subs: out}
	}
}

// itemsOf is the inverse of seqOf.
func itemsOf(n *node) []*node {
	switch n.op {
	case syntax.Empty:
		return nil
	case syntax.Seq:
		return n.subs
	default:
		return []*node{n}
	}
}

func simplifyAlt(n *node, prev, next side) *node {
	var out [][]*node
	sawEmpty := false
	for _, s := range n.subs {
		t := simplify(s, prev, next)
		if t.op == syntax.Fail {
			continue
		}
		if sawEmpty && zeroWidth(t) && !about(t).captures {
			continue // what comes behind it has been tried from here already
		}
		sawEmpty = sawEmpty || matchesEmpty(t)
		if t.op == syntax.Alt {
			for _, u := range t.subs {
				out = append(out, itemsOf(u))
			}
			continue
		}
		out = append(out, itemsOf(t))
	}
	return factor(out, prev, next)
}

// zeroWidth says that n matches nothing but the empty text.
func zeroWidth(n *node) bool {
	switch n.op {
	case syntax.Literal, syntax.OneOf, syntax.Fail:
		return false
	case syntax.Repeat, syntax.Capture, syntax.Atomic, syntax.Seq, syntax.Alt:
		for _, s := range n.subs {
			if !zeroWidth(s) {
				return false
			}
		}
		return true
	default:
		return true
	}
}

// matchesEmpty says that n matches the empty text everywhere, without capturing.
func matchesEmpty(n *node) bool {
	switch n.op {
	case syntax.Empty:
		return true
	case syntax.Repeat:
		return n.min == 0 || matchesEmpty(n.sub())
	case syntax.Seq:
		for _, s := range n.subs {
			if !matchesEmpty(s) {
				return false
			}
		}
		return true
	case syntax.Alt:
		return slices.ContainsFunc(n.subs, matchesEmpty)
	}
	return false
}

func simplifyRepeat(n *node, prev, next side) *node {
	if n.max == 0 {
		return emptyNode()
	}
	sub := n.sub()
	if n.max == 1 {
		sub = simplify(sub, prev, next)
	} else {
		sub = simplify(sub, prev.or(last(sub, prev)), next.or(firstBeforeAll(sub)))
	}
	switch {
	case sub.op == syntax.Fail && n.min == 0, sub.op == syntax.Empty:
		return emptyNode()
	case sub.op == syntax.Fail:
		return sub
	case n.min == 1 && n.max == 1:
		return sub
	}
	if sub.op == syntax.Repeat && n.min == 0 && n.max == 1 && !n.lazy && !sub.lazy && sub.min <= 1 && !about(sub.sub()).nullable {
		return repeatOf(sub.sub(), 0, sub.max) // (x+)? and (x*)?
	}
	if lo, ok := joinRepeats(n, sub); ok {
		return repeatOf(sub.sub(), lo, -1)
	}
	return n.with(sub)
}

// joinRepeats says that repeat n of repeat s is one repeat, without an end, from lo on: (x+)*, (x?)+ and their like.
func joinRepeats(n, s *node) (lo int, ok bool) {
	if s.op != syntax.Repeat || n.lazy || s.lazy || n.max >= 0 || n.min > 1 || about(s).captures || about(s.sub()).nullable {
		return 0, false
	}
	many := s.max < 0 && s.min <= 1
	option := s.max == 1 && s.min == 0
	return n.min * s.min, many || option
}

func repeatOf(sub *node, lo, hi int) *node {
	return &node{op: syntax.Repeat, subs: []*node{sub}, min: lo, max: hi}
}

func simplifyAtomic(n *node, prev, next side) *node {
	s := simplify(n.sub(), prev, anySide())
	if s.op == syntax.Fail || oneWay(s) {
		return s
	}
	if possessive(s, next) {
		return s
	}
	if s.op == syntax.Capture && possessive(s.sub(), next) {
		return s
	}
	return n.with(s)
}

// possessive says that n is a greedy run of a class that can give nothing back, because next begins with none of the class.
func possessive(n *node, next side) bool {
	if n.op != syntax.Repeat || n.lazy || n.sub().op != syntax.OneOf {
		return false
	}
	return n.sub().cls.first.disjoint(next.bytes)
}

// oneWay says that there is no choice in n: it matches in one way or not at all.
func oneWay(n *node) bool {
	switch n.op {
	case syntax.Seq:
		for _, s := range n.subs {
			if !oneWay(s) {
				return false
			}
		}
		return true
	case syntax.Alt:
		return false
	case syntax.Repeat:
		return n.min == n.max && oneWay(n.sub())
	case syntax.Capture:
		return oneWay(n.sub())
	default:
		return true // characters; and an atomic group or an assertion is left for good
	}
}

func simplifyLook(n *node, prev, next side) *node {
	var s *node
	if n.behind {
		s = simplifyBehind(n.sub())
	} else {
		s = simplify(n.sub(), prev, anySide())
	}
	yes, no := emptyNode(), failNode() // what becomes of n if s certainly matches, or certainly does not
	if n.neg {
		yes, no = no, yes
	}
	f := about(s)
	switch {
	case s.op == syntax.Fail:
		return no
	case matchesEmpty(s) && (n.neg || !f.captures):
		return yes
	case f.nullable:
	case n.behind:
		if f.back.bytes.disjoint(prev.bytes) {
			return no
		}
		if b, ok := asciiSet(s); ok && !prev.edge && prev.bytes.within(b) {
			return yes
		}
	default:
		if firstBeforeAll(s).bytes.disjoint(next.bytes) {
			return no
		}
		if b, ok := asciiSet(s); ok && !next.edge && next.bytes.within(b) {
			return yes
		}
	}
	return n.with(s)
}

// simplifyBehind simplifies what a look-behind looks for. Its alternatives may be of different widths, and stay apart.
func simplifyBehind(n *node) *node {
	if n.op != syntax.Alt {
		return simplify(n, anySide(), anySide())
	}
	var subs []*node
	for _, s := range n.subs {
		if t := simplifyBehind(s); t.op == syntax.Alt {
			subs = append(subs, t.subs...)
		} else if t.op != syntax.Fail {
			subs = append(subs, t)
		}
	}
	switch len(subs) {
	case 0:
		return failNode()
	case 1:
		return subs[0]
	default:
		return altOf(subs)
	}
}

// wordness says whether what stands at a side is a word character: 1, it is; -1, it is not; 0, who knows.
func wordness(s side) int {
	switch {
	case !s.bytes.disjoint(highBytes()):
		return 0
	case s.bytes.disjoint(wordBytes()):
		return -1
	case s.bytes.within(wordBytes()) && !s.edge:
		return 1
	default:
		return 0
	}
}

func simplifyBoundary(n *node, prev, next side) *node {
	before, behind := wordness(prev), wordness(next)
	if before == 0 || behind == 0 {
		return n
	}
	if (before != behind) == (n.op == syntax.WordBoundary) {
		return emptyNode()
	}
	return failNode()
}

func simplifyStart(n *node, prev, next side) *node {
	newline := n.op == syntax.LineStart && prev.bytes.has('\n')
	switch {
	case prev.onlyEdge():
		return emptyNode()
	case !prev.edge && !newline:
		return failNode()
	case newline && prev.bytes == oneByte('\n') && !next.edge:
		return emptyNode() // it is no line's start where the text ends
	default:
		return n
	}
}

func simplifyEnd(n *node, next side) *node {
	newline := n.op != syntax.TextEnd && next.bytes.has('\n')
	switch {
	case next.onlyEdge():
		return emptyNode()
	case !next.edge && !newline:
		return failNode()
	case n.op == syntax.LineEnd && next.bytes.within(oneByte('\n')):
		return emptyNode()
	default:
		return n
	}
}
