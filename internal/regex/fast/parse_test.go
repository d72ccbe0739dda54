package fast

import (
	"testing"

	"sluice/internal/regex/syntax"
)

func parse(tb testing.TB, expr string) *syntax.Tree {
	tb.Helper()
	t, err := syntax.Parse(expr, syntax.Options{})
	if err != nil {
		tb.Fatalf("parse %s: %v", expr, err)
	}
	return t
}
