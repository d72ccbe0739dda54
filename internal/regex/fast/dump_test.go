package fast

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/*.txt anew")

// simplifiedText returns the simplified forms of an expression.
func simplifiedText(t *testing.T, expr string) string {
	im := importer{classes: map[string]*class{}}
	root, err := im.node(parse(t, expr).Root)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	last := ""
	trees := simplifyAll(root, options{})
	for i, mark := range []string{"begin", "apart", "inside"} {
		if s := text(trees.at[i]); s != last {
			b.WriteString(mark + " " + s + "\n")
			last = s
		}
	}
	return b.String()
}

// Each file has an expression in its first line, and behind it its program.
func TestPrograms(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		expr, want, _ := strings.Cut(string(data), "\n")
		p, err := Compile(parse(t, expr))
		if err != nil {
			t.Fatal(name, err)
		}
		got := simplifiedText(t, expr) + p.Dump()
		if *update {
			if err := os.WriteFile(name, []byte(expr+"\n"+got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got != want {
			t.Errorf("%s: got\n%s\nexpected\n%s", name, got, want)
		}
	}
}
