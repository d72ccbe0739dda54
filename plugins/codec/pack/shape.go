package pack

import (
	"fmt"

	"sluice/internal/pack"
	"sluice/pipeline/event"
)

// Names, at any level, of the fields in which a file's events show their identity.
const (
	streamField = "stream"
	offsetField = "offset"
)

// streamName is a stream as a field shows it: 16 hexadecimal digits.
func streamName(stream uint64) string { return fmt.Sprintf("%016x", stream) }

// shape is what the fields of many events of a stream have in common: all but text and offset.
type shape []shapeField

type shapeField struct {
	name  string
	slot  pack.Slot
	value event.Value // of a Value, and of a Stream
	sub   shape       // of a Map
}

// shapeOf appends the shape of f, fields of e, to s. Only at the top a field is the message.
func (s shape) shapeOf(f event.Fields, e *event.Event, stream string, depth int) shape {
	for i := range f {
		v := f[i].Value
		x := shapeField{name: f[i].Name, value: v}
		switch {
		case depth == 0 && x.name == event.MessageField && isText(v, e.Raw):
			x.slot = pack.Text
		case x.name == streamField && e.HasID() && isText(v, stream):
			x.slot = pack.Stream
		case x.name == offsetField && e.HasID() && v.Kind() == event.Int && v.Int() == e.ID.Offset:
			x.slot = pack.Offset
		case v.Map() != nil && depth < maxShapeDepth:
			x.slot, x.sub = pack.Map, shape(nil).shapeOf(*v.Map(), e, stream, depth+1)
		}
		s = append(s, x)
	}
	return s
}

// maxShapeDepth is how deep maps are looked into; deeper ones travel as JSON.
const maxShapeDepth = 8

func isText(v event.Value, text string) bool {
	s, ok := v.AsString()
	return ok && s == text
}

// fits reports whether f, the fields of e, have the shape.
func (s shape) fits(f event.Fields, e *event.Event) bool {
	if len(f) != len(s) {
		return false
	}
	for i := range f {
		x, v := &s[i], f[i].Value
		if f[i].Name != x.name {
			return false
		}
		var same bool
		switch x.slot {
		case pack.Text:
			same = isText(v, e.Raw)
		case pack.Offset:
			same = v.Kind() == event.Int && v.Int() == e.ID.Offset
		case pack.Map:
			m := v.Map()
			same = m != nil && x.sub.fits(*m, e)
		default:
			same = v.Same(x.value) || v.Equal(x.value)
		}
		if !same {
			return false
		}
	}
	return true
}

// template appends the shape in the form of the wire; json is scratch for the values.
func (s shape) template(dst []pack.Field, json []byte) ([]pack.Field, []byte) {
	for i := range s {
		f := pack.Field{Name: s[i].name, Slot: s[i].slot}
		switch f.Slot {
		case pack.Value:
			start := len(json)
			json = s[i].value.AppendJSON(json)
			f.JSON = json[start:len(json):len(json)]
		case pack.Map:
			f.Map, json = s[i].sub.template(nil, json)
		default:
		}
		dst = append(dst, f)
	}
	return dst, json
}

// read makes the shape of a template. stream is the stream's name.
func (s shape) read(fields []pack.Field, stream event.Value) (shape, error) {
	for i := range fields {
		f := &fields[i]
		x := shapeField{name: f.Name, slot: f.Slot}
		var err error
		switch f.Slot {
		case pack.Value:
			x.value, err = event.ParseJSON(f.JSON)
		case pack.Stream:
			x.value = stream
		case pack.Map:
			x.sub, err = shape(nil).read(f.Map, stream)
		default:
		}
		if err != nil {
			return nil, fmt.Errorf("field %.60q: %w", f.Name, err)
		}
		s = append(s, x)
	}
	return s, nil
}

// maps returns how many maps an event of this shape has, and how many fields they have in all.
func (s shape) maps() (maps, fields int) {
	for i := range s {
		if s[i].slot == pack.Map {
			m, f := s[i].sub.maps()
			maps, fields = maps+m+1, fields+f+len(s[i].sub)
		}
	}
	return maps, fields
}

// slab is the memory for the maps of all events of a segment, taken at once.
type slab struct {
	maps   []event.Fields
	fields []event.Field
}

func newSlab(s shape, events int) slab {
	m, f := s.maps()
	return slab{make([]event.Fields, m*events), make([]event.Field, f*events)}
}

// take returns an empty map with room for n fields.
func (m *slab) take(n int) *event.Fields {
	f := &m.maps[0]
	*f = m.fields[:0:n]
	m.maps, m.fields = m.maps[1:], m.fields[n:]
	return f
}

// fill adds the fields of an event of this shape to dst. Lists and maps are made anew for each event,
// since a filter may change them.
func (s shape) fill(dst *event.Fields, text event.Value, e *event.Event, m *slab) {
	for i := range s {
		x := &s[i]
		v := x.value
		switch x.slot {
		case pack.Text:
			v = text
		case pack.Offset:
			v = event.IntOf(e.ID.Offset)
		case pack.Map:
			sub := m.take(len(x.sub))
			x.sub.fill(sub, text, e, m)
			v = event.MapOf(sub)
		case pack.Value:
			if k := v.Kind(); k == event.List || k == event.Map {
				v = v.Clone()
			}
		default:
		}
		dst.Add(x.name, v)
	}
}
