package fast

import (
	"math/bits"
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/leaf"
)

type leafFollow = leaf.Follow

func trailingZeros(x uint64) int { return bits.TrailingZeros64(x) }

// starts says where a match can begin.
type starts struct {
	table [256]bool
	end   bool // at the end of the text
}

func newStarts(front side) starts {
	var t starts
	for b := range t.table {
		t.table[b] = front.bytes.has(byte(b))
	}
	t.end = front.edge
	return t
}

// required returns literals that stand in each match of n, one behind the other.
func required(n *node) []string { _ = n; return nil }

// search looks for a match behind the begin of s.
func (m *Machine) search(s string, caps *slots) Result {
	p := m.p
	at := 0
	for _, r := range p.required {
		i := strings.Index(s[at:], r)
		if i < 0 {
			return NoMatch
		}
		at += i + len(r)
	}
	for i := 1; i <= len(s); i++ {
		if i == len(s) {
			if !p.starts.end {
				break
			}
		} else if c := s[i]; !p.starts.table[c] || c >= utf8.RuneSelf && !boundary(s, i) {
			continue
		}
		caps[0] = int32(i)
		if r := m.run(p.middle, s, i, caps); r != NoMatch {
			return r
		}
	}
	return NoMatch
}
