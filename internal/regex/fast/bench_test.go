package fast

import (
	"testing"

	"sluice/internal/regex/corpus"
	"sluice/internal/regex/syntax"
)

func formatTree(tb testing.TB, format string) *syntax.Tree {
	tb.Helper()
	return parse(tb, corpus.Expr(format))
}

// BenchmarkFormats is the work of a grok filter without its events: the search, and all offsets.
func BenchmarkFormats(b *testing.B) {
	for _, f := range corpus.Formats() {
		for _, kind := range corpus.Kinds() {
			b.Run(f.Name+"/"+kind.String(), func(b *testing.B) { benchmarkLines(b, f.Name, kind) })
		}
	}
}

func benchmarkLines(b *testing.B, format string, kind corpus.Kind) {
	p, err := Compile(formatTree(b, format))
	if err != nil {
		b.Fatal(err)
	}
	m, caps := p.NewMachine(), make([]int32, p.slots)
	lines := corpus.Lines(format, kind, 1<<13)
	var results [3]int
	total := 0
	for _, s := range lines {
		total += len(s)
		results[m.Match(s, caps)]++
	}
	b.SetBytes(int64(total / len(lines)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m.Match(lines[i&(1<<13-1)], caps)
		i++
	}
	b.ReportMetric(100*float64(results[Matched])/float64(len(lines)), "%hit")
	b.ReportMetric(100*float64(results[GaveUp])/float64(len(lines)), "%gaveup")
}

// BenchmarkCompile is the cost of an expression.
func BenchmarkCompile(b *testing.B) {
	for _, f := range corpus.Formats() {
		b.Run(f.Name, func(b *testing.B) {
			t := formatTree(b, f.Name)
			for b.Loop() {
				if _, err := Compile(t); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
