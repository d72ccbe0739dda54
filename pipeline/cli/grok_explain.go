package cli

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sluice/internal/grok"
)

func (a *app) grokExplainCommand() *cobra.Command {
	f := grokFlags{}
	cmd := &cobra.Command{
		Use:   "explain PATTERN [LINE]",
		Short: "Show what a pattern is made of, and why a line matches it or not",
		Long: `Show the expanded expression, the tree of named patterns that it is made of and, with a line, what each
capture got: begin and end in bytes, and the text. Of a line that does not match: which pattern came furthest, how far,
in which named pattern it stopped, and the text there.

With --config the expressions are those of a configuration's grok filters, tried in their order as run does; the only
argument is then the line. "-" as the line reads it from standard input.

Exit codes: 0 the line matches, or there is none; 1 it does not match; 2 bad pattern, configuration or usage.`,
		Example: "  " + a.p.Name + " grok explain '%{COMBINEDAPACHELOG}'\n" +
			"  " + a.p.Name + " grok explain '^%{IP:client} %{WORD:verb}$' '10.0.0.1 GET'\n" +
			"  " + a.p.Name + " grok explain -c " + a.p.Name + ".yaml \"$(tail -n 1 access.log)\"",
		Args: func(_ *cobra.Command, args []string) error { return explainArgs(&f, args) },
		RunE: func(_ *cobra.Command, args []string) error { return a.grokExplain(&f, args) },
	}
	f.source(cmd)
	return cmd
}

func explainArgs(f *grokFlags, args []string) error {
	most := 2
	if f.config != "" {
		most = 1
	}
	switch {
	case len(args) == 0 && f.config != "":
		return errors.New("expected a LINE")
	case len(args) == 0:
		return errors.New("expected a PATTERN")
	case len(args) > most:
		return fmt.Errorf("unexpected argument %q", args[most])
	}
	return nil
}

func (a *app) grokExplain(f *grokFlags, args []string) error {
	list, err := a.expressions(f, args[:min(1, len(args))]...)
	if err != nil {
		return err
	}
	if f.config == "" {
		a.explainPattern(list[0].pattern)
		if args = args[1:]; len(args) == 0 {
			return nil
		}
		a.printf("\n")
	}
	line := args[0]
	if line == "-" {
		lines, err := a.sampleLines("-")
		if err != nil {
			return err
		}
		line = strings.Join(lines, "\n")
	}
	return notAll(a.explainLine(list, line))
}

// explainPattern shows what an expression is made of.
func (a *app) explainPattern(p *grok.Pattern) {
	x := p.Expanded
	a.printf("expression  %s\nexpanded    %s\n\n", x.Expr, x.Text)
	w := tabwriter.NewWriter(a.s.Out, 0, 0, 2, ' ', 0)
	depth := make([]int, len(x.Refs))
	for i := range x.Refs[1:] {
		r := &x.Refs[i+1]
		depth[i+1] = depth[r.Parent] + 1
		name := r.Def.Name
		if field := strings.TrimPrefix(r.Group, name); r.Group != "" {
			name += field
		}
		_, _ = fmt.Fprintf(w, "%s%s\t%s\n", strings.Repeat("  ", depth[i+1]-1), name, r.Def.Origin())
	}
	_ = w.Flush()
	for _, n := range x.Notes {
		a.printf("note: %s: %s\n", x.PlaceOf(n), n.Text)
	}
}

// explainLine shows the captures of the first expression that matches a line, or why none does.
func (a *app) explainLine(list []tried, line string) bool {
	for i := range list {
		t := &list[i]
		m := t.matcherOf()
		if m.Match(line) {
			from, to := m.Offsets(0)
			a.printf("%s matches bytes %d to %d of %d\n", t.number(i, len(list)), from, to, len(line))
			a.captureTable(t.pattern, m)
			return true
		}
		if m.Exhausted() {
			a.printf("%s: the steps that it may take ended before the answer was found (_groktimeout)\n", t.number(i, len(list)))
			return false
		}
	}
	best, failure := furthest(list, line)
	a.explainFailure(list, best, &failure, line)
	return false
}

// furthest returns which expression matched the longest part of a line that none matches.
func furthest(list []tried, line string) (int, grok.Failure) {
	best, failure := 0, list[0].explain(line)
	for i := range list[1:] {
		if f := list[i+1].explain(line); f.Reached-f.From > failure.Reached-failure.From {
			best, failure = i+1, f
		}
	}
	return best, failure
}

// number names an expression among several.
func (t *tried) number(i, n int) string {
	if n == 1 && t.step == "" {
		return t.where()
	}
	return fmt.Sprintf("pattern %d of %d (%s)", i+1, n, t.where())
}

func (a *app) explainFailure(list []tried, i int, f *grok.Failure, line string) {
	if len(list) == 1 {
		a.printf("%s does not match\n", list[i].number(i, len(list)))
	} else {
		a.printf("none of %d patterns matches; %s came furthest\n", len(list), list[i].number(i, len(list)))
	}
	a.printf("  matched  bytes %d to %d: %s\n", f.From, f.Reached, quoteEnd(line[f.From:f.Reached]))
	a.printf("  stopped  in %s\n", f.Place)
	if f.Wanted != "" {
		a.printf("  expected %s\n", cutShort(f.Wanted))
	}
	a.printf("  found    %s\n", quoteStart(line[f.Reached:]))
}

// maxShown is how many bytes of a line are shown around the place where it failed.
const maxShown = 60

// cutShort cuts a long part of an expression.
func cutShort(s string) string {
	if len(s) > maxShown {
		return strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return s
}

func quoteEnd(s string) string {
	if len(s) > maxShown {
		return "..." + fmt.Sprintf("%q", s[len(s)-maxShown:])
	}
	return fmt.Sprintf("%q", s)
}

func quoteStart(s string) string {
	switch {
	case s == "":
		return "the end of the line"
	case len(s) > maxShown:
		return fmt.Sprintf("%q", s[:maxShown]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// captureTable shows what each capture got.
func (a *app) captureTable(p *grok.Pattern, m *grok.Matcher) {
	w := tabwriter.NewWriter(a.s.Out, 0, 0, 2, ' ', 0)
	for _, c := range p.Captures {
		text, ok := m.Capture(c.Group)
		if !ok {
			_, _ = fmt.Fprintf(w, "  %s\t%s\t-\tnot part of the match\n", c.Field, c.Type)
			continue
		}
		from, to := m.Offsets(c.Group)
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%d-%d\t%q\n", c.Field, c.Type, from, to, text)
	}
	_ = w.Flush()
}
