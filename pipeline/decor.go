package pipeline

import (
	"iter"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// decorator applies the options that every input and filter has. It belongs to one goroutine.
type decorator struct {
	d   *plugin.Decor
	buf []byte
}

// newDecorator returns nil when there is nothing to do.
func newDecorator(d *plugin.Decor) *decorator {
	if d.Empty() {
		return nil
	}
	return &decorator{d: d}
}

// apply decorates the given events in Logstash's order.
func (r *decorator) apply(events iter.Seq[*event.Event]) {
	for e := range events {
		r.one(e)
	}
}

func (r *decorator) one(e *event.Event) {
	if r.d.Type != "" && !e.Fields.Has("type") {
		e.Fields.Add("type", event.StringOf(r.d.Type))
	}
	for i := range r.d.AddField {
		r.addField(e, &r.d.AddField[i])
	}
	for i := range r.d.RemoveField {
		if p, err := event.ParsePath(r.text(e, &r.d.RemoveField[i])); err == nil {
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
func (r *decorator) addField(e *event.Event, f *plugin.AddField) {
	p, err := event.ParsePath(r.text(e, &f.Name))
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
