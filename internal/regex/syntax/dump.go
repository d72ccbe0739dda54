package syntax

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns the tree for people and for tests: a line for each node, indented under its parent.
func (t *Tree) String() string {
	var s strings.Builder
	dump(&s, t, t.Root, 0)
	return s.String()
}

var opNames = []struct {
	op   Op
	name string
}{
	{Empty, "empty"},
	{Fail, "fail"},
	{Literal, "literal"},
	{OneOf, "one of"},
	{Seq, "sequence"},
	{Alt, "alternatives"},
	{Repeat, "repeat"},
	{Capture, "capture"},
	{Atomic, "atomic"},
	{Look, "look"},
	{LineStart, "line start"},
	{LineEnd, "line end"},
	{TextStart, "text start"},
	{TextEnd, "text end"},
	{TextEndNewline, "text end or newline"},
	{SearchStart, "search start"},
	{WordBoundary, "word boundary"},
	{NotWordBoundary, "not word boundary"},
	{Backref, "back-reference"},
	{Call, "call"},
	{Condition, "condition"},
	{Absent, "absent"},
	{Keep, "keep"},
}

// String returns the operation's name.
func (op Op) String() string {
	for _, o := range opNames {
		if o.op == op {
			return o.name
		}
	}
	return "op " + strconv.Itoa(int(op))
}

func dump(s *strings.Builder, t *Tree, n *Node, depth int) {
	s.WriteString(strings.Repeat("  ", depth))
	s.WriteString(n.Op.String())
	s.WriteString(n.details(t))
	s.WriteByte('\n')
	for _, sub := range n.Subs {
		dump(s, t, sub, depth+1)
	}
}

// details returns what a node's line says behind its operation.
func (n *Node) details(t *Tree) string {
	switch n.Op {
	case Literal:
		return " " + strconv.Quote(n.Text)
	case OneOf:
		return " " + n.Class.String()
	case Repeat:
		s := fmt.Sprintf(" %d to %d", n.Min, n.Max)
		if n.Max < 0 {
			s = fmt.Sprintf(" %d or more", n.Min)
		}
		if n.Lazy {
			s += ", lazy"
		}
		return s
	case Capture, Call:
		return " " + groupName(t, n.Index)
	case Look:
		return map[bool]string{false: " ahead", true: " behind"}[n.Behind] + map[bool]string{true: ", not"}[n.Neg]
	case Backref, Condition:
		var refs []string
		for _, ref := range n.Refs {
			refs = append(refs, groupName(t, ref))
		}
		s := " " + strings.Join(refs, ", ")
		if n.HasLevel {
			s += fmt.Sprintf(" at level %+d", n.Level)
		}
		if n.Fold {
			s += ", any case"
		}
		return s
	}
	return ""
}

// groupName returns a group's number, with its name if it has one.
func groupName(t *Tree, index int) string {
	s := strconv.Itoa(index)
	if index > 0 && t.Names[index-1] != "" {
		s += " " + strconv.Quote(t.Names[index-1])
	}
	return s
}

// mostShown is how many ranges of a class are printed.
const mostShown = 12

// String returns the class as it might stand in an expression: negated where that is shorter, and cut where it is long.
func (c *Class) String() string {
	var s strings.Builder
	s.WriteByte('[')
	if c.Invalid {
		s.WriteByte('^')
		c = negate(c)
	}
	for i, r := range c.Ranges {
		if i == mostShown {
			fmt.Fprintf(&s, "... %d more", len(c.Ranges)-i)
			break
		}
		writeMember(&s, r.Lo)
		if r.Hi > r.Lo {
			if r.Hi > r.Lo+1 {
				s.WriteByte('-')
			}
			writeMember(&s, r.Hi)
		}
	}
	s.WriteByte(']')
	return s.String()
}

// writeMember writes a character so that it stands for itself.
func writeMember(s *strings.Builder, r rune) {
	switch {
	case strings.ContainsRune(`\]-^[&`, r):
		s.WriteByte('\\')
		s.WriteRune(r)
	case strconv.IsPrint(r):
		s.WriteRune(r)
	case r < 0x80:
		fmt.Fprintf(s, `\x%02X`, r)
	default:
		fmt.Fprintf(s, `\u{%X}`, r)
	}
}
