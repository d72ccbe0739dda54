package fast

import (
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// rare are the ASCII characters that few lines have, or few times: a single one of them is worth looking for.
const rare = "[]\"{}|<>@=()#$&*;~^`\\'!?%+"

// required returns literals that stand in each match of n, one behind the other: those that tell lines apart.
func required(n *node) []needle {
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
	var out []needle
	for _, s := range all {
		if len(s) > 1 || strings.Contains(rare, s) {
			out = append(out, newNeedle(s))
		}
	}
	return out
}

// seen is what is known about the literals that are required at the begin of a text.
type seen uint8

const (
	notLooked seen = iota
	present        // m.found is where
	absent
)

// look looks for the literals of a match at the begin of s.
func (m *Machine) look(s string) bool {
	m.forget()
	m.seen = absent
	if m.require(s, 0) {
		m.seen = present
	}
	return m.seen == present
}

func (m *Machine) forget() {
	for k := range m.found {
		m.found[k] = -1
	}
}

// search looks for a match behind m.start.
func (m *Machine) search(s string, caps *slots) Result {
	p := m.p
	switch {
	case m.start > 0:
	case !p.same || m.seen == notLooked:
		m.forget()
	case m.seen == absent:
		return NoMatch
	}
	for i := m.start + 1; i <= len(s); i++ {
		if !m.require(s, i) {
			return NoMatch
		}
		if i = p.starts.next(s, i); i < 0 || !m.require(s, i) {
			return NoMatch
		}
		caps.set(0, i)
		m.start, m.sp = i, 0
		if m.free > 0 {
			m.free--
			m.left++
		}
		e := inside
		if c := s[i-1]; c < utf8.RuneSelf && !asciiWord(c) {
			e = apart
		}
		if r := m.run(p.entries[e], s, i, caps); r != NoMatch {
			return r
		}
	}
	return NoMatch
}

// require says whether the literals stand in s that are required of a match at i or behind it. Where they stood is
// remembered for a later i.
func (m *Machine) require(s string, i int) bool {
	list := m.p.required[1]
	if i == 0 {
		list = m.p.required[0]
	}
	for k := range list {
		lit := &list[k]
		if m.found[k] >= i {
			return true
		}
		i = lit.index(s, i)
		if i < 0 {
			return false
		}
		m.found[k] = i
		i += len(lit.text)
	}
	return true
}
