package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/internal/grok"
	"sluice/pipeline/config"
	"sluice/pipeline/plugin"
)

// lintFlags are the flags of `grok lint`.
type lintFlags struct {
	grokFlags

	samples string
}

func (a *app) grokLintCommand() *cobra.Command {
	f := lintFlags{}
	cmd := &cobra.Command{
		Use:   "lint [PATTERN...]",
		Short: "Tell what is doubtful about patterns",
		Long: `Tell what is doubtful about expressions, about patterns of your own (--patterns-dir, --define), or about all expressions
of a configuration's grok filters (--config):

  anchor     nothing ties it to the begin of a line, so lines that do not match are tried at every position
  greedy     .* or %{GREEDYDATA} with something behind it that has to match
  shadowed   an alternative, or an expression of a filter, that is never the one that matches
  capture    a capture that is lost: in a repeat, in a negative look-around, unnamed beside named ones, or removed at once
  dot        a "." between letters or digits that is no \.
  reference  a part of %{...} that is ignored

With --samples each expression is run on the lines of a file, and its cost is told, too. Patterns that are built in are not judged.

Exit codes: 0 nothing found, 1 something is doubtful, 2 bad pattern, configuration or usage.`,
		Example: "  " + a.p.Name + " grok lint '%{IP:client} %{GREEDYDATA:text} took %{NUMBER:ms}ms'\n" +
			"  " + a.p.Name + " grok lint --patterns-dir patterns/\n" +
			"  " + a.p.Name + " grok lint -c " + a.p.Name + ".yaml --samples access.log",
		Args: func(_ *cobra.Command, args []string) error { return lintArgs(&f, args) },
		RunE: func(_ *cobra.Command, args []string) error { return a.grokLint(&f, args) },
	}
	f.source(cmd)
	cmd.Flags().StringVar(&f.samples, "samples", "", "a file with sample lines, on which the cost is measured; - is standard input")
	return cmd
}

func lintArgs(f *lintFlags, args []string) error {
	switch {
	case f.config != "" && len(args) > 0:
		return fmt.Errorf("unexpected argument %q", args[0])
	case f.config == "" && len(args) == 0 && len(f.dirs)+len(f.define) == 0:
		return errors.New("expected a PATTERN, --patterns-dir, --define or --config")
	}
	return nil
}

// subjectOf is an expression to be judged.
type judged struct {
	where    string
	expanded *grok.Expanded
	whole    bool
}

func (a *app) grokLint(f *lintFlags, args []string) error {
	list, extra, err := a.judgedExpressions(f, args)
	if err != nil {
		return err
	}
	found := len(extra)
	for _, line := range extra {
		a.printf("%s\n", line)
	}
	said := map[string]bool{}
	for _, j := range list {
		findings, err := grok.Lint(j.expanded, j.whole)
		if err != nil {
			return bad(fmt.Errorf("%s: %w", j.where, err))
		}
		for _, x := range findings {
			line := fmt.Sprintf("%s: %s: %s", placeOf(j.where, x.Place), x.Rule, x.Text)
			if !said[line] {
				said[line] = true
				found++
				a.printf("%s\n", line)
			}
		}
	}
	if f.samples != "" {
		if err := a.measure(f, list); err != nil {
			return err
		}
	}
	if found == 0 {
		a.printf("nothing is doubtful\n")
	}
	return notAll(found == 0)
}

// placeOf names where a finding is: file, line and column of a pattern, or the expression and its column.
func placeOf(where string, p grok.Place) string {
	if p.Def.File != "" {
		return fmt.Sprintf("%s:%d", p.Def.Origin(), p.Def.Column+p.At)
	}
	if len(p.Chain) > 0 {
		where = p.Chain[len(p.Chain)-1]
	}
	return fmt.Sprintf("%s:%d", where, p.Def.Column+p.At)
}

