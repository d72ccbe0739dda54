package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"sluice/internal/retry"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// parkAfter is the age at which a retry set is parked so that the worker can go on.
const parkAfter = 5 * time.Second

// writeBackoff spaces the Writes of an output that fails.
var writeBackoff = retry.Backoff{Base: 100 * time.Millisecond, Max: 30 * time.Second}

// pending is the events that one output has still to deliver: of the current batch, or parked.
type pending struct {
	out   *outputRun
	index int // of the output
	view  *event.View
	tries int
	since time.Time // of the first try
	next  time.Time // of the next try
	bytes int64     // while parked
	err   error     // of the last try
}

// deliver gives each output its view of the batch and settles what every output has ended with; the rest is
// parked.
func (w *worker) deliver(ctx context.Context) {
	b := &w.batch
	if b.Len() == 0 {
		return
	}
	now := time.Now()
	for _, p := range w.outs {
		w.offer(p, now)
	}
	w.unrouted()
	for _, p := range w.outs {
		w.attempt(ctx, p)
	}
	for limit := now.Add(parkAfter); ; {
		p := earliest(w.outs)
		if p == nil || p.next.After(limit) || retry.Sleep(ctx, time.Until(p.next)) != nil {
			break
		}
		w.attempt(ctx, p)
	}
	for i, p := range w.outs {
		if p.view.Len() > 0 {
			w.park(i)
		}
	}
	w.settle()
}

// offer fills the view of an output with the events that it takes.
func (w *worker) offer(p *pending, now time.Time) {
	step := p.out.step
	var keep func(*event.Event) bool
	if step.If != nil {
		keep = func(e *event.Event) bool {
			yes, err := step.If.Eval(e)
			if err != nil {
				w.counts.conditionErrors++
				w.r.log.Warn("condition cannot be evaluated", "step", step.ID, "condition", step.Text, "err", err)
			}
			return yes && err == nil
		}
	}
	p.view.Fill(&w.batch, keep)
	p.tries, p.since, p.next, p.err = 0, now, now, nil
	w.counts.outs[p.index].offered += int64(p.view.Len())
	w.counts.outs[p.index].bytes += int64(p.view.RawBytes())
	for _, e := range p.view.All() {
		e.Open++
	}
}

// unrouted drops the events that no output takes.
func (w *worker) unrouted() {
	for e := range w.batch.All() {
		if e.Open == 0 {
			e.Drop()
		}
	}
	n, _ := w.batch.Compact(nil)
	w.counts.unrouted += int64(n)
}

// earliest returns the entry that is to be tried next, or nil.
func earliest(ps []*pending) *pending {
	var first *pending
	for _, p := range ps {
		if p.view.Len() > 0 && (first == nil || p.next.Before(first.next)) {
			first = p
		}
	}
	return first
}

// attempt calls Write once and applies the outcomes: the view keeps what is to be tried again.
func (w *worker) attempt(ctx context.Context, p *pending) {
	if p.view.Len() == 0 {
		return
	}
	if p.out.step.BestEffort {
		w.attemptOnce(ctx, p)
		return
	}
	start := time.Now()
	err := w.write(ctx, p)
	w.counts.outs[p.index].busy += time.Since(start)
	w.outcomes(p, err)
	if p.view.Len() == 0 {
		return
	}
	p.next = time.Now().Add(writeBackoff.Delay(p.tries))
	p.tries++
	w.counts.outs[p.index].retried += int64(p.view.Len())
	if p.err != nil {
		w.r.log.Warn("output will retry", "output", p.out.step.ID, "events", p.view.Len(), "tries", p.tries, "err", p.err)
	}
}

// write calls the output; after a panic it tries the halves, down to the event that is at fault.
func (w *worker) write(ctx context.Context, p *pending) error {
	err := plugin.Guard(func() error { return p.out.out.Write(ctx, p.view) })
	var panicked *plugin.PanicError
	if !errors.As(err, &panicked) {
		return err
	}
	w.r.log.Error("output panicked", "output", p.out.step.ID, "err", err, "stack", string(panicked.Stack))
	n := p.view.Len()
	if n == 1 {
		p.view.Reject(0, err)
		return nil
	}
	for _, part := range [][2]int{{0, n / 2}, {n / 2, n}} {
		half := *p
		half.view = event.NewView(p.view.Lane, nil)
		for i := part[0]; i < part[1]; i++ {
			half.view.Add(p.view.At(i))
		}
		err := w.write(ctx, &half)
		for i := range half.view.Len() {
			p.view.Set(part[0]+i, half.view.Outcome(i, err))
		}
	}
	return nil
}

