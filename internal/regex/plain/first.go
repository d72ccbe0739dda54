package plain

import (
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// firstBytes says where a match may begin.
type firstBytes struct {
	bytes  [256]bool // the first byte, unless any
	any    bool      // the empty text may match, or who knows
	lines  bool      // at begins of lines only
	text   bool      // at the text's start only
	single int       // the only first byte, or -1
}

// first looks at the begin of an expression.
func first(tree *syntax.Tree) firstBytes {
	f := firstBytes{single: -1}
	f.any = f.add(tree.Root)
	f.lines = begins(tree.Root, syntax.LineStart)
	f.text = begins(tree.Root, syntax.TextStart) || begins(tree.Root, syntax.SearchStart)
	n := 0
	for b, in := range f.bytes {
		if in {
			n++
			f.single = b
		}
	}
	if n != 1 {
		f.single = -1
	}
	return f
}

// add adds the bytes with which n begins, and reports whether it may match without one.
func (f *firstBytes) add(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Fail:
		return false
	case syntax.Literal:
		f.bytes[n.Text[0]] = true
		return false
	case syntax.OneOf:
		f.class(n.Class)
		return false
	case syntax.Seq:
		for _, s := range n.Subs {
			if !f.add(s) {
				return false
			}
		}
		return true
	case syntax.Alt:
		empty := false
		for _, s := range n.Subs {
			empty = f.add(s) || empty
		}
		return empty
	case syntax.Repeat:
		return n.Max == 0 || f.add(n.Subs[0]) || n.Min == 0
	case syntax.Capture, syntax.Atomic:
		return f.add(n.Subs[0])
	case syntax.Backref, syntax.Call, syntax.Condition, syntax.Absent:
		for b := range f.bytes {
			f.bytes[b] = true
		}
		return true
	default:
		return true
	}
}

func (f *firstBytes) class(c *syntax.Class) {
	set := c.ASCII()
	_, none := c.High()
	for b := range f.bytes {
		if b < utf8.RuneSelf {
			f.bytes[b] = f.bytes[b] || set[b>>6]>>(b&63)&1 == 1
		} else if !none {
			f.bytes[b] = true
		}
	}
}

// begins reports whether whatever n matches begins where the assertion holds.
func begins(n *syntax.Node, assertion syntax.Op) bool {
	switch n.Op {
	case assertion:
		return true
	case syntax.Seq:
		for _, s := range n.Subs {
			if begins(s, assertion) {
				return true
			}
			if _, hi := chars(s); hi != 0 {
				return false
			}
		}
		return false
	case syntax.Alt:
		for _, s := range n.Subs {
			if !begins(s, assertion) {
				return false
			}
		}
		return true
	case syntax.Repeat:
		return n.Min > 0 && begins(n.Subs[0], assertion)
	case syntax.Capture, syntax.Atomic:
		return begins(n.Subs[0], assertion)
	default:
		return false
	}
}

// next returns the first position from at on where a match may begin, or -1.
func (f *firstBytes) next(s string, at int) int {
	if f.text {
		if at > 0 {
			return -1
		}
		return at
	}
	for {
		if f.lines && at > 0 && s[at-1] != '\n' {
			i := strings.IndexByte(s[at:], '\n')
			if i < 0 {
				return -1
			}
			return at + i + 1
		}
		if f.any || f.lines {
			return at
		}
		if at = f.scan(s, at); at < 0 || isBegin(s, at) {
			return at
		}
		at++
	}
}

func (f *firstBytes) scan(s string, at int) int {
	if f.single >= 0 {
		i := strings.IndexByte(s[at:], byte(f.single))
		if i < 0 {
			return -1
		}
		return at + i
	}
	for ; at < len(s); at++ {
		if f.bytes[s[at]] {
			return at
		}
	}
	return -1
}

// isBegin reports whether a character begins at i.
func isBegin(s string, i int) bool {
	if utf8.RuneStart(s[i]) {
		return true
	}
	for k := i - 1; k >= max(0, i-3); k-- {
		if utf8.RuneStart(s[k]) {
			_, w := utf8.DecodeRuneInString(s[k:])
			return k+w <= i
		}
	}
	return true
}
