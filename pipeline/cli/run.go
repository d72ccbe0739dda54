package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/budget"
	"sluice/internal/metrics"
	"sluice/pipeline"
	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// runFlags are the flags of `run`.
type runFlags struct {
	configs  []string
	defaults string
	listen   string
	once     bool
	log      logFlags
}

func (a *app) runCommand() *cobra.Command {
	f := runFlags{log: newLogFlags()}
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Run the pipelines of a configuration",
		Long: `Run the pipelines of a configuration until SIGTERM or SIGINT: then no more is read, what fits into
stop_timeout is finished, the rest goes back to its source. A second signal, a second later or more, ends the program at once.

Several files and folders may be given; files with the same pipeline.id are one pipeline. All pipelines share
one memory budget, the largest max_memory among them. GOMEMLIMIT and GOGC are set to suit it unless
the environment sets them.

/healthz, /readyz and /metrics are served on --listen. That the default address is taken is only a
warning. With --once nothing is served unless --listen is given.

Exit codes: 0 stopped, or came to the end with --once; 1 failed at run time; 2 bad configuration or usage.`,
		Example: "  " + a.p.Name + " run -c /etc/sluice/" + a.p.Name + ".yaml\n" +
			"  " + a.p.Name + " run -c conf.d --defaults defaults.yaml --log-format json\n" +
			"  " + a.p.Name + " run --once -c import.yaml < old.log",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(f.configs) == 0 {
				return errors.New("expected -c FILE")
			}
			chosen := cmd.Flags().Changed("listen")
			if f.once && !chosen {
				f.listen = ""
			}
			return a.run(cmd.Context(), &f, chosen)
		},
	}
	fl := cmd.Flags()
	fl.StringArrayVarP(&f.configs, "config", "c", nil, "a configuration file or folder, \"-\" for standard input; may be repeated")
	fl.StringVar(&f.defaults, "defaults", "", "a file with pipeline settings for all pipelines")
	fl.StringVar(&f.listen, "listen", a.p.Listen, "the address of health and metrics, \"\" for none")
	fl.BoolVar(&f.once, "once", false, "end when the inputs have given what is there now")
	fl.Var(&f.log.format, "log-format", "text on a terminal and JSON elsewhere, unless told otherwise")
	fl.Var(&f.log.level, "log-level", "the least level that is logged")
	return cmd
}

// process is what all pipelines of a run share.
type process struct {
	log      *slog.Logger
	budget   *budget.Budget
	registry *metrics.Registry
	runners  []*pipeline.Runner
	names    []string
	stdout   bool // an output writes to standard output
}

func (a *app) run(ctx context.Context, f *runFlags, chosen bool) error {
	stderr := &screen{w: a.s.Err}
	log, flush := f.log.open(stderr)
	defer flush()
	if a.p.SetLogger != nil {
		a.p.SetLogger(log)
	}
	p := &process{log: log, budget: budget.New(0), registry: newRegistry(a.p.Version)}
	loaded, err := a.load(config.Options{Paths: f.configs, Defaults: f.defaults, Env: p.env(a.p.Version)}, log)
	if err != nil {
		return err
	}
	a.limitMemory(p.share(loaded.Pipelines))
	for _, pl := range loaded.Pipelines {
		p.names = append(p.names, pl.Settings.ID)
		p.stdout = p.stdout || slices.ContainsFunc(pl.Outputs, func(o plugin.OutputStep) bool { return o.Plugin == "stdout" })
		p.runners = append(p.runners, pipeline.New(pl.Pipeline, pipeline.Options{Logger: log, Budget: p.budget, Metrics: p.registry, Once: f.once}))
	}
	l, err := listen(ctx, f.listen, chosen, log)
	if err != nil {
		return err
	}
	defer serve(l, handler(p.runners, p.names, p.registry), log)()
	attrs := []any{"version", a.p.Version, "pipelines", p.names}
	if l != nil {
		attrs = append(attrs, "address", l.Addr().String())
	}
	log.Info("starting", attrs...)
	defer a.showProgress(f, p, stderr)()
	return p.run(ctx, f.once)
}

// load reads the configuration and reports its problems: warnings in the log, with errors all of them as text.
func (a *app) load(o config.Options, log *slog.Logger) (*config.Loaded, error) {
	o.Set, o.Stdin, o.LookupEnv, o.Program = a.p.Plugins, a.s.In, a.s.LookupEnv, a.p.Name
	loaded, problems := config.Load(o)
	if config.Failed(problems) {
		config.Render(a.s.Err, problems, isTerminal(a.s.Err))
		return nil, &failure{code: ExitUsage}
	}
	for _, p := range problems {
		log.Warn("configuration", "problem", p.String())
	}
	return loaded, nil
}

