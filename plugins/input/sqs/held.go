package sqs

import (
	"context"
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

	visibility time.Duration // of the queue, when it was received
	until      time.Time     // when it becomes visible unless its time is extended
	size       int64         // bytes of the budget
	after      time.Duration // when it is given back: how long it stays hidden
	gone       bool          // its receipt is no longer good, or its time cannot be extended further
}

// held keeps the messages that were received and have not ended: it extends their time while events are open,
// deletes those that are done and gives back the others, in batches. One goroutine does the talking.
type held struct {
	queue *sqs.Queue
	log   *slog.Logger

	mu       sync.Mutex
	open     map[*message]struct{}
	delete   []*message
	back     []*message
	closing  bool
	wakeup   chan struct{}
	finished chan struct{}

	deleted, extended, returned, deleteFailed, expired metrics.Counter
}

func newHeld(q *sqs.Queue, log *slog.Logger, env plugin.Env) *held {
	m := env.Metrics
	h := &held{
		queue: q, log: log, open: map[*message]struct{}{}, wakeup: make(chan struct{}, 1), finished: make(chan struct{}),
		deleted:      m.Counter("sqs_messages_deleted_total", "Messages deleted after all their events had ended."),
		extended:     m.Counter("sqs_visibility_extended_total", "Times that a message's visibility timeout was extended."),
		returned:     m.Counter("sqs_messages_returned_total", "Messages given back to the queue."),
		deleteFailed: m.Counter("sqs_deletes_failed_total", "Deletes that failed and are tried again."),
		expired:      m.Counter("sqs_messages_expired_total", "Messages whose time could not be extended any more."),
	}
	m.GaugeFunc("sqs_messages_held", "Messages received whose events have not all ended.", func() float64 { return float64(h.count()) })
	m.GaugeFunc("sqs_oldest_held_seconds", "Age, since it was sent, of the oldest message held.", h.oldest)
	return h
}

// start begins the talking; close ends it.
func (h *held) start() {
	go h.run()
}

func (h *held) add(m *message) {
	m.until = m.Received.Add(m.visibility)
	h.mu.Lock()
	h.open[m] = struct{}{}
	h.mu.Unlock()
	if m.visibility < extendShare*tick {
		h.wake() // the next look must come sooner
	}
}

// done is called when all events of a message have ended.
func (h *held) done(m *message, s event.Status) {
	h.mu.Lock()
	delete(h.open, m)
	switch {
	case s == event.Released:
		h.back = append(h.back, m)
	case s == event.Deferred:
		m.after = backoff(m.Receives)
		h.back = append(h.back, m)
	default:
		h.delete = append(h.delete, m)
	}
	full := len(h.delete) >= sqs.MaxEntries || s == event.Released
	h.mu.Unlock()
	if full {
		h.wake()
	}
}

// The delays after which a message that failed for long is visible again.
const (
	backBase = 30 * time.Second
	backMax  = 15 * time.Minute
)

func backoff(receives int) time.Duration {
	d := backBase << min(max(receives-1, 0), 10)
	return min(d, backMax)
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
	return len(h.open) + len(h.delete) + len(h.back)
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

// The rhythm of the talking.
const (
	tick        = time.Second // at most so long a finished message waits for its delete
	minTick     = 50 * time.Millisecond
	extendShare = 4
	callTimeout = 30 * time.Second // of one request
)

var deleteBackoff = retry.Backoff{Base: 200 * time.Millisecond, Max: 10 * time.Second}

// rhythm is how long to wait for the next look: a quarter of the shortest visibility timeout, so that one is
// extended in time even if a look comes late.
func (h *held) rhythm() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := tick
	for m := range h.open {
		d = min(d, m.visibility/extendShare)
	}
	return max(d, minTick)
}

func (h *held) run() {
	defer close(h.finished)
	failures := 0
	for {
		t := time.NewTimer(h.rhythm())
		select {
		case <-t.C:
		case <-h.wakeup:
		}
		t.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		ok := h.flush(ctx)
		h.extend(ctx)
		cancel()
		h.mu.Lock()
		end := h.closing
		h.mu.Unlock()
		if end {
			return
		}
		if ok {
			failures = 0
			continue
		}
		time.Sleep(min(deleteBackoff.Delay(failures), tick)) // extensions must not wait longer
		failures++
	}
}