// outcomes applies what a Write left: counters, dead letters, and the events that stay in the view.
func (w *worker) outcomes(p *pending, err error) {
	c := &w.counts.outs[p.index]
	if p.view.AllDone(err) {
		c.delivered += int64(p.view.Len())
		for _, e := range p.view.All() {
			e.Open--
		}
		p.view.Reset()
		return
	}
	var left []*event.Event
	var letters []letter
	p.err = err
	for i, e := range p.view.All() {
		o := p.view.Outcome(i, err)
		switch o.Kind {
		case event.ToRetry:
			left = append(left, e)
			if o.Err != nil {
				p.err = o.Err
			}
			continue
		case event.Refused:
			letters = append(letters, p.letter(e, o.Err))
		case event.Duplicate:
			c.duplicate++
		default:
			c.delivered++
		}
		e.Open--
	}
	w.deadLetter(p, letters)
	p.view.Reset()
	for _, e := range left {
		p.view.Add(e)
	}
}

func (p *pending) letter(e *event.Event, reason error) letter {
	step := p.out.step
	return letter{Event: e, Step: step.ID, Plugin: step.Plugin, Err: reason, Attempts: p.tries + 1, Output: step}
}

// deadLetter writes events that an output refused; when they cannot be written they are given back.
func (w *worker) deadLetter(p *pending, letters []letter) {
	if len(letters) == 0 {
		return
	}
	c := &w.counts.outs[p.index]
	if err := w.r.dead.write(letters); err != nil {
		w.deadLetterFailed(err)
		c.released += int64(len(letters))
		for _, l := range letters {
			l.Event.Release()
		}
		return
	}
	c.deadLettered += int64(len(letters))
	w.r.log.Warn("output refused events; they are in the dead letters", "output", p.out.step.ID, "events", len(letters), "err", letters[0].Err)
}

// settle ends every event of the batch for which no output is open and parks the others.
func (w *worker) settle() {
	b := &w.batch
	if len(w.late) > 0 {
		b.TakeIf(func(e *event.Event) bool { return e.Open > 0 }) // the parked sets hold them
	}
	for _, e := range b.TakeIf((*event.Event).Released) { // a dead letter could not be written
		w.counts.released++
		e.Settle(event.Deferred)
		b.Recycle(e)
	}
	w.counts.settled += int64(b.Len())
	b.Settle(event.Delivered)
}

// park moves what output i has not delivered out of the batch's way.
func (w *worker) park(i int) {
	p := w.outs[i]
	for _, e := range p.view.All() {
		p.bytes += int64(e.Size())
	}
	w.r.parkedBytes.Add(p.bytes)
	w.late = append(w.late, p)
	w.outs[i] = &pending{out: p.out, index: p.index, view: event.NewView(p.view.Lane, nil)}
	w.r.log.Warn("output is behind; its events are parked", "output", p.out.step.ID, "events", p.view.Len(), "err", p.err)
}

// nextRetry is when the first parked set is due.
func (w *worker) nextRetry() time.Time {
	if p := earliest(w.late); p != nil {
		return p.next
	}
	return time.Now()
}

// retryParked tries the parked sets that are due, and gives up those older than retry_timeout.
func (w *worker) retryParked(ctx context.Context) {
	if len(w.late) == 0 {
		return
	}
	now := time.Now()
	for _, p := range w.late {
		if p.next.After(now) || ctx.Err() != nil {
			continue
		}
		events := slices.Collect(values(p.view))
		w.attempt(ctx, p)
		if t := w.r.p.Settings.RetryTimeout; t > 0 && now.Sub(p.since) > t {
			w.giveUp(p, fmt.Errorf("gave up after retry_timeout %s: %w", t, p.err))
		}
		w.settleLate(events)
	}
	w.forget()
	if !w.r.mayPark() && w.in.step.Built.Redelivers {
		w.giveBack(event.Deferred)
	}
	w.publish()
}

