package mutate

import (
	"strings"
	"unicode/utf8"

	"sluice/pipeline/event"
)

// splitOp makes a list of a text as Ruby's String#split does: empty parts at the end are left out, and a
// separator of one blank stands for any white space.
type splitOp struct {
	path event.Path
	sep  string
}

func (o *splitOp) apply(e *event.Event, _ *scratch) bool {
	v, ok := o.path.Get(e)
	if !ok || v.Kind() != event.String {
		return true
	}
	return o.path.Set(e, event.ListOf(split(v.Str(), o.sep)...)) == nil
}

func split(s, sep string) []event.Value {
	switch sep {
	case "":
		items := make([]event.Value, 0, utf8.RuneCountInString(s))
		for len(s) > 0 {
			_, n := utf8.DecodeRuneInString(s)
			items = append(items, event.StringOf(s[:n]))
			s = s[n:]
		}
		return items
	case " ":
		var items []event.Value
		for part := range strings.FieldsFuncSeq(s, isSpace) {
			items = append(items, event.StringOf(part))
		}
		return items
	}
	items := make([]event.Value, 0, strings.Count(s, sep)+1)
	for part := range strings.SplitSeq(s, sep) {
		items = append(items, event.StringOf(part))
	}
	for n := len(items); n > 0 && items[n-1].Str() == ""; n-- {
		items = items[:n-1]
	}
	return items
}

// isSpace says what Ruby takes for white space.
func isSpace(r rune) bool {
	return r == ' ' || r >= '\t' && r <= '\r' || r == 0
}

// joinOp makes a text of a list as Ruby's Array#join does: lists in it are joined too.
type joinOp struct {
	path event.Path
	sep  string
}

func (o *joinOp) apply(e *event.Event, s *scratch) bool {
	v, ok := o.path.Get(e)
	if !ok || v.Kind() != event.List {
		return true
	}
	s.buf = o.append(s.buf[:0], v.List())
	return o.path.Set(e, event.StringOf(string(s.buf))) == nil
}

func (o *joinOp) append(dst []byte, items []event.Value) []byte {
	for i, x := range items {
		if i > 0 {
			dst = append(dst, o.sep...)
		}
		if x.Kind() == event.List {
			dst = o.append(dst, x.List())
		} else {
			dst = x.AppendRuby(dst)
		}
	}
	return dst
}

// mergeOp adds one field to another: a map's entries to a map, anything else to a list. A map and something
// else do not mix: the fields stay as they are, which is no failure.
type mergeOp struct{ into, from event.Path }

func (o *mergeOp) apply(e *event.Event, _ *scratch) bool {
	dest, _ := o.into.Get(e)
	added, _ := o.from.Get(e)
	a, b := dest.Map(), added.Map()
	switch {
	case (a == nil) != (b == nil):
		return true
	case a != nil:
		merged := a.Clone()
		for _, f := range *b {
			merged.Set(f.Name, f.Value.Clone())
		}
		return o.into.Set(e, event.MapOf(&merged)) == nil
	}
	items := appendItems(make([]event.Value, 0, itemCount(dest)+itemCount(added)), dest)
	for _, x := range appendItems(nil, added) {
		items = append(items, x.Clone())
	}
	return o.into.Set(e, event.ListOf(items...)) == nil
}

// appendItems appends a list's elements, nothing for null, and any other value as it is.
func appendItems(dst []event.Value, v event.Value) []event.Value {
	switch v.Kind() {
	case event.List:
		return append(dst, v.List()...)
	case event.Null:
		return dst
	default:
		return append(dst, v)
	}
}

func itemCount(v event.Value) int {
	switch v.Kind() {
	case event.List:
		return len(v.List())
	case event.Null:
		return 0
	default:
		return 1
	}
}
