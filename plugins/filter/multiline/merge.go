package multiline

import (
	"slices"

	"sluice/pipeline/event"
)

// mergeFields adds the fields of a line to those of the event that it joins: new ones as they are; where both
// have one and the values differ, the event gets both, as a list without duplicates. The source is joined apart;
// the offset stays that of the first line.
func mergeFields(e, o *event.Event, source string) {
	for _, f := range o.Fields {
		if f.Name == source {
			continue
		}
		old, ok := e.Fields.Get(f.Name)
		switch {
		case !ok:
			e.Fields.Add(f.Name, f.Value)
		case !old.Same(f.Value) && !isOffset(e, o, old, f.Value):
			if v, changed := union(e, o, old, f.Value); changed {
				e.Fields.Set(f.Name, v)
			}
		}
	}
}

// isOffset reports whether the values are the offsets of the two events, as the file input names them.
func isOffset(e, o *event.Event, a, b event.Value) bool {
	return e.ID.Stream != 0 && a.Kind() == event.Int && b.Kind() == event.Int &&
		a.Int() == e.ID.Offset && b.Int() == o.ID.Offset
}

// union returns both values in one: maps by their fields, all else as a list without duplicates.
func union(e, o *event.Event, a, b event.Value) (event.Value, bool) {
	if a.Equal(b) {
		return a, false
	}
	if am, bm := a.Map(), b.Map(); am != nil && bm != nil {
		merged := am.Clone()
		all := false
		for _, f := range *bm {
			old, ok := merged.Get(f.Name)
			if !ok {
				merged.Add(f.Name, f.Value)
				all = true
				continue
			}
			if isOffset(e, o, old, f.Value) {
				continue
			}
			if v, changed := union(e, o, old, f.Value); changed {
				merged.Set(f.Name, v)
				all = true
			}
		}
		return event.MapOf(&merged), all
	}
	list := slices.Clone(items(a))
	for _, v := range items(b) {
		if !slices.ContainsFunc(list, v.Equal) {
			list = append(list, v)
		}
	}
	return event.ListOf(list...), true
}

func items(v event.Value) []event.Value {
	if v.Kind() == event.List {
		return v.List()
	}
	return []event.Value{v}
}
