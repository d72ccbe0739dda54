package grok

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"sluice/internal/nearest"
)

// Limits of an expansion. The rounds are jls-grok's; the size keeps definitions that multiply each other from
// filling the memory.
const (
	maxRounds   = 10000
	maxExpanded = 1 << 20
)

// Expanded is an expression in which every reference has been replaced by its definition, in a group of its
// own: (?:...), or (?<NAME:field:type>...) where it remembers what it matches. Read-only.
type Expanded struct {
	Expr string // as it was written
	Text string
	// Refs are the references that were replaced, in the order in which their groups open; the first stands
	// for the expression itself.
	Refs  []Ref
	Notes []Note

	spans []span
}

// Ref is one reference that was replaced.
type Ref struct {
	Def    *Definition // of the expression itself: without a name
	Group  string      // the group's name: "INT:bytes:int"; "" for a group that remembers nothing
	Parent int         // the reference in whose definition this one stands; -1 for the expression itself
	At     int         // where in that definition, in bytes
	Start  int         // the group with its parentheses, in Text
	End    int
}

// Note is something in a reference that has no meaning, or another than it seems to have.
type Note struct {
	Ref  int // the reference in whose definition it stands
	At   int // where in that definition, in bytes
	Text string
}

// span says where a part of the text comes from, up to the next span.
type span struct {
	start   int // in Text
	ref, at int // the definition, and where in it
	fixed   bool
}

// Place is where a position of an expanded expression comes from.
type Place struct {
	Chain []string // names of patterns, the outermost first; empty for the expression itself
	Def   *Definition
	At    int // in the definition's text, in bytes
	Root  int // in the expression itself: the reference that led there, or At
}

// String writes the chain and where the definition stands: `HTTPD_ERRORLOG -> LOGLEVEL (ecs/httpd:7, column 23)`.
func (p Place) String() string {
	where := fmt.Sprintf("column %d", p.Def.Column+p.At)
	if o := p.Def.Origin(); o != "" {
		where = o + ", " + where
	}
	if len(p.Chain) == 0 {
		return where
	}
	return strings.Join(p.Chain, " -> ") + " (" + where + ")"
}

// Error is what is wrong with an expression, and where.
type Error struct {
	Place Place
	Err   error
}

