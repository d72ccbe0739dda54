// Package leaf runs regular sub-expressions without captures (addresses, dates, numbers, levels) as small automata over
// bytes.
//
// A backtracking machine asks of such a sub-expression only where it may end. Mode says which of two questions the
// automaton answers:
//
//   - Ends: of all ends that the sub-expression has from here, which are followed by a byte with which the rest of the
//     expression may go on? If there is exactly one, taking it is no choice, so that the machine needs neither a
//     frame nor the order in which backtracking would have tried the ends ([DFA.One]).
//   - First: which end would backtracking take first? That is the meaning of an atomic group ([DFA.First]).
//
// Both count in bytes and suppose that they begin at the start of a character (or of the text). Where several ends are
// possible, and where a text has bytes that are not valid UTF-8 in a place where that matters, the answer is Many:
// the caller then uses its general instructions for the sub-expression. What cannot be an automaton, or would be a large
// one, is refused by Build; it is no error.
//
// The automata of the usual patterns are compiled into the program as Go functions (go generate). They are found by
// a hash of the minimal automaton, so that whoever defines a pattern differently gets a table instead, and whoever writes
// the same thing in other words gets the function.
package leaf

//go:generate go test -count=1 -run ^TestGenerated$ -update .

import (
	"strings"

	"sluice/internal/regex/syntax"
)

// Mode is the question that an automaton answers.
type Mode uint8

// The modes.
const (
	Ends  Mode = iota // where may it end: One
	First             // where would backtracking end it first: First
)

// What One and First return instead of an end.
const (
	None = -1 // there is no (viable) end: the sub-expression does not match here
	Many = -2 // there may be several, or it cannot be told: use the general way
)

// Follow is what may come behind a sub-expression: the bytes with which the rest of the expression can begin, and whether
// the text may end there. It may say too much, never too little; where the rest may match the empty text, it is everything.
// It is not changed once made.
type Follow struct {
	has   [256]bool
	set   byteSet // the same once more
	end   bool
	quiet bool // it has no digits and no quietMarks: neither is viable within a number and before the mark behind it
}

// quietMarks are what usually stands behind the numbers in addresses and dates, except for blanks.
const quietMarks = "./:,-"

// NewFollow returns a Follow of the bytes whose bits are set (bit b&63 of set[b>>6]), and of the end of the text if end.
func NewFollow(set [4]uint64, end bool) *Follow {
	f := &Follow{set: set, end: end, quiet: true}
	for b := range f.has {
		f.has[b] = set[b>>6]>>(b&63)&1 != 0
		if f.has[b] && (b >= '0' && b <= '9' || strings.IndexByte(quietMarks, byte(b)) >= 0) {
			f.quiet = false
		}
	}
	return f
}

// DFA is the automaton of one sub-expression. It is not changed once built: several goroutines may use it.
type DFA struct {
	one    func(s string, i int, f *Follow) int
	first  func(s string, i int) int
	hash   string
	states int
	native bool
	goesOn [4]uint64
	reach  int
	far    bool
}

// One is for automata of mode Ends. It looks at all e for which the sub-expression matches s[i:e] and either e < len(s)
// and s[e] is in f, or e == len(s) and f has the end of the text. It returns e if there is exactly one, None if there is
// none, and Many otherwise, or if it cannot tell. i is where a character begins, or len(s). Nothing is allocated.
func (d *DFA) One(s string, i int, f *Follow) int { return d.one(s, i, f) }

// First is for automata of mode First. It returns the e of the match s[i:e] that backtracking would find first, None if
// there is none, and Many if it cannot tell, which happens only where s has bytes that are not ASCII. i is where a character
// begins, or len(s). Nothing is allocated.
func (d *DFA) First(s string, i int) int { return d.first(s, i) }

// Native reports whether a function that was compiled into the program answers, not a table.
func (d *DFA) Native() bool { return d.native }

// States returns the number of states of the minimal automaton, a measure of its size: up to 100 or so are usual.
func (d *DFA) States() int { return d.states }

// Hash returns what identifies the automaton: the same for all sub-expressions that always give the same answers.
func (d *DFA) Hash() string { return d.hash }

// GoesOn returns the bytes before which the sub-expression may end, but with which it may also go on: bit b&63 of element
// b>>6. If none of them can follow, One finds several ends only where it cannot tell.
func (d *DFA) GoesOn() [4]uint64 { return d.goesOn }

// Reach returns the number of bytes at which the automaton looks at most; less than 0 if it may look at the whole text.
func (d *DFA) Reach() int { return d.reach }

// Far reports whether the automaton may look at any number of bytes behind an end that it then returns. Where that end is
// one that One returns, and nothing that can follow is in GoesOn, it does not.
func (d *DFA) Far() bool { return d.far }

// Cache builds automata and keeps them by what they were built from, so that an address that stands in many places of
// many expressions is built once. The zero Cache is ready. It is for one goroutine at a time; the automata are for all.
type Cache struct {
	built map[string]*DFA // by mode and tree; nil: refused
	key   []byte
}

// Build returns the automaton of n, or false if there is none: n has captures, back-references, calls, \K, conditions,
// look-behinds, look-aheads at more than one byte, word boundaries, or an atomic group that leaves a choice; or
// the automaton would be too large. The look-aheads, $ and \z that it may have are about the next byte or the end of the
// text only. Where n is an atomic group, give its operand, with mode First. n is only read, and not kept.
func (c *Cache) Build(n *syntax.Node, mode Mode) (*DFA, bool) {
	c.key = appendKey(append(c.key[:0], byte(mode)), n)
	d, ok := c.built[string(c.key)]
	if !ok {
		if c.built == nil {
			c.built = map[string]*DFA{}
		}
		d = c.build(n, mode)
		c.built[string(c.key)] = d
	}
	return d, d != nil
}

func (c *Cache) build(n *syntax.Node, mode Mode) *DFA {
	m, ok := newMachine(n, mode)
	if !ok {
		return nil
	}
	d := &DFA{hash: m.hash(), states: len(m.rows), native: true, goesOn: m.goesOn()}
	d.reach, d.far = m.reach()
	if mode == First {
		if d.first = nativeFirst(d.hash); d.first == nil {
			d.first, d.native = newTable(m).first, false
		}
	} else if d.one = nativeOne(d.hash); d.one == nil {
		d.one, d.native = newTable(m).one, false
	}
	return d
}

// newMachine returns the minimal machine for n.
func newMachine(n *syntax.Node, mode Mode) (*machine, bool) {
	p := builder{mode: mode, budget: &budget{maxNodes, maxWork}}
	start, ok := p.build(n)
	if !ok {
		return nil, false
	}
	m, ok := determinize(&p, start)
	if !ok {
		return nil, false
	}
	m.minimize()
	return m, len(m.rows) <= maxStates
}
