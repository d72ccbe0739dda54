package syntax_test

import (
	"testing"

	"sluice/internal/regex/corpus"
	"sluice/internal/regex/syntax"
)

// BenchmarkParse reads expressions that standard patterns make of access and system logs.
func BenchmarkParse(b *testing.B) {
	for _, f := range corpus.Formats() {
		expr := corpus.Expr(f.Name)
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(int64(len(expr)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := syntax.Parse(expr, syntax.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
