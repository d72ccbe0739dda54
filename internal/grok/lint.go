package grok

import (
	"fmt"
	"slices"
	"strings"

	"sluice/internal/regex/syntax"
)

// Finding is one thing that is doubtful about an expression.
type Finding struct {
	Place Place
	Rule  string // "anchor", "greedy", "shadowed", "capture", "dot", "reference"
	Text  string
}

// Lint returns what is doubtful about an expression. Of the patterns that it refers to, those that are built in are not
// judged. whole says that the expression is matched by itself, and is not a part of others: then it should be anchored.
func Lint(x *Expanded, whole bool) ([]Finding, error) {
	tree, err := syntax.Parse(x.Text, syntax.Options{})
	if err != nil {
		return nil, x.wrap(err)
	}
	l := linter{x: x, named: slices.ContainsFunc(tree.Names, func(n string) bool { return n != "" })}
	if whole && !anchored(tree.Root) {
		l.add("anchor", 0, "it is tried at every position of a line that does not match, and finds parts of lines; begin it with ^ if it describes whole lines")
	}
	l.walk(tree.Root, context{})
	for _, n := range x.Notes {
		if p := x.PlaceOf(n); !p.Def.BuiltIn {
			l.found = append(l.found, Finding{p, "reference", n.Text})
		}
	}
	slices.SortStableFunc(l.found, func(a, b Finding) int {
		if a.Place.Def != b.Place.Def {
			return 0
		}
		return a.Place.At - b.Place.At
	})
	return l.found, nil
}

// Always reports whether an expression matches every text, so that what is tried behind it is never tried.
func Always(x *Expanded) bool {
	tree, err := syntax.Parse(x.Text, syntax.Options{})
	return err == nil && empties(tree.Root)
}

type linter struct {
	x     *Expanded
	named bool // some group has a name, so that those without one capture nothing
	found []Finding
}

// context is what stands around a node.
type context struct {
	more   bool // something may have to match behind it
	loop   bool // it is in a repeat
	neg    bool // it is in a negative look-around
	atomic bool
}

// add reports something that the expression, or a pattern that is not built in, has at a position of the expanded text.
func (l *linter) add(rule string, pos int, format string, args ...any) {
	p := l.x.Place(pos)
	if p.Def.BuiltIn {
		return
	}
	l.found = append(l.found, Finding{p, rule, fmt.Sprintf(format, args...)})
}

func (l *linter) walk(n *syntax.Node, c context) {
	switch n.Op {
	case syntax.Seq:
		l.seq(n, c)
		return
	case syntax.Alt:
		l.alternatives(n, c)
	case syntax.Repeat:
		l.repeat(n, c)
		c.loop = c.loop || n.Max < 0 || n.Max > 1
		c.more = c.more || c.loop
	case syntax.Capture:
		l.capture(n, c)
	case syntax.Look:
		c.neg, c.atomic, c.more = c.neg || n.Neg, true, false
	case syntax.Atomic:
		c.atomic, c.more = true, false
	}
	for _, sub := range n.Subs {
		l.walk(sub, c)
	}
	l.plainGroup(n)
}

func (l *linter) seq(n *syntax.Node, c context) {
	for i, sub := range n.Subs {
		inner := c
		inner.more = c.more || slices.ContainsFunc(n.Subs[i+1:], demands)
		l.dot(n, i)
		l.walk(sub, inner)
	}
}

// demands reports whether a node can fail, so that what stands before it may have to give back.
func demands(n *syntax.Node) bool { return !empties(n) }

// empties reports whether a node can always match the empty text.
func empties(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Empty, syntax.Keep:
		return true
	case syntax.Seq:
		return !slices.ContainsFunc(n.Subs, demands)
	case syntax.Alt:
		return slices.ContainsFunc(n.Subs, empties)
	case syntax.Repeat:
		return n.Min == 0 || empties(n.Subs[0])
	case syntax.Capture, syntax.Atomic:
		return empties(n.Subs[0])
	}
	return false
}

// anchored reports whether every match begins at a place that the text alone decides.
func anchored(n *syntax.Node) bool {
	switch n.Op {
	case syntax.LineStart, syntax.TextStart, syntax.SearchStart:
		return true
	case syntax.Seq:
		for _, sub := range n.Subs {
			if anchored(sub) {
				return true
			}
			if !empties(sub) || sub.Op == syntax.Repeat {
				return false
			}
		}
	case syntax.Alt:
		return !slices.ContainsFunc(n.Subs, func(s *syntax.Node) bool { return !anchored(s) })
	case syntax.Capture, syntax.Atomic:
		return anchored(n.Subs[0])
	case syntax.Repeat:
		return n.Min > 0 && anchored(n.Subs[0])
	}
	return false
}

