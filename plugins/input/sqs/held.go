package sqs

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"sluice/internal/metrics"
	"sluice/internal/retry"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// message is a message in our hands.
type message struct {
	sqs.Message

	size int64 // bytes of the budget

	// Guarded by held's lock.
	until time.Time     // when it becomes visible unless its time is extended
	after time.Duration // when it is given back: how long it stays hidden
	gone  bool          // its receipt is no longer good, or its time cannot be extended further
}

// held keeps the messages that were received and have not ended: it extends their time while events are open,
// deletes those that are done and gives back the others, in batches. One goroutine does the talking.
type held struct {
	queue  *sqs.Queue
	log    *slog.Logger
	linger time.Duration // how long a delete waits for others to share a request with

	mu      sync.Mutex
	open    map[*message]struct{}
	done    []*message // to be deleted
	back    []*message // to be given back
	flushAt time.Time  // when they are to be sent; zero: nothing is there
	fails   int        // flushes that failed in a row
	backs   int        // messages that had to be given back, ever
	hidden  time.Time  // until then some of them are hidden
	closing bool

	wakeup chan struct{}
	cancel context.CancelFunc // of the call that is under way
	wg     sync.WaitGroup

	deleted, extended, returned, deleteFailed, expired metrics.Counter
}

func newHeld(q *sqs.Queue, env plugin.Env, linger time.Duration) *held {
	m := env.Metrics
	h := &held{
		queue: q, log: env.Log(), linger: linger, open: map[*message]struct{}{}, wakeup: make(chan struct{}, 1),
		deleted:      m.Counter("sqs_messages_deleted_total", "Messages deleted after all their events had ended."),
		extended:     m.Counter("sqs_visibility_extended_total", "Times that a message's visibility timeout was extended."),
		returned:     m.Counter("sqs_messages_returned_total", "Messages given back to the queue."),
		deleteFailed: m.Counter("sqs_deletes_failed_total", "Deletes that failed and are tried again."),
		expired:      m.Counter("sqs_messages_expired_total", "Messages that could not be held any longer before their events had ended."),
	}
	m.GaugeFunc("sqs_messages_held", "Messages received that have not yet been deleted or given back.", func() float64 { return float64(h.count()) })
	m.GaugeFunc("sqs_oldest_held_seconds", "Age, since it was sent, of the oldest message whose events have not all ended.", h.oldest)
	return h
}

// start begins the talking; close ends it. ctx gives values only.
func (h *held) start(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(context.WithoutCancel(ctx))
	h.wg.Go(func() { h.run(ctx) })
}

// add takes charge of a message that was received.
func (h *held) add(m *message) {
	h.mu.Lock()
	m.until = m.Received.Add(m.Hidden)
	h.open[m] = struct{}{}
	h.mu.Unlock()
	h.wake() // it may be due before all others
}

// lost reports whether the message is no longer ours.
func (h *held) lost(m *message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return m.gone
}

// end is called when all events of a message have ended, or when it is given back unread.
func (h *held) end(m *message, s event.Status) {
	now := time.Now()
	h.mu.Lock()
	delete(h.open, m)
	at := now.Add(h.linger)
	switch s {
	case event.Released:
		h.back = append(h.back, m)
		h.backs++
		at = now
	case event.Deferred:
		m.after = max(min(backoff(m.Receives), sqs.MaxHold-now.Sub(m.Received)-capMargin), 0)
		h.back = append(h.back, m)
		h.backs++
		if t := now.Add(m.after + h.linger); t.After(h.hidden) {
			h.hidden = t
		}
	default:
		h.done = append(h.done, m)
	}
	if len(h.done) >= sqs.MaxEntries || len(h.back) >= sqs.MaxEntries {
		at = now
	}
	if h.fails == 0 && (h.flushAt.IsZero() || at.Before(h.flushAt)) {
		h.flushAt = at
	}
	h.mu.Unlock()
	h.wake()
}

// The delays after which a message that failed for long is visible again.
const (
	backBase = 30 * time.Second
	backMax  = 15 * time.Minute
)

func backoff(receives int) time.Duration {
	return min(backBase<<min(max(receives-1, 0), 10), backMax)
}

func (h *held) wake() {
	select {
	case h.wakeup <- struct{}{}:
	default:
	}
}

// count returns the messages that are not finished, deletes that are still to be sent included.
func (h *held) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open) + len(h.done) + len(h.back)
}

// givenBack returns how many messages had to be given back so far.
func (h *held) givenBack() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.backs
}

// finished reports whether nothing is held and nothing will come again, since givenBack returned back.
func (h *held) finished(back int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)+len(h.done)+len(h.back) == 0 && h.backs == back && !time.Now().Before(h.hidden)
}

func (h *held) oldest() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var age time.Duration
	for m := range h.open {
		if !m.Sent.IsZero() {
			age = max(age, time.Since(m.Sent))
		}
	}
	return age.Seconds()
}

