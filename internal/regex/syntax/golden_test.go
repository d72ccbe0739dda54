package syntax_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/regex/syntax"
)

// The files of testdata have, for each expression, a line with === in front, then its tree, or its error and where that is. An
// expression in double quotes is one as Go writes it. SLUICE_UPDATE=1 writes them anew, from the lines with ===.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("found no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { checkFile(t, file) })
	}
}

func checkFile(t *testing.T, file string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(want)) {
		switch {
		case strings.HasPrefix(line, "=== "):
			got.WriteString(line)
			got.WriteString(describe(t, strings.TrimSuffix(line[len("=== "):], "\n")))
		case strings.HasPrefix(line, "#"):
			got.WriteString(line)
		}
	}
	if os.Getenv("SLUICE_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	g, w := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	expr := ""
	for i := range min(len(g), len(w)) {
		if strings.HasPrefix(g[i], "=== ") {
			expr = g[i]
		}
		if g[i] != w[i] {
			t.Fatalf("%s\nline %d: found %q, expected %q", expr, i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("found %d lines, expected %d", len(g), len(w))
	}
}

// describe returns the tree of an expression, or its error.
func describe(t *testing.T, expr string) string {
	t.Helper()
	if strings.HasPrefix(expr, `"`) {
		var err error
		if expr, err = strconv.Unquote(expr); err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
	}
	tree, err := syntax.Parse(expr, syntax.Options{})
	if err == nil {
		return tree.String()
	}
	var e *syntax.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: found error %v, expected one of the package's", expr, err)
	}
	return err.Error() + "\n" + e.Caret() + "\n"
}
