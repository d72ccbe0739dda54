package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"sluice/internal/grok"
)

// maxDiscovered is how many lines of a file are looked at.
const maxDiscovered = 10000

func (a *app) grokDiscoverCommand() *cobra.Command {
	f := grokFlags{}
	cmd := &cobra.Command{
		Use:   "discover FILE",
		Short: "Propose a pattern for the lines of a file",
		Long: `Propose expressions for sample lines ("-" is standard input; the first 10,000 are looked at), and say how many lines
each covers. Where a pattern of a usual format describes the lines, it is proposed; otherwise one is made of the dates,
addresses, numbers and words that lines have in common. Names of fields are a beginning: give them yours.

Exit codes: 0 every line is covered, 1 some are not, 2 usage.`,
		Example: "  " + a.p.Name + " grok discover app.log\n  tail -n 500 app.log | " + a.p.Name + " grok discover -",
		Args:    oneFile,
		RunE:    func(_ *cobra.Command, args []string) error { return a.grokDiscover(&f, args[0]) },
	}
	f.library(cmd)
	return cmd
}

// oneFile expects the name of one file.
func oneFile(cmd *cobra.Command, args []string) error {
	if err := files(cmd, args); err != nil {
		return err
	}
	return noArgs(cmd, args[1:])
}

func (a *app) grokDiscover(f *grokFlags, name string) error {
	lib, err := f.newLibrary()
	if err != nil {
		return err
	}
	lines, err := a.sampleLines(name)
	if err != nil {
		return err
	}
	lines = lines[:min(len(lines), maxDiscovered)]
	for i, line := range lines {
		if !utf8.ValidString(line) {
			return bad(fmt.Errorf("%s:%d: found bytes that are no UTF-8, expected lines of text", name, i+1))
		}
	}
	list, err := grok.Discover(lib, lines)
	if err != nil {
		return bad(err)
	}
	covered, total := 0, 0
	for _, line := range lines {
		if line != "" {
			total++
		}
	}
	for _, p := range list {
		covered += p.Covered
		a.printf("%s\n  covers %d of %s\n", p.Expr, p.Covered, plural(total, "line"))
	}
	if covered < total {
		a.printf("no proposal for %s, the first of them:\n", plural(total-covered, "line"))
		a.printf("  %s\n", firstUncovered(list, lines))
	}
	return notAll(covered == total)
}

func firstUncovered(list []grok.Proposal, lines []string) string {
	taken := map[int]bool{}
	for _, p := range list {
		for _, i := range p.Lines {
			taken[i] = true
		}
	}
	for i, line := range lines {
		if line != "" && !taken[i] {
			return strings.ToValidUTF8(line, "\uFFFD")
		}
	}
	return ""
}
