package event

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/joda"
)

// ErrMissing is the error of a template that refers to a field that is not there or null, or to the time of
// an event that has none.
var ErrMissing = errors.New("missing field")

// Template is text with references:
//
//	%{field}, %{[a][b]}        the value's text (Value.AppendText)
//	%{+yyyy.MM.dd}             @timestamp by a Joda pattern, in the template's zone
//	%{+%s}                     @timestamp in seconds since 1970
//	%{{yyyy-MM-dd}}            @timestamp by a java.time pattern, in the template's zone
//	%{{TIME_NOW}}              the wall clock
//
// A "%{" that is not closed is text. Read-only; may be used concurrently.
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
	now  bool
}

// ParseTemplate compiles a template; dates are written in loc (nil: UTC).
func ParseTemplate(s string, loc *time.Location) (Template, error) {
	if loc == nil {
		loc = time.UTC
	}
	t := Template{text: s, loc: loc}
	for rest := s; rest != ""; {
		before, after, found := strings.Cut(rest, "%{")
		end := strings.IndexByte(after, '}')
		if !found || end < 0 {
			t.parts = append(t.parts, part{text: rest})
			break
		}
		if before != "" {
			t.parts = append(t.parts, part{text: before})
		}
		var p part
		var err error
		if strings.HasPrefix(after, "{") && strings.HasPrefix(after[end+1:], "}") {
			p, err = parseJavaTime(after[1:end], loc)
			end++
		} else {
			p, err = parseReference(after[:end])
		}
		if err != nil {
			return Template{}, fmt.Errorf("template %q: %w", s, err)
		}
		t.parts = append(t.parts, p)
		rest = after[end+1:]
	}
	return t, nil
}

func parseReference(s string) (part, error) {
	p := part{text: "%{" + s + "}"}
	switch {
	case s == "+%s":
		p.unix = true
		return p, nil
	case s == "+":
		return p, errors.New("%{+} has no date pattern")
	case strings.HasPrefix(s, "+"):
		f, err := joda.Compile(s[1:])
		p.date = f
		return p, err
	}
	path, err := ParsePath(s)
	p.path = &path
	return p, err
}

func parseJavaTime(s string, loc *time.Location) (part, error) {
	p := part{text: "%{{" + s + "}}"}
	switch s {
	case "":
		return p, errors.New("%{{}} has no date pattern")
	case timeNow:
		p.now = true
		return p, nil
	}
	f, err := javaTime(s, loc)
	p.date = f
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

// Filled returns the text with x in the place of each reference and date: to check what is fixed in a name.
func (t *Template) Filled(x string) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.literal() {
			b.WriteString(p.text)
		} else {
			b.WriteString(x)
		}
	}
	return b.String()
}

func (p *part) literal() bool { return p.path == nil && p.date == nil && !p.unix && !p.now }

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
		if p.path != nil || p.unix || p.now || p.date != nil && strings.ContainsAny(p.date.String(), "aKhHkmsSzZ'") {
			return false
		}
	}
	return true
}

// UsesClock reports whether the text depends on the wall clock, so that it differs when an event comes again.
func (t *Template) UsesClock() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.now })
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
		if !ok || v.IsNull() {
			return dst, false
		}
		return v.AppendText(dst), true
	case p.now:
		return AppendTime(dst, time.Now()), true
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

// AppendText appends the value as a template shows it: text as it is, a list's elements joined by commas
// (those of lists in it too), a map as JSON, null as nothing.
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
	case Float:
		return appendFloatText(dst, v.Float())
	default:
		return v.AppendJSON(dst)
	}
}

// appendFloatText appends f as text, for which NaN and infinities have names.
func appendFloatText(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	return appendFloat(dst, f)
}

// Text returns the value as a template shows it.
func (v Value) Text() string {
	if s, ok := v.AsString(); ok {
		return s
	}
	return string(v.AppendText(nil))
}

// TextForm is the text that stands for an event where no format is given, as in Logstash: its time, host and
// message.
func TextForm() Template { return MustTemplate("%{@timestamp} %{host} %{message}") }
