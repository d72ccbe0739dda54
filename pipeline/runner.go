package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/budget"
	"sluice/internal/metrics"
	"sluice/pipeline/plugin"
)

// Options are what a Runner is given beside its pipeline.
type Options struct {
	Logger  *slog.Logger      // nil discards
	Budget  *budget.Budget    // max_memory, shared by the process; nil has no limit
	Metrics *metrics.Registry // where the counters are shown; nil shows none
	Once    bool              // end when the inputs have given what is there now

	// Begin, where it is set, is called when all has started. Reading begins when it returns true; on false all is closed again.
	Begin func() bool
}

// Runner runs one pipeline. Run is called once; the other methods may be called concurrently with it.
type Runner struct {
	p      *plugin.Pipeline
	o      Options
	log    *slog.Logger
	scope  *metrics.Scope
	dead   *deadLetters
	inputs []*inputRun
	outs   []*outputRun

	workers     []*worker
	parkedBytes atomic.Int64
	started     atomic.Bool // inputs and workers are there, and will not change
	ready       atomic.Bool
	stopping    atomic.Bool
}

// inputRun is a started input.
type inputRun struct {
	step *plugin.InputStep
	in   plugin.Input
}

// outputRun is a started output, shared by all workers.
type outputRun struct {
	step    *plugin.OutputStep
	out     plugin.Output
	breaker breaker
}

// closeShare is the part of the stop timeout that is kept for closing outputs and inputs: a quarter.
const closeShare = 4

// New returns a runner for a compiled pipeline; nothing is opened before Run.
func New(p *plugin.Pipeline, o Options) *Runner {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runner{p: p, o: o, log: o.Logger.With("pipeline", p.Settings.ID)}
	r.dead = newDeadLetters(p.Settings.DeadLetters, p.Settings.ID)
	return r
}

// Run starts the outputs and inputs and works until every input has ended, or until ctx is cancelled; then it
// stops reading, finishes what fits into the stop timeout, gives the rest back, and closes. It returns
// nil after both, and an error when something could not be started or closed.
func (r *Runner) Run(ctx context.Context) error {
	hard, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	if err := r.start(hard); err != nil {
		return errors.Join(err, r.close(hard))
	}
	r.ready.Store(true)
	defer r.ready.Store(false)
	if r.o.Begin != nil && !r.o.Begin() {
		return r.close(hard)
	}
	r.started.Store(true)
	r.show()
	defer r.scope.Close()

	stopped := make(chan struct{})
	var watch, work sync.WaitGroup
	watch.Go(func() { r.watchStop(ctx, stopped, cut) })
	for _, w := range r.workers {
		work.Go(func() { w.run(ctx, hard) })
	}
	work.Wait()
	close(stopped)
	watch.Wait()

	closing, done := context.WithTimeout(context.WithoutCancel(ctx), r.p.Settings.StopTimeout/closeShare+time.Second)
	defer done()
	return r.close(closing)
}

// watchStop turns the end of ctx into the steps of a stop: no new input, then the deadline.
func (r *Runner) watchStop(ctx context.Context, stopped <-chan struct{}, cut context.CancelFunc) {
	select {
	case <-stopped:
		return
	case <-ctx.Done():
	}
	r.stopping.Store(true)
	for _, in := range r.inputs {
		if d, ok := in.in.(plugin.Draining); ok {
			d.Drain()
		}
	}
	t := time.NewTimer(r.p.Settings.StopTimeout - r.p.Settings.StopTimeout/closeShare)
	defer t.Stop()
	select {
	case <-stopped:
	case <-t.C:
		r.log.Warn("stop: the deadline is reached; what is left goes back to its source, or into the dead letters where that cannot give it again")
		cut()
	}
}

// start starts outputs, then inputs, and makes the workers.
func (r *Runner) start(ctx context.Context) error {
	lanes := max(r.p.Settings.Workers, 1)
	for i := range r.p.Outputs {
		step := &r.p.Outputs[i]
		out, err := step.Built.Start(ctx, lanes*len(r.p.Inputs))
		if err != nil {
			return fmt.Errorf("start %s: %w", step.ID, err)
		}
		r.outs = append(r.outs, &outputRun{step: step, out: out})
	}
	ordered := needsOrder(r.p.Filters)
	for i := range r.p.Inputs {
		step := &r.p.Inputs[i]
		n := lanes
		if ordered && !step.Built.Streams {
			n = 1 // the input cannot keep streams apart: one lane keeps their order
		}
		in, err := step.Built.Start(ctx, plugin.StartOptions{Lanes: n, Ordered: ordered, Once: r.o.Once})
		if err != nil {
			return fmt.Errorf("start %s: %w", step.ID, err)
		}
		run := &inputRun{step: step, in: in}
		r.inputs = append(r.inputs, run)
		for lane := range n {
			r.workers = append(r.workers, newWorker(r, run, lane, len(r.workers)))
		}
	}
	return nil
}

func needsOrder(steps []plugin.FilterStep) bool {
	for i := range steps {
		s := &steps[i]
		if s.Built != nil && s.Built.Ordered || needsOrder(s.Then) || needsOrder(s.Else) {
			return true
		}
	}
	return false
}

// close closes outputs, then inputs (which extend their leases until then), then the dead letters.
func (r *Runner) close(ctx context.Context) error {
	var errs []error
	for _, o := range r.outs {
		if err := plugin.Guard(func() error { return o.out.Close(ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", o.step.ID, err))
		}
	}
	for _, in := range r.inputs {
		if err := plugin.Guard(func() error { return in.in.Close(ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", in.step.ID, err))
		}
	}
	if err := r.dead.close(); err != nil {
		errs = append(errs, fmt.Errorf("close dead letters: %w", err))
	}
	return errors.Join(errs...)
}

// Started reports whether it has begun to read, and perhaps ended since.
func (r *Runner) Started() bool { return r.started.Load() }

// Ready reports whether everything has started and nothing has stopped.
func (r *Runner) Ready() bool { return r.ready.Load() && !r.stopping.Load() }

// mayPark reports whether parked events may still grow: a quarter of the budget is theirs.
func (r *Runner) mayPark() bool {
	limit := r.o.Budget.Limit() / 4
	return limit == 0 || r.parkedBytes.Load() < limit
}
