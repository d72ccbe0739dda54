package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sluice/internal/joda"
)

// ErrMissing is the error of a template that refers to a field that is not there, or to the time of an
// event that has none.
var ErrMissing = errors.New("missing field")

// Template is text with references: %{field}, %{[a][b]}, %{+yyyy.MM.dd} (a Joda pattern of @timestamp, in
// the template's zone) and %{+%s} (seconds since 1970). Read-only; may be used concurrently.
type Template struct {
	text  string
	parts []part
	loc   *time.Location
}

// part is literal text, a reference or a date, in this order of asking.
type part struct {
	text string // literal, or the reference as written, for messages
	path *Path
	date *joda.Format
	unix bool
}

// ParseTemplate compiles a template; dates are written in loc (nil: UTC).
func ParseTemplate(s string, loc *time.Location) (Template, error) {
	if loc == nil {
		loc = time.UTC
	}
	t := Template{text: s, loc: loc}
	for rest := s; rest != ""; {
		i := strings.Index(rest, "%{")
		if i < 0 {
			t.parts = append(t.parts, part{text: rest})
			break
		}
		end := strings.IndexByte(rest[i:], '}')
		if end < 0 {
			return Template{}, fmt.Errorf("template %q: %q is not closed by \"}\"", s, rest[i:])
		}
		if i > 0 {
			t.parts = append(t.parts, part{text: rest[:i]})
		}
		p, err := parseReference(rest[i+2 : i+end])
		if err != nil {
			return Template{}, fmt.Errorf("template %q: %w", s, err)
		}
		t.parts = append(t.parts, p)
		rest = rest[i+end+1:]
	}
	return t, nil
}

func parseReference(s string) (part, error) {
	p := part{text: "%{" + s + "}"}
	switch {
	case s == "+%s":
		p.unix = true
		return p, nil
	case strings.HasPrefix(s, "+"):
		f, err := joda.Compile(s[1:])
		p.date = f
		return p, err
	}
	path, err := ParsePath(s)
	p.path = &path
	return p, err
}

// MustTemplate is ParseTemplate for the program's own text; it panics for a bad one.
func MustTemplate(s string) Template {
	t, err := ParseTemplate(s, nil)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return t
}

// String returns the template as it was written.
func (t *Template) String() string { return t.text }

// IsConst reports whether the template has no references.
func (t *Template) IsConst() bool {
	for _, p := range t.parts {
		if !p.literal() {
			return false
		}
	}
	return true
}

func (p *part) literal() bool { return p.path == nil && p.date == nil && !p.unix }

// Dates returns the Joda patterns that the template contains, for lints.
func (t *Template) Dates() []string {
	var d []string
	for _, p := range t.parts {
		if p.date != nil {
			d = append(d, p.date.String())
		}
	}
	return d
}

// DateOnly reports whether the text depends on nothing but the day of @timestamp in the template's zone,
// so that it may be kept for the day.
func (t *Template) DateOnly() bool {
	for _, p := range t.parts {
		if p.path != nil || p.unix || p.date != nil && strings.ContainsAny(p.date.String(), "aKhHkmsSzZ'") {
			return false
		}
	}
	return true
}

// Location is the zone in which dates are written.
func (t *Template) Location() *time.Location { return t.loc }

// Append appends the text for e. It fails with ErrMissing, naming the reference, and returns dst as it
// was: a name or id is never built from a reference that led nowhere.
func (t *Template) Append(dst []byte, e *Event) ([]byte, error) {
	start := len(dst)
	for i := range t.parts {
		var ok bool
		if dst, ok = t.parts[i].append(dst, e, t.loc); !ok {
			return dst[:start], fmt.Errorf("%w: %s", ErrMissing, t.parts[i].text)
		}
	}
	return dst, nil
}

// AppendLoose is Append, but leaves a reference that leads nowhere as it is written, as Logstash does for
// field values.
func (t *Template) AppendLoose(dst []byte, e *Event) []byte {
	for i := range t.parts {
		var ok bool
		if dst, ok = t.parts[i].append(dst, e, t.loc); !ok {
			dst = append(dst, t.parts[i].text...)
		}
	}
	return dst
}

// Expand returns the text for e as AppendLoose does, in memory of its own.
func (t *Template) Expand(e *Event) string {
	if t.IsConst() {
		return t.text
	}
	return string(t.AppendLoose(nil, e))
}

func (p *part) append(dst []byte, e *Event, loc *time.Location) ([]byte, bool) {
	switch {
	case p.path != nil:
		v, ok := p.path.Get(e)
		if !ok {
			return dst, false
		}
		return v.AppendText(dst), true
	case p.date != nil || p.unix:
		if e.Time.IsZero() {
			return dst, false
		}
		if p.unix {
			return strconv.AppendInt(dst, e.Time.Unix(), 10), true
		}
		return p.date.Append(dst, e.Time.In(loc)), true
	default:
		return append(dst, p.text...), true
	}
}

// AppendText appends the value as a template shows it: text as it is, a list's elements joined by commas,
// a map as JSON, null as nothing.
func (v Value) AppendText(dst []byte) []byte {
	switch v.Kind() {
	case String:
		return append(dst, v.Str()...)
	case Null:
		return dst
	case Time:
		return AppendTime(dst, v.Time())
	case List:
		for i, x := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendText(dst)
		}
		return dst
	default:
		return v.AppendJSON(dst)
	}
}

// Text returns the value as a template shows it.
func (v Value) Text() string {
	if s, ok := v.AsString(); ok {
		return s
	}
	return string(v.AppendText(nil))
}
