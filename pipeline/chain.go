package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// ConditionFailureTag marks an event for which a condition could not be evaluated: it goes into neither
// branch.
const ConditionFailureTag = "_conditionfailure"

// ChainOptions are what a chain tells its owner.
type ChainOptions struct {
	Logger *slog.Logger // for panics and conditions that cannot be evaluated; nil discards
	// Reject takes an event that the filter of a step rejected. It must settle the event and may then
	// recycle it.
	Reject func(step *plugin.FilterStep, e *event.Event)
	// Branch is told, for each condition and batch, whether some event took each of its branches; nil is not
	// told.
	Branch func(step string, then, otherwise bool)
}

// Chain is the filters of one worker, with the conditions around them and the options that every filter
// has (add_field and so on). It belongs to one goroutine.
type Chain struct {
	nodes []*node
	all   []*node // in written order, branches included: what the metrics show
	opts  ChainOptions
}

// node is one filter, or a condition with its branches.
type node struct {
	step      *plugin.FilterStep
	filter    plugin.Filter
	flusher   plugin.Flusher // nil when the filter holds nothing back
	decor     *decorator     // nil when there is nothing to add or remove
	then, els []*node
	counts    stepCounts
}

// stepCounts is what one step did since the last publication.
type stepCounts struct {
	events, bytes, dropped, rejected, released, panics int64
	busy                                               time.Duration
}

// given counts a batch that goes into the step.
func (s *stepCounts) given(b *event.Batch) {
	events, bytes := b.Visible()
	s.events += int64(events)
	s.bytes += int64(bytes)
}

// NewChain makes an instance of each filter of steps.
func NewChain(steps []plugin.FilterStep, o ChainOptions) *Chain {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Chain{opts: o}
	c.nodes = c.instances(steps)
	return c
}

