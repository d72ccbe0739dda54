package sqs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
	"unsafe"

	"github.com/zeebo/xxh3"

	"sluice/internal/metrics"
	"sluice/internal/pack"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// input is shared by its lanes.
type input struct {
	c     Config
	env   plugin.Env
	log   *slog.Logger
	queue *sqs.Queue
	held  *held
	lanes []*lane
	once  bool

	drain   sync.Once
	drained chan struct{}

	received, redelivered, empty, bytes, undecodable metrics.Counter
}

// lane is the state of one worker: messages received and not yet decoded.
type lane struct {
	dec     plugin.Decoder
	waiting []*message
}

// Read decodes one message: one that waits, or the first of a new receive.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	l := in.lanes[number]
	if in.draining() {
		in.giveBack(l)
		return io.EOF
	}
	if len(l.waiting) == 0 {
		if err := in.receive(ctx, l, b.Len() > 0, wait); err != nil || len(l.waiting) == 0 {
			return err
		}
	}
	m := l.waiting[0]
	if ok, err := in.reserve(ctx, m, b.Len() > 0); !ok || err != nil {
		return err
	}
	l.waiting[0], l.waiting = nil, l.waiting[1:]
	b.Now = time.Now().UTC()
	in.decode(l, b, m)
	return nil
}

func (in *input) draining() bool {
	select {
	case <-in.drained:
		return true
	default:
		return false
	}
}

// Drain ends the receives: a poll that is under way is waited for by its lane, whose messages are given back.
func (in *input) Drain() { in.drain.Do(func() { close(in.drained) }) }

// receive fills the lane. A lane that has events already only looks whether more is there.
func (in *input) receive(ctx context.Context, l *lane, busy bool, wait time.Duration) error {
	poll := min(wait, in.c.Polling.D())
	if busy || in.once {
		poll = 0
	}
	idle := in.held.count() == 0 // before the receive: what comes back meanwhile is seen by the next one
	got, err := in.queue.Receive(ctx, sqs.MaxEntries, poll)
	if err != nil {
		return err
	}
	if len(got) == 0 {
		in.empty.Inc()
		return in.atEnd(ctx, idle, busy, wait)
	}
	attrs, err := in.queue.Attributes(ctx)
	if err != nil {
		return err
	}
	for i := range got {
		m := &message{Message: got[i], visibility: attrs.Visibility}
		in.received.Inc()
		in.bytes.Add(float64(len(m.Body)))
		if m.Receives > 1 {
			in.redelivered.Inc()
		}
		in.held.add(m)
		l.waiting = append(l.waiting, m)
	}
	return nil
}

// onceQuiet is how long a queue must stay empty before `run --once` takes it for finished.
const onceQuiet = time.Second

// atEnd decides, after a receive that brought nothing, whether the input has ended.
func (in *input) atEnd(ctx context.Context, idle, busy bool, wait time.Duration) error {
	if !in.once || busy {
		return nil
	}
	if idle {
		return io.EOF
	}
	t := time.NewTimer(min(wait, onceQuiet))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-in.drained:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reserve takes the memory that the message will need from the budget; ok is false when the lane holds events
// and there is none.
func (in *input) reserve(ctx context.Context, m *message, busy bool) (ok bool, err error) {
	m.size = int64(len(m.Body))
	if h, err := pack.ReadHeader(m.Body); err == nil {
		m.size += int64(h.Raw)
	}
	if busy {
		return in.env.Budget.TryAcquire(m.size), nil
	}
	return true, in.env.Budget.Acquire(ctx, m.size)
}

// decode appends the events of a message.
func (in *input) decode(l *lane, b *event.Batch, m *message) {
	a := event.NewAck(func(s event.Status) {
		in.env.Budget.Release(m.size)
		in.held.done(m, s)
	})
	before := b.Len()
	if in.c.MaxReceives > 0 && m.Receives > in.c.MaxReceives {
		in.poison(b, a, m, fmt.Errorf("message %s was received %d times: max_receive_count is %d", m.ID, m.Receives, in.c.MaxReceives))
		a.Seal()
		return
	}
	body := unsafe.Slice(unsafe.StringData(m.Body), len(m.Body)) // read only: a decoder never changes its source
	err := plugin.Guard(func() error { return l.dec.Decode(body, b, a) })
	if err != nil {
		in.undecodable.Inc()
		for e := range b.From(before) { // what was read before the damage is part of the whole
			e.Drop()
		}
		in.poison(b, a, m, fmt.Errorf("decode message %s: %w", m.ID, err))
		var p *plugin.PanicError
		if errors.As(err, &p) {
			in.log.Error("decoder panicked", "message", m.ID, "err", err, "stack", string(p.Stack))
		}
		a.Seal()
		return
	}
	in.complete(b, before, m)
	a.Seal()
}

// poison makes one rejected event of a message from which nothing else can be made.
func (in *input) poison(b *event.Batch, a *event.Ack, m *message, reason error) {
	e := b.Append(a)
	e.Raw = m.Body
	e.Fields.Set(event.MessageField, event.StringOf(m.Body))
	in.describe(e, m)
	e.ID = in.foreignID(m, 0, m.Body)
	e.Reject(reason)
}

// complete gives events of foreign messages their identity and times, and all of them the fields asked for.
func (in *input) complete(b *event.Batch, before int, m *message) {
	n := 0
	for e := range b.From(before) {
		if !e.HasID() {
			text := e.Raw
			if text == "" {
				text = m.Body
			}
			e.ID = in.foreignID(m, n, text)
			if !m.Sent.IsZero() {
				if e.Time.Equal(e.Observed) {
					e.Time = m.Sent
				}
				e.Observed = m.Sent
			}
		}
		n++
		in.describe(e, m)
	}
}

// foreignID is the identity of an event that Sluice did not write: queue, message and position.
func (in *input) foreignID(m *message, position int, text string) event.ID {
	stream := xxh3.HashString(in.c.Queue + "\x00" + m.ID)
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
			e.Tag("_sqs_field_failure")
		}
	}
	set(&in.c.IDField, event.StringOf(m.ID))
	set(&in.c.MD5Field, event.StringOf(m.MD5))
	if !m.Sent.IsZero() {
		set(&in.c.SentTimeField, event.TimeOf(m.Sent))
	}
}

// giveBack makes the messages that the lane has not started visible again.
func (in *input) giveBack(l *lane) {
	for _, m := range l.waiting {
		in.held.done(m, event.Released)
	}
	l.waiting = nil
}

// Close gives back what is left and waits for the deletes.
func (in *input) Close(ctx context.Context) error {
	in.Drain()
	for _, l := range in.lanes {
		in.giveBack(l)
	}
	return in.held.close(ctx)
}

// Probe asks for the queue's attributes.
func (in *input) Probe(ctx context.Context) error {
	_, err := in.queue.Attributes(ctx)
	return err
}
