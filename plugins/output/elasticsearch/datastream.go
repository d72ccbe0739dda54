package elasticsearch

import (
	"fmt"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// part is one of the three parts of a data stream's name.
type part struct {
	name  string // type, dataset or namespace
	value string
	own   event.Path // where an event says it itself
}

// dataStream makes the names of data streams. Read-only.
type dataStream struct {
	parts [3]part
	auto  bool // events decide
	sync  bool // documents say where they are
}

const dataStreamField = "data_stream"

func newDataStream(c *Config, env plugin.Env) *dataStream {
	d := &dataStream{auto: c.DataStreamAutoRouting, sync: c.DataStreamSyncFields}
	for i, p := range []struct{ name, value string }{
		{"type", c.DataStreamType}, {"dataset", c.DataStreamDataset}, {"namespace", c.DataStreamNamespace},
	} {
		d.parts[i] = part{p.name, p.value, event.MustPath("[" + dataStreamField + "][" + p.name + "]")}
		if why := badIndexName(p.value); why != "" {
			env.Problems.Errorf("data_stream_"+p.name, "%q is no part of a data stream's name: it %s", p.value, why)
		}
	}
	if c.Index.String() != "" {
		env.Problems.Errorf("index", "a data stream's name is made of type, dataset and namespace; remove index or data_stream")
	}
	if a := c.Action.String(); a != "" && a != create.String() {
		env.Problems.Errorf("action", "found %q, but a data stream takes only create", a)
	}
	if c.Version.String() != "" {
		env.Problems.Errorf("version", "a data stream takes no versions; remove version or data_stream")
	}
	return d
}

// text appends one part for an event.
func (d *dataStream) text(dst []byte, p *part, e *event.Event) ([]byte, error) {
	if d.auto {
		if v, ok := p.own.Get(e); ok {
			if s, isText := v.AsString(); isText {
				return append(dst, s...), nil
			}
			return dst, fmt.Errorf("[data_stream][%s]: found %s, expected string", p.name, v.Kind())
		}
	}
	return append(dst, p.value...), nil
}

func (d *dataStream) appendName(dst []byte, e *event.Event) ([]byte, error) {
	for i := range d.parts {
		if i > 0 {
			dst = append(dst, '-')
		}
		var err error
		if dst, err = d.text(dst, &d.parts[i], e); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// says reports whether an event already says where it goes, so that its document needs no change.
func (d *dataStream) says(e *event.Event) bool {
	for i := range d.parts {
		v, ok := d.parts[i].own.Get(e)
		if !ok || !d.auto && v.Str() != d.parts[i].value {
			return false
		}
	}
	return true
}

// stamp sets the data_stream fields of a document.
func (d *dataStream) stamp(fields *event.Fields, e *event.Event) error {
	var inner event.Fields
	if v, ok := fields.Get(dataStreamField); ok && v.Map() != nil {
		inner = append(inner, *v.Map()...) // the event's own map stays as it is
	}
	for i := range d.parts {
		b, err := d.text(nil, &d.parts[i], e)
		if err != nil {
			return err
		}
		inner.Set(d.parts[i].name, event.BytesOf(b))
	}
	fields.Set(dataStreamField, event.MapOf(&inner))
	return nil
}
