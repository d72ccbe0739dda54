package regex_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/regex"
	"sluice/internal/regex/regextest"
)

// minGolden is the number of cases that the golden file has at least.
const minGolden = 20000

// The golden file holds what joni, Logstash's engine, makes of expressions and texts of ours. Our engine must agree, with every
// executor and without; what it takes for an error of joni stands in testdata/exceptions.txt, with the reason.
func TestGolden(t *testing.T) {
	exceptions := readExceptions(t)
	used := map[string]bool{}
	cases := 0
	readGolden(t, func(g regextest.Golden) {
		cases += max(1, len(g.Cases))
		for _, o := range executors() {
			checkGolden(t, g, o, func(subject, found, expected string) {
				key := strconv.Quote(g.Expr) + "\t" + subject
				if want, ok := exceptions[key]; ok && (want == found || want == "*") {
					used[key] = true
					return
				}
				t.Errorf("%s\n%s: found %s, expected %s\t%s", o.name, key, found, expected, key+"\t"+found)
			})
		}
	})
	if cases < minGolden {
		t.Errorf("found %d cases, expected %d", cases, minGolden)
	}
	for key := range exceptions {
		if !used[key] {
			t.Errorf("testdata/exceptions.txt has %s, which is no exception", key)
		}
	}
}

// executor is a choice of executors.
type executor struct {
	name string
	opt  regex.Options
}

func executors() []executor {
	return []executor{
		{"all executors", regex.Options{}},
		{"no fast executor", regex.Without(regex.Options{}, true, false)},
		{"no superset", regex.Without(regex.Options{}, false, true)},
		{"plain alone", regex.Without(regex.Options{}, true, true)},
	}
}

// checkGolden reports what is otherwise than the golden file says: by the quoted subject, or "compile" or "names".
func checkGolden(t *testing.T, g regextest.Golden, x executor, report func(subject, found, expected string)) {
	t.Helper()
	p, err := regex.Compile(g.Expr, x.opt)
	if (err != nil) != g.Refused {
		if err != nil {
			report("compile", fmt.Sprintf("refused (%v)", err), "a program")
		} else {
			report("compile", "a program", "refused")
		}
		return
	}
	if err != nil {
		return
	}
	if names := p.Names(); g.Names != nil && !slices.Equal(names, g.Names) {
		report("names", fmt.Sprintf("%q", names), fmt.Sprintf("%q", g.Names))
	}
	m := p.NewMatcher()
	for _, c := range g.Cases {
		found, expected := "no match", "no match"
		if caps, ok := m.Match(c.Subject); ok {
			found = regextest.FormatCaps(caps)
		} else if m.Exhausted() {
			found = "exhausted"
		}
		if c.Caps != nil {
			expected = regextest.FormatCaps(c.Caps)
		}
		if found != expected {
			report(strconv.Quote(c.Subject), found, expected)
		}
	}
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