// Error says what is wrong, behind the chain of patterns that led there and the place:
// `HTTPD_ERRORLOG -> LOGLEVEL: patterns/mine:7:23: ...`.
func (e *Error) Error() string {
	where := fmt.Sprintf("column %d: ", e.Place.Def.Column+e.Place.At)
	if d := e.Place.Def; d.File != "" {
		where = fmt.Sprintf("%s:%d:%d: ", d.File, d.Line, d.Column+e.Place.At)
	}
	if len(e.Place.Chain) > 0 {
		where = strings.Join(e.Place.Chain, " -> ") + ": " + where
	}
	return where + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Expand replaces references: %{NAME}, %{NAME:field}, %{NAME:field:type}, and %{NAME=expression} with or without
// a field, which defines the name for what follows in this expression. With named, references without a field
// capture nothing; otherwise they capture under their pattern's name. Unknown names and cycles are errors (of type
// *Error) that name them.
func (l *Library) Expand(expr string, named bool) (*Expanded, error) {
	x := expansion{
		lib: l, named: named, rest: expr,
		out: &Expanded{Expr: expr, Refs: []Ref{{Def: &Definition{Text: expr, Column: 1}, Parent: -1}}},
	}
	x.frames = []frame{{ref: 0, left: len(expr)}}
	for range maxRounds {
		r, ok := findReference(x.rest)
		if !ok {
			x.emit(len(x.rest))
			x.closeGroups()
			x.out.Refs[0].End = x.text.Len()
			x.out.Text = x.text.String()
			x.out.noteText()
			return x.out, nil
		}
		if err := x.replace(&r); err != nil {
			return nil, err
		}
	}
	ref, at := x.here()
	return nil, x.errorf(ref, at, "the expression has more than %d references, or refers to itself", maxRounds)
}

// noteText remembers the first "%{" of the expression itself that begins no reference and stays as text.
func (x *Expanded) noteText() {
	i := strings.Index(x.Text, "%{")
	if i < 0 {
		return
	}
	if p := x.Place(i); len(p.Chain) == 0 {
		x.Notes = append(x.Notes, Note{0, p.At, fmt.Sprintf("%.32q is no reference to a pattern and is taken as it stands", x.Text[i:])})
	}
}

// expansion is the state of one Expand. As in jls-grok the text is one, from left to right: what a definition
// and the text behind its reference make together counts, too.
type expansion struct {
	lib    *Library
	named  bool
	inline map[string]*Definition // definitions within the expression
	rest   string                 // what is still to be looked through
	frames []frame                // where the rest comes from; the last one is its beginning
	text   strings.Builder        // what has been looked through
	out    *Expanded
}

// frame is a part of the rest: bytes of a definition, or the parenthesis that ends a group.
type frame struct {
	ref, at int
	left    int // bytes
	closing bool
}

// emit moves n bytes of the rest to the text.
func (x *expansion) emit(n int) {
	for n > 0 {
		f := &x.frames[len(x.frames)-1]
		if f.left == 0 {
			x.pop()
			continue
		}
		take := min(n, f.left)
		if !f.closing {
			x.out.spans = append(x.out.spans, span{x.text.Len(), f.ref, f.at, false})
		} else {
			parent := &x.out.Refs[f.ref]
			x.out.spans = append(x.out.spans, span{x.text.Len(), parent.Parent, parent.At, true})
		}
		x.text.WriteString(x.rest[:take])
		x.rest = x.rest[take:]
		f.at += take
		f.left -= take
		n -= take
	}
}

// skip takes n bytes of the rest away.
func (x *expansion) skip(n int) {
	x.rest = x.rest[n:]
	for n > 0 {
		f := &x.frames[len(x.frames)-1]
		take := min(n, f.left)
		f.at += take
		f.left -= take
		n -= take
		if n > 0 {
			x.pop()
		}
	}
}

// pop ends the first frame of the rest.
func (x *expansion) pop() {
	f := x.frames[len(x.frames)-1]
	x.frames = x.frames[:len(x.frames)-1]
	if f.closing {
		x.out.Refs[f.ref].End = x.text.Len()
	}
}

// closeGroups pops the frames that are empty.
func (x *expansion) closeGroups() {
	for len(x.frames) > 0 && x.frames[len(x.frames)-1].left == 0 {
		x.pop()
	}
}

// here is where the rest begins.
func (x *expansion) here() (ref, at int) {
	f := x.frames[len(x.frames)-1]
	if f.closing {
		r := &x.out.Refs[f.ref]
		return r.Parent, r.At
	}
	return f.ref, f.at
}

// replace moves what stands before a reference to the text, and puts the reference's definition in its place.
func (x *expansion) replace(r *reference) error {
	x.emit(r.start)
	x.closeGroups()
	parent, at := x.here()
	if r.defines {
		if err := checkText(r.def); err != nil {
			return x.errorf(parent, at, "pattern %q: %w", r.name, err)
		}
		if x.inline == nil {
			x.inline = map[string]*Definition{}
		}
		x.inline[r.name] = &Definition{Name: r.name, Text: r.def, Column: 1}
	}
	x.note(r, parent, at)
	d := x.inline[r.name]
	if d == nil {
		d = x.lib.defs[r.name]
	}
	if d == nil {
		return x.unknown(r, parent, at)
	}
	if err := x.checkCycle(d, parent, at); err != nil {
		return err
	}
	x.skip(r.end - r.start)
	ref := Ref{Def: d, Parent: parent, At: at, Start: x.text.Len()}
	x.out.spans = append(x.out.spans, span{x.text.Len(), parent, at, true})
	if x.named && !r.hasField() {
		x.text.WriteString("(?:")
	} else {
		ref.Group = r.group
		x.text.WriteString("(?<" + r.group + ">")
	}
	n := len(x.out.Refs)
	x.out.Refs = append(x.out.Refs, ref)
	x.rest = d.Text + ")" + x.rest
	x.frames = append(x.frames, frame{ref: n, left: 1, closing: true}, frame{ref: n, left: len(d.Text)})
	if x.text.Len()+len(x.rest) > maxExpanded {
		return x.errorf(parent, at, "the expression is too large: more than %d bytes", maxExpanded)
	}
	return nil
}

// note remembers what of a reference is ignored, as jls-grok does without a word.
func (x *expansion) note(r *reference, ref, at int) {
	add := func(format string, args ...any) {
		x.out.Notes = append(x.out.Notes, Note{ref, at, fmt.Sprintf(format, args...)})
	}
	if r.ignored != "" && !r.defines {
		add("%.64q in %%{%s...} is ignored", r.ignored, r.group)
	}
	if depth := 0; r.defines && strings.ContainsFunc(r.def, func(c rune) bool {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		return depth < 0
	}) {
		add(`the definition of %s goes on to %.64q: a backslash in it takes everything up to the last "}" of the line`, r.name, r.def[max(0, len(r.def)-32):])
	}
}

func (x *expansion) errorf(ref, at int, format string, args ...any) error {
	return &Error{x.out.place(ref, at), fmt.Errorf(format, args...)}
}

func (x *expansion) unknown(r *reference, ref, at int) error {
	names := slices.Clone(x.lib.Names())
	for name := range x.inline {
		names = append(names, name)
	}
	hint := ""
	if near := nearest.Name(r.name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	in := ""
	if ref > 0 {
		in = fmt.Sprintf(" in pattern %q", x.out.Refs[ref].Def.Name)
	}
	return x.errorf(ref, at, "unknown pattern %q%s%s", r.name, in, hint)
}

// checkCycle refuses a definition that is being replaced already. Where an expression has definitions of its
// own, the name may come to mean something else before it matters, so the number of rounds decides.
func (x *expansion) checkCycle(d *Definition, ref, at int) error {
	if x.inline != nil {
		return nil
	}
	for i := ref; i > 0; i = x.out.Refs[i].Parent {
		if x.out.Refs[i].Def == d {
			p := x.out.place(ref, at)
			cycle := append(slices.Clone(p.Chain[slices.Index(p.Chain, d.Name):]), d.Name)
			return &Error{p, fmt.Errorf("pattern %q refers to itself: %s", d.Name, strings.Join(cycle, " -> "))}
		}
	}
	return nil
}

func (x *Expanded) place(ref, at int) Place {
	p := Place{Def: x.Refs[ref].Def, At: at, Root: at}
	for i := ref; i > 0; i = x.Refs[i].Parent {
		p.Chain = append(p.Chain, x.Refs[i].Def.Name)
		p.Root = x.Refs[i].At
	}
	slices.Reverse(p.Chain)
	return p
}

// Place returns where the byte of Text at pos comes from; for a group that stands for a reference, that is
// the reference.
func (x *Expanded) Place(pos int) Place {
	ref, at := x.origin(pos)
	return x.place(ref, at)
}

func (x *Expanded) origin(pos int) (ref, at int) {
	i := sort.Search(len(x.spans), func(i int) bool { return x.spans[i].start > pos }) - 1
	if i < 0 {
		return 0, min(max(pos, 0), len(x.Expr))
	}
	s := x.spans[i]
	if s.fixed {
		return s.ref, s.at
	}
	return s.ref, s.at + pos - s.start
}

// PlaceOf returns where a note belongs.
func (x *Expanded) PlaceOf(n Note) Place { return x.place(n.Ref, n.At) }

// Error returns an error about the byte of Text at pos, with the place that it comes from.
func (x *Expanded) Error(pos int, err error) error { return &Error{x.Place(pos), err} }