func (c *Chain) instances(steps []plugin.FilterStep) []*node {
	nodes := make([]*node, 0, len(steps))
	for i := range steps {
		n := &node{step: &steps[i], decor: newDecorator(&steps[i].Decor)}
		c.all = append(c.all, n)
		if n.step.If == nil {
			n.renew()
		} else {
			n.then = c.instances(n.step.Then)
			n.els = c.instances(n.step.Else)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

func (n *node) renew() {
	n.filter = n.step.Built.New()
	n.flusher, _ = n.filter.(plugin.Flusher)
}

// Run passes the batch through the filters. Afterwards it holds no marked events: dropped and released
// ones are settled, rejected ones were given to Reject. An error means that a filter gave up on the batch as
// a whole: its events were released.
func (c *Chain) Run(ctx context.Context, b *event.Batch) error {
	return c.run(ctx, b, c.nodes)
}

func (c *Chain) run(ctx context.Context, b *event.Batch, nodes []*node) error {
	for _, n := range nodes {
		if b.Len() == 0 {
			return nil
		}
		if err := c.step(ctx, b, n); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chain) step(ctx context.Context, b *event.Batch, n *node) error {
	if n.step.If != nil {
		return c.branch(ctx, b, n)
	}
	start := time.Now()
	n.counts.given(b)
	if n.decor != nil {
		b.ResetMatches()
	}
	err := c.process(ctx, b, n)
	if err != nil {
		for e := range b.All() {
			e.Release()
		}
		err = fmt.Errorf("%s: %w", n.step.ID, err)
	} else if n.decor != nil {
		n.decor.apply(b.Matched())
	}
	c.compact(b, n)
	n.counts.busy += time.Since(start)
	return err
}

// process runs the filter; after a panic the event at which it stopped is rejected, and a fresh instance
// goes on with the events behind it, so that no event is handled twice.
func (c *Chain) process(ctx context.Context, b *event.Batch, n *node) error {
	defer b.Unhide()
	for {
		err := plugin.Guard(func() error { return n.filter.Process(ctx, b) })
		var p *plugin.PanicError
		if !errors.As(err, &p) {
			return err
		}
		n.counts.panics++
		culprit := b.HideCulprit()
		c.opts.Logger.Error("filter panicked", "step", n.step.ID, "err", p, "stack", string(p.Stack))
		c.release(b, n)
		n.renew()
		if culprit == nil {
			return err
		}
		culprit.Reject(err)
	}
}

// release lets a filter that panicked give back what it held.
func (c *Chain) release(b *event.Batch, n *node) {
	if n.flusher == nil {
		return
	}
	if err := plugin.Guard(func() error { n.flusher.Flush(b, plugin.Stop, true); return nil }); err != nil {
		c.opts.Logger.Error("filter panicked while letting go of held events", "step", n.step.ID, "err", err)
	}
}

func (c *Chain) compact(b *event.Batch, n *node) {
	dropped, released := b.Compact(func(e *event.Event) {
		n.counts.rejected++
		c.opts.Reject(n.step, e)
	})
	n.counts.dropped += int64(dropped)
	n.counts.released += int64(released)
}

func (c *Chain) branch(ctx context.Context, b *event.Batch, n *node) error {
	n.counts.given(b)
	var then, otherwise bool
	err := b.Branch(n.step.If.Eval, func(e *event.Event, err error) {
		e.Tag(ConditionFailureTag)
		c.opts.Logger.Warn("condition cannot be evaluated", "step", n.step.ID, "condition", n.step.Text, "err", err)
	}, func() error {
		then = true
		return c.run(ctx, b, n.then)
	}, func() error {
		otherwise = true
		return c.run(ctx, b, n.els)
	})
	if c.opts.Branch != nil {
		c.opts.Branch(n.step.ID, then, otherwise)
	}
	return err
}

// Flush asks every filter that holds events to let go of them, each followed by the filters behind it.
func (c *Chain) Flush(ctx context.Context, b *event.Batch, reason plugin.Reason, replayable bool) error {
	return c.flush(ctx, b, c.nodes, flushCall{reason, replayable})
}

type flushCall struct {
	reason     plugin.Reason
	replayable bool
}

// flush walks the steps in order: what a step lets go of runs through the rest of its own list, together
// with what the steps before it let go of.
func (c *Chain) flush(ctx context.Context, b *event.Batch, nodes []*node, f flushCall) error {
	for _, n := range nodes {
		if b.Len() > 0 && n.step.If == nil { // let go of by a step before this one
			if err := c.step(ctx, b, n); err != nil {
				return err
			}
		} else if b.Len() > 0 {
			if err := c.branch(ctx, b, n); err != nil {
				return err
			}
		}
		if err := c.flushNode(ctx, b, n, f); err != nil {
			return err
		}
	}
	return nil
}

func (c *Chain) flushNode(ctx context.Context, b *event.Batch, n *node, f flushCall) error {
	if n.step.If != nil {
		if err := c.flushBranch(ctx, b, n.then, f); err != nil {
			return err
		}
		return c.flushBranch(ctx, b, n.els, f)
	}
	if n.flusher == nil {
		return nil
	}
	before := b.Len()
	err := plugin.Guard(func() error { n.flusher.Flush(b, f.reason, f.replayable); return nil })
	if err != nil {
		n.counts.panics++
		c.opts.Logger.Error("filter panicked", "step", n.step.ID, "err", err)
		n.renew()
	}
	if n.decor != nil {
		b.ResetMatches()
		for e := range b.From(before) {
			e.Match()
		}
		n.decor.apply(b.Matched())
	}
	c.compact(b, n)
	return nil
}

// flushBranch flushes the steps of one branch into a batch of their own, so that events from outside of the
// branch do not run through it.
func (c *Chain) flushBranch(ctx context.Context, b *event.Batch, nodes []*node, f flushCall) error {
	if len(nodes) == 0 {
		return nil
	}
	outside := b.TakeIf(func(*event.Event) bool { return true })
	err := c.flush(ctx, b, nodes, f)
	for _, e := range outside {
		b.Attach(e)
	}
	return err
}

// Covered calls add for each alternative that a filter's options list (plugin.Covering).
func (c *Chain) Covered(add func(step, option, text string, used bool)) {
	for _, n := range c.all {
		if f, ok := n.filter.(plugin.Covering); ok {
			f.Covered(func(option, text string, used bool) { add(n.step.ID, option, text, used) })
		}
	}
}
