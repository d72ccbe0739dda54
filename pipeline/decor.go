package pipeline

import (
	"iter"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// decorator applies the options that every input and filter has. It belongs to one goroutine.
type decorator struct {
	d       *plugin.Decor
	add     []event.Path // of add_field, zero where the name has references
	removes []event.Path // of remove_field, likewise
	buf     []byte
}

// newDecorator returns nil when there is nothing to do.
func newDecorator(d *plugin.Decor) *decorator {
	if d.Empty() {
		return nil
	}
	r := &decorator{d: d}
	for i := range d.AddField {
		r.add = append(r.add, constPath(&d.AddField[i].Name))
	}
	for i := range d.RemoveField {
		r.removes = append(r.removes, constPath(&d.RemoveField[i]))
	}
	return r
}

// constPath compiles a name without references; the zero path stands for one that must be expanded.
func constPath(t *event.Template) event.Path {
	if !t.IsConst() {
		return event.Path{}
	}
	p, err := event.ParsePath(t.String())
	if err != nil {
		return event.Path{}
	}
	return p
}

// path returns the compiled path, or expands and compiles the name for e.
func (r *decorator) path(p event.Path, name *event.Template, e *event.Event) (event.Path, error) {
	if !p.IsZero() {
		return p, nil
	}
	return event.ParsePath(r.text(e, name))
}

// apply decorates the given events in Logstash's order.
func (r *decorator) apply(events iter.Seq[*event.Event]) {
	for e := range events {
		r.one(e)
	}
}

// Decorate applies an input's options to events that were just read, as a worker does; for `test`.
func Decorate(d *plugin.Decor, events iter.Seq[*event.Event]) {
	if r := newDecorator(d); r != nil {
		r.apply(events)
	}
}

func (r *decorator) one(e *event.Event) {
	if r.d.Type != "" && !e.Fields.Has("type") {
		e.Fields.Add("type", event.StringOf(r.d.Type))
	}
	for i := range r.d.AddField {
		r.addField(e, i)
	}
	for i := range r.d.RemoveField {
		if p, err := r.path(r.removes[i], &r.d.RemoveField[i], e); err == nil {
			p.Remove(e)
		}
	}
	for _, t := range r.d.Tags {
		e.AddTag(t)
	}
	for i := range r.d.AddTag {
		e.AddTag(r.text(e, &r.d.AddTag[i]))
	}
	for i := range r.d.RemoveTag {
		removeTag(e, r.text(e, &r.d.RemoveTag[i]))
	}
}

// text expands a template; a constant costs nothing.
func (r *decorator) text(e *event.Event, t *event.Template) string {
	if t.IsConst() {
		return t.String()
	}
	r.buf = t.AppendLoose(r.buf[:0], e)
	return string(r.buf)
}

// addField sets a field, or appends to what is there: a scalar becomes a list, as Logstash does it.
func (r *decorator) addField(e *event.Event, i int) {
	f := &r.d.AddField[i]
	p, err := r.path(r.add[i], &f.Name, e)
	if err != nil {
		return
	}
	for i := range f.Values {
		v := event.StringOf(r.text(e, &f.Values[i]))
		old, ok := p.Get(e)
		switch {
		case !ok || old.IsNull():
		case old.Kind() == event.List:
			items := append(make([]event.Value, 0, len(old.List())+1), old.List()...)
			v = event.ListOf(append(items, v)...)
		default:
			v = event.ListOf(old, v)
		}
		if err := p.Set(e, v); err != nil {
			e.Tag("_add_field_failure")
			return
		}
	}
}

// removeTag takes every occurrence of a tag away, and the field with the last one.
func removeTag(e *event.Event, tag string) {
	v, ok := e.Fields.Get(event.TagsField)
	if !ok {
		return
	}
	if v.Kind() != event.List {
		if v.Str() == tag {
			e.Fields.Remove(event.TagsField)
		}
		return
	}
	var keep []event.Value
	for _, t := range v.List() {
		if t.Str() != tag {
			keep = append(keep, t)
		}
	}
	if len(keep) != len(v.List()) {
		e.Fields.Set(event.TagsField, event.ListOf(keep...))
	}
}
