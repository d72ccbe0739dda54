package fast

import (
	"strconv"
	"strings"

	"sluice/internal/regex/syntax"
)

// text writes a node as an expression, for people to read.
func text(n *node) string {
	var b strings.Builder
	writeNode(&b, n)
	return b.String()
}

func writeNode(b *strings.Builder, n *node) {
	subs := func(open, between, end string) {
		b.WriteString(open)
		for i, s := range n.subs {
			if i > 0 {
				b.WriteString(between)
			}
			writeNode(b, s)
		}
		b.WriteString(end)
	}
	switch n.op {
	case syntax.Literal:
		q := strconv.Quote(n.text)
		b.WriteString(q[1 : len(q)-1])
	case syntax.OneOf:
		b.WriteString(classText(n.cls))
	case syntax.Seq:
		subs("", "", "")
	case syntax.Alt:
		subs("(?:", "|", ")")
	case syntax.Repeat:
		subs("(?:", "", ")")
		b.WriteString(bounds(n.min, hiBound(n.max)))
		if n.lazy {
			b.WriteByte('?')
		}
	case syntax.Capture:
		subs("("+strconv.Itoa(n.group)+":", "", ")")
	case syntax.Atomic:
		subs("(?>", "", ")")
	case syntax.Look:
		subs(lookText(n), "", ")")
	case syntax.Fail:
		b.WriteString("(?!)")
	default:
		b.WriteString(anchorText(n.op))
	}
}

func hiBound(hi int) int {
	if hi < 0 {
		return unbounded
	}
	return hi
}

func classText(c *class) string {
	if c.kind != mixedClass {
		return setText(c.run())
	}
	return setText(c.ascii) + "+" // and some more
}

func lookText(n *node) string {
	s := "(?"
	if n.behind {
		s += "<"
	}
	if n.neg {
		return s + "!"
	}
	return s + "="
}

func anchorText(o syntax.Op) string {
	switch o {
	case syntax.LineStart:
		return "^"
	case syntax.LineEnd:
		return "$"
	case syntax.TextStart:
		return `\A`
	case syntax.TextEnd:
		return `\z`
	case syntax.TextEndNewline:
		return `\Z`
	case syntax.WordBoundary:
		return `\b`
	case syntax.NotWordBoundary:
		return `\B`
	default:
		return ""
	}
}
