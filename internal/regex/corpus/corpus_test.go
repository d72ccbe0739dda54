package corpus_test

import (
	"flag"
	"os"
	"testing"

	"sluice/internal/regex/corpus"
	"sluice/patterns"
)

var update = flag.Bool("update", false, "write the expanded expressions anew")

// The expressions are those that the patterns of the ECS set give now.
func TestExpr(t *testing.T) {
	lib := patterns.NewLibrary(true)
	for _, f := range corpus.Formats() {
		x, err := lib.Expand(f.Grok, true)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if *update {
			if err := os.WriteFile("expr/"+f.Name+".txt", []byte(x.Text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got := corpus.Expr(f.Name); got != x.Text {
			t.Errorf("%s: found\n%s\nexpected\n%s\n(go test ./internal/regex/corpus -update)", f.Name, got, x.Text)
		}
	}
}

// The lines are different from each other, the same each time, and of the length that they are known for.
func TestLines(t *testing.T) {
	want := map[string]int{"apache": 228, "nginx": 295, "syslog": 130, "haproxy": 257, "log4j": 196, "pg": 162}
	for _, f := range corpus.Formats() {
		for _, kind := range corpus.Kinds() {
			lines := corpus.Lines(f.Name, kind, 3000)
			again := corpus.Lines(f.Name, kind, 3000)
			bytes, seen := 0, map[string]bool{}
			for i, l := range lines {
				if l != again[i] || seen[l] {
					t.Fatalf("%s %s: line %d is %q, then %q, or there twice", f.Name, kind, i, l, again[i])
				}
				seen[l] = true
				bytes += len(l)
			}
			avg := bytes / len(lines)
			t.Logf("%s %s: %d bytes", f.Name, kind, avg)
			if w := want[f.Name]; kind != corpus.Foreign && (avg < w*97/100 || avg > w*103/100) {
				t.Errorf("%s %s: found %d bytes on average, expected %d", f.Name, kind, avg, w)
			}
		}
	}
}
