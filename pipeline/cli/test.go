package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/pipeline/config"
	"sluice/pipeline/expect"
)

// testFlags are the flags of `test`.
type testFlags struct {
	defaults string
	update   bool
}

func (a *app) testCommand() *cobra.Command {
	f := testFlags{}
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Run the test cases of a configuration",
		Long: `Run the cases of a configuration: those under "tests:", and the txtar files beside it whose names
begin with its name (reader.txtar, reader_nginx.txtar for reader.yaml; all of them where a folder is given).
The files named are loaded together, as run does. A txtar file may be given by itself, too.

The lines of a case go through the decoding of its input, the filters and the conditions of the outputs; an
output that can tells the document's index and id. Nothing is opened. The clock is frozen, at ` + testDay + ` unless
the case says otherwise, so a case gives the same result every day.

What differs is shown field by field; then, which branches, expressions and outputs no case has touched.

Exit codes: 0 all cases passed; 1 a case failed; 2 bad configuration or usage, or there is no case.`,
		Example: "  " + a.p.Name + " test " + a.p.Name + ".yaml\n" +
			"  " + a.p.Name + " test conf.d\n" +
			"  " + a.p.Name + " test --update reader_nginx.txtar",
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error { return a.test(cmd.Context(), args, &f) },
	}
	cmd.Flags().StringVar(&f.defaults, "defaults", "", "a file with pipeline settings for all pipelines")
	cmd.Flags().BoolVar(&f.update, "update", false, "write what comes out into the txtar files as what is wanted")
	return cmd
}

// suite is a configuration with its cases.
type suite struct {
	subject *subject
	cases   []*testCase
	own     bool // the configuration stands in its only case
}

func (a *app) test(ctx context.Context, args []string, f *testFlags) error {
	start := time.Now()
	suites, err := a.suites(args, f)
	if err != nil {
		return err
	}
	r := &report{app: a, color: isTerminal(a.s.Out)}
	for _, s := range suites {
		for _, c := range s.cases {
			if err := r.run(ctx, s.subject, c, f.update); err != nil {
				return failed(err)
			}
		}
	}
	if r.passed+r.failed+r.updated == 0 {
		return bad(fmt.Errorf("there are no cases: neither tests: in %s nor txtar files beside it", strings.Join(args, ", ")))
	}
	for _, s := range suites {
		if s.own {
			continue
		}
		for _, m := range s.subject.cov.missing() {
			a.printf("not tested: pipeline %s: %s\n", s.subject.p.Settings.ID, m)
		}
	}
	r.total(time.Since(start))
	if r.failed > 0 {
		return &failure{code: ExitFailed}
	}
	return nil
}