// env gives each plugin what the process shares.
func (p *process) env(version string) func(plugin.Settings, string, string) plugin.Env {
	return func(s plugin.Settings, id, _ string) plugin.Env {
		return plugin.Env{
			Pipeline: s.ID,
			Logger:   p.log.With("pipeline", s.ID, "id", id),
			DataDir:  s.DataDir,
			Budget:   p.budget,
			Metrics:  p.registry.Scope("pipeline", s.ID, "step", id),
			Version:  version,
		}
	}
}

// share sets the budget of the process, the largest that a pipeline asks for, and returns it.
func (p *process) share(pipelines []config.Pipeline) int64 {
	var most int64
	for _, pl := range pipelines {
		most = max(most, pl.Settings.MaxMemory)
	}
	p.budget.SetLimit(most)
	return most
}

// What the garbage collector is told. The limit stands well above what the budget allows to live, since a
// collector that comes near its limit takes the whole machine.
const (
	memoryFactor = 2
	memorySpare  = 64 << 20
	gcPercent    = 200
)

func (a *app) limitMemory(budget int64) {
	if _, set := a.s.LookupEnv("GOMEMLIMIT"); !set && budget > 0 {
		debug.SetMemoryLimit(memoryFactor*budget + memorySpare)
	}
	if _, set := a.s.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(gcPercent)
	}
}

func newRegistry(version string) *metrics.Registry {
	reg := metrics.NewRegistry()
	reg.Scope("version", version).GaugeFunc("build_info", "1, with the program's version.", func() float64 { return 1 })
	return reg
}

// errInterrupted is the error of a --once run that was stopped before its end.
var errInterrupted = errors.New("stopped before the end of the input")

// run runs all pipelines until they end. When one fails the others are stopped.
func (p *process) run(ctx context.Context, once bool) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(p.runners))
	var wg sync.WaitGroup
	for i, r := range p.runners {
		wg.Go(func() {
			if errs[i] = r.Run(running); errs[i] != nil {
				errs[i] = fmt.Errorf("pipeline %s: %w", p.names[i], errs[i])
				stop()
			}
		})
	}
	ended := context.AfterFunc(ctx, func() { p.log.Info("stopping") })
	wg.Wait()
	ended()
	for i, r := range p.runners {
		p.summary(p.names[i], r.Stats())
	}
	if err := errors.Join(errs...); err != nil {
		return failed(err)
	}
	if once && ctx.Err() != nil {
		return failed(errInterrupted)
	}
	return nil
}

// summary logs what became of a pipeline's events.
func (p *process) summary(name string, s pipeline.Stats) {
	attrs := make([]any, 0, 12+len(s.Outputs)) // six pairs, and a group for each output
	attrs = append(attrs, "pipeline", name, "in", s.In, "dropped", s.Dropped, "rejected", s.Rejected, "settled", s.Settled, "released", s.Released)
	dead := s.Rejected
	for _, o := range s.Outputs {
		attrs = append(attrs, slog.Group(o.ID, "delivered", o.Delivered, "duplicate", o.Duplicate, "dropped", o.Dropped, "dead_lettered", o.DeadLettered))
		dead += o.DeadLettered
	}
	if dead > 0 {
		p.log.Warn("stopped; some events stand in the dead letters", attrs...)
		return
	}
	p.log.Info("stopped", attrs...)
}

// showProgress shows a progress line for --once on a terminal that nothing else is written to.
func (a *app) showProgress(f *runFlags, p *process, to *screen) (stop func()) {
	if !f.once || !to.IsTerminal() || isTerminal(a.s.Out) && p.stdout {
		return func() {}
	}
	line := &progress{to: to, start: time.Now(), stats: p.stats}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { line.watch(done) })
	return func() {
		close(done)
		wg.Wait()
	}
}

// stats sums what the progress line shows.
func (p *process) stats() pipeline.Stats {
	sum := pipeline.Stats{LeftKnown: true}
	for _, r := range p.runners {
		s := r.Stats()
		sum.In += s.In
		sum.Bytes += s.Bytes
		sum.Left += s.Left
		sum.LeftKnown = sum.LeftKnown && s.LeftKnown
	}
	return sum
}