// longestPause is how long the talking pauses when nothing is due.
const longestPause = time.Minute

var flushBackoff = retry.Backoff{Base: 200 * time.Millisecond, Max: 10 * time.Second}

// run sends what is due until close, or the end of ctx.
func (h *held) run(ctx context.Context) {
	for {
		t := time.NewTimer(h.pause())
		select {
		case <-t.C:
		case <-h.wakeup:
		}
		t.Stop()
		h.mu.Lock()
		closing, flush := h.closing, !h.flushAt.IsZero() && !h.flushAt.After(time.Now())
		h.mu.Unlock()
		if closing {
			return
		}
		h.extend(ctx)
		if flush {
			h.flushed(h.flush(ctx))
		}
	}
}

// pause returns how long nothing is due.
func (h *held) pause() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := time.Now().Add(longestPause)
	if !h.flushAt.IsZero() && h.flushAt.Before(at) {
		at = h.flushAt
	}
	for m := range h.open {
		if due := m.due(); !m.gone && due.Before(at) {
			at = due
		}
	}
	for _, m := range h.done {
		if due := m.due(); !m.gone && due.Before(at) {
			at = due
		}
	}
	return max(time.Until(at), 0)
}

// flushed plans the next flush after one that went through or not.
func (h *held) flushed(ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	switch {
	case !ok:
		h.flushAt = now.Add(flushBackoff.Delay(h.fails))
		h.fails++
		return
	case len(h.done)+len(h.back) == 0:
		h.flushAt = time.Time{}
	default: // they came meanwhile
		h.flushAt = now.Add(h.linger)
	}
	h.fails = 0
}

// flush deletes and gives back what has ended, and reports whether all of it went through.
func (h *held) flush(ctx context.Context) bool {
	ok := h.flushBack(ctx)
	return h.flushDeletes(ctx) && ok
}

func (h *held) flushDeletes(ctx context.Context) bool {
	var failed []*message
	var reason error
	for reason == nil {
		batch := h.take(&h.done)
		if len(batch) == 0 {
			break
		}
		outcomes, err := h.queue.Delete(ctx, receipts(batch))
		for i, m := range batch {
			outcome := err
			if err == nil {
				outcome = outcomes[i]
			}
			if outcome == nil || sqs.Gone(outcome) {
				h.deleted.Inc()
				continue
			}
			failed, reason = append(failed, m), outcome
		}
	}
	if len(failed) == 0 {
		return true
	}
	h.deleteFailed.Add(float64(len(failed)))
	h.log.Warn("messages could not be deleted; they are tried again", "messages", len(failed), "err", reason)
	h.mu.Lock()
	h.done = append(failed, h.done...)
	h.mu.Unlock()
	return false
}

// flushBack gives messages back. One that fails becomes visible by itself when its time is over.
func (h *held) flushBack(ctx context.Context) bool {
	for {
		batch := h.take(&h.back)
		if len(batch) == 0 {
			return true
		}
		list := make([]sqs.Visibility, len(batch))
		for i, m := range batch {
			list[i] = sqs.Visibility{Receipt: m.Receipt, Hidden: m.after}
		}
		outcomes, err := h.queue.Hide(ctx, list)
		failed := 0
		for _, outcome := range outcomes {
			switch {
			case outcome == nil:
				h.returned.Inc()
			case !sqs.Gone(outcome):
				failed++
				err = outcome
			}
		}
		if err != nil {
			if outcomes == nil {
				failed = len(batch)
			}
			h.log.Warn("messages could not be given back; they come again when their visibility timeout is over", "messages", failed, "err", err)
			return false
		}
	}
}

// take removes up to MaxEntries messages from the front of a list.
func (h *held) take(list *[]*message) []*message {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := min(len(*list), sqs.MaxEntries)
	batch := slices.Clone((*list)[:n])
	*list = slices.Delete(*list, 0, n)
	return batch
}

func receipts(batch []*message) []string {
	r := make([]string, len(batch))
	for i, m := range batch {
		r[i] = m.Receipt
	}
	return r
}

// close ends the talking, and deletes and gives back what is left until ctx ends. A second call does nothing.
func (h *held) close(ctx context.Context) error {
	h.mu.Lock()
	closed := h.closing
	h.closing = true
	h.mu.Unlock()
	if closed {
		return nil
	}
	stop := context.AfterFunc(ctx, h.cancel)
	h.wake()
	h.wg.Wait()
	stop()
	h.cancel()
	for attempt := 0; h.pending() > 0 && !h.flush(ctx); attempt++ {
		if err := retry.Sleep(ctx, flushBackoff.Delay(attempt)); err != nil {
			return fmt.Errorf("delete messages, %d are left and will come again: %w", h.pending(), err)
		}
	}
	return nil
}

// pending returns how many messages have ended and are not yet deleted or given back.
func (h *held) pending() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.done) + len(h.back)
}
