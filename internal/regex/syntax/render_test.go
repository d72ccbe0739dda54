package syntax_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// render writes a tree as an expression that means the same.
func render(s *strings.Builder, t *syntax.Tree, n *syntax.Node) {
	subs := func(before, between, after string) {
		s.WriteString(before)
		for i, sub := range n.Subs {
			if i > 0 {
				s.WriteString(between)
			}
			render(s, t, sub)
		}
		s.WriteString(after)
	}
	switch n.Op {
	case syntax.Empty:
		s.WriteString("(?:)")
	case syntax.Fail:
		s.WriteString("[a&&b]")
	case syntax.Literal:
		s.WriteString("(?:")
		for _, r := range n.Text {
			fmt.Fprintf(s, `\x{%X}`, r)
		}
		s.WriteString(")")
	case syntax.OneOf:
		renderClass(s, n.Class)
	case syntax.Seq:
		subs("(?:", "", ")")
	case syntax.Alt:
		subs("(?:", "|", ")")
	case syntax.Repeat:
		if r, ok := onlyRune(n.Subs[0]); ok {
			fmt.Fprintf(s, `[^[^\x{%X}]]`, r) // a character alone is not repeated, if only once
		} else {
			subs("(?:", "", ")")
		}
		renderRepeat(s, n)
	case syntax.Capture:
		name := t.Names[n.Index-1]
		if name == "" {
			subs("(", "", ")")
		} else {
			subs("(?<"+name+">", "", ")")
		}
	case syntax.Atomic:
		subs("(?>", "", ")")
	case syntax.Absent:
		subs("(?~", "", ")")
	case syntax.Look:
		kinds := map[[2]bool]string{{false, false}: "(?=", {false, true}: "(?!", {true, false}: "(?<=", {true, true}: "(?<!"}
		subs(kinds[[2]bool{n.Behind, n.Neg}], "", ")")
	case syntax.Backref, syntax.Call, syntax.Condition:
		renderReference(s, t, n)
	default:
		anchors := map[syntax.Op]string{
			syntax.LineStart: "^", syntax.LineEnd: "$", syntax.TextStart: `\A`, syntax.TextEnd: `\z`, syntax.TextEndNewline: `\Z`,
			syntax.SearchStart: `\G`, syntax.WordBoundary: `\b`, syntax.NotWordBoundary: `\B`, syntax.Keep: `\K`,
		}
		s.WriteString(anchors[n.Op])
	}
}

func renderClass(s *strings.Builder, c *syntax.Class) {
	ranges, open := c.Ranges, "["
	if c.Invalid {
		ranges, open = nil, "[^"
		next := rune(0)
		for _, r := range append(slices.Clone(c.Ranges), syntax.Range{Lo: syntax.MaxRune + 1}) {
			if r.Lo > next {
				ranges = append(ranges, syntax.Range{Lo: next, Hi: r.Lo - 1})
			}
			next = r.Hi + 1
		}
	}
	if len(ranges) == 0 {
		s.WriteString("(?m:.)")
		return
	}
	s.WriteString(open)
	for _, r := range withoutSurrogates(ranges) {
		fmt.Fprintf(s, `\x{%X}-\x{%X}`, r.Lo, r.Hi)
	}
	s.WriteString("]")
}

// withoutSurrogates takes out what does not occur and cannot be written.
func withoutSurrogates(ranges []syntax.Range) []syntax.Range {
	var out []syntax.Range
	for _, r := range ranges {
		if r.Lo < 0xD800 {
			out = append(out, syntax.Range{Lo: r.Lo, Hi: min(r.Hi, 0xD7FF)})
		}
		if r.Hi > 0xDFFF {
			out = append(out, syntax.Range{Lo: max(r.Lo, 0xE000), Hi: r.Hi})
		}
	}
	return out
}

// onlyRune returns the character of a literal of one.
func onlyRune(n *syntax.Node) (rune, bool) {
	r, w := utf8.DecodeRuneInString(n.Text)
	return r, n.Op == syntax.Literal && w == len(n.Text)
}

