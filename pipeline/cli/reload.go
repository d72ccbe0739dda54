package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/metrics"
	"sluice/pipeline"
	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// generation is the pipelines of one configuration as it was read at one time, from their start until all have ended. It does
// not change once it is the current one.
type generation struct {
	pipelines []config.Pipeline
	runners   []*pipeline.Runner // of each pipeline
	registry  *metrics.Registry

	stop    context.CancelFunc
	ended   chan error     // has one value once all have ended: what failed
	opening sync.WaitGroup // until each has opened what it needs, or could not
	opened  []func()       // says so of one, the first time it is called
	closed  atomic.Bool    // one could not
	begin   chan struct{}  // is closed when opening is over
	over    []atomic.Bool  // pipelines that came to their end before they were stopped
}

// names returns the ids of the pipelines.
func (g *generation) names() []string {
	names := make([]string, len(g.pipelines))
	for i := range g.pipelines {
		names[i] = g.pipelines[i].Settings.ID
	}
	return names
}

// waiting returns the ids of the pipelines that have not started, or stop.
func (g *generation) waiting() []string {
	var names []string
	for i, r := range g.runners {
		if !r.Ready() {
			names = append(names, g.pipelines[i].Settings.ID)
		}
	}
	return names
}

// writesStdout reports whether an output writes to standard output.
func (g *generation) writesStdout() bool {
	return slices.ContainsFunc(g.pipelines, func(p config.Pipeline) bool {
		return slices.ContainsFunc(p.Outputs, func(o plugin.OutputStep) bool { return o.Plugin == "stdout" })
	})
}

// equip makes the runners of a generation.
func (p *process) equip(g *generation) {
	g.ended, g.begin, g.over = make(chan error, 1), make(chan struct{}), make([]atomic.Bool, len(g.pipelines))
	g.opening.Add(len(g.pipelines))
	for _, pl := range g.pipelines {
		opened := sync.OnceFunc(g.opening.Done)
		g.opened = append(g.opened, opened)
		g.runners = append(g.runners, pipeline.New(pl.Pipeline, pipeline.Options{
			Logger: p.log, Budget: p.budget, Metrics: g.registry, Once: p.flags.once,
			Begin: func() bool {
				opened()
				<-g.begin
				return !g.closed.Load()
			},
		}))
	}
}

// again returns a generation that goes on where g, which has ended, was stopped. It has the pipelines of g that had not come to
// their end by themselves.
func (p *process) again(g *generation) *generation {
	next := &generation{registry: g.registry}
	for i := range g.pipelines {
		if !g.over[i].Load() {
			next.pipelines = append(next.pipelines, g.pipelines[i])
		}
	}
	p.equip(next)
	return next
}

// start starts the pipelines of a generation, side by side, and returns when all have opened what they need, and begin to read.
// When one of them cannot open it, none reads; the error tells why, after all have ended. When one fails later, the others
// are stopped.
func (p *process) start(ctx context.Context, g *generation) error {
	p.limitMemory(g)
	running, stop := context.WithCancel(ctx)
	g.stop = stop
	errs := make([]error, len(g.runners))
	var all sync.WaitGroup
	for i, r := range g.runners {
		all.Go(func() {
			defer g.opened[i]()
			err := r.Run(running)
			g.over[i].Store(running.Err() == nil)
			if err == nil {
				return
			}
			errs[i] = fmt.Errorf("pipeline %s: %w", g.pipelines[i].Settings.ID, err)
			if !r.Started() {
				g.closed.Store(true)
			}
			stop()
		})
	}
	go func() {
		all.Wait()
		stop()
		g.ended <- errors.Join(errs...)
	}()
	g.opening.Wait()
	close(g.begin)
	if g.closed.Load() {
		return <-g.ended
	}
	return nil
}

