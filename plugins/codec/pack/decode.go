package pack

import (
	"fmt"
	"time"

	"sluice/internal/pack"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// decoder belongs to one lane.
type decoder struct {
	layout layout
	r      *pack.Reader
}

// Decode appends the events of one message body: packed, or Logstash's JSON.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	body := event.BytesOf(src).Str()
	if !pack.IsPacked(body) {
		b.DecodeJSON(src, a, nil)
		return nil
	}
	if d.r == nil {
		r, err := pack.NewReader()
		if err != nil {
			return err
		}
		d.r = r
	}
	m, err := d.r.Open(body)
	if err != nil {
		return fmt.Errorf("open packed message: %w", err)
	}
	for {
		s, ok, err := m.Segment()
		if err != nil || !ok {
			return err
		}
		if err := d.segment(m, s, b, a); err != nil {
			return err
		}
	}
}

// segment appends the events of one segment.
func (d *decoder) segment(m *pack.Message, s pack.Segment, b *event.Batch, a *event.Ack) error {
	shared, err := event.ParseJSON(s.Shared)
	if err != nil || shared.Map() == nil {
		return fmt.Errorf("shared fields of stream %016x: found %.60q, expected a JSON object", s.Stream, s.Shared)
	}
	stream := event.StringOf(streamName(s.Stream))
	var f pack.Frame
	var last *event.Event
	for {
		ok, err := m.Next(&f)
		if err != nil {
			return fmt.Errorf("stream %016x: %w", s.Stream, err)
		}
		if !ok {
			break
		}
		last = b.Append(a)
		b.Bytes += len(f.Text) + 1
		last.Observed = time.Unix(0, f.Time).UTC()
		last.ID = event.ID{Stream: s.Stream, Offset: f.Offset, Hash: f.Hash, Part: f.Part}
		text := event.BytesOf(f.Text)
		last.Raw = text.Str()
		if f.Kind == pack.Full {
			if err := full(last, &f); err != nil {
				return fmt.Errorf("stream %016x offset %d: %w", s.Stream, f.Offset, err)
			}
			continue
		}
		if f.Kind == pack.Line {
			last.ID.Hash = event.HashLine(last.Raw)
		}
		last.Time = last.Observed
		last.Fields.Add(event.MessageField, text)
		last.Fields = append(last.Fields, *shared.Map()...)
		if s.Stream != 0 {
			d.layout.add(last, stream)
		}
	}
	if last != nil && s.Last {
		last.Last = true
	}
	return nil
}

// full fills an event that carries its own fields.
func full(e *event.Event, f *pack.Frame) error {
	e.Time = time.Time{}
	if f.HasTime {
		e.Time = time.Unix(0, f.EventTime).UTC()
	}
	fields, err := event.ParseJSON(f.Fields)
	if err != nil || fields.Map() == nil {
		return fmt.Errorf("fields: found %.60q, expected a JSON object", f.Fields)
	}
	e.Fields = append(e.Fields, *fields.Map()...)
	if len(f.Meta) == 0 {
		return nil
	}
	meta, err := event.ParseJSON(f.Meta)
	if err != nil || meta.Map() == nil {
		return fmt.Errorf("metadata: found %.60q, expected a JSON object", f.Meta)
	}
	e.Meta = *meta.Map()
	return nil
}

var _ plugin.BatchEncoder = (*encoder)(nil)
