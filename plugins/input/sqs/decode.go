package sqs

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/zeebo/xxh3"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// fieldFailureTag marks an event that could not be given a field about its message.
const fieldFailureTag = "_sqs_field_failure"

// decode appends the events of a message. One from which nothing can be made becomes one event that is rejected.
func (in *input) decode(l *lane, b *event.Batch, m *message) {
	a := event.NewAck(func(s event.Status) {
		in.env.Budget.Release(m.size)
		in.held.end(m, s)
	})
	defer a.Seal()
	b.Now = time.Now().UTC()
	before, bytes := b.Len(), b.Bytes
	defer func() {
		if b.Bytes == bytes { // the decoder does not count
			b.Bytes += len(m.Body)
		}
	}()
	if in.c.MaxReceives > 0 && m.Receives > in.c.MaxReceives {
		in.poisoned.Inc()
		in.poison(b, a, m, fmt.Errorf("message %s was received %d times, expected at most %d (max_receive_count)", m.ID, m.Receives, in.c.MaxReceives))
		return
	}
	if err := in.run(l.dec, b, a, m); err != nil {
		in.undecodable.Inc()
		err = fmt.Errorf("decode message %s: %w", m.ID, err)
		for e := range b.From(before) { // the body has them
			e.Reject(err)
		}
		in.poison(b, a, m, err)
		if p, ok := errors.AsType[*plugin.PanicError](err); ok {
			in.log.Error("decoder panicked", "message", m.ID, "err", err, "stack", string(p.Stack))
		}
		return
	}
	in.complete(b, before, m)
}

// run decodes the body.
func (in *input) run(d plugin.Decoder, b *event.Batch, a *event.Ack, m *message) error {
	body := unsafe.Slice(unsafe.StringData(m.Body), len(m.Body)) // read only: a decoder never changes its source
	return plugin.Guard(func() error {
		err := d.Decode(body, b, a)
		if f, ok := d.(plugin.FinishDecoder); ok {
			err = errors.Join(err, f.Finish(b, a))
		}
		return err
	})
}

// poison makes one rejected event of a message from which nothing else can be made.
func (in *input) poison(b *event.Batch, a *event.Ack, m *message, reason error) {
	e := b.Append(a)
	e.Raw = m.Body
	e.Fields.Set(event.MessageField, event.StringOf(m.Body))
	if !m.Sent.IsZero() {
		e.Time, e.Observed = m.Sent, m.Sent
	}
	e.ID = in.foreignID(m, 0, m.Body)
	in.describe(e, m)
	e.Reject(reason)
}

// complete gives events of foreign messages their identity and times, and all of them the fields asked for.
func (in *input) complete(b *event.Batch, before int, m *message) {
	n := 0
	var foreign *event.Event
	for e := range b.From(before) {
		if !e.HasID() {
			in.adopt(e, m, n)
			foreign = e
		}
		n++
		in.describe(e, m)
	}
	if foreign != nil {
		foreign.Last = true // what another message holds cannot be known
	}
}

// adopt gives an event of a foreign message its identity, and the time of its message where it has none.
func (in *input) adopt(e *event.Event, m *message, position int) {
	text := e.Raw
	if text == "" {
		text = m.Body
	}
	e.ID = in.foreignID(m, position, text)
	if m.Sent.IsZero() {
		return
	}
	if e.Time.Equal(e.Observed) {
		e.Time = m.Sent
	}
	e.Observed = m.Sent
}

// foreignID is the identity of an event that Sluice did not write: queue, message and position.
func (in *input) foreignID(m *message, position int, text string) event.ID {
	stream := xxh3.HashString(in.c.queueName() + "\x00" + m.ID)
	if stream == 0 {
		stream = 1
	}
	return event.ID{Stream: stream, Offset: int64(position), Hash: event.HashLine(text)}
}

// describe sets the fields that tell of the message.
func (in *input) describe(e *event.Event, m *message) {
	set := func(p *event.Path, v event.Value) {
		if p.IsZero() {
			return
		}
		if err := p.Set(e, v); err != nil {
			e.Tag(fieldFailureTag)
		}
	}
	set(&in.c.IDField, event.StringOf(m.ID))
	set(&in.c.MD5Field, event.StringOf(m.MD5))
	if !m.Sent.IsZero() {
		set(&in.c.SentTimeField, event.TimeOf(m.Sent))
	}
}
