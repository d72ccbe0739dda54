package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/metrics"
	"sluice/pipeline"
	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// generation is the pipelines of one configuration as it was read at one time, from their start until all have ended.
type generation struct {
	pipelines []config.Pipeline
	runners   []*pipeline.Runner // of each pipeline
	registry  *metrics.Registry  // its counters begin at 0

	stop   context.CancelFunc
	ended  chan error  // has one value once all have ended: what failed
	failed atomic.Bool // one could not start
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

// adopt makes a generation the current one, with new runners; it may have run before.
func (p *process) adopt(g *generation) {
	g.runners = nil
	for _, pl := range g.pipelines {
		g.runners = append(g.runners, pipeline.New(pl.Pipeline, pipeline.Options{
			Logger: p.log, Budget: p.budget, Metrics: g.registry, Once: p.flags.once,
		}))
	}
	p.limitMemory(g)
	p.current.Store(g)
}

// start starts the pipelines of a generation, side by side, and returns when all have started. When one of them cannot,
// or fails later, the others are stopped; the error is why one could not, after all have ended.
func (p *process) start(ctx context.Context, g *generation) error {
	running, stop := context.WithCancel(ctx)
	g.stop, g.ended = stop, make(chan error, 1)
	g.failed.Store(false)
	errs := make([]error, len(g.runners))
	var starting, all sync.WaitGroup
	for i, r := range g.runners {
		starting.Add(1)
		started := sync.OnceFunc(starting.Done)
		all.Go(func() {
			defer started()
			if err := r.Run(running, started); err != nil {
				errs[i] = fmt.Errorf("pipeline %s: %w", g.pipelines[i].Settings.ID, err)
				g.failed.CompareAndSwap(false, !r.Started())
				stop()
			}
		})
	}
	go func() {
		all.Wait()
		stop()
		g.ended <- errors.Join(errs...)
	}()
	starting.Wait()
	if g.failed.Load() {
		return <-g.ended
	}
	return nil
}

// listenForReloads returns where reloads are asked for, and a func that ends the listening. A run to the end of its
// input is not reloaded.
func (p *process) listenForReloads() (asked <-chan os.Signal, end func()) {
	if p.flags.once || p.a.p.Reloads == nil {
		return nil, func() {}
	}
	return p.a.p.Reloads()
}

// reload reads the configuration again. When all is well, the generation that runs is stopped, and the new one is
// started behind it; otherwise the old one goes on. The error means that nothing runs any more.
func (p *process) reload(ctx context.Context) error {
	old := p.current.Load()
	if reason := p.fixed(old); reason != "" {
		p.refuse("reload refused; the program goes on as it is", "reason", reason)
		return nil
	}
	began := time.Now()
	next, problems := p.build()
	if next == nil {
		for _, problem := range problems {
			p.answers.Error("configuration", "problem", problem.String())
		}
		p.refuse("reload failed; the old configuration goes on", "problems", len(problems))
		return nil
	}
	warn(p.answers, problems)
	p.answers.Info("reload: the new configuration is good; the pipelines stop to make room for it", "pipelines", old.names())
	old.stop()
	ended := <-old.ended
	if ctx.Err() != nil { // a stop came, too
		old.ended <- ended
		return nil
	}
	p.summarize(old)
	if ended != nil {
		p.answers.Error("reload: what ran before did not end well", "err", ended)
	}
	p.adopt(next)
	err := p.start(ctx, next)
	if err == nil {
		p.reloads.succeeded()
		p.answers.Info("reloaded", "pipelines", next.names(), "took", time.Since(began).Round(time.Millisecond).String())
		return nil
	}
	p.summarize(next)
	p.adopt(old)
	if again := p.start(ctx, old); again != nil {
		return errors.Join(err, again)
	}
	p.refuse("reload failed; the old configuration goes on", "err", err)
	return nil
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
