package pipeline

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"sluice/internal/retry"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// idleWait is how long a Read may wait when nothing is held or parked: the longest long poll of SQS.
const idleWait = 20 * time.Second

// readBackoff spaces the Reads of an input that fails.
var readBackoff = retry.Backoff{Base: 200 * time.Millisecond, Max: 30 * time.Second}

// worker takes one batch at a time from Read to Settle. It belongs to one goroutine, but for published.
type worker struct {
	r     *Runner
	in    *inputRun
	lane  int
	chain *Chain
	decor *decorator
	batch event.Batch
	outs  []*pending // what the current batch still has to deliver, an entry for each output
	late  []*pending // parked

	rejects []letter // by the input and by filters, until bury

	flushed  time.Time // when held events were last asked for
	failures int       // Reads that failed in a row
	counts   counts    // since the last publication

	mu        sync.Mutex
	published counts
}

func newWorker(r *Runner, in *inputRun, lane, number int) *worker {
	w := &worker{r: r, in: in, lane: lane, decor: newDecorator(&in.step.Decor)}
	w.chain = NewChain(r.p.Filters, ChainOptions{Logger: r.log, Reject: func(s *plugin.FilterStep, e *event.Event) { w.reject(s.ID, s.Plugin, e) }})
	w.counts.init(len(w.chain.all), len(r.outs))
	w.published.init(len(w.chain.all), len(r.outs))
	for i, o := range r.outs {
		w.outs = append(w.outs, &pending{out: o, index: i, view: event.NewView(number, nil)})
	}
	return w
}

// run is the life of a worker. soft ends when the pipeline is asked to stop, hard at its deadline.
func (w *worker) run(soft, hard context.Context) {
	_, drains := w.in.in.(plugin.Draining)
	reading := soft
	if drains {
		reading = hard // Drain makes the input end
	}
	ended := false
	for reading.Err() == nil && !ended {
		w.retryParked(hard)
		if w.blocked(hard) {
			continue
		}
		w.tick(hard)
		err := w.fill(reading)
		w.process(hard)
		ended = errors.Is(err, io.EOF)
		if err != nil && !ended && reading.Err() == nil {
			w.readFailed(reading, err)
		} else {
			w.failures = 0
		}
	}
	w.finish(hard, ended && soft.Err() == nil)
}

// finish lets go of held events, delivers them, and waits for what is parked, until hard ends.
func (w *worker) finish(hard context.Context, end bool) {
	reason := plugin.Stop
	if end {
		reason = plugin.End
	}
	w.flush(hard, reason)
	w.complete(hard)
	for len(w.late) > 0 && hard.Err() == nil {
		w.retryParked(hard)
		if len(w.late) > 0 {
			_ = retry.Sleep(hard, time.Until(w.nextRetry())) // the end of hard is seen by the loop
		}
	}
	if !w.in.step.Built.Replayable {
		w.abandon()
	}
	w.giveBack(event.Released)
	w.publish()
}

// fill reads until the batch is full or flush_interval is over. The error is the input's.
func (w *worker) fill(ctx context.Context) error {
	b, s := &w.batch, &w.r.p.Settings
	b.Now = time.Now().UTC()
	until := b.Now.Add(w.wait())
	for b.Len() < s.BatchEvents && b.Bytes < s.BatchBytes {
		before, bytes := b.Len(), b.Bytes
		err := plugin.Guard(func() error { return w.in.in.Read(ctx, w.lane, b, time.Until(until)) })
		n := b.Len() - before
		w.counts.in += int64(n)
		w.counts.bytes += int64(b.Bytes - bytes)
		if w.decor != nil && n > 0 {
			w.decor.apply(b.From(before))
		}
		if err != nil {
			return err
		}
		now := time.Now().UTC()
		if n == 0 || !now.Before(until) {
			return nil
		}
		if before == 0 {
			until = b.Now.Add(s.FlushInterval)
			if !now.Before(until) {
				return nil
			}
		}
		b.Now = now
	}
	return nil
}

