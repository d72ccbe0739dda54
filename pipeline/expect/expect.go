// Package expect compares events with what a test expects of them, field by field.
package expect

import (
	"fmt"
	"slices"
	"strings"

	"sluice/pipeline/event"
)

// Names that stand beside an event's fields in an expectation, in addition to @timestamp and @metadata.
const (
	Output   = "@output"   // the id or the name of each output that takes the event
	Index    = "@index"    // the index it would go to
	ID       = "@id"       // the id that it would have there
	Path     = "@path"     // the file it would go to
	Rejected = "@rejected" // why the event would be dead-lettered
)

// Special reports whether a name is not one of a field. Specials are compared only where they are expected,
// but for Rejected: an event that ends in the dead letters is never passed over.
func Special(name string) bool {
	switch name {
	case event.TimestampField, event.MetadataField, Output, Index, ID, Path, Rejected:
		return true
	}
	return false
}

// Mode says how the fields that an expectation does not name are treated.
type Mode uint8

// The modes.
const (
	Subset Mode = iota // they may be anything; null means that a field must be absent
	Exact              // there must be none; null is null
)

// Difference is one field that is not as expected. Want and Got are JSON, "" for a field that is not there.
type Difference struct{ Path, Want, Got string }

// Shown returns an event's fields with @timestamp in front and @metadata at the end, where it has them. Lists and
// maps are shared with the event.
func Shown(e *event.Event) event.Fields {
	f := make(event.Fields, 0, len(e.Fields)+2)
	if !e.Time.IsZero() {
		f.Add(event.TimestampField, event.TimeOf(e.Time))
	}
	f = append(f, e.Fields...)
	if len(e.Meta) > 0 {
		f.Add(event.MetadataField, event.MapOf(&e.Meta))
	}
	return f
}

// Compare returns where got, made by Shown, is not as want says. Names in brackets are field references.
func Compare(want, got event.Fields, mode Mode) []Difference {
	c := comparison{mode: mode}
	named := map[string]bool{Rejected: false}
	for _, w := range want {
		v, ok := find(got, w.Name)
		named[topName(w.Name)] = true
		c.field(w.Name, w.Value, v, ok)
	}
	for _, g := range got {
		if !named[g.Name] && (g.Name == Rejected || mode == Exact && !Special(g.Name)) {
			c.add(g.Name, "", shown(g.Value))
		}
	}
	return c.found
}

// find looks a name or a field reference up.
func find(f event.Fields, name string) (event.Value, bool) {
	if !strings.HasPrefix(name, "[") {
		return f.Get(name)
	}
	if v, ok := f.Get(name); ok { // a field whose name has brackets
		return v, true
	}
	p, err := event.ParsePath(name)
	if err != nil {
		return event.Value{}, false
	}
	e := event.Event{Fields: f}
	if m, ok := f.Get(event.MetadataField); ok && m.Map() != nil {
		e.Meta = *m.Map()
	}
	return p.Get(&e)
}

// topName is the name of the field at the top that a reference goes through.
func topName(name string) string {
	if inner, ok := strings.CutPrefix(name, "["); ok {
		top, _, _ := strings.Cut(inner, "]")
		return top
	}
	return name
}

type comparison struct {
	mode  Mode
	found []Difference
}

func (c *comparison) add(path, want, got string) {
	c.found = append(c.found, Difference{path, want, got})
}

func (c *comparison) field(path string, want, got event.Value, there bool) {
	absent := want.IsNull() && c.mode == Subset
	switch {
	case absent && there:
		c.add(path, "", shown(got))
	case absent:
	case !there:
		c.add(path, shown(want), "")
	default:
		c.value(path, want, got)
	}
}

func (c *comparison) value(path string, want, got event.Value) {
	switch {
	case want.Kind() == event.Map && got.Kind() == event.Map:
		c.fields(path, *want.Map(), *got.Map())
	case want.Kind() == event.List && got.Kind() == event.List:
		c.list(path, want.List(), got.List())
	case !equal(want, got):
		c.add(path, shown(want), shown(got))
	}
}

func (c *comparison) fields(path string, want, got event.Fields) {
	at := func(name string) string { return inBrackets(path) + "[" + name + "]" }
	for _, w := range want {
		v, ok := got.Get(w.Name)
		c.field(at(w.Name), w.Value, v, ok)
	}
	for _, g := range got {
		if c.mode == Exact && !want.Has(g.Name) {
			c.add(at(g.Name), "", shown(g.Value))
		}
	}
}

func (c *comparison) list(path string, want, got []event.Value) {
	for i := range max(len(want), len(got)) {
		at := fmt.Sprintf("%s[%d]", inBrackets(path), i)
		switch {
		case i >= len(got):
			c.add(at, shown(want[i]), "")
		case i >= len(want):
			c.add(at, "", shown(got[i]))
		default:
			c.value(at, want[i], got[i])
		}
	}
}

func inBrackets(path string) string {
	if strings.HasPrefix(path, "[") {
		return path
	}
	return "[" + path + "]"
}

// equal compares values that are not both maps or both lists. A time equals the text that stands for it.
func equal(want, got event.Value) bool {
	if got.Kind() == event.Time && want.Kind() == event.String {
		t, ok := event.ParseTime(want.Str())
		return ok && t.Equal(got.Time())
	}
	if want.Kind() == event.Float && got.Kind() == event.Float {
		return shown(want) == shown(got) // so that NaN equals itself
	}
	return want.Equal(got)
}

func shown(v event.Value) string { return string(v.AppendJSON(nil)) }

// AppendLine appends the fields as one line of JSON, sorted by name within each map but with the specials of
// the top level behind the rest, so that a golden file changes no more than the event does.
func AppendLine(dst []byte, f event.Fields) []byte {
	sorted := sortedFields(f)
	slices.SortStableFunc(sorted, func(a, b event.Field) int {
		switch sa, sb := Special(a.Name), Special(b.Name); {
		case sa == sb:
			return 0
		case sa:
			return 1
		default:
			return -1
		}
	})
	return append(sorted.AppendJSON(dst), '\n')
}

func sortedFields(f event.Fields) event.Fields {
	s := make(event.Fields, len(f))
	for i := range f {
		s[i] = event.Field{Name: f[i].Name, Value: sortedValue(f[i].Value)}
	}
	slices.SortStableFunc(s, func(a, b event.Field) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func sortedValue(v event.Value) event.Value {
	switch v.Kind() {
	case event.Map:
		f := sortedFields(*v.Map())
		return event.MapOf(&f)
	case event.List:
		items := make([]event.Value, len(v.List()))
		for i, x := range v.List() {
			items[i] = sortedValue(x)
		}
		return event.ListOf(items...)
	default:
		return v
	}
}

// ParseLines reads one JSON object per line; blank lines are passed over. Errors name the line, from 1.
func ParseLines(text string) ([]event.Fields, error) {
	var all []event.Fields
	n := 0
	for line := range strings.Lines(text) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		v, err := event.ParseJSON([]byte(line))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if v.Map() == nil {
			return nil, fmt.Errorf("line %d: found a %s, expected an object", n, v.Kind())
		}
		all = append(all, *v.Map())
	}
	return all, nil
}
