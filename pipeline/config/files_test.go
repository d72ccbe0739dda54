package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problemsOf loads texts as files a.yaml, b.yaml, ... and compares all problems.
func problemsOf(t *testing.T, want []string, texts ...string) {
	t.Helper()
	_, problems, _ := load(t, texts...)
	compareProblems(t, want, problems)
}

func compareProblems(t *testing.T, want []string, problems []Problem) {
	t.Helper()
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("problems differ (-want +got):\n%s", d)
	}
}

func TestConflictsOfFiles(t *testing.T) {
	problemsOf(t, []string{
		"b.yaml:1:21: pipeline.workers: the setting has another value in a.yaml:1; one pipeline has one",
		`b.yaml:2:25: filters[0].keep.id: the id "one" is taken by the step in a.yaml:3`,
	},
		"pipeline: {workers: 2, dead_letters: {path: x}}\ninputs: [stdin]\nfilters: [keep: {id: one}]\n",
		"pipeline: {workers: 3, dead_letters: {path: x}}\nfilters: [keep: {id:    one}]\noutputs: ['null']\n")
	// Another id is another pipeline, which needs inputs and outputs of its own.
	problemsOf(t, []string{`b.yaml:1:1: pipeline "b" has no inputs`}, ends, "pipeline: {id: b, workers: 3}\noutputs: ['null']\n")
	// A broken file may hold what is missing: nothing is said of it.
	problemsOf(t, []string{`a.yaml:1:9: "[" is not closed, or a comma is missing behind it`}, "inputs: [stdin\n", "outputs: ['null']\n")
}

func TestFilesThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	set, _ := fakes(t)
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	loaded, problems := Load(Options{Set: set, Paths: []string{filepath.Join(dir, "none.yaml"), empty, "-"}, Stdin: failing{}, Defaults: filepath.Join(dir, "no-defaults")})
	compareProblems(t, []string{
		"-:1:1: the pipe broke",
		empty + ":1:1: the folder holds no .yaml file",
		filepath.Join(dir, "no-defaults") + ":1:1: open: no such file or directory",
		filepath.Join(dir, "none.yaml") + ":1:1: open: no such file or directory",
	}, problems)
	if loaded != nil {
		t.Error("there is a result")
	}
	_, problems = Load(Options{Set: set})
	compareProblems(t, []string{"(none):1:1: no configuration file was named"}, problems)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the pipe broke") }

func TestDefaultsFile(t *testing.T) {
	set, _ := fakes(t)
	o := Options{Set: set, Paths: []string{"a"}, Defaults: "d", LookupEnv: lookup, Texts: map[string]string{
		"a": ends + "pipeline: {workers: 2}", "d": "pipeline: {id: x, workers: 3, batch_events: none}\ninputs: []\n",
	}}
	_, problems := Load(o)
	compareProblems(t, []string{
		"d:1:12: pipeline.id: a file of defaults cannot name a pipeline",
		`d:1:45: pipeline.batch_events: found "none", expected a whole number`,
		`d:2:1: unknown key "inputs"; the keys are pipeline`,
	}, problems)
}

func TestPartial(t *testing.T) {
	set, _ := fakes(t)
	l, problems := Load(Options{Set: set, Paths: []string{"a"}, Partial: true, Texts: map[string]string{"a": "filters: [keep: x]\n"}})
	if len(problems) > 0 || len(l.Pipelines[0].Filters) != 1 {
		t.Errorf("got %v", problems)
	}
}

func TestNestingIsBounded(t *testing.T) {
	nest := func(n int) string {
		var b strings.Builder
		b.WriteString("inputs: [stdin]\noutputs: ['null']\nfilters:\n")
		for i := range n {
			pad := strings.Repeat("  ", i)
			b.WriteString(pad + "- if: '[a]'\n" + pad + "  then:\n")
		}
		b.WriteString(strings.Repeat("  ", n) + "- keep: x\n")
		return b.String()
	}
	problemsOf(t, nil, nest(maxNesting))
	_, problems, _ := load(t, nest(maxNesting+1))
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "nested deeper than 60") {
		t.Errorf("got %v", problems)
	}
	deep := strings.Repeat("(", 1000) + "[a]" + strings.Repeat(")", 1000)
	if _, _, err := parseCondition(deep); err == nil || !strings.Contains(err.text, "nested deeper") {
		t.Errorf("got %v", err)
	}
}

func TestAliasesAreBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n")
	for i := range 8 {
		fmt.Fprintf(&bomb, "x%d: &x%d [%s*x%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*x%d, ", i), 9), i)
	}
	_, problems, _ := load(t, bomb.String())
	if !strings.Contains(stringsOf(problems), "unfold to more than") {
		t.Errorf("got %v", problems)
	}
}

func stringsOf(problems []Problem) string {
	var b bytes.Buffer
	Render(&b, problems, false)
	return b.String()
}

// TestPlacesWithinText: an error in a condition is found in the file, however the text is written.
func TestPlacesWithinText(t *testing.T) {
	f := func(style, yaml string, line, col int) {
		t.Helper()
		_, problems, _ := load(t, "inputs: [stdin]\noutputs: ['null']\nfilters:\n"+yaml+"  then: [keep: x]\n")
		if len(problems) != 1 || problems[0].Line != line || problems[0].Col != col {
			t.Errorf("%s: got %v, want %d:%d", style, problems, line, col)
		}
	}
	f("single quotes", "- if: '[a] == \"it''s\" or é == 1'\n", 4, 26)
	f("double quotes", "- if: \"[a] == \\\"\\x41\\u00e9\\\" or b\"\n", 4, 33)
	f("double quotes over lines", "- if: \"[a] == 1\n    or \\\n    b\"\n", 6, 5)
	f("literal", "- if: |\n    [a] == 1\n      or b\n", 6, 10)
	f("folded", "- if: >-\n    [a] == 1\n    or b\n", 6, 8)
	f("folded with an empty line", "- if: >-\n    [a] == 1\n\n    or b\n", 7, 8)
	f("single quotes over lines", "- if: '[a] == 1\n     or b'\n", 5, 9)
	f("behind a variable", "- if: '${COND} or b'\n", 4, 19)
	f("within a variable", "- if: '${WORD} or b'\n", 4, 8)
}

func TestExcerpts(t *testing.T) {
	f := func(line string, col int, want string) {
		t.Helper()
		var b bytes.Buffer
		Render(&b, []Problem{{File: "f", Line: 3, Col: col, Text: "bad", excerpt: line}}, true)
		if d := cmp.Diff("f:3:"+want, b.String()); d != "" {
			t.Error(d)
		}
	}
	f("abc", 2, "2: bad\n    3 | abc\n      |  ^\n")
	f("a\tb\x1b[0m", 3, "3: bad\n    3 | a b [0m\n      |   ^\n")
	f("éé", 9, "9: bad\n    3 | éé\n      |   ^\n")
	f("", 1, "1: bad\n")
	f(strings.Repeat("a", 200), 150, "150: bad\n    3 | ..."+strings.Repeat("a", 100)+"...\n      | "+strings.Repeat(" ", 62)+"^\n")
}
