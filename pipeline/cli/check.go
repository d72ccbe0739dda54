package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// probeTimeout bounds one question of `check --live`.
const probeTimeout = 10 * time.Second

func (a *app) checkCommand() *cobra.Command {
	var defaults string
	var live bool
	cmd := &cobra.Command{
		Use:   "check FILE...",
		Short: "Report all problems of a configuration",
		Long: `Report all problems of a configuration, each with its file, line, column, cause and, where one is near,
the right word. The files named are loaded together, as run does; "-" is standard input. All that run builds is
built, so what check passes will start.

With --live the network is asked, too: whether queues and clusters are there and let us do what we must.

Exit codes: 0 fine, warnings aside; 1 --live found something; 2 bad configuration or usage.`,
		Example: "  " + a.p.Name + " check /etc/sluice/" + a.p.Name + ".yaml\n" +
			"  " + a.p.Name + " check --live conf.d\n" +
			"  generate | " + a.p.Name + " check -",
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error { return a.check(cmd.Context(), args, defaults, live) },
	}
	cmd.Flags().StringVar(&defaults, "defaults", "", "a file with pipeline settings for all pipelines")
	cmd.Flags().BoolVar(&live, "live", false, "ask the network, too")
	return cmd
}

func (a *app) check(ctx context.Context, paths []string, defaults string, live bool) error {
	loaded, problems := config.Load(config.Options{
		Set: a.p.Plugins, Paths: paths, Defaults: defaults, Stdin: a.s.In, LookupEnv: a.s.LookupEnv, Program: a.p.Name,
	})
	config.Render(a.s.Err, problems, isTerminal(a.s.Err))
	if config.Failed(problems) {
		return &failure{code: ExitUsage}
	}
	for _, p := range loaded.Pipelines {
		s := &p.Settings
		a.printf("pipeline %s: %s, %s, %s, %s; %d workers, max_memory %s, dates in %s\n", s.ID,
			plural(len(p.Inputs), "input"), plural(countSteps(p.Filters), "filter"), plural(len(p.Outputs), "output"), plural(len(p.Tests), "test"),
			s.Workers, plugin.Size(s.MaxMemory), s.Location)
		a.tellWeaker(p.Pipeline)
	}
	if !live {
		return nil
	}
	var errs []error
	for _, p := range loaded.Pipelines {
		errs = append(errs, a.probe(ctx, p)...)
	}
	if err := errors.Join(errs...); err != nil {
		return failed(err)
	}
	a.printf("all that can be asked has answered\n")
	return nil
}

// tellWeaker says where less is promised than that each line arrives, once.
func (a *app) tellWeaker(p *plugin.Pipeline) {
	for i := range p.Inputs {
		if in := &p.Inputs[i]; !in.Built.Replayable {
			a.printf("  %s cannot give its events again: what the pipeline holds when it is killed is lost\n", in.ID)
		}
	}
	for i := range p.Outputs {
		if out := &p.Outputs[i]; out.BestEffort {
			a.printf("  %s is best_effort: what it does not take at once is dropped and counted\n", out.ID)
		}
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// countSteps counts filters, those in branches included.
func countSteps(steps []plugin.FilterStep) (n int) {
	for i := range steps {
		if steps[i].If == nil {
			n++
		}
		n += countSteps(steps[i].Then) + countSteps(steps[i].Else)
	}
	return n
}