func values(v *event.View) func(func(*event.Event) bool) {
	return func(yield func(*event.Event) bool) {
		for _, e := range v.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// giveUp dead-letters what could not be delivered in time.
func (w *worker) giveUp(p *pending, reason error) {
	var letters []letter
	for _, e := range p.view.All() {
		letters = append(letters, p.letter(e, reason))
		e.Open--
	}
	w.deadLetter(p, letters)
	p.view.Reset()
}

// abandon dead-letters what is parked when the pipeline stops and the source cannot give it again.
func (w *worker) abandon() {
	for _, p := range w.late {
		events := slices.Collect(values(p.view))
		reason := p.err
		if reason == nil {
			reason = context.Canceled
		}
		w.giveUp(p, fmt.Errorf("the pipeline stopped before it was delivered: %w", reason))
		w.settleLate(events)
	}
	w.forget()
}

// settleLate ends those of the given parked events for which no output is open any more.
func (w *worker) settleLate(events []*event.Event) {
	for _, e := range events {
		if e.Open != 0 {
			continue
		}
		if e.Released() {
			w.counts.released++
			e.Settle(event.Deferred)
		} else {
			w.counts.settled++
			e.Settle(event.Delivered)
		}
		w.batch.Recycle(e)
	}
}

// forget drops the parked sets that are empty.
func (w *worker) forget() {
	w.late = slices.DeleteFunc(w.late, func(p *pending) bool {
		if p.view.Len() > 0 {
			return false
		}
		w.r.parkedBytes.Add(-p.bytes)
		return true
	})
}

// giveBack gives everything that is parked back to its source.
func (w *worker) giveBack(s event.Status) {
	seen := map[*event.Event]bool{}
	for _, p := range w.late {
		w.counts.outs[p.index].released += int64(p.view.Len())
		for _, e := range p.view.All() {
			seen[e] = true
		}
		p.view.Reset()
	}
	for e := range seen {
		w.counts.released++
		e.Settle(s)
		w.batch.Recycle(e)
	}
	if len(seen) > 0 {
		w.r.log.Warn("events go back to their source", "events", len(seen), "status", s.String())
	}
	w.forget()
}

// blocked waits when parked events fill their share of the budget and the source cannot take them back:
// then nothing more may be read. It reports whether it waited.
func (w *worker) blocked(ctx context.Context) bool {
	if len(w.late) == 0 || w.r.mayPark() {
		return false
	}
	_ = retry.Sleep(ctx, max(time.Until(w.nextRetry()), time.Millisecond)) // the end of ctx is seen by the caller
	return true
}

// attemptOnce is the one Write that a best-effort output gets: what fails is dropped and counted.
func (w *worker) attemptOnce(ctx context.Context, p *pending) {
	c := &w.counts.outs[p.index]
	var err error
	if p.out.breaker.open() {
		err = errBreakerOpen
	} else {
		limited, cancel := context.WithTimeout(ctx, p.out.step.Timeout)
		start := time.Now()
		err = w.write(limited, p)
		c.busy += time.Since(start)
		cancel()
		p.out.breaker.report(err == nil)
	}
	dropped, reason := c.dropped, error(nil)
	for i, e := range p.view.All() {
		switch o := p.view.Outcome(i, err); o.Kind {
		case event.ToRetry, event.Refused:
			c.dropped++
			reason = o.Err
		case event.Duplicate:
			c.duplicate++
		default:
			c.delivered++
		}
		e.Open--
	}
	p.view.Reset()
	if n := c.dropped - dropped; n > 0 {
		w.r.log.Warn("best-effort output did not take events; they are dropped", "output", p.out.step.ID, "events", n, "err", reason)
	}
}

var errBreakerOpen = errors.New("the output is dead; its breaker is open")

// The breaker of a best-effort output skips it for breakerPause after breakerFailures failures in a row.
const (
	breakerFailures = 3
	breakerPause    = 30 * time.Second
)

// breaker is shared by the workers.
type breaker struct {
	failures atomic.Int32
	until    atomic.Int64 // Unix nanoseconds
}

func (b *breaker) open() bool { return time.Now().UnixNano() < b.until.Load() }

func (b *breaker) report(ok bool) {
	if ok {
		b.failures.Store(0)
		return
	}
	if b.failures.Add(1) >= breakerFailures {
		b.until.Store(time.Now().Add(breakerPause).UnixNano())
	}
}
