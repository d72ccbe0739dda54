package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sluice/internal/grok"
	"sluice/patterns"
	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// grokFlags say which patterns there are and where expressions come from; the commands of `grok` share them.
type grokFlags struct {
	ecs    bool
	dirs   []string
	define []string
	all    bool
	config string
	field  string
}

func (a *app) grokCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "grok",
		Short: "Explain, try, list, check and propose grok patterns",
		Long: `Work with grok patterns as the grok filter runs them: the same patterns, the same engine.

Exit codes: 0 fine, 1 something did not match or is doubtful, 2 bad pattern or usage.`,
		Args: unknownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.grokExplainCommand(), a.grokDebugCommand(), a.grokListCommand(), a.grokLintCommand(), a.grokDiscoverCommand())
	return cmd
}

// library adds the flags that say which patterns there are.
func (f *grokFlags) library(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.ecs, "ecs", false, "take the patterns with fields of the Elastic Common Schema")
	cmd.Flags().StringArrayVar(&f.dirs, "patterns-dir", nil, "a file or folder with patterns of your own (may be repeated)")
	cmd.Flags().StringArrayVar(&f.define, "define", nil, "a pattern of your own: NAME=EXPRESSION (may be repeated)")
}

// source adds the flags that say where expressions come from.
func (f *grokFlags) source(cmd *cobra.Command) {
	f.library(cmd)
	cmd.Flags().BoolVar(&f.all, "all-captures", false, "references without a field capture under their pattern's name")
	cmd.Flags().StringVarP(&f.config, "config", "c", "", "take the expressions of this configuration's grok filters, in their order")
	cmd.Flags().StringVar(&f.field, "field", "message", "with --config, the field whose expressions are taken")
}

// newLibrary returns the patterns that the flags ask for.
func (f *grokFlags) newLibrary() (*patterns.Library, error) {
	lib := patterns.NewLibrary(f.ecs)
	for _, dir := range f.dirs {
		if err := lib.ReadDir(dir, "*"); err != nil {
			return nil, bad(err)
		}
	}
	for _, d := range f.define {
		name, text, ok := strings.Cut(d, "=")
		if !ok {
			return nil, fmt.Errorf("--define %q: expected NAME=EXPRESSION", d)
		}
		if err := lib.Define(name, text); err != nil {
			return nil, bad(fmt.Errorf("--define: %w", err))
		}
	}
	return lib, nil
}

// tried is an expression with where it comes from.
type tried struct {
	step, option string // "" for the command line
	pattern      *grok.Pattern
	matcher      *grok.Matcher // these are made when they are first needed
	explainer    *grok.Explainer
}

func (t *tried) explain(line string) grok.Failure {
	if t.explainer == nil {
		t.explainer = t.pattern.NewExplainer()
	}
	return t.explainer.Explain(line)
}

func (t *tried) matcherOf() *grok.Matcher {
	if t.matcher == nil {
		t.matcher = t.pattern.NewMatcher()
	}
	return t.matcher
}

// where names an expression in output: its place in the configuration, or its number.
func (t *tried) where() string {
	if t.step == "" {
		return "the expression"
	}
	return t.step + " " + t.option
}

// expressions returns the expressions of the configuration, or those of the command line.
func (a *app) expressions(f *grokFlags, args ...string) ([]tried, error) {
	if f.config != "" {
		return a.configured(f)
	}
	lib, err := f.newLibrary()
	if err != nil {
		return nil, err
	}
	var list []tried
	for _, expr := range args {
		p, err := compileExpression(lib, expr, !f.all)
		if err != nil {
			return nil, bad(err)
		}
		list = append(list, tried{pattern: p})
	}
	return list, nil
}

func compileExpression(lib *patterns.Library, expr string, named bool) (*grok.Pattern, error) {
	x, err := lib.Expand(expr, named)
	if err != nil {
		return nil, err
	}
	return grok.Compile(x, 0)
}

// configured returns the expressions of a configuration's grok filters for one field.
func (a *app) configured(f *grokFlags) ([]tried, error) {
	loaded, problems := config.Load(config.Options{
		Set: a.p.Plugins, Paths: []string{f.config}, Stdin: a.s.In, LookupEnv: a.s.LookupEnv, Program: a.p.Name, Partial: true,
	})
	config.Render(a.s.Err, problems, isTerminal(a.s.Err))
	if config.Failed(problems) {
		return nil, &failure{code: ExitUsage}
	}
	var list []tried
	for _, p := range loaded.Pipelines {
		for step, use := range usesOf(p.Filters) {
			if use.Field != f.field {
				continue
			}
			compiled, err := grok.Compile(use.Expanded, use.Budget)
			if err != nil {
				return nil, bad(fmt.Errorf("%s %s: %w", step.ID, use.Option, err))
			}
			list = append(list, tried{step: step.ID, option: use.Option, pattern: compiled})
		}
	}
	if len(list) == 0 {
		return nil, bad(fmt.Errorf("%s has no grok filter for the field %q", f.config, f.field))
	}
	return list, nil
}

// usesOf yields the expressions of all grok filters, those in branches included.
func usesOf(steps []plugin.FilterStep) func(yield func(*plugin.FilterStep, grok.Use) bool) {
	return func(yield func(*plugin.FilterStep, grok.Use) bool) { walkUses(steps, yield) }
}

func walkUses(steps []plugin.FilterStep, yield func(*plugin.FilterStep, grok.Use) bool) bool {
	for i := range steps {
		s := &steps[i]
		if s.Built != nil {
			if g, ok := s.Built.New().(interface{ Expressions() []grok.Use }); ok {
				for _, u := range g.Expressions() {
					if !yield(s, u) {
						return false
					}
				}
			}
		}
		if !walkUses(s.Then, yield) || !walkUses(s.Else, yield) {
			return false
		}
	}
	return true
}

// sampleLines reads the lines of a file, or of standard input for "-".
func (a *app) sampleLines(name string) ([]string, error) {
	r := a.s.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, bad(fmt.Errorf("read samples: %w", err))
		}
		defer f.Close() //nolint:errcheck // it was only read
		r = f
	}
	text, err := io.ReadAll(r)
	if errors.Is(err, syscall.EISDIR) {
		return nil, bad(fmt.Errorf("read samples: %w", err))
	} else if err != nil {
		return nil, failed(fmt.Errorf("read samples: %w", err))
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		lines = append(lines, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	if len(lines) == 0 {
		return nil, bad(errors.New("read samples: there are no lines"))
	}
	return lines, nil
}

// notAll is the end of a command that had something to complain about, all of which has been said.
func notAll(fine bool) error {
	if fine {
		return nil
	}
	return &failure{code: ExitFailed}
}