func renderRepeat(s *strings.Builder, n *syntax.Node) {
	switch {
	case n.Max < 0 && n.Min == 0:
		s.WriteString("*")
	case n.Max < 0:
		fmt.Fprintf(s, "{%d,}", n.Min)
	default:
		fmt.Fprintf(s, "{%d,%d}", n.Min, n.Max)
	}
	if n.Lazy {
		s.WriteString("?")
	}
}

func renderReference(s *strings.Builder, t *syntax.Tree, n *syntax.Node) {
	index := n.Index
	if n.Op != syntax.Call {
		index = n.Refs[0]
	}
	name := strconv.Itoa(index)
	if index > 0 && t.Names[index-1] != "" {
		name = t.Names[index-1]
	}
	switch n.Op {
	case syntax.Call:
		fmt.Fprintf(s, `\g<%s>`, name)
	case syntax.Backref:
		if n.HasLevel {
			name += fmt.Sprintf("%+d", n.Level)
		}
		if n.Fold {
			fmt.Fprintf(s, `(?i:\k<%s>)`, name)
		} else {
			fmt.Fprintf(s, `\k<%s>`, name)
		}
	default:
		fmt.Fprintf(s, `(?(<%s>)`, name)
		render(s, t, n.Subs[0])
		s.WriteString("|")
		render(s, t, n.Subs[1])
		s.WriteString(")")
	}
}

// normal returns the dump of a tree in which it does not matter how sequences and texts were cut to pieces.
func normal(t *syntax.Tree) string {
	c := t.Clone()
	c.Root = flatten(c.Root)
	return c.String()
}

func flatten(n *syntax.Node) *syntax.Node {
	if n.Class != nil {
		n.Class = &syntax.Class{Ranges: withoutSurrogates(n.Class.Ranges), Invalid: n.Class.Invalid}
	}
	for i, sub := range n.Subs {
		n.Subs[i] = flatten(sub)
	}
	if n.Op != syntax.Seq {
		return n
	}
	var out []*syntax.Node
	for _, sub := range n.Subs {
		parts := []*syntax.Node{sub}
		if sub.Op == syntax.Seq {
			parts = sub.Subs
		}
		for _, part := range parts {
			if k := len(out) - 1; k >= 0 && part.Op == syntax.Literal && out[k].Op == syntax.Literal {
				out[k].Text += part.Text
			} else {
				out = append(out, part)
			}
		}
	}
	if n.Subs = out; len(out) == 1 {
		return out[0]
	}
	return n
}

// What is written from a tree has the same tree.
func TestRender(t *testing.T) {
	g := regextest.Seeded(7, regextest.Options{})
	for range 700 {
		checkRender(t, g.Next().Expr)
	}
}

func checkRender(t *testing.T, expr string) {
	t.Helper()
	first, err := syntax.Parse(expr, syntax.Options{})
	if err != nil || hasHiddenOptions(first) {
		return
	}
	var s strings.Builder
	render(&s, first, first.Root)
	second, err := syntax.Parse(s.String(), syntax.Options{})
	if err != nil {
		t.Fatalf("%q was written as %q: %v", expr, s.String(), err)
	}
	if a, b := normal(first), normal(second); a != b {
		t.Fatalf("%q was written as %q: found\n%s, expected\n%s", expr, s.String(), b, a)
	}
}

// hasHiddenOptions reports whether there is something that render cannot write so that it may stand where it does: what
// \b is under (?a), in a look-behind.
func hasHiddenOptions(t *syntax.Tree) bool {
	found := false
	syntax.Walk(t.Root, func(n *syntax.Node) bool {
		if n.Op == syntax.Look && n.Behind {
			syntax.Walk(n.Subs[0], func(sub *syntax.Node) bool {
				found = found || sub.Op == syntax.Look
				return true
			})
		}
		return true
	})
	return found
}
