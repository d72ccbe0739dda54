package regex_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/regex"
	"sluice/internal/regex/corpus"
	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// minGolden is the number of cases that the golden file has at least.
const minGolden = 20000

// all runs each case of the golden file through every executor. Without, the executors that are not all of them take turns, which
// is three times as fast.
var all = flag.Bool("golden.all", false, "run each golden case through every executor")

// The golden file holds what joni, Logstash's engine, makes of expressions and texts of ours. Our engine must agree, with every
// executor and without; what it takes for an error of joni stands in testdata/exceptions.txt, with the reason.
func TestGolden(t *testing.T) {
	exceptions := readExceptions(t)
	used := map[string]bool{}
	cases, n := 0, 0
	readGolden(t, func(g regextest.Golden) {
		cases += max(1, len(g.Cases))
		if n++; n%goldenShare != 0 {
			return
		}
		checkGolden(g, n, func(executor, subject, found, expected string) {
			key := strconv.Quote(g.Expr) + "\t" + subject
			if want, ok := exceptions[key]; ok && want == found {
				used[key] = true
				return
			}
			t.Errorf("%s: found %s, expected %s\n%s\t%s", executor, found, expected, key, found)
		})
	})
	if cases < minGolden {
		t.Errorf("found %d cases, expected %d", cases, minGolden)
	}
	for key := range exceptions {
		if !used[key] && *all && goldenShare == 1 {
			t.Errorf("testdata/exceptions.txt has %s, which is no exception", key)
		}
	}
}

// checkGolden reports what is otherwise than the golden file says: by the quoted subject, or "compile" or "names".
func checkGolden(g regextest.Golden, n int, report func(executor, subject, found, expected string)) {
	tree, err := syntax.Parse(g.Expr, syntax.Options{})
	switch {
	case g.Refused && err == nil:
		if _, err = regex.CompileTree(tree, regex.Options{}); err == nil {
			report("compile", "compile", "a program", "refused")
		}
		return
	case g.Refused:
		return
	case err != nil:
		report("compile", "compile", "refused", fmt.Sprintf("a program (%v)", err))
		return
	}
	if g.Names != nil && !slices.Equal(tree.Names, g.Names) {
		report("names", "names", fmt.Sprintf("%q", tree.Names), fmt.Sprintf("%q", g.Names))
	}
	for i, x := range executors() {
		if i > 0 && !*all && n%3 != i-1 {
			continue
		}
		match, err := x.build(tree)
		if err != nil {
			report(x.name, "compile", "refused", fmt.Sprintf("a program (%v)", err))
			continue
		}
		for _, c := range g.Cases {
			expected := "no match"
			if c.Caps != nil {
				expected = regextest.FormatCaps(c.Caps)
			}
			if found := match(c.Subject); found != expected && (found != "exhausted" || x.name != "reference") {
				report(x.name, strconv.Quote(c.Subject), found, expected)
			}
		}
	}
}

// executor is a choice of executors.
type executor struct {
	name  string
	build func(*syntax.Tree) (match func(string) string, err error)
}

func executors() []executor {
	choice := func(o regex.Options) func(*syntax.Tree) (func(string) string, error) {
		return func(tree *syntax.Tree) (func(string) string, error) {
			p, err := regex.CompileTree(tree, o)
			if err != nil {
				return nil, err
			}
			m := p.NewMatcher()
			return func(s string) string {
				caps, ok := m.Match(s)
				if !ok && m.Exhausted() {
					return "exhausted"
				}
				return answer(caps, ok)
			}, nil
		}
	}
	return []executor{
		{"all executors", choice(regex.Options{})},
		{"no fast executor", choice(regex.Without(regex.Options{}, true, false))},
		{"plain alone", choice(regex.Without(regex.Options{}, true, true))},
		{"reference", func(tree *syntax.Tree) (func(string) string, error) {
			return func(s string) string {
				caps, result := reference.Match(tree, s, 1e6)
				if result == reference.Unknown {
					return "exhausted"
				}
				return answer(caps, result == reference.Matched)
			}, nil
		}},
	}
}

// On damaged lines of real formats, which are longer than those of the golden file, the executors agree with each other.
func TestDamagedLines(t *testing.T) {
	for _, f := range corpus.Formats() {
		tree, err := syntax.Parse(corpus.Expr(f.Name), syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		lines := corpus.Mutated(f.Name, 240/goldenShare)
		var want []string
		for i, x := range executors() {
			match, err := x.build(tree)
			if err != nil {
				t.Fatal(err)
			}
			for j, line := range lines {
				got := match(line)
				switch {
				case i == 0:
					want = append(want, got)
				case got != want[j] && (got != "exhausted" || x.name != "reference"):
					t.Errorf("%s, %s: %q: found %s, expected %s", f.Name, x.name, line, got, want[j])
				}
			}
		}
	}
}

func answer(caps []int32, ok bool) string {
	if !ok {
		return "no match"
	}
	return regextest.FormatCaps(caps)
}

func readGolden(tb testing.TB, yield func(regextest.Golden)) {
	tb.Helper()
	f, err := os.Open("testdata/golden.txt.gz")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // it is only read
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	if err := regextest.ReadGolden(z, yield); err != nil {
		tb.Fatal(err)
	}
}

// readExceptions reads lines of a quoted expression, a quoted text (or "compile", "names"), and what we find; a line with # has the reason
// of those below.
func readExceptions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		line := s.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Fatalf("testdata/exceptions.txt: found %q, expected three fields", line)
		}
		list[fields[0]+"\t"+fields[1]] = fields[2]
	}
	return list
}
