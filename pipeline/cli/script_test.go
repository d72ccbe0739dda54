package cli_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"sluice/pipeline/cli"
)

var update = flag.Bool("update", false, "rewrite the scripts' out, err and code")

// variable text of outputs.
var (
	took = regexp.MustCompile(` in [0-9.]+m?s\n`)
	when = regexp.MustCompile(`"(time|since)":"[^"]*"`)

	marker = regexp.MustCompile(`(?m)^-- (.*) --$`)
	hidden = regexp.MustCompile(`(?m)^== (.*) ==$`)
)

// TestScripts runs the program as testdata/*.txtar say: "args" is one command a line, run after each other,
// with single quotes around arguments that have blanks; other sections are files of a new folder, which is the working directory; "stdin" is read, with a section
// "terminal" the streams are one. What is written, and the codes, are in "out", "err" and "code"; a section
// named "after/FILE" is what is in FILE at the end.
func TestScripts(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("found no scripts: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { runScript(t, name) })
	}
}

func runScript(t *testing.T, name string) {
	ar, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if name, err = filepath.Abs(name); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	sections := map[string]string{}
	for _, f := range ar.Files {
		sections[f.Name] = string(f.Data)
		switch {
		case slices.Contains([]string{"args", "stdin", "terminal", "out", "err", "code", "env"}, f.Name) || strings.HasPrefix(f.Name, "after/"):
		default:
			write(t, f.Name, unescape(string(f.Data)))
		}
	}
	_, terminal := sections["terminal"]
	out, errs := &buffer{terminal: terminal}, &buffer{terminal: terminal}
	var codes []string
	for line := range strings.Lines(sections["args"]) {
		code := cli.Main(t.Context(), program(t, out), words(line), cli.Streams{
			In: strings.NewReader(sections["stdin"]), Out: out, Err: errs, LookupEnv: environment(sections["env"]),
		})
		codes = append(codes, strconv.Itoa(code))
	}
	got := map[string]string{"out": clean(out.String()), "err": clean(errs.String()), "code": strings.Join(codes, " ") + "\n"}
	for s := range sections {
		if file, ok := strings.CutPrefix(s, "after/"); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Error(err)
			}
			got[s] = escape(string(text))
		}
	}
	compareScript(t, name, ar, sections, got)
}

func compareScript(t *testing.T, name string, ar *txtar.Archive, want, got map[string]string) {
	t.Helper()
	for _, s := range slices.Sorted(maps.Keys(got)) {
		if *update {
			i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == s })
			if i < 0 {
				ar.Files = append(ar.Files, txtar.File{Name: s})
				i = len(ar.Files) - 1
			}
			ar.Files[i].Data = []byte(got[s])
			continue
		}
		if d := cmp.Diff(want[s], got[s]); d != "" {
			t.Errorf("%s (- expected, + found):\n%s", s, d)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(ar), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// words splits a command at blanks; between single quotes they are text.
func words(line string) (list []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " ") {
		end := strings.IndexByte(line, ' ')
		if line[0] == '\'' {
			line = line[1:]
			end = strings.IndexByte(line, '\'')
		}
		if end < 0 {
			end = len(line)
		}
		list = append(list, line[:end])
		line = strings.TrimPrefix(line[end:], "'")
	}
	return list
}

// escape and unescape hide the section lines of a case file that stands in a script.
func escape(s string) string   { return marker.ReplaceAllString(s, "== $1 ==") }
func unescape(s string) string { return hidden.ReplaceAllString(s, "-- $1 --") }

// clean takes times and colors' escapes out of what was written; txtar ends every section with a newline.
func clean(s string) string {
	s = took.ReplaceAllString(s, " in TIME\n")
	s = when.ReplaceAllString(s, `"$1":"TIME"`)
	s = strings.ReplaceAll(s, "\x1b", "ESC")
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}

func environment(text string) func(string) (string, bool) {
	vars := map[string]string{"GOMEMLIMIT": "off", "GOGC": "100"} // the test's own limits stay as they are
	for line := range strings.Lines(text) {
		k, v, _ := strings.Cut(strings.TrimSpace(line), "=")
		vars[k] = v
	}
	return func(k string) (string, bool) {
		v, ok := vars[k]
		return v, ok
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func program(tb testing.TB, out *buffer) cli.Program {
	tb.Helper()
	return cli.Program{
		Name: "reader", Summary: "takes lines from a queue and indexes them", Version: "v1.2.3",
		Plugins: fakeSet(tb, out), Listen: "127.0.0.1:0",
	}
}

// run runs the program with arguments.
func run(ctx context.Context, t *testing.T, args ...string) (code int, out, errs *buffer) {
	t.Helper()
	out, errs = &buffer{}, &buffer{}
	code = cli.Main(ctx, program(t, out), args, cli.Streams{In: strings.NewReader(""), Out: out, Err: errs, LookupEnv: environment("")})
	return code, out, errs
}
