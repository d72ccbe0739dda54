package sqs

import (
	"context"
	"time"

	"sluice/internal/sqs"
)

// capMargin is kept between the last extension and the service's cap, for clocks and requests under way.
const capMargin = time.Minute

// extendRetry is how soon an extension that failed is tried again.
const extendRetry = time.Second

// due is when the message's time is to be extended: when half of it is over.
func (m *message) due() time.Time { return m.until.Add(-m.Hidden / 2) }

// extend prolongs the time of the messages of which half is over: of those whose events are open, unread ones
// too, and of those that are done and not yet deleted.
func (h *held) extend(ctx context.Context) {
	list := h.takeDue(time.Now())
	for len(list) > 0 {
		n := min(len(list), sqs.MaxEntries)
		h.extendBatch(ctx, list[:n])
		list = list[n:]
	}
}

// takeDue returns the messages that are due, and gives up those that have reached the service's cap.
func (h *held) takeDue(now time.Time) (list []*message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	look := func(m *message) {
		switch {
		case m.gone || m.due().After(now):
		case now.Add(m.Hidden).After(m.Received.Add(sqs.MaxHold - capMargin)):
			m.gone = true
			h.expired.Inc()
			h.log.Warn("message cannot be held longer than 12 hours; it will come again", "message", m.ID, "visible_at", m.until)
		default:
			list = append(list, m)
		}
	}
	for m := range h.open {
		look(m)
	}
	for _, m := range h.done {
		look(m)
	}
	return list
}

func (h *held) extendBatch(ctx context.Context, batch []*message) {
	list := make([]sqs.Visibility, len(batch))
	for i, m := range batch {
		list[i] = sqs.Visibility{Receipt: m.Receipt, Hidden: m.Hidden}
	}
	before := time.Now()
	outcomes, err := h.queue.Hide(ctx, list)
	failed := 0
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, m := range batch {
		outcome := err
		if err == nil {
			outcome = outcomes[i]
		}
		switch {
		case outcome == nil:
			m.until = before.Add(m.Hidden)
			h.extended.Inc()
		case sqs.Gone(outcome):
			m.gone = true
			h.expired.Inc()
			h.log.Warn("message can no longer be held; it may come again", "message", m.ID, "err", outcome)
		default: // due again soon: the time that is left is what it is
			m.until = before.Add(m.Hidden/2 + min(extendRetry, m.Hidden/extendTries))
			err, failed = outcome, failed+1
		}
	}
	if failed > 0 {
		h.log.Warn("visibility timeouts could not be extended; tried again", "messages", failed, "err", err)
	}
}

// extendTries is how often an extension can fail, at least, before the message is visible.
const extendTries = 8