// judgedExpressions returns what the arguments ask for, and what is known without looking into the expressions.
func (a *app) judgedExpressions(f *lintFlags, args []string) (list []judged, found []string, err error) {
	if f.config != "" {
		return a.judgedConfig(f)
	}
	lib, err := f.newLibrary()
	if err != nil {
		return nil, nil, err
	}
	for i, expr := range args {
		x, err := lib.Expand(expr, !f.all)
		if err != nil {
			return nil, nil, bad(err)
		}
		where := "expression"
		if len(args) > 1 {
			where = fmt.Sprintf("expression %d", i+1)
		}
		list = append(list, judged{where, x, true})
	}
	if len(args) > 0 {
		return list, nil, nil
	}
	for _, name := range lib.Names() {
		if lib.Definition(name).BuiltIn {
			continue
		}
		x, err := lib.Expand("%{"+name+"}", true)
		if err != nil {
			return nil, nil, bad(err)
		}
		list = append(list, judged{name, x, false})
	}
	return list, nil, nil
}

// judgedConfig returns the expressions of a configuration, of all fields.
func (a *app) judgedConfig(f *lintFlags) (list []judged, found []string, err error) {
	loaded, problems := config.Load(config.Options{
		Set: a.p.Plugins, Paths: []string{f.config}, Stdin: a.s.In, LookupEnv: a.s.LookupEnv, Program: a.p.Name, Partial: true,
	})
	config.Render(a.s.Err, problems, isTerminal(a.s.Err))
	if config.Failed(problems) {
		return nil, nil, &failure{code: ExitUsage}
	}
	for _, p := range loaded.Pipelines {
		var before []judged // of the same step and field
		var last *plugin.FilterStep
		field := ""
		for step, use := range usesOf(p.Filters) {
			if step != last || use.Field != field {
				before, last, field = nil, step, use.Field
			}
			j := judged{step.ID + " " + use.Option, use.Expanded, true}
			found = append(found, shadowedBy(before, j, step)...)
			before, list = append(before, j), append(list, j)
		}
	}
	if len(list) == 0 {
		return nil, nil, bad(fmt.Errorf("%s has no grok filter", f.config))
	}
	return list, found, nil
}

// shadowedBy tells which of the expressions before it keep one from ever being tried, and which of its captures the
// same step removes.
func shadowedBy(before []judged, j judged, step *plugin.FilterStep) (found []string) {
	for _, b := range before {
		switch {
		case b.expanded.Text == j.expanded.Text:
			found = append(found, fmt.Sprintf("%s: shadowed: it is the same as %s", j.where, b.where))
		case grok.Always(b.expanded):
			found = append(found, fmt.Sprintf("%s: shadowed: %s matches every text", j.where, b.where))
		}
	}
	for i := range step.Decor.RemoveField {
		name := step.Decor.RemoveField[i].String()
		if slices.Contains(capturesOf(j.expanded), name) && !strings.Contains(name, "%{") {
			found = append(found, fmt.Sprintf("%s: capture: %q is captured, and removed by the same step", j.where, name))
		}
	}
	return found
}

// measureFor is how long an expression is run on the samples.
const measureFor = 200 * time.Millisecond

// measure tells what each expression costs on lines that it matches, and on those that it does not.
func (a *app) measure(f *lintFlags, list []judged) error {
	lines, err := a.sampleLines(f.samples)
	if err != nil {
		return err
	}
	for _, j := range list {
		p, err := grok.Compile(j.expanded, 0)
		if err != nil {
			return bad(err)
		}
		m := p.NewMatcher()
		var hits, misses []string
		for _, line := range lines {
			if m.Match(line) {
				hits = append(hits, line)
			} else {
				misses = append(misses, line)
			}
		}
		a.printf("%s: cost: %s matched%s, %d not%s\n", j.where, plural(len(hits), "line"), costOf(m, hits), len(misses), costOf(m, misses))
	}
	return nil
}

// costOf tells the time that a line takes.
func costOf(m *grok.Matcher, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	start, n := time.Now(), 0
	for time.Since(start) < measureFor {
		for _, line := range lines {
			m.Match(line)
		}
		n += len(lines)
	}
	return fmt.Sprintf(" (%d ns each)", time.Since(start).Nanoseconds()/int64(n))
}
