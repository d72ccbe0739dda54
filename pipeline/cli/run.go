package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
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

SIGHUP reads the configuration again, with all files that it names. When it has no problem, the pipelines stop as above
and the new ones begin where they ended; otherwise the old ones go on, and the log tells why.

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

// process is one `run`: what its pipelines share, and the generation of them that runs now.
type process struct {
	a       *app
	flags   *runFlags
	log     *slog.Logger
	answers *slog.Logger // for what is said of reloads, each time
	budget  *budget.Budget

	current atomic.Pointer[generation]
	reloads reloads
}

func (a *app) run(ctx context.Context, f *runFlags, chosen bool) error {
	stderr := &screen{w: a.s.Err}
	log, answers, flush := f.log.open(stderr)
	defer flush()
	if a.p.SetLogger != nil {
		a.p.SetLogger(log)
	}
	p := &process{a: a, flags: f, log: log, answers: answers, budget: budget.New(0)}
	var asked <-chan os.Signal
	if a.p.Reloads != nil && !f.once { // a run to the end of its input is not reloaded
		asked = a.p.Reloads() // before all that takes time: the signal would end the program
	}
	g, problems := p.build()
	if g == nil {
		config.Render(a.s.Err, problems, isTerminal(a.s.Err))
		return &failure{code: ExitUsage}
	}
	tell(log, problems)
	p.current.Store(g)
	l, err := listen(ctx, f.listen, chosen, log)
	if err != nil {
		return err
	}
	defer serve(l, p.handler(), log)()
	attrs := []any{"version", a.p.Version, "pipelines", g.names()}
	if l != nil {
		attrs = append(attrs, "address", l.Addr().String())
	}
	log.Info("starting", attrs...)
	defer p.showProgress(stderr)()
	return p.run(ctx, asked)
}

// build makes a generation of what the files hold now, and returns their problems. It is nil if one of them is more than
// a warning. Nothing exclusive is opened, so one may be built beside another that runs.
func (p *process) build() (*generation, []config.Problem) {
	g := &generation{registry: newRegistry(p.a.p.Version)}
	p.reloads.show(g.registry)
	loaded, problems := config.Load(config.Options{
		Paths: p.flags.configs, Defaults: p.flags.defaults, Env: p.env(g.registry),
		Set: p.a.p.Plugins, Stdin: p.a.s.In, LookupEnv: p.a.s.LookupEnv, Program: p.a.p.Name,
	})
	if loaded == nil {
		return nil, problems
	}
	g.pipelines = loaded.Pipelines
	p.equip(g)
	return g, problems
}

// tell logs problems, and returns how many are more than warnings.
func tell(log *slog.Logger, problems []config.Problem) (failed int) {
	for i := range problems {
		say := log.Warn
		if !problems[i].Warning {
			say = log.Error
			failed++
		}
		say("configuration", "problem", problems[i].String())
	}
	return failed
}

// env gives each plugin what the process shares.
func (p *process) env(reg *metrics.Registry) func(plugin.Settings, string, string) plugin.Env {
	return func(s plugin.Settings, id, _ string) plugin.Env {
		return plugin.Env{
			Pipeline: s.ID,
			Logger:   p.log.With("pipeline", s.ID, "id", id),
			DataDir:  s.DataDir,
			Budget:   p.budget,
			Metrics:  reg.Scope("pipeline", s.ID, "step", id),
			Version:  p.a.p.Version,
		}
	}
}

// What the garbage collector is told. The limit stands well above what the budget allows to live, since a
// collector that comes near its limit takes the whole machine.
const (
	memoryFactor = 2
	memorySpare  = 64 << 20
	gcPercent    = 200
)

// limitMemory gives the process the budget of a generation, the largest that one of its pipelines asks for.
func (p *process) limitMemory(g *generation) {
	var most int64
	for _, pl := range g.pipelines {
		most = max(most, pl.Settings.MaxMemory)
	}
	p.budget.SetLimit(most)
	if _, set := p.a.s.LookupEnv("GOMEMLIMIT"); !set && most > 0 {
		debug.SetMemoryLimit(memoryFactor*most + memorySpare)
	}
	if _, set := p.a.s.LookupEnv("GOGC"); !set {
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

// run runs the current generation, and those that reloads put in its place, until the pipelines end.
func (p *process) run(ctx context.Context, asked <-chan os.Signal) error {
	defer context.AfterFunc(ctx, func() { p.log.Info("stopping") })()
	if err := p.start(ctx, p.current.Load()); err != nil {
		return p.finish(ctx, err)
	}
	for {
		select {
		case err := <-p.current.Load().ended:
			return p.finish(ctx, err)
		case <-asked:
		}
		if err := p.reload(ctx); err != nil {
			return p.finish(ctx, err)
		}
	}
}

// finish says what became of the events, and how the run ends.
func (p *process) finish(ctx context.Context, err error) error {
	p.summarize(p.current.Load())
	if err != nil {
		return failed(err)
	}
	if p.flags.once && ctx.Err() != nil {
		return failed(errInterrupted)
	}
	return nil
}

// summarize logs what became of the events of each pipeline of a generation that has ended.
func (p *process) summarize(g *generation) {
	for i, r := range g.runners {
		if r.Started() {
			p.summary(g.pipelines[i].Settings.ID, r.Stats())
		}
	}
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
func (p *process) showProgress(to *screen) (stop func()) {
	if !p.flags.once || !to.IsTerminal() || isTerminal(p.a.s.Out) && p.current.Load().writesStdout() {
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
	for _, r := range p.current.Load().runners {
		s := r.Stats()
		sum.In += s.In
		sum.Bytes += s.Bytes
		sum.Left += s.Left
		sum.LeftKnown = sum.LeftKnown && s.LeftKnown
	}
	return sum
}