// wait is how long the first Read of a batch may wait.
func (w *worker) wait() time.Duration {
	if w.batch.Held > 0 {
		return w.r.p.Settings.FlushInterval
	}
	if len(w.late) > 0 {
		return max(min(time.Until(w.nextRetry()), w.r.p.Settings.FlushInterval), time.Millisecond)
	}
	return idleWait
}

// process takes what the batch holds through filters and outputs, settles it and publishes the counters.
func (w *worker) process(ctx context.Context) {
	if w.batch.Len() == 0 {
		return
	}
	w.compactRead()
	if err := w.chain.Run(ctx, &w.batch); err != nil {
		w.r.log.Error("filter failed; its batch goes back to its source", "err", err)
	}
	w.complete(ctx)
}

// compactRead takes out what the input itself has marked: a message that cannot be decoded is rejected.
func (w *worker) compactRead() {
	step := w.in.step
	dropped, released := w.batch.Compact(func(e *event.Event) { w.reject(step.ID, step.Plugin, e) })
	w.counts.unrouted += int64(dropped)
	w.counts.released += int64(released)
}

// complete ends what has come out of the filters: dead letters, outputs, counters.
func (w *worker) complete(ctx context.Context) {
	w.bury()
	w.deliver(ctx)
	w.publish()
}

// tick asks filters for events that they have held long enough, once per flush_interval.
func (w *worker) tick(ctx context.Context) {
	if w.batch.Held == 0 || time.Since(w.flushed) < w.r.p.Settings.FlushInterval {
		return
	}
	reason := plugin.Idle
	if limit := w.r.o.Budget.Limit(); limit > 0 && w.r.o.Budget.Used() > limit/2 {
		reason = plugin.Room
	}
	w.flush(ctx, reason)
	w.complete(ctx)
}

func (w *worker) flush(ctx context.Context, reason plugin.Reason) {
	w.flushed = time.Now()
	w.batch.Now = w.flushed.UTC()
	if err := w.chain.Flush(ctx, &w.batch, reason, w.in.step.Built.Replayable); err != nil {
		w.r.log.Error("filter failed; its batch goes back to its source", "err", err)
	}
}

// readFailed logs an input's error and waits before the next Read.
func (w *worker) readFailed(ctx context.Context, err error) {
	w.counts.readErrors++
	attrs := []any{"input", w.in.step.ID, "err", err}
	if p, ok := errors.AsType[*plugin.PanicError](err); ok {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	w.r.log.Error("input failed", attrs...)
	_ = retry.Sleep(ctx, readBackoff.Delay(w.failures)) // the end of ctx is seen by the caller
	w.failures++
	w.publish()
}

// reject is given what the input or a filter rejected; it is written once the batch is through the filters.
func (w *worker) reject(step, plugin string, e *event.Event) {
	w.rejects = append(w.rejects, letter{Event: e, Step: step, Plugin: plugin, Err: e.Err(), Attempts: 1})
}

// bury writes what was rejected to the dead letters and settles it; what cannot be written is given back.
func (w *worker) bury() {
	if len(w.rejects) == 0 {
		return
	}
	status := event.DeadLettered
	if err := w.r.dead.write(w.rejects); err != nil {
		w.deadLetterFailed(err)
		status = event.Deferred
		w.counts.released += int64(len(w.rejects))
	} else {
		w.counts.rejected += int64(len(w.rejects))
		w.r.log.Warn("events were rejected; they are in the dead letters", "step", w.rejects[0].Step, "events", len(w.rejects), "err", w.rejects[0].Err)
	}
	for _, l := range w.rejects {
		l.Event.Settle(status)
		w.batch.Recycle(l.Event)
	}
	clear(w.rejects)
	w.rejects = w.rejects[:0]
}

func (w *worker) deadLetterFailed(err error) {
	w.r.log.Error("dead letter cannot be written; its event goes back to its source", "err", err)
}

// publish adds what was counted since the last time to what scrapes see, all at once.
func (w *worker) publish() {
	w.counts.take(w)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.published.add(&w.counts)
	w.counts.reset()
}