// suites loads what the arguments name.
func (a *app) suites(args []string, f *testFlags) ([]*suite, error) {
	var configs, files []string
	for _, arg := range args {
		if isCase(arg) {
			files = append(files, arg)
			continue
		}
		configs = append(configs, arg)
		if arg == "-" {
			continue
		}
		beside, err := caseFilesOf(arg)
		if err != nil {
			return nil, bad(err)
		}
		files = append(files, beside...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	l := &library{app: a, defaults: f.defaults, given: configs, byConfig: map[string][]*suite{}}
	if len(configs) > 0 {
		if err := l.loadGiven(); err != nil {
			return nil, err
		}
	}
	for _, name := range files {
		if err := l.addFile(name); err != nil {
			return nil, asBadFile(err)
		}
	}
	return l.all, nil
}

// asBadFile makes every error that is not a failure yet one about a file.
func asBadFile(err error) error {
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	return bad(err)
}

// library holds the configurations that cases need, each loaded once.
type library struct {
	app      *app
	defaults string
	given    []string            // configurations of the command line, loaded together
	byConfig map[string][]*suite // key: a configuration file beside a case; "" for given
	all      []*suite
}

// loadGiven loads the configurations of the command line with their own cases.
func (l *library) loadGiven() error {
	suites, err := l.load(config.Options{Paths: l.given})
	if err != nil {
		return err
	}
	l.byConfig[""] = suites
	for _, s := range suites {
		for i := range s.subject.p.Tests {
			c, err := fromConfig(&s.subject.p.Tests[i])
			if err != nil {
				return bad(err)
			}
			s.cases = append(s.cases, c)
		}
	}
	return nil
}

// load loads a configuration; what is wrong is printed.
func (l *library) load(o config.Options) ([]*suite, error) {
	a := l.app
	o.Set, o.Stdin, o.LookupEnv, o.Program, o.Defaults = a.p.Plugins, a.s.In, a.s.LookupEnv, a.p.Name, l.defaults
	loaded, problems := config.Load(o)
	if config.Failed(problems) {
		config.Render(a.s.Err, problems, isTerminal(a.s.Err))
		return nil, &failure{code: ExitUsage}
	}
	var suites []*suite
	for i := range loaded.Pipelines {
		p := &loaded.Pipelines[i]
		suites = append(suites, &suite{subject: &subject{p, newCoverage(p)}})
	}
	l.all = append(l.all, suites...)
	return suites, nil
}

// addFile reads a case file and gives it to the pipeline that it is about.
func (l *library) addFile(name string) error {
	c, err := readCase(name)
	if err != nil {
		return err
	}
	suites, err := l.suitesFor(c)
	if err != nil {
		return err
	}
	id := c.golden.pipeline
	var ids []string
	for _, s := range suites {
		if id == "" && len(suites) == 1 || id == s.subject.p.Settings.ID {
			s.cases = append(s.cases, c)
			return nil
		}
		ids = append(ids, s.subject.p.Settings.ID)
	}
	if id == "" {
		return fmt.Errorf("%s: the configuration has the pipelines %s; name one in a section pipeline", name, strings.Join(ids, ", "))
	}
	return didYouMean(fmt.Errorf("%s: there is no pipeline %q", name, id), id, ids)
}

// suitesFor finds or loads the configuration of a case.
func (l *library) suitesFor(c *testCase) ([]*suite, error) {
	g := c.golden
	if g.config != "" {
		suites, err := l.load(config.Options{Paths: []string{g.path}, Texts: map[string]string{filepath.Clean(g.path): g.padded()}, Partial: true})
		for _, s := range suites {
			s.own = true
		}
		return suites, err
	}
	if suites := l.byConfig[""]; suites != nil && l.isGiven(g.path) {
		return suites, nil
	}
	name, err := configOf(g.path)
	if err != nil {
		return nil, err
	}
	if suites := l.byConfig[name]; suites != nil {
		return suites, nil
	}
	suites, err := l.load(config.Options{Paths: []string{name}})
	l.byConfig[name] = suites
	return suites, err
}

// isGiven reports whether a case file stands beside a configuration of the command line that it belongs to.
func (l *library) isGiven(file string) bool {
	for _, arg := range l.given {
		beside, err := caseFilesOf(arg)
		if err == nil && slices.Contains(beside, file) {
			return true
		}
	}
	return false
}

// padded is the configuration with so many empty lines before it that its problems name the lines of the
// case file.
func (g *goldenFile) padded() string {
	before, _, _ := bytes.Cut(g.text, []byte("-- "+sectionConfig+" --"))
	return strings.Repeat("\n", bytes.Count(before, []byte("\n"))+1) + g.config
}

// fromConfig makes a case of one under `tests:`.
func fromConfig(t *config.Test) (*testCase, error) {
	c := &testCase{
		name: t.Name, place: fmt.Sprintf("%s:%d", t.File, t.Line),
		events: t.Input.Events, fields: t.Input.Fields, input: t.Input.Input, now: t.Input.Now,
		want: t.Expect, dropped: t.Dropped, mode: expect.Subset,
	}
	if t.Input.Lines != nil {
		c.lines = []byte(strings.Join(t.Input.Lines, "\n") + "\n")
	}
	if t.Input.Raw != nil {
		c.message = []byte(*t.Input.Raw)
	}
	if t.Input.File != "" {
		text, err := os.ReadFile(t.Input.File)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.place, err)
		}
		c.lines = text
	}
	if c.want == nil && c.dropped == nil {
		return nil, fmt.Errorf("%s: %w", c.place, errors.New("the case expects nothing; add expect or dropped"))
	}
	return c, nil
}
