package grok

import (
	"errors"
	"strings"

	"sluice/internal/regex"
	"sluice/internal/regex/syntax"
)

// Pattern is a compiled expression. It is read-only: any number of matchers may share it.
type Pattern struct {
	Expanded *Expanded
	Captures []Capture
	program  *regex.Program
}

// Compile compiles an expanded expression. What is wrong with it is an *Error where its place is known. budget is the
// number of steps after which a matcher gives up where the language sets no better bound; 0 is the usual one.
func Compile(x *Expanded, budget int64) (*Pattern, error) {
	p, err := regex.Compile(x.Text, regex.Options{Budget: budget})
	if err != nil {
		return nil, x.wrap(err)
	}
	captures, err := Captures(p.Names())
	if err != nil {
		return nil, err
	}
	return &Pattern{x, captures, p}, nil
}

// Reached tells, of a text that does not match, which part of it was matched by the attempt that came farthest in the
// expression, in bytes, and how many steps that took to find out. It takes no more than so many; -1 and -1 say that these
// were too few. It may be called by several goroutines at once.
func (p *Pattern) Reached(text string, most int64) (from, to int, steps int64) {
	x := p.program.Explain(text, most)
	if x.Exhausted || x.Caps != nil {
		return -1, -1, x.Steps
	}
	return x.Begin, x.End, x.Steps
}

// wrap gives an error of the parser its place. A parenthesis that a definition opens and does not close is noticed far
// behind it, so the definitions are parsed by themselves first.
func (x *Expanded) wrap(err error) error {
	e, ok := errors.AsType[*syntax.Error](err)
	if !ok {
		return err
	}
	for i := range x.Refs {
		if own := parseAlone(x.Refs[i].Def.Text); own != nil {
			return &Error{x.place(i, own.Pos), errors.New(own.Msg)}
		}
	}
	return x.Error(e.Pos, errors.New(e.Msg))
}

// parseAlone parses a definition with a group in the place of each reference, of the same length.
func parseAlone(text string) *syntax.Error {
	for {
		r, ok := findReference(text)
		if !ok {
			break
		}
		text = text[:r.start] + "(?:" + strings.Repeat("x", r.end-r.start-len("(?:)")) + ")" + text[r.end:]
	}
	_, err := syntax.Parse(text, syntax.Options{})
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return e
	}
	return nil
}

// Matcher runs a pattern. It has scratch space of its own, so it belongs to one goroutine at a time.
type Matcher struct {
	m    *regex.Matcher
	text string
	caps []int32
}

// NewMatcher returns a matcher of the pattern.
func (p *Pattern) NewMatcher() *Matcher { return &Matcher{m: p.program.NewMatcher()} }

// Match finds the first match in text and reports whether there is one. It allocates nothing, and keeps text for
// Capture until the next call.
func (m *Matcher) Match(text string) bool {
	caps, ok := m.m.Match(text)
	m.text, m.caps = text, caps
	return ok
}

// Exhausted reports, when Match found nothing, that it gave up: the steps that an expression may take ended first.
func (m *Matcher) Exhausted() bool { return m.m.Exhausted() }

// Capture returns what a group matched, as a part of the text, and whether it took part in the match; group 0 is
// the whole match. It is valid after a Match that found one.
func (m *Matcher) Capture(group int) (string, bool) {
	from, to := m.caps[2*group], m.caps[2*group+1]
	if from < 0 {
		return "", false
	}
	return m.text[from:to], true
}

// Offsets returns where in the text a group's match begins and ends, or -1 and -1.
func (m *Matcher) Offsets(group int) (from, to int) {
	return int(m.caps[2*group]), int(m.caps[2*group+1])
}

// forget lets go of the text.
func (m *Matcher) forget() { m.text = "" }
