package fast

import (
	"strings"

	"sluice/internal/regex/syntax"
)

// rare are the ASCII characters that few lines have, or few times: a single one of them is worth looking for.
const rare = "[]\"{}|<>@=()#$&*;~^`\\'!?%+"

// required returns literals that stand in each match of n, one behind the other: those that tell lines apart.
func required(n *node) []string {
	var all []string
	var walk func(n *node)
	walk = func(n *node) {
		switch n.op {
		case syntax.Literal:
			all = append(all, n.text)
		case syntax.Seq, syntax.Capture, syntax.Atomic:
			for _, s := range n.subs {
				walk(s)
			}
		case syntax.Repeat:
			if n.min > 0 {
				walk(n.sub())
			}
		}
	}
	walk(n)
	var out []string
	for _, s := range all {
		if len(s) > 1 || strings.Contains(rare, s) {
			out = append(out, s)
		}
	}
	return out
}

// search looks for a match behind the begin of s.
func (m *Machine) search(s string, caps *slots) Result {
	p := m.p
	for k := range m.found {
		m.found[k] = -1
	}
	for i := 1; i <= len(s); i++ {
		if !m.require(s, i) {
			return NoMatch
		}
		if i = p.starts.next(s, i); i < 0 {
			return NoMatch
		}
		if !m.require(s, i) {
			return NoMatch
		}
		caps[0] = int32(i)
		if r := m.run(p.middle, s, i, caps); r != NoMatch {
			return r
		}
	}
	return NoMatch
}

// require says whether the required literals stand in s from i on. Where they stood is remembered for a later i.
func (m *Machine) require(s string, i int) bool {
	for k, lit := range m.p.required {
		if m.found[k] >= i {
			return true
		}
		i = indexFrom(s, i, lit)
		if i < 0 {
			return false
		}
		m.found[k] = i
		i += len(lit)
	}
	return true
}