// flush deletes and gives back what has ended, and reports whether all of it went through.
func (h *held) flush(ctx context.Context) bool {
	ok := h.flushDeletes(ctx)
	return h.flushBack(ctx) && ok
}

func (h *held) flushDeletes(ctx context.Context) bool {
	for {
		h.mu.Lock()
		batch := take(&h.delete)
		h.mu.Unlock()
		if len(batch) == 0 {
			return true
		}
		outcomes, err := h.queue.Delete(ctx, receipts(batch))
		var failed []*message
		for i, m := range batch {
			if err == nil && (outcomes[i] == nil || sqs.Gone(outcomes[i])) {
				h.deleted.Inc()
				continue
			}
			failed = append(failed, m)
			if err == nil {
				err = outcomes[i]
			}
		}
		if len(failed) == 0 {
			continue
		}
		h.deleteFailed.Add(float64(len(failed)))
		logErr(h.log, "messages could not be deleted; they are tried again", len(failed), err)
		h.mu.Lock()
		h.delete = append(failed, h.delete...)
		h.mu.Unlock()
		return false
	}
}

// flushBack gives messages back; one that fails becomes visible by itself when its time is over.
func (h *held) flushBack(ctx context.Context) bool {
	for {
		h.mu.Lock()
		slices.SortStableFunc(h.back, func(a, b *message) int { return int(a.after - b.after) })
		batch := take(&h.back)
		for i := range batch { // one request, one delay
			if batch[i].after != batch[0].after {
				h.back = append(slices.Clone(batch[i:]), h.back...)
				batch = batch[:i]
				break
			}
		}
		h.mu.Unlock()
		if len(batch) == 0 {
			return true
		}
		if _, err := h.queue.Hide(ctx, receipts(batch), batch[0].after); err != nil {
			logErr(h.log, "messages could not be given back; they come again when their visibility timeout is over", len(batch), err)
			return false
		}
		h.returned.Add(float64(len(batch)))
	}
}

// take removes up to MaxEntries messages from the front of a list.
func take(list *[]*message) []*message {
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

// extend prolongs the time of the messages of which half is over.
func (h *held) extend(ctx context.Context) {
	now := time.Now()
	due := map[time.Duration][]*message{}
	h.mu.Lock()
	for _, list := range [][]*message{keys(h.open), h.delete} { // a delete that fails must not bring it back
		for _, m := range list {
			if m.gone || m.until.Sub(now) > m.visibility/2 {
				continue
			}
			left := sqs.MaxHold - now.Sub(m.Received)
			if left < m.visibility { // the service's cap: it comes again, and is told apart by its id
				m.gone = true
				h.expired.Inc()
				h.log.Warn("message is held for nearly 12 hours and will be visible again", "message", m.ID)
				continue
			}
			due[m.visibility] = append(due[m.visibility], m)
		}
	}
	h.mu.Unlock()
	for d, list := range due {
		for len(list) > 0 {
			h.extendBatch(ctx, take(&list), d)
		}
	}
}

func keys(m map[*message]struct{}) []*message {
	list := make([]*message, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	return list
}

func (h *held) extendBatch(ctx context.Context, batch []*message, d time.Duration) {
	if d < time.Second {
		return // a queue without a timeout gives nothing to extend
	}
	outcomes, err := h.queue.Hide(ctx, receipts(batch), d)
	if err != nil {
		logErr(h.log, "visibility timeouts could not be extended; tried again", len(batch), err)
		return
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range batch {
		switch {
		case outcomes[i] == nil:
			m.until = now.Add(d)
			h.extended.Inc()
		case sqs.Gone(outcomes[i]):
			m.gone = true
			h.expired.Inc()
			h.log.Warn("message can no longer be held; it may come again", "message", m.ID, "err", outcomes[i])
		}
	}
}

// close ends the talking, and sends what is left within ctx.
func (h *held) close(ctx context.Context) error {
	h.mu.Lock()
	first := !h.closing
	h.closing = true
	h.mu.Unlock()
	h.wake()
	<-h.finished
	if !first {
		return nil
	}
	for attempt := 0; !h.flush(ctx); attempt++ {
		if err := retry.Sleep(ctx, deleteBackoff.Delay(attempt)); err != nil {
			return err
		}
	}
	return nil
}
