package mutate

import "sluice/pipeline/event"

// when says on which events a text is set.
type when uint8

const (
	always  when = iota // replace
	ifThere             // update
	ifNull              // coerce
)

// textOp sets a field to a text: coerce, update, replace.
type textOp struct {
	path event.Path
	text event.Template
	when when
}

func (o *textOp) apply(e *event.Event, s *scratch) bool {
	if o.when != always {
		v, ok := o.path.Get(e)
		if !ok || o.when == ifNull && !v.IsNull() {
			return true
		}
	}
	return o.path.Set(e, event.StringOf(s.text(&o.text, e))) == nil
}

// renameOp moves a field.
type renameOp struct{ from, to event.Path }

func (o *renameOp) apply(e *event.Event, _ *scratch) bool {
	if from, to := o.from.Name(), o.to.Name(); from != "" && to != "" {
		renameTop(&e.Fields, from, to)
		return true
	}
	return move(e, &o.from, &o.to)
}

// renameTop renames a field of the top level where it stands, or gives its value to the field that has the
// new name already.
func renameTop(fields *event.Fields, from, to string) {
	f := *fields
	old, target := -1, -1
	for i := range f {
		switch f[i].Name {
		case from:
			old = i
		case to:
			target = i
		}
	}
	switch {
	case old < 0:
	case target < 0:
		f[old].Name = to
	default:
		f[target].Value = f[old].Value
		fields.Remove(from)
	}
}

// move takes the value at from to the path to. Where that cannot be, the event stays as it was.
func move(e *event.Event, from, to *event.Path) bool {
	v, ok := from.Get(e)
	if !ok {
		return true
	}
	if v.Map() == &e.Meta {
		v = v.Clone() // Remove empties what it refers to
	}
	from.Remove(e)
	if to.Set(e, v) == nil {
		return true
	}
	_ = from.Set(e, v) // it was there, so it can be set
	return false
}

// renameTemplateOp is renameOp for names that depend on the event.
type renameTemplateOp struct{ from, to event.Template }

func (o *renameTemplateOp) apply(e *event.Event, s *scratch) bool {
	from, errFrom := event.ParsePath(s.text(&o.from, e))
	to, errTo := event.ParsePath(s.text(&o.to, e))
	return errFrom == nil && errTo == nil && move(e, &from, &to)
}

// copyOp copies a field; a null is not copied.
type copyOp struct{ from, to event.Path }

func (o *copyOp) apply(e *event.Event, _ *scratch) bool {
	v, ok := o.from.Get(e)
	if !ok || v.IsNull() {
		return true
	}
	return o.to.Set(e, v.Clone()) == nil
}

// changeOp changes text, also in the elements of a list: uppercase, lowercase, capitalize, strip.
type changeOp struct {
	path     event.Path
	f        func(string) string
	textOnly bool // a list's element that is no text is an error
}

func (o *changeOp) apply(e *event.Event, _ *scratch) bool {
	v, ok := o.path.Get(e)
	if !ok {
		return true
	}
	switch v.Kind() {
	case event.String:
		out := o.f(v.Str())
		if out == v.Str() {
			return true
		}
		return o.path.Set(e, event.StringOf(out)) == nil
	case event.List:
		items := make([]event.Value, len(v.List()))
		for i, x := range v.List() {
			if s, ok := x.AsString(); ok {
				x = event.StringOf(o.f(s))
			} else if o.textOnly {
				return false
			}
			items[i] = x
		}
		return o.path.Set(e, event.ListOf(items...)) == nil
	}
	return true
}
