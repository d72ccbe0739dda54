package grok

import (
	"regexp/syntax"
	"strings"
)

// prefilter is a text without which an expression cannot match; "" says nothing.
type prefilter struct{ literal string }

// newPrefilter finds the longest text that every match of a valid expression has.
func newPrefilter(expr string) prefilter {
	tree, err := syntax.Parse(flags+expr, syntax.Perl)
	if err != nil {
		return prefilter{}
	}
	return prefilter{required(tree.Simplify())}
}

// mayMatch may say yes wrongly, but never no.
func (p prefilter) mayMatch(text string) bool {
	return p.literal == "" || strings.Contains(text, p.literal)
}

// required returns the longest text that is in every match of t.
func required(t *syntax.Regexp) string {
	switch t.Op {
	case syntax.OpLiteral:
		if t.Flags&syntax.FoldCase == 0 {
			return string(t.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return required(t.Sub[0])
	case syntax.OpConcat:
		longest := ""
		for _, sub := range t.Sub {
			if s := required(sub); len(s) > len(longest) {
				longest = s
			}
		}
		return longest
	}
	return ""
}
