package fast

import (
	"slices"
	"strconv"
	"strings"

	"sluice/internal/regex/syntax"
)

// facts is what is remembered about a node, once it has been asked for.
type facts struct {
	known    bool
	nullable bool // may match the empty text
	asserts  bool // has an assertion: what it can begin with depends on more than its own characters
	captures bool
	size     int  // nodes, this one among them
	front    side // what it can begin with, where it is not empty and has no assertion
	back     side // what it can end with, where it is not empty
	key      string

	ahead   side // what can stand where it begins, whatever stands behind it
	aheadOf bool // ahead is known
}

// about returns the facts of n.
func about(n *node) *facts {
	f := &n.facts
	if f.known {
		return f
	}
	f.size = 1
	for _, s := range n.subs {
		g := about(s)
		f.size += g.size
		f.asserts = f.asserts || g.asserts
		f.captures = f.captures || g.captures
	}
	switch n.op {
	case syntax.Literal:
		f.front, f.back = side{bytes: oneByte(n.text[0])}, side{bytes: oneByte(n.text[len(n.text)-1])}
	case syntax.OneOf:
		f.front, f.back = side{bytes: n.cls.first}, side{bytes: n.cls.last}
	case syntax.Fail:
	case syntax.Seq:
		f.sequence(n.subs)
	case syntax.Alt:
		for _, s := range n.subs {
			g := about(s)
			f.nullable = f.nullable || g.nullable
			f.front, f.back = f.front.or(g.front), f.back.or(g.back)
		}
	case syntax.Repeat, syntax.Capture, syntax.Atomic:
		g := about(n.sub())
		f.nullable, f.front, f.back = g.nullable, g.front, g.back
		f.captures = f.captures || n.op == syntax.Capture
		if n.op == syntax.Repeat {
			f.nullable = f.nullable || n.min == 0
		}
	case syntax.Empty:
		f.nullable = true
	default:
		f.nullable, f.asserts = true, true
	}
	f.known = true
	return f
}

func (f *facts) sequence(subs []*node) {
	f.nullable = true
	for _, s := range subs {
		g := about(s)
		if f.nullable {
			f.front = f.front.or(g.front)
		}
		if g.nullable {
			f.back = f.back.or(g.back)
		} else {
			f.back = g.back
		}
		f.nullable = f.nullable && g.nullable
	}
}

// first returns what can stand where n begins, if next can stand behind it and the match goes on.
func first(n *node, next side) side {
	f := about(n)
	if !f.asserts {
		if f.nullable {
			return f.front.or(next)
		}
		return f.front
	}
	switch n.op {
	case syntax.Seq:
		for _, s := range slices.Backward(n.subs) {
			next = first(s, next)
		}
		return next
	case syntax.Alt:
		var r side
		for _, s := range n.subs {
			r = r.or(first(s, next))
		}
		return r
	case syntax.Repeat:
		return firstOfRepeat(n, next)
	case syntax.Capture, syntax.Atomic:
		return first(n.sub(), next)
	default:
		return firstOfAssertion(n, next)
	}
}

// firstBeforeAll is first where anything can stand behind n. It is remembered: who asks it of a repeat of repeats would else
// ask twice as often with each of them.
func firstBeforeAll(n *node) side {
	f := &n.facts
	if !f.aheadOf {
		f.ahead, f.aheadOf = first(n, anySide()), true
	}
	return f.ahead
}

func firstOfRepeat(n *node, next side) side {
	if n.max == 0 {
		return next
	}
	after := next
	if n.max != 1 {
		// Behind one of several comes another, which may be anything that it can be before anything.
		after = next.or(firstBeforeAll(n.sub()))
	}
	r := first(n.sub(), after)
	if n.min == 0 {
		r = r.or(next)
	}
	return r
}

func firstOfAssertion(n *node, next side) side {
	switch n.op {
	case syntax.Look:
		if n.behind {
			return next
		}
		if !n.neg {
			return next.and(firstBeforeAll(n.sub()))
		}
		if b, ok := asciiSet(n.sub()); ok {
			next.bytes = next.bytes.minus(b)
		}
		return next
	case syntax.TextEnd:
		return side{edge: next.edge}
	case syntax.LineEnd, syntax.TextEndNewline:
		return next.and(side{oneByte('\n'), true})
	default:
		return next
	}
}

// asciiSet returns the bytes that n, one ASCII character of some kind, can be. n may be a class of which only a part
// is ASCII: it has those bytes, too.
func asciiSet(n *node) (byteSet, bool) {
	switch {
	case n.op == syntax.OneOf:
		return n.cls.ascii, true
	case n.op == syntax.Literal && len(n.text) == 1:
		return oneByte(n.text[0]), true
	default:
		return byteSet{}, false
	}
}

// last returns what can stand before the end of n, if prev can stand before its begin.
func last(n *node, prev side) side {
	f := about(n)
	if n.op == syntax.TextStart {
		return side{edge: prev.edge}
	}
	if f.nullable {
		return f.back.or(prev)
	}
	return f.back
}

// key is text that is equal for nodes that are equal.
func key(n *node) string {
	f := about(n)
	if f.key == "" {
		var b strings.Builder
		writeKey(&b, n)
		f.key = b.String()
	}
	return f.key
}

func writeKey(b *strings.Builder, n *node) {
	if n.facts.key != "" {
		b.WriteString(n.facts.key)
		return
	}
	b.WriteByte('A' + byte(n.op))
	switch n.op {
	case syntax.Literal:
		b.WriteString(strconv.Quote(n.text))
	case syntax.OneOf:
		b.WriteString(n.cls.key)
	case syntax.Repeat:
		b.WriteString(strconv.Itoa(n.min) + "," + strconv.Itoa(n.max))
		writeFlag(b, n.lazy)
	case syntax.Capture:
		b.WriteString(strconv.Itoa(n.group))
	case syntax.Look:
		writeFlag(b, n.behind)
		writeFlag(b, n.neg)
	}
	b.WriteByte('(')
	for _, s := range n.subs {
		writeKey(b, s)
	}
	b.WriteByte(')')
}

func writeFlag(b *strings.Builder, f bool) {
	if f {
		b.WriteByte('+')
	} else {
		b.WriteByte('-')
	}
}
