package grok

import (
	"slices"

	"sluice/internal/regex/syntax"
)

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

func (s *byteSet) merge(o *byteSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

// every is the set of all bytes.
func every() byteSet { return byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)} }

// rect is pairs of bytes: one of first, then one of second.
type rect struct{ first, second byteSet }

// pairs is a feature of an expression: every text that it matches has one of these pairs of neighbouring bytes.
type pairs []rect

// each calls f for each of the pairs, the first byte in the high half; for some more than once.
func (p pairs) each(f func(pair uint16)) {
	for i := range p {
		for a := range 256 {
			if !p[i].first.has(byte(a)) {
				continue
			}
			for b := range 256 {
				if p[i].second.has(byte(b)) {
					f(uint16(a<<8 | b))
				}
			}
		}
	}
}

func (p pairs) equal(o pairs) bool { return slices.Equal(p, o) }

// maxRects bounds the features of alternatives.
const maxRects = 16

// frequency estimates how many of the pairs of neighbouring bytes in log lines are in p.
func (p pairs) frequency() float64 {
	sum := 0.0
	for i := range p {
		sum += p[i].first.frequency() * p[i].second.frequency()
	}
	return sum
}

// frequency estimates how many bytes of log lines are in the set.
func (s *byteSet) frequency() float64 {
	sum := 0.0
	for b := range 256 {
		if s.has(byte(b)) {
			sum += byteFrequency(byte(b))
		}
	}
	return sum
}

// byteFrequency is how often a byte is seen in log lines, roughly.
func byteFrequency(b byte) float64 {
	switch {
	case b == ' ':
		return 0.12
	case b >= '0' && b <= '9':
		return 0.022
	case b >= 'a' && b <= 'z':
		return 0.018
	case b >= 'A' && b <= 'Z':
		return 0.004
	case b == '.' || b == '/' || b == ':' || b == '-':
		return 0.03
	case b == '"' || b == '[' || b == ']' || b == '=' || b == ',' || b == '_' || b == ';' || b == '(' || b == ')':
		return 0.012
	case b > ' ' && b < 0x7f:
		return 0.002
	}
	return 0.0002
}

// useless is the frequency above which a feature is in nearly every line.
const useless = 0.02

// best returns the n rarest features that are worth looking for.
func best(list []pairs, n int) []pairs {
	list = slices.DeleteFunc(list, func(p pairs) bool { return p.frequency() > useless })
	slices.SortStableFunc(list, func(a, b pairs) int {
		switch x, y := a.frequency(), b.frequency(); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	var out []pairs
	for _, p := range list {
		if len(out) < n && !slices.ContainsFunc(out, p.equal) {
			out = append(out, p)
		}
	}
	return out
}

// edges is what is known of the texts that a node matches.
type edges struct {
	first, last byteSet // what they begin and end with, where they are not empty
	empty       bool    // whether they may be empty
}

// featuresOf returns what every text has that the node matches: supersets of the pairs at each seam.
func featuresOf(n *syntax.Node) []pairs {
	var f features
	f.node(n)
	return f.list
}

type features struct{ list []pairs }

// node adds a node's features and returns its edges. What is not known is taken for anything.
func (f *features) node(n *syntax.Node) edges {
	switch n.Op {
	case syntax.Literal:
		return f.literal(n.Text)
	case syntax.OneOf:
		s := classBytes(n.Class)
		return edges{s, s, false}
	case syntax.Seq:
		return f.seq(n.Subs)
	case syntax.Alt:
		return f.alt(n.Subs)
	case syntax.Repeat:
		return f.repeat(n)
	case syntax.Capture, syntax.Atomic:
		return f.node(n.Subs[0])
	case syntax.Backref, syntax.Call, syntax.Condition, syntax.Absent:
		return edges{every(), every(), true}
	}
	return edges{empty: true} // assertions
}

func (f *features) literal(text string) edges {
	var e edges
	e.first.add(text[0])
	e.last.add(text[len(text)-1])
	for i := 1; i < len(text); i++ {
		var r rect
		r.first.add(text[i-1])
		r.second.add(text[i])
		f.list = append(f.list, pairs{r})
	}
	return e
}

// classBytes returns the first, or last, bytes of a class's characters. Those of characters beyond ASCII are not told
// apart.
func classBytes(c *syntax.Class) byteSet {
	ascii := c.ASCII()
	s := byteSet{ascii[0], ascii[1]}
	if _, none := c.High(); !none {
		s[2], s[3] = ^uint64(0), ^uint64(0)
	}
	return s
}

// seq adds the features at the seams: behind a node that is not empty comes what the rest begins with, if the rest is
// not empty.
func (f *features) seq(subs []*syntax.Node) edges {
	list := make([]edges, len(subs))
	for i, sub := range subs {
		list[i] = f.node(sub)
	}
	out := edges{empty: true}
	for i := range list {
		if out.empty {
			out.first.merge(&list[i].first)
		}
		if !list[i].empty {
			out.last = byteSet{}
		}
		out.last.merge(&list[i].last)
		out.empty = out.empty && list[i].empty
		if list[i].empty {
			continue
		}
		var second byteSet
		for j := i + 1; j < len(list); j++ {
			second.merge(&list[j].first)
			if !list[j].empty {
				f.list = append(f.list, pairs{{list[i].last, second}})
				break
			}
		}
	}
	return out
}

// alt takes the rarest feature of each alternative together.
func (f *features) alt(subs []*syntax.Node) edges {
	var out edges
	var union pairs
	known := true
	for _, sub := range subs {
		var own features
		e := own.node(sub)
		out.first.merge(&e.first)
		out.last.merge(&e.last)
		out.empty = out.empty || e.empty
		b := best(own.list, 1)
		if len(b) == 0 {
			known = false
			continue
		}
		for _, r := range b[0] {
			if !slices.Contains(union, r) {
				union = append(union, r)
			}
		}
	}
	if known && len(union) <= maxRects {
		f.list = append(f.list, union)
	}
	return out
}

func (f *features) repeat(n *syntax.Node) edges {
	var own features
	e := own.node(n.Subs[0])
	if n.Max == 0 {
		return edges{empty: true}
	}
	if n.Min > 0 {
		f.list = append(f.list, own.list...)
	} else {
		e.empty = true
	}
	if n.Min > 1 && !e.empty {
		f.list = append(f.list, pairs{{e.last, e.first}})
	}
	return e
}