// isAny reports whether a node is one character, whatever it is, newlines aside.
func isAny(n *syntax.Node) bool {
	if n.Op != syntax.OneOf || !n.Class.Invalid {
		return false
	}
	for r := range rune(0x100) {
		if r != '\n' && !n.Class.Has(r) {
			return false
		}
	}
	return n.Class.Has(syntax.MaxRune)
}

// repeat reports .* before something that has to match. Where the pattern that has it consists of nothing else,
// as GREEDYDATA does, it is the reference that is judged.
func (l *linter) repeat(n *syntax.Node, c context) {
	if n.Lazy || n.Max >= 0 || !isAny(n.Subs[0]) || !c.more || c.atomic {
		return
	}
	ref, _ := l.x.origin(n.Pos)
	pos := n.Pos
	for r := &l.x.Refs[ref]; r.Parent >= 0 && r.Def.Text == l.x.Text[n.Pos:n.End]; r = &l.x.Refs[r.Parent] {
		pos = r.Start
	}
	l.add("greedy", pos, "it takes all that is left of the line first, and then gives back byte by byte; take %%{DATA}, or a class that ends where it should ([^ ]*, [^\"]*)")
}

// capture reports groups whose text is lost.
func (l *linter) capture(n *syntax.Node, c context) {
	switch {
	case c.neg:
		l.add("capture", n.Pos, "the capture is in a negative look-around, which has no text when it holds: it is always empty")
	case c.loop:
		l.add("capture", n.Pos, "the capture is in a repeat: of several texts the last one is kept")
	}
}

// plainGroup reports parentheses that capture nothing because others have names. In the tree only what is between them
// is left.
func (l *linter) plainGroup(n *syntax.Node) {
	from, to := n.Pos, n.End
	if !l.named || n.Op == syntax.Capture || from < 1 || to >= len(l.x.Text) || l.x.Text[from-1] != '(' || l.x.Text[to] != ')' {
		return
	}
	if escapes := len(l.x.Text[:from-1]) - len(strings.TrimRight(l.x.Text[:from-1], `\`)); escapes%2 == 0 {
		l.add("capture", from-1, "these parentheses capture nothing, since other groups have names; write (?:...), or (?<field>...) to capture")
	}
}

// alternatives reports alternatives that can never be the ones that match.
func (l *linter) alternatives(n *syntax.Node, c context) {
	for j, later := range n.Subs {
		for i, earlier := range n.Subs[:j] {
			a, b := l.text(earlier), l.text(later)
			switch {
			case a == b:
				l.add("shadowed", later.Pos, "alternative %d, %.40q, is the same as alternative %d", j+1, b, i+1)
			case (!c.more || c.atomic) && earlier.Op == syntax.Literal && later.Op == syntax.Literal && strings.HasPrefix(later.Text, earlier.Text):
				l.add("shadowed", later.Pos, "alternative %d, %.40q, never matches: alternative %d, %.40q, begins it, is tried before it, and nothing behind it sends it back", j+1, b, i+1, a)
			case (!c.more || c.atomic) && empties(earlier):
				l.add("shadowed", later.Pos, "alternative %d, %.40q, is never tried: alternative %d matches everything", j+1, b, i+1)
			default:
				continue
			}
			break
		}
	}
}

func (l *linter) text(n *syntax.Node) string { return l.x.Text[n.Pos:n.End] }

// dot reports a single "." beside letters or digits: most are meant literally.
func (l *linter) dot(seq *syntax.Node, i int) {
	n := seq.Subs[i]
	if !isAny(n) || n.End-n.Pos != 1 {
		return
	}
	before, after := i > 0 && wordy(seq.Subs[i-1], true), i+1 < len(seq.Subs) && wordy(seq.Subs[i+1], false)
	if before && after {
		l.add("dot", n.Pos, `"." stands for any character; write \. for a point`)
	}
}

// wordy reports whether a node ends (or begins) with letters or digits.
func wordy(n *syntax.Node, end bool) bool {
	switch n.Op {
	case syntax.Literal:
		c := n.Text[0]
		if end {
			c = n.Text[len(n.Text)-1]
		}
		return isWordByte(c)
	case syntax.OneOf:
		return !n.Class.Invalid && len(n.Class.Ranges) > 0 && isWordByte(byte(min(n.Class.Ranges[0].Lo, 0x7f)))
	case syntax.Repeat, syntax.Capture, syntax.Atomic:
		return wordy(n.Subs[0], end)
	case syntax.Seq:
		if end {
			return wordy(n.Subs[len(n.Subs)-1], end)
		}
		return wordy(n.Subs[0], end)
	}
	return false
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
