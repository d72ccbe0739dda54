package syntax

import "unicode/utf8"

// Length is how long the texts are that a node matches. A maximum of NoLimit is none, or one too high to be of use.
type Length struct {
	MinChars, MaxChars int
	MinBytes, MaxBytes int
}

// NoLimit is a maximum that there is not.
const NoLimit = -1

// longest is up to where lengths are counted.
const longest = 1 << 30

// Nullable reports whether the empty text may be among those that the node matches. It is right when it says no.
func (l Length) Nullable() bool { return l.MinChars == 0 }

// Fixed reports whether all texts have the same number of characters.
func (l Length) Fixed() bool { return l.MinChars == l.MaxChars }

// Measure computes lengths of a tree's nodes, and keeps them. It is not for concurrent use.
type Measure struct {
	groups map[int]*Node
	known  map[*Node]Length
	open   map[*Node]bool // groups whose length is being computed
}

// NewMeasure returns a Measure for the nodes of t.
func NewMeasure(t *Tree) *Measure {
	m := &Measure{groups: map[int]*Node{0: t.Root}, known: map[*Node]Length{}, open: map[*Node]bool{}}
	if t.Called || t.Backrefs {
		Walk(t.Root, func(n *Node) bool {
			if n.Op == Capture {
				m.groups[n.Index] = n
			}
			return true
		})
	}
	m.Of(t.Root) // first, so that it does not matter in which order one asks
	return m
}

// Of returns the length of a node of the tree. That of a call inside of the group that it calls is taken to be
// anything: so the lengths of such groups are bounds, and not the closest ones.
func (m *Measure) Of(n *Node) Length {
	if l, ok := m.known[n]; ok {
		return l
	}
	if m.open[n] {
		return Length{MaxChars: NoLimit, MaxBytes: NoLimit}
	}
	if n.Op == Capture || n == m.groups[0] {
		m.open[n] = true
		defer delete(m.open, n)
	}
	l := m.compute(n)
	m.known[n] = l
	return l
}

func (m *Measure) compute(n *Node) Length {
	switch n.Op {
	case Literal:
		chars := utf8.RuneCountInString(n.Text)
		return Length{chars, chars, len(n.Text), len(n.Text)}
	case OneOf:
		return classLength(n.Class)
	case Seq:
		var sum Length
		for _, sub := range n.Subs {
			sum = sum.plus(m.Of(sub))
		}
		return sum
	case Alt, Condition:
		l := m.Of(n.Subs[0])
		for _, sub := range n.Subs[1:] {
			l = l.or(m.Of(sub))
		}
		return l
	case Repeat:
		return m.Of(n.Subs[0]).times(n.Min, n.Max)
	case Capture, Atomic:
		return m.Of(n.Subs[0])
	case Call:
		return m.Of(m.groups[n.Index])
	case Backref:
		return m.backref(n)
	case Absent:
		return Length{MaxChars: NoLimit, MaxBytes: NoLimit}
	default:
		return Length{}
	}
}

// backref returns the length of what a group matched, or one of several.
func (m *Measure) backref(n *Node) Length {
	l := m.Of(m.groups[n.Refs[0]])
	for _, ref := range n.Refs[1:] {
		l = l.or(m.Of(m.groups[ref]))
	}
	switch {
	case n.HasLevel && len(n.Refs) > 1: // begin and end may be those of two groups
		return Length{MaxChars: NoLimit, MaxBytes: NoLimit}
	case n.Fold: // another case may have other bytes
		l.MinBytes, l.MaxBytes = l.MinChars, mulMax(l.MaxChars, utf8.UTFMax)
	}
	return l
}

// classLength returns the length of one character of a class.
func classLength(c *Class) Length {
	l := Length{1, 1, utf8.UTFMax, 1}
	if c.Invalid {
		l.MinBytes = 1
	}
	for _, r := range c.Ranges {
		l.MinBytes = min(l.MinBytes, utf8Len(r.Lo))
		l.MaxBytes = max(l.MaxBytes, utf8Len(r.Hi))
	}
	return l
}

// utf8Len is how many bytes r has, a surrogate included.
func utf8Len(r rune) int {
	switch {
	case r < 0x80:
		return 1
	case r < 0x800:
		return 2
	case r < 0x10000:
		return 3
	}
	return 4
}

func (l Length) plus(o Length) Length {
	return Length{
		MinChars: min(l.MinChars+o.MinChars, longest), MaxChars: addMax(l.MaxChars, o.MaxChars),
		MinBytes: min(l.MinBytes+o.MinBytes, longest), MaxBytes: addMax(l.MaxBytes, o.MaxBytes),
	}
}

func (l Length) or(o Length) Length {
	either := func(a, b int) int {
		if a == NoLimit || b == NoLimit {
			return NoLimit
		}
		return max(a, b)
	}
	return Length{
		MinChars: min(l.MinChars, o.MinChars), MaxChars: either(l.MaxChars, o.MaxChars),
		MinBytes: min(l.MinBytes, o.MinBytes), MaxBytes: either(l.MaxBytes, o.MaxBytes),
	}
}

func (l Length) times(low, high int) Length {
	return Length{
		MinChars: min(l.MinChars*low, longest), MaxChars: mulMax(l.MaxChars, high),
		MinBytes: min(l.MinBytes*low, longest), MaxBytes: mulMax(l.MaxBytes, high),
	}
}

// addMax adds maxima.
func addMax(a, b int) int {
	if a == NoLimit || b == NoLimit || a+b > longest {
		return NoLimit
	}
	return a + b
}

// mulMax multiplies a maximum with the maximum of a repeat.
func mulMax(a, times int) int {
	switch {
	case a == 0 || times == 0:
		return 0
	case a == NoLimit || times < 0 || a*times > longest:
		return NoLimit
	}
	return a * times
}
