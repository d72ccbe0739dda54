package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// queue is an input that gives units of events and gives those again that come back.
type queue struct {
	mu       sync.Mutex
	todo     []int // units to give
	size     int   // events of a unit
	open     int
	done     map[int]event.Status
	returned int
	drained  bool
	forever  bool               // wait for more at the end
	bad      func(n int64) bool // events that cannot be decoded; nil: all can
	changed  chan struct{}
}

func newQueue(units, size int) *queue {
	q := &queue{size: size, done: map[int]event.Status{}, changed: make(chan struct{}, 1)}
	for u := range units {
		q.todo = append(q.todo, u)
	}
	return q
}

func (q *queue) step(redelivers bool) plugin.InputStep {
	return plugin.InputStep{ID: "inputs[0].queue", Plugin: "queue", Built: &plugin.BuiltInput{
		Replayable: true, Redelivers: redelivers, Streams: true,
		Start: func(context.Context, plugin.StartOptions) (plugin.Input, error) { return q, nil },
	}}
}

func (q *queue) Read(ctx context.Context, _ int, b *event.Batch, wait time.Duration) error {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		ended, ok := q.give(b)
		if ok {
			return nil
		}
		if ended {
			return io.EOF
		}
		select {
		case <-q.changed:
		case <-deadline.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (q *queue) give(b *event.Batch) (ended, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.drained {
		return true, false
	}
	if len(q.todo) == 0 {
		return q.open == 0 && !q.forever, false
	}
	u := q.todo[0]
	q.todo = q.todo[1:]
	q.open++
	a := event.NewAck(func(s event.Status) { q.settled(u, s) })
	for i := range q.size {
		e := b.Append(a)
		e.ID = event.ID{Stream: 7, Offset: int64(u*q.size + i)}
		e.Fields.Add("n", event.IntOf(int64(u*q.size+i)))
		if q.bad != nil && q.bad(number(e)) {
			e.Reject(errors.New("cannot be decoded"))
		}
	}
	b.Bytes += 100 * q.size
	a.Seal()
	return false, true
}

func (q *queue) settled(u int, s event.Status) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open--
	if s >= event.Deferred {
		q.returned++
		q.todo = append(q.todo, u)
	} else if _, twice := q.done[u]; twice {
		panic(fmt.Sprintf("unit %d settled twice", u))
	} else {
		q.done[u] = s
	}
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

func (q *queue) Drain() {
	q.mu.Lock()
	q.drained = true
	q.mu.Unlock()
	select {
	case q.changed <- struct{}{}:
	default:
	}
}

func (q *queue) Close(context.Context) error { return nil }

// sink is an output that does what act says with each event, and remembers what it took.
type sink struct {
	mu    sync.Mutex
	act   func(n int64) event.OutcomeKind // Undecided takes the event
	fail  func() error                    // a whole Write
	got   map[int64]int
	calls int
	block chan struct{} // a Write waits for it, or for its context
}

func newSink() *sink { return &sink{got: map[int64]int{}} }

func (s *sink) step(id string) plugin.OutputStep {
	return plugin.OutputStep{ID: id, Plugin: "sink", Built: &plugin.BuiltOutput{
		Start: func(context.Context, int) (plugin.Output, error) { return s, nil },
	}}
}

func (s *sink) Write(ctx context.Context, v *event.View) error {
	if s.block != nil {
		select {
		case <-s.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return err
		}
	}
	for i, e := range v.All() {
		n := number(e)
		kind := event.Undecided
		if s.act != nil {
			kind = s.act(n)
		}
		switch kind {
		case event.ToRetry:
			v.Retry(i, errors.New("busy"))
		case event.Refused:
			v.Reject(i, errors.New("refused"))
		default:
			if s.got[n]++; s.got[n] > 1 {
				v.Duplicate(i)
			}
		}
	}
	return nil
}

func (s *sink) Close(context.Context) error { return nil }

func number(e *event.Event) int64 {
	v, _ := e.Fields.Get("n")
	return v.Int()
}

// filterFunc is a filter made of a func over one event.
type filterFunc func(b *event.Batch, e *event.Event)

func (f filterFunc) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		f(b, e)
	}
	return nil
}

func filterStep(id string, f filterFunc) plugin.FilterStep {
	return plugin.FilterStep{ID: id, Plugin: "func", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return f }}}
}

// holder holds each event with an odd number back until it is asked for it.
type holder struct{ held []*event.Event }

func (h *holder) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		if number(e)%2 == 1 {
			b.Detach(e)
			h.held = append(h.held, e)
		}
	}
	return nil
}

func (h *holder) Flush(b *event.Batch, reason plugin.Reason, replayable bool) {
	for _, e := range h.held {
		b.Attach(e)
		if reason == plugin.Stop && replayable {
			e.Release()
		}
	}
	h.held = nil
}

func settings() plugin.Settings {
	return plugin.Settings{
		ID: "main", Workers: 3, BatchEvents: 50, BatchBytes: 1 << 20, FlushInterval: time.Second,
		StopTimeout: 20 * time.Second,
	}
}

// randomly returns a func that answers by chance.
func randomly(seed uint64) func(n int) int {
	r := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(n)
	}
}
