package cli

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (a *app) grokDebugCommand() *cobra.Command {
	f := grokFlags{}
	cmd := &cobra.Command{
		Use:   "debug PATTERN FILE",
		Short: "Try a pattern on the lines of a file",
		Long: `Try a pattern on each line of a file ("-" is standard input): a table of the captures, a line each, the lines that do
not match with the place where they stop (the first 100 of them), and how many match.

With --config the expressions are those of a configuration's grok filters, tried in their order; the only argument is
then the file.

Exit codes: 0 every line matches, 1 some do not, 2 bad pattern, configuration or usage.`,
		Example: "  " + a.p.Name + " grok debug '%{SYSLOGLINE}' /var/log/syslog\n" +
			"  head access.log | " + a.p.Name + " grok debug -c " + a.p.Name + ".yaml -",
		Args: func(_ *cobra.Command, args []string) error {
			want := 2
			if f.config != "" {
				want = 1
			}
			switch {
			case len(args) > want:
				return fmt.Errorf("unexpected argument %q", args[want])
			case len(args) < want && want == 2:
				return errors.New("expected a PATTERN and a FILE")
			case len(args) < want:
				return errors.New("expected a FILE")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.grokDebug(&f, args) },
	}
	f.source(cmd)
	return cmd
}

func (a *app) grokDebug(f *grokFlags, args []string) error {
	list, err := a.expressions(f, args[:len(args)-1]...)
	if err != nil {
		return err
	}
	lines, err := a.sampleLines(args[len(args)-1])
	if err != nil {
		return err
	}
	matched := 0
	counts := make([]int, len(list))
	for i, line := range lines {
		if a.debugLine(list, counts, i+1, line) {
			matched++
			continue
		}
		if i-matched < maxExplained {
			a.debugFailure(list, i+1, line)
		} else {
			a.printf("line %d does not match\n", i+1)
		}
	}
	a.printf("%d of %s matched\n", matched, plural(len(lines), "line"))
	if len(list) > 1 {
		for i := range list {
			a.printf("  %d by %s\n", counts[i], list[i].where())
		}
	}
	return notAll(matched == len(lines))
}

// maxExplained is of how many lines it is told where they stop: that takes some milliseconds.
const maxExplained = 100

// debugLine shows what the first expression that matches made of a line.
func (a *app) debugLine(list []tried, counts []int, number int, line string) bool {
	for i := range list {
		m := list[i].matcherOf()
		if !m.Match(line) {
			continue
		}
		counts[i]++
		head := ""
		if len(list) > 1 {
			head = fmt.Sprintf(" (pattern %d)", i+1)
		}
		a.printf("line %d%s\n", number, head)
		w := tabwriter.NewWriter(a.s.Out, 0, 0, 2, ' ', 0)
		for _, c := range list[i].pattern.Captures {
			if text, ok := m.Capture(c.Group); ok {
				_, _ = fmt.Fprintf(w, "  %s\t%q\n", c.Field, text)
			}
		}
		_ = w.Flush()
		return true
	}
	return false
}

// debugFailure shows where a line stopped that no expression matches.
func (a *app) debugFailure(list []tried, number int, line string) {
	for i := range list {
		if m := list[i].matcherOf(); !m.Match(line) && m.Exhausted() {
			a.printf("line %d: the steps that %s may take ended before the answer was found (_groktimeout)\n", number, list[i].where())
			return
		}
	}
	best, failure := furthest(list, line)
	at := ""
	if len(list) > 1 {
		at = fmt.Sprintf(" (pattern %d)", best+1)
	}
	a.printf("line %d does not match: stopped at byte %d%s in %s, found %s\n", number, failure.Reached, at, failure.Place, quoteStart(line[failure.Reached:]))
}