// reload reads the configuration again. When all is well, the generation that runs is stopped, and the new one is
// started behind it; otherwise the old one goes on. The error means that nothing runs any more.
func (p *process) reload(ctx context.Context) error {
	old, began := p.current.Load(), time.Now()
	if len(old.ended) > 0 || ctx.Err() != nil {
		return nil // there is nothing left to reload
	}
	if reason := p.fixed(old); reason != "" {
		p.refuse("reload refused; the program goes on as it is", "reason", reason)
		return nil
	}
	next := p.rebuild(ctx)
	if next == nil {
		return nil
	}
	p.answers.Info("reload: the new configuration is good; the pipelines stop to make room for it", "pipelines", old.names())
	old.stop()
	ended := <-old.ended
	if ctx.Err() != nil {
		old.ended <- ended // the stop is all that is left to do
		return nil
	}
	p.summarize(old)
	if ended != nil {
		p.answers.Error("reload: what ran before did not end well", "err", ended)
	}
	p.current.Store(next)
	err := p.start(ctx, next)
	if err == nil {
		p.reloads.succeeded()
		p.answers.Info("reloaded", "pipelines", next.names(), "took", time.Since(began).Round(time.Millisecond).String())
		return nil
	}
	back := p.again(old)
	p.current.Store(back)
	if again := p.start(ctx, back); again != nil {
		return errors.Join(err, again)
	}
	p.refuse("reload failed; the old configuration goes on", "err", err)
	return nil
}

// rebuild builds what the files hold now, beside what runs; nil when they have problems, all of which have been told, or when
// the program is to stop: a file may be one that is never read to its end.
func (p *process) rebuild(ctx context.Context) *generation {
	type result struct {
		g        *generation
		problems []config.Problem
	}
	built := make(chan result, 1)
	go func() {
		g, problems := p.build()
		built <- result{g, problems}
	}()
	select {
	case r := <-built:
		if bad := tell(p.answers, r.problems); r.g == nil {
			p.refuse("reload failed; the old configuration goes on", "problems", bad)
		}
		return r.g
	case <-ctx.Done():
		return nil
	}
}

// fixed tells why the configuration cannot be put in place of what runs; "" where it can.
func (p *process) fixed(g *generation) string {
	if slices.Contains(p.flags.configs, "-") {
		return "the configuration came from standard input, which cannot be read again"
	}
	for i := range g.pipelines {
		for j := range g.pipelines[i].Inputs {
			if in := &g.pipelines[i].Inputs[j]; in.Built.BlocksReload {
				return fmt.Sprintf("%s of pipeline %s cannot be given from one input to another in the middle of a line", in.ID, g.pipelines[i].Settings.ID)
			}
		}
	}
	return ""
}

// refuse logs that a reload has changed nothing, and counts it.
func (p *process) refuse(text string, attrs ...any) {
	p.reloads.failed.Add(1)
	p.reloads.lastFailed.Store(true)
	p.answers.Error(text, attrs...)
}

// reloads counts what became of the reloads of a process.
type reloads struct {
	good, failed atomic.Int64
	lastFailed   atomic.Bool
	changed      atomic.Int64 // Unix time of the last good one; 0 before
}

func (r *reloads) succeeded() {
	r.good.Add(1)
	r.lastFailed.Store(false)
	r.changed.Store(time.Now().Unix())
}

// show shows the counts in the registry of a generation.
func (r *reloads) show(reg *metrics.Registry) {
	reg.Scope().Writer(map[string]string{
		"config_reloads_total":                         "Reloads by what became of them; after a failure the old configuration goes on.",
		"config_last_reload_successful":                "1, or 0 after a reload that failed.",
		"config_last_reload_success_timestamp_seconds": "When the last reload succeeded; 0: none did.",
	}, func(l *metrics.Lines) {
		l.Int("config_reloads_total", r.good.Load(), "result", "success")
		l.Int("config_reloads_total", r.failed.Load(), "result", "failure")
		ok := int64(1)
		if r.lastFailed.Load() {
			ok = 0
		}
		l.Int("config_last_reload_successful", ok)
		l.Int("config_last_reload_success_timestamp_seconds", r.changed.Load())
	})
}
