package pack

import "sluice/pipeline/event"

// The fields that carry an event's identity, beside the message. With ECS, stream and offset stand in [log].
const (
	streamField = "stream"
	offsetField = "offset"
	logField    = "log"
)

// layout says where an event of a file keeps its identity.
type layout struct{ ecs bool }

// identity reports whether name is a field that the reader of a message makes from the event's id.
func (l layout) identity(name string) bool {
	if l.ecs {
		return false // inside of [log], which appendShared cleans
	}
	return name == streamField || name == offsetField
}

// add gives e the fields of its identity. stream is the stream's name, made once per segment.
func (l layout) add(e *event.Event, stream event.Value) {
	offset := event.IntOf(e.ID.Offset)
	if !l.ecs {
		e.Fields.Add(streamField, stream)
		e.Fields.Add(offsetField, offset)
		return
	}
	log := event.Fields{}
	for i := range e.Fields { // the shared map must not be changed: each event has its own
		if e.Fields[i].Name == logField {
			if m := e.Fields[i].Value.Map(); m != nil {
				log = append(log, *m...)
			}
			log.Set(streamField, stream)
			log.Set(offsetField, offset)
			e.Fields[i].Value = event.MapOf(&log)
			return
		}
	}
	log.Add(streamField, stream)
	log.Add(offsetField, offset)
	e.Fields.Add(logField, event.MapOf(&log))
}

// same reports whether field f of an event is what its segment shares, seen from the segment's first event.
func (l layout) same(f, first *event.Field) bool {
	if f.Name != first.Name {
		return false
	}
	if f.Value.Same(first.Value) {
		return true
	}
	if !l.ecs || f.Name != logField {
		return f.Value.Equal(first.Value)
	}
	a, b := f.Value.Map(), first.Value.Map()
	return a != nil && b != nil && l.withoutIdentity(*a).Equal(l.withoutIdentity(*b))
}

func (l layout) withoutIdentity(f event.Fields) event.Fields {
	var out event.Fields
	for _, x := range f {
		if x.Name != streamField && x.Name != offsetField {
			out = append(out, x)
		}
	}
	return out
}
