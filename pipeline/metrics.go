package pipeline

import (
	"github.com/prometheus/client_golang/prometheus"

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

// collector shows a runner's counters. Labels are ids from the configuration, never data.
type collector struct {
	r *Runner

	events, steps, outputs, stepSeconds, outputSeconds, inFlight, bytes, panics, readErrors, conditionErrors *prometheus.Desc
}

// show registers the counters of the pipeline.
func (r *Runner) show() {
	if r.o.Registerer == nil {
		return
	}
	label := map[string]string{"pipeline": r.p.Settings.ID}
	d := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc("sluice_"+name, help, variable, label)
	}
	r.scope = metrics.NewScope(r.o.Registerer, label)
	r.scope.Collector(&collector{
		r:               r,
		events:          d("pipeline_events_total", "Events by what became of them: in + made = joined + dropped + rejected + settled + released + in flight.", "kind"),
		inFlight:        d("pipeline_events_in_flight", "Events between batches that are held by filters or parked."),
		bytes:           d("pipeline_input_bytes_total", "Raw bytes read."),
		steps:           d("step_events_total", "Events that a step was given, dropped and rejected.", "step", "kind"),
		stepSeconds:     d("step_seconds_total", "Time spent in a step.", "step"),
		outputs:         d("output_events_total", "Events by what became of them: offered = delivered + duplicate + dead_lettered + dropped + released + in flight; retried counts tries.", "output", "kind"),
		outputSeconds:   d("output_seconds_total", "Time spent in Write.", "output"),
		panics:          d("plugin_panics_total", "Panics that were caught.", "step"),
		readErrors:      d("input_errors_total", "Reads that failed."),
		conditionErrors: d("condition_errors_total", "Conditions of outputs that could not be evaluated."),
	})
}

// Describe sends the descriptions.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.events, c.inFlight, c.bytes, c.steps, c.stepSeconds, c.outputs, c.outputSeconds, c.panics, c.readErrors, c.conditionErrors} {
		ch <- d
	}
}

// Collect sends one consistent set of values.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	t := c.r.total()
	count := func(d *prometheus.Desc, v int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	dropped := t.unrouted
	for i, n := range c.r.workers[0].chain.all {
		s, id := &t.steps[i], n.step.ID
		dropped += s.dropped
		if n.step.NoMetrics {
			continue
		}
		count(c.steps, s.events, id, "in")
		count(c.steps, s.dropped, id, "dropped")
		count(c.steps, s.rejected, id, "rejected")
		count(c.panics, s.panics, id)
		ch <- prometheus.MustNewConstMetric(c.stepSeconds, prometheus.CounterValue, s.busy.Seconds(), id)
	}
	for kind, v := range map[string]int64{
		"in": t.in, "made": t.made, "joined": t.joined, "dropped": dropped, "rejected": t.rejected,
		"settled": t.settled, "released": t.released,
	} {
		count(c.events, v, kind)
	}
	count(c.bytes, t.bytes)
	count(c.readErrors, t.readErrors)
	count(c.conditionErrors, t.conditionErrors)
	ch <- prometheus.MustNewConstMetric(c.inFlight, prometheus.GaugeValue, float64(t.held+t.parked))
	c.collectOutputs(ch, &t)
}

func (c *collector) collectOutputs(ch chan<- prometheus.Metric, t *counts) {
	for i := range t.outs {
		o, step := &t.outs[i], c.r.outs[i].step
		if step.NoMetrics {
			continue
		}
		for kind, v := range map[string]int64{
			"offered": o.offered, "delivered": o.delivered, "duplicate": o.duplicate, "dead_lettered": o.deadLettered,
			"dropped": o.dropped, "released": o.released, "retried": o.retried, "in_flight": o.parked,
		} {
			ch <- prometheus.MustNewConstMetric(c.outputs, prometheus.CounterValue, float64(v), step.ID, kind)
		}
		ch <- prometheus.MustNewConstMetric(c.outputSeconds, prometheus.CounterValue, o.busy.Seconds(), step.ID)
	}
}
