package fast

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// window is the number of bytes from its begin on by which a match is recognized.
const window = 7

// prefix is what the first bytes of a match can be. It may say too much, never too little.
type prefix struct {
	bytes [window]byteSet
	ends  [window]bool // the text can end before this byte
}

func anyPrefix() (p prefix) {
	for i := range p.bytes {
		p.bytes[i], p.ends[i] = allBytes(), true
	}
	return p
}

func (p prefix) or(q prefix) prefix {
	for i := range p.bytes {
		p.bytes[i] = p.bytes[i].or(q.bytes[i])
		p.ends[i] = p.ends[i] || q.ends[i]
	}
	return p
}

// behind returns p with a byte of b before it.
func (p prefix) behind(b byteSet) prefix {
	copy(p.bytes[1:], p.bytes[:window-1])
	copy(p.ends[1:], p.ends[:window-1])
	p.bytes[0], p.ends[0] = b, false
	return p
}

// prefixes computes what matches can begin with, each question once.
type prefixes struct {
	known map[prefixKey]prefix
}

type prefixKey struct {
	n    *node
	next prefix
}

// of returns the prefix of n with next behind it.
func (c *prefixes) of(n *node, next prefix) prefix {
	switch n.op {
	case syntax.Literal:
		for i := min(len(n.text), window) - 1; i >= 0; i-- {
			next = next.behind(oneByte(n.text[i]))
		}
		return next
	case syntax.OneOf:
		return charPrefix(n.cls, next)
	case syntax.Fail:
		return prefix{}
	}
	if len(n.subs) == 0 || n.op == syntax.Look {
		return next
	}
	k := prefixKey{n, next}
	p, ok := c.known[k]
	if !ok {
		p = c.ofSubs(n, next)
		c.known[k] = p
	}
	return p
}

func (c *prefixes) ofSubs(n *node, next prefix) prefix {
	switch n.op {
	case syntax.Seq:
		for _, s := range slices.Backward(n.subs) {
			next = c.of(s, next)
		}
		return next
	case syntax.Alt:
		var p prefix
		for _, s := range n.subs {
			p = p.or(c.of(s, next))
		}
		return p
	case syntax.Repeat:
		p := next
		rounds := window
		if n.max >= 0 {
			rounds = min(rounds, n.max-n.min)
		}
		for range rounds {
			p = next.or(c.of(n.sub(), p))
		}
		for range min(n.min, window) {
			p = c.of(n.sub(), p)
		}
		return p
	default:
		return c.of(n.sub(), next)
	}
}

// charPrefix is the prefix of a character of c: one byte, or up to four.
func charPrefix(c *class, next prefix) prefix {
	p := next.behind(c.first)
	if c.kind == lowClass {
		return p
	}
	for range utf8.UTFMax - 1 {
		next = next.behind(highBytes())
		p = p.or(next.behind(c.first))
	}
	return p
}

// before returns the bytes that can stand before a match of n, if not the text's begin is there.
func before(n *node, next side) byteSet {
	all := allBytes()
	switch n.op {
	case syntax.Seq:
		for i, s := range n.subs {
			if i+1 < len(n.subs) {
				rest := seqOf(n.subs[i+1:])
				all = all.and(before(s, first(rest, next)))
			} else {
				all = all.and(before(s, next))
			}
			if !zeroWidth(s) {
				break
			}
		}
		return all
	case syntax.Alt:
		var b byteSet
		for _, s := range n.subs {
			b = b.or(before(s, next))
		}
		return b
	case syntax.Capture, syntax.Atomic:
		return before(n.sub(), next)
	case syntax.LineStart:
		return oneByte('\n')
	case syntax.TextStart:
		return byteSet{}
	case syntax.WordBoundary:
		switch wordness(next) {
		case 1:
			return all.minus(wordBytes())
		case -1:
			return wordBytes().or(highBytes())
		}
	case syntax.Look:
		b, ok := asciiSet(n.sub())
		switch {
		case !ok || !n.behind:
		case n.neg:
			return all.minus(b)
		case n.sub().op == syntax.Literal || n.sub().cls.kind == lowClass:
			return b
		}
	}
	return all
}

