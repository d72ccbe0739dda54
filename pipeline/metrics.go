package pipeline

import (
	"sluice/internal/metrics"
	"sluice/pipeline/plugin"
)

// Stats is what a pipeline did so far: a consistent sum over its workers.
type Stats struct {
	In, Bytes, Made, Joined, Dropped, Rejected, Settled, Released, InFlight int64

	// Left is how many bytes the inputs have still to read; it means something only if LeftKnown.
	Left      int64
	LeftKnown bool

	Outputs []OutputStats
}

// OutputStats is what a pipeline did with one output.
type OutputStats struct {
	ID string

	Offered, Delivered, Duplicate, DeadLettered, Dropped, Released, InFlight, Retried int64
}

// Stats returns the counters as of now. It takes the locks of all workers.
func (r *Runner) Stats() Stats {
	if !r.started.Load() {
		return Stats{}
	}
	c := r.total()
	s := Stats{
		In: c.in, Bytes: c.bytes, Made: c.made, Joined: c.joined, Dropped: c.unrouted, Rejected: c.rejected,
		Settled: c.settled, Released: c.released, InFlight: c.held + c.parked,
	}
	s.Left, s.LeftKnown = r.left()
	for i := range c.steps {
		s.Dropped += c.steps[i].dropped
	}
	for i, o := range c.outs {
		s.Outputs = append(s.Outputs, OutputStats{
			ID: r.outs[i].step.ID, Offered: o.offered, Delivered: o.delivered, Duplicate: o.duplicate,
			DeadLettered: o.deadLettered, Dropped: o.dropped, Released: o.released, InFlight: o.parked, Retried: o.retried,
		})
	}
	return s
}

// left sums what the inputs have still to read; it is known when all of them know.
func (r *Runner) left() (sum int64, known bool) {
	for _, in := range r.inputs {
		m, ok := in.in.(plugin.Measured)
		if !ok {
			return 0, false
		}
		n, ok := m.Left()
		if !ok {
			return 0, false
		}
		sum += n
	}
	return sum, true
}

// total sums what the workers have published, under all their locks.
func (r *Runner) total() counts {
	var c counts
	c.init(len(r.workers[0].chain.all), len(r.outs))
	for _, w := range r.workers {
		w.mu.Lock()
	}
	for _, w := range r.workers {
		c.sum(&w.published)
	}
	for _, w := range r.workers {
		w.mu.Unlock()
	}
	return c
}

// help describes the series that a pipeline writes. Labels are ids from the configuration, never data.
func help() map[string]string {
	return map[string]string{
		"pipeline_events_total":      "Events by what became of them: in + made = joined + dropped + rejected + settled + released + in flight.",
		"pipeline_events_in_flight":  "Events between batches that are held by filters or parked.",
		"pipeline_input_bytes_total": "Raw bytes read.",
		"step_events_total":          "Events that a step was given, dropped and rejected.",
		"step_bytes_total":           "Raw bytes of the events that a step was given.",
		"step_seconds_total":         "Time spent in a step.",
		"output_events_total":        "Events by what became of them: offered = delivered + duplicate + dead_lettered + dropped + released + in flight; retried counts tries.",
		"output_events_in_flight":    "Events that an output has still to deliver.",
		"output_bytes_total":         "Raw bytes of the events that an output was offered.",
		"output_seconds_total":       "Time spent in Write.",
		"plugin_panics_total":        "Panics that were caught.",
		"input_errors_total":         "Reads that failed.",
		"condition_errors_total":     "Conditions of outputs that could not be evaluated.",
	}
}

// show registers the counters of the pipeline.
func (r *Runner) show() {
	if r.o.Metrics == nil {
		return
	}
	r.scope = r.o.Metrics.Scope("pipeline", r.p.Settings.ID)
	r.scope.Writer(help(), r.write)
}

// write writes one consistent set of values.
func (r *Runner) write(l *metrics.Lines) {
	t := r.total()
	dropped := t.unrouted
	for i, n := range r.workers[0].chain.all {
		s, id := &t.steps[i], n.step.ID
		dropped += s.dropped
		if n.step.NoMetrics {
			continue
		}
		l.Int("step_events_total", s.events, "step", id, "kind", "in")
		l.Int("step_events_total", s.dropped, "step", id, "kind", "dropped")
		l.Int("step_events_total", s.rejected, "step", id, "kind", "rejected")
		l.Int("step_bytes_total", s.bytes, "step", id)
		l.Int("plugin_panics_total", s.panics, "step", id)
		l.Float("step_seconds_total", s.busy.Seconds(), "step", id)
	}
	events := func(kind string, v int64) { l.Int("pipeline_events_total", v, "kind", kind) }
	events("in", t.in)
	events("made", t.made)
	events("joined", t.joined)
	events("dropped", dropped)
	events("rejected", t.rejected)
	events("settled", t.settled)
	events("released", t.released)
	l.Int("pipeline_events_in_flight", t.held+t.parked)
	l.Int("pipeline_input_bytes_total", t.bytes)
	l.Int("input_errors_total", t.readErrors)
	l.Int("condition_errors_total", t.conditionErrors)
	r.writeOutputs(l, &t)
}

func (r *Runner) writeOutputs(l *metrics.Lines, t *counts) {
	for i := range t.outs {
		o, step := &t.outs[i], r.outs[i].step
		if step.NoMetrics {
			continue
		}
		events := func(kind string, v int64) { l.Int("output_events_total", v, "output", step.ID, "kind", kind) }
		events("offered", o.offered)
		events("delivered", o.delivered)
		events("duplicate", o.duplicate)
		events("dead_lettered", o.deadLettered)
		events("dropped", o.dropped)
		events("released", o.released)
		events("retried", o.retried)
		l.Int("output_bytes_total", o.bytes, "output", step.ID)
		l.Int("output_events_in_flight", o.parked, "output", step.ID)
		l.Float("output_seconds_total", o.busy.Seconds(), "output", step.ID)
	}
}
