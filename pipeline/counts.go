package pipeline

import "time"

// counts is what a worker did. The zero value must be given its slices by init.
type counts struct {
	in, bytes, made, joined, rejected, settled, released int64

	unrouted, readErrors, conditionErrors int64

	held, parked int64 // gauges: what is in flight between batches

	steps []stepCounts
	outs  []outCounts
}

// outCounts is what a worker did with one output.
type outCounts struct {
	offered, bytes, delivered, duplicate, deadLettered, dropped, released, retried int64

	parked int64 // gauge
	busy   time.Duration
}

func (c *counts) init(steps, outs int) {
	c.steps, c.outs = make([]stepCounts, steps), make([]outCounts, outs)
}

// take collects what the batch and the chain counted, and the gauges.
func (c *counts) take(w *worker) {
	b := &w.batch
	c.made += int64(b.Made)
	c.joined += int64(b.Joined)
	b.Made, b.Joined = 0, 0
	for i, n := range w.chain.all {
		c.steps[i].add(&n.counts)
		c.released += n.counts.released
		n.counts = stepCounts{}
	}
	c.held = int64(b.Held + b.Len())
	parked := map[any]bool{}
	for i := range c.outs {
		c.outs[i].parked = 0
	}
	for _, p := range w.late {
		c.outs[p.index].parked += int64(p.view.Len())
		for _, e := range p.view.All() {
			parked[e] = true
		}
	}
	c.parked = int64(len(parked))
}

// add adds o's counters and takes over its gauges.
func (c *counts) add(o *counts) {
	c.in += o.in
	c.bytes += o.bytes
	c.made += o.made
	c.joined += o.joined
	c.rejected += o.rejected
	c.settled += o.settled
	c.released += o.released
	c.unrouted += o.unrouted
	c.readErrors += o.readErrors
	c.conditionErrors += o.conditionErrors
	c.held, c.parked = o.held, o.parked
	for i := range o.steps {
		c.steps[i].add(&o.steps[i])
	}
	for i := range o.outs {
		c.outs[i].add(&o.outs[i])
	}
}

// sum adds o, gauges included: for totals over workers.
func (c *counts) sum(o *counts) {
	held, parked := c.held+o.held, c.parked+o.parked
	waiting := make([]int64, len(o.outs))
	for i := range o.outs {
		waiting[i] = c.outs[i].parked + o.outs[i].parked
	}
	c.add(o)
	c.held, c.parked = held, parked
	for i := range waiting {
		c.outs[i].parked = waiting[i]
	}
}

func (c *counts) reset() {
	steps, outs := c.steps, c.outs
	clear(steps)
	clear(outs)
	*c = counts{steps: steps, outs: outs}
}

func (s *stepCounts) add(o *stepCounts) {
	s.events += o.events
	s.bytes += o.bytes
	s.dropped += o.dropped
	s.rejected += o.rejected
	s.released += o.released
	s.panics += o.panics
	s.busy += o.busy
}

func (c *outCounts) add(o *outCounts) {
	c.offered += o.offered
	c.bytes += o.bytes
	c.delivered += o.delivered
	c.duplicate += o.duplicate
	c.deadLettered += o.deadLettered
	c.dropped += o.dropped
	c.released += o.released
	c.retried += o.retried
	c.busy += o.busy
	c.parked = o.parked
}
