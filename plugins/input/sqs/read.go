package sqs

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

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
	told  sync.Once // that the queue may not be asked

	drain   sync.Once
	drained chan struct{}

	received, redelivered, empty, bytes, undecodable, poisoned metrics.Counter
}

// lane is the state of one worker: messages received and not yet decoded.
type lane struct {
	dec     plugin.Decoder
	waiting []*message
}

// How long a delete waits for others to share its request with; less when the end of the queue is waited for.
const (
	deleteLinger     = time.Second
	deleteLingerOnce = 50 * time.Millisecond
)

// oncePoll is how long a receive of `run --once` waits: one that waits asks all servers of a queue, one that
// does not asks only some and may find nothing where something is.
const oncePoll = time.Second

func start(ctx context.Context, c Config, env plugin.Env, o plugin.StartOptions) (*input, error) {
	linger := deleteLinger
	if o.Once {
		linger = deleteLingerOnce
	}
	m, q := env.Metrics, c.client()
	in := &input{
		c: c, env: env, log: env.Log(), queue: q, held: newHeld(q, env, linger), once: o.Once, drained: make(chan struct{}),
		received:    m.Counter("sqs_messages_received_total", "Messages received, redeliveries included."),
		redelivered: m.Counter("sqs_messages_redelivered_total", "Messages that had been received before."),
		empty:       m.Counter("sqs_receives_empty_total", "Receives that brought nothing."),
		bytes:       m.Counter("sqs_bytes_received_total", "Bytes of message bodies received."),
		undecodable: m.Counter("sqs_messages_undecodable_total", "Messages that could not be decoded and were dead-lettered."),
		poisoned:    m.Counter("sqs_messages_poisoned_total", "Messages that were received too often and were dead-lettered."),
	}
	for range o.Lanes {
		dec, err := c.Codec.Decoder()
		if err != nil {
			return nil, err
		}
		in.lanes = append(in.lanes, &lane{dec: dec})
	}
	in.held.start(ctx)
	return in, nil
}

// Read decodes one message: one that waits, or the first of a new receive.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	l, busy := in.lanes[number], b.Len() > 0
	if !in.draining() && len(l.waiting) == 0 {
		if err := in.receive(ctx, l, busy, wait); err != nil {
			return err
		}
	}
	for len(l.waiting) > 0 {
		if in.draining() {
			in.giveBack(l)
			break
		}
		m := l.waiting[0]
		if in.held.lost(m) { // someone else has it by now
			in.held.end(m, event.Released)
			l.waiting = l.waiting[1:]
			continue
		}
		if ok, err := in.reserve(ctx, m, busy, wait); !ok || err != nil {
			return err
		}
		l.waiting[0], l.waiting = nil, l.waiting[1:]
		in.decode(l, b, m)
		return nil
	}
	if in.draining() {
		return io.EOF
	}
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
	switch {
	case busy:
		poll = 0
	case in.once:
		poll = oncePoll
	}
	back := in.held.givenBack()
	got, err := in.queue.Receive(ctx, sqs.MaxEntries, poll)
	if err != nil {
		return err
	}
	in.tellAssumed(ctx)
	if len(got) == 0 {
		in.empty.Inc()
		if in.once && !busy && in.held.finished(back) {
			return io.EOF
		}
	}
	for i := range got {
		m := &message{Message: got[i]}
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

// tellAssumed says once that the queue's attributes are not known.
func (in *input) tellAssumed(ctx context.Context) {
	in.told.Do(func() {
		if attrs, err := in.queue.Attributes(ctx); err == nil && attrs.Assumed != nil {
			in.log.Warn("queue may not be asked for its attributes; messages are held by the service's default",
				"visibility_timeout", attrs.Visibility, "err", attrs.Assumed)
		}
	})
}

// eventBytes is about what an event costs in memory beside its line.
const eventBytes = 512

// budgetLook is how often a lane that waits for memory looks whether a stop has begun.
const budgetLook = 100 * time.Millisecond

// reserve takes the memory that the message will need from the budget. ok is false when there is none: at once
// when the lane holds events, else after wait, so that what the worker holds beside its batch can be let go.
func (in *input) reserve(ctx context.Context, m *message, busy bool, wait time.Duration) (ok bool, err error) {
	m.size = int64(len(m.Body)) + eventBytes
	if h, err := pack.ReadHeader(m.Body); err == nil {
		m.size += int64(h.Raw + h.Events*eventBytes)
	}
	if in.env.Budget.TryAcquire(m.size) {
		return true, nil
	}
	for until := time.Now().Add(wait); !busy && !in.draining() && time.Now().Before(until); {
		look, cancel := context.WithTimeout(ctx, min(budgetLook, time.Until(until)))
		err := in.env.Budget.Acquire(look, m.size)
		cancel()
		if err == nil {
			return true, nil
		}
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
	return false, nil
}

// giveBack makes the messages that the lane has not started visible again.
func (in *input) giveBack(l *lane) {
	for _, m := range l.waiting {
		in.held.end(m, event.Released)
	}
	l.waiting = nil
}

// Close gives back what is left and waits for the deletes.
func (in *input) Close(ctx context.Context) error {
	in.Drain()
	for _, l := range in.lanes {
		in.giveBack(l)
	}
	err := in.held.close(ctx)
	in.queue.Close()
	return err
}