// starts finds the places behind the begin of a text where a match may begin: those at which the byte before and the bytes
// from there on are possible.
type starts struct {
	// table says by the byte which places of the window it can have: bit 0 is the byte before the match.
	table [256]uint8
	width int     // the number of places behind the first; a match has as many bytes at least
	first byteSet // with what a match can begin
	end   bool    // a match can begin at the end of the text
	lead  needle  // with what all matches begin, if that is known
	lines bool    // matches begin behind newlines alone
}

func newStarts(n *node) *starts {
	front := firstBeforeAll(n)
	prev := before(n, anySide())
	t := &starts{first: front.bytes, end: front.edge, lines: prev == oneByte('\n')}
	for b := range t.table {
		if prev.has(byte(b)) {
			t.table[b] |= 1
		}
	}
	if lit := leading(n); lit != "" {
		t.lead = newNeedle(lit)
		return t
	}
	c := prefixes{map[prefixKey]prefix{}}
	p := c.of(n, anyPrefix())
	for t.width < window && !p.ends[t.width] {
		t.width++
	}
	for b := range t.table {
		for i := range t.width {
			if p.bytes[i].has(byte(b)) {
				t.table[b] |= 2 << i
			}
		}
	}
	return t
}

// leading returns the literal with which all matches of n begin; "" if there is none.
func leading(n *node) string {
	switch n.op {
	case syntax.Literal:
		return n.text
	case syntax.Seq:
		for _, s := range n.subs {
			if !zeroWidth(s) {
				return leading(s)
			}
		}
	case syntax.Capture, syntax.Atomic:
		return leading(n.sub())
	case syntax.Repeat:
		if n.min > 0 {
			return leading(n.sub())
		}
	}
	return ""
}

// exclude says that no match begins behind one of set.
func (t *starts) exclude(set byteSet) {
	for b := range t.table {
		if set.has(byte(b)) {
			t.table[b] &^= 1
		}
	}
}

// next returns the first place from i on, which is not 0, where a match may begin; less than 0 if there is none.
func (t *starts) next(s string, i int) int {
	switch {
	case t.lines:
		return t.nextLine(s, i)
	case t.lead.text != "":
		return t.nextLead(s, i)
	}
	last := uint8(1) << t.width
	state := uint8(0)
	for k := i - 1; k < len(s); k++ {
		state = (state<<1 | 1) & t.table[s[k]]
		if state&last != 0 && t.possible(s, k+1-t.width) {
			return k + 1 - t.width
		}
	}
	return -1
}

// nextLead is next where it is known with what matches begin. That is whole characters, so that one begins there.
func (t *starts) nextLead(s string, i int) int {
	for {
		if i = t.lead.index(s, i); i < 0 || t.table[s[i-1]]&1 != 0 {
			return i
		}
		i++
	}
}

// nextLine is next where matches begin behind newlines alone: texts have few of them.
func (t *starts) nextLine(s string, i int) int {
	for {
		k := strings.IndexByte(s[i-1:], '\n')
		if k < 0 {
			return -1
		}
		if i += k; t.window(s, i) && t.possible(s, i) {
			return i
		}
		if i++; i > len(s) {
			return -1
		}
	}
}

// window says whether the first bytes from i on are those of a match.
func (t *starts) window(s string, i int) bool {
	if len(s)-i < t.width {
		return false
	}
	for k := range t.width {
		if t.table[s[i+k]]&(2<<k) == 0 {
			return false
		}
	}
	return strings.HasPrefix(s[i:], t.lead.text)
}

func (t *starts) possible(s string, i int) bool {
	if i == len(s) {
		return t.end
	}
	return t.first.has(s[i]) && (s[i] < utf8.RuneSelf || boundary(s, i))
}
