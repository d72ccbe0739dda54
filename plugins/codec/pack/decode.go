package pack

import (
	"errors"
	"fmt"
	"time"

	"sluice/internal/pack"
	"sluice/pipeline/event"
)

// decoder belongs to one lane.
type decoder struct {
	r     *pack.Reader
	seg   pack.Segment
	shape shape
}

// Decode appends the events of one message body: packed, or Logstash's JSON. An error means that the body
// is damaged, and that nothing of it was appended. An event whose fields alone are damaged is rejected.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	body := event.BytesOf(src).Str()
	if !pack.IsPacked(body) {
		before := b.Len()
		b.DecodeJSON(src, a, &event.Path{})
		setLast(b, before)
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
		return err
	}
	for m.Segment(&d.seg) {
		d.segment(m, b, a)
	}
	return nil
}

// setLast marks the last event behind position before: nothing that belongs to it follows in this message,
// and what another message holds cannot be known.
func setLast(b *event.Batch, before int) {
	var last *event.Event
	for e := range b.From(before) {
		last = e
	}
	if last != nil {
		last.Last = true
	}
}

// segment appends the events of the segment at which m stands.
func (d *decoder) segment(m *pack.Message, b *event.Batch, a *event.Ack) {
	s := &d.seg
	stream := event.StringOf(streamName(s.Stream))
	shape, err := d.shape[:0].read(s.Fields, stream)
	if err != nil {
		err = fmt.Errorf("packed message, stream %s: %w", stream.Str(), err)
	}
	d.shape = shape
	room := newSlab(shape, m.Left())
	var f pack.Frame
	var e *event.Event
	var clock clock
	for m.Next(&f) {
		e = b.Append(a)
		b.Bytes += len(f.Text) + 1
		text := event.BytesOf(f.Text)
		e.Raw, e.Last = text.Str(), f.Last
		clock.set(e, &f)
		if s.Stream != 0 {
			e.ID = event.ID{Stream: s.Stream, Offset: f.Offset, Hash: f.Hash, Part: f.Part}
			if !f.HasHash {
				e.ID.Hash = event.HashLine(firstLine(e.Raw))
			}
		}
		switch {
		case f.Fields != nil:
			own(e, f.Fields, &e.Fields)
		case err == nil:
			shape.fill(&e.Fields, text, e, &room)
		default:
			broken(e, err)
		}
		if f.Meta != nil {
			own(e, f.Meta, &e.Meta)
		}
	}
	if e != nil && !m.Continues() {
		e.Last = true
	}
}

// clock turns the times of frames into those of events; most frames have the time of the one before.
type clock struct {
	nanos int64
	time  time.Time
}

func (c *clock) set(e *event.Event, f *pack.Frame) {
	if f.Time != 0 {
		if f.Time != c.nanos {
			c.nanos, c.time = f.Time, time.Unix(0, f.Time).UTC()
		}
		e.Observed, e.Time = c.time, c.time
	}
	switch f.When {
	case pack.WhenOwn:
		e.Time = time.Unix(f.Seconds, int64(f.Nanos)).UTC()
	case pack.WhenNone:
		e.Time = time.Time{}
	case pack.WhenRead:
	}
}

var errNoObject = errors.New("expected a JSON object")

// own gives an event the fields that it carries itself.
func own(e *event.Event, src []byte, dst *event.Fields) {
	v, err := event.ParseJSON(src)
	if err == nil && v.Map() == nil {
		err = errNoObject
	}
	if err != nil {
		broken(e, fmt.Errorf("fields of a packed event, %.60q: %w", src, err))
		return
	}
	*dst = append((*dst)[:0], *v.Map()...)
}

// broken rejects an event whose fields cannot be read; its line goes with it.
func broken(e *event.Event, err error) {
	e.Fields.Set(event.MessageField, event.StringOf(e.Raw))
	e.Reject(err)
}
