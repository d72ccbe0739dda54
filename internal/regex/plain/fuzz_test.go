package plain

import (
	"strings"
	"testing"

	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// checkCase compares the program of a case with the reference, and with others that must do the same: without a memo, and with counters instead of
// unrolled repeats. It reports how many subjects matched.
func checkCase(tb testing.TB, c regextest.Case) int {
	tb.Helper()
	tree, err := syntax.Parse(c.Expr, syntax.Options{})
	if err != nil {
		return 0
	}
	var programs [3]*Program
	for i, o := range []options{{unroll: unrolled}, {unroll: unrolled, forget: true}, {unroll: 1}} {
		if programs[i], err = compile(tree, o); err != nil {
			tb.Fatalf("%q: %v", c.Expr, err)
		}
	}
	matched := 0
	for _, s := range c.Subjects {
		want, steps := quick(programs[0], s)
		if most := programs[0].bound(len(s)); programs[0].linear && steps > most {
			tb.Errorf("%q on %q: %d steps, more than %d", c.Expr, s, steps, most)
		}
		if want != "none" {
			matched++
		}
		if ref, r := reference.Match(tree, s, 100_000); r != reference.Unknown && want != "exhausted" {
			if got := format(ref, r == reference.Matched); got != want {
				tb.Errorf("%q on %q: got %s, the reference %s\n%s", c.Expr, s, want, got, programs[0])
			}
		}
		for i, p := range programs[1:] {
			if got, _ := quick(p, s); got != want && got != "exhausted" && want != "exhausted" {
				tb.Errorf("%q on %q: got %s, with program %d %s\n%s", c.Expr, s, want, i+1, got, programs[0])
			}
		}
	}
	return matched
}

func quick(p *Program, s string) (string, int64) {
	m := NewMachine(p)
	m.Budget = 100_000
	return matchOn(m, s), m.Steps()
}

// TestRandom compares programs of random expressions.
func TestRandom(t *testing.T) {
	for _, mode := range []regextest.Mode{regextest.All, regextest.Fast} {
		g := regextest.Seeded(7, regextest.Options{Mode: mode, Invalid: true})
		matched := 0
		for range 700 {
			matched += checkCase(t, g.Next())
		}
		if matched < 500 {
			t.Errorf("only %d matches in mode %d", matched, mode)
		}
	}
	g := regextest.Seeded(7, regextest.Options{Mode: regextest.Fast, ASCII: true})
	for range 700 {
		c := g.Next()
		// Few letters, many ways to match.
		c.Expr = strings.Map(few, c.Expr)
		for i, s := range c.Subjects {
			c.Subjects[i] = strings.Map(few, s)
		}
		checkCase(t, c)
	}
}

func few(r rune) rune {
	if r >= 'c' && r <= 'z' && r != 'n' && r != 't' && r != 'w' && r != 's' && r != 'd' && r != 'h' && r != 'p' && r != 'x' && r != 'k' && r != 'g' {
		return 'a' + r%2
	}
	return r
}

// FuzzPrograms compares programs of expressions by the bytes that decide how they are made.
func FuzzPrograms(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Add([]byte(strings.Repeat("\x07\x13\x21\x03", 40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		checkCase(t, regextest.FromBytes(data, regextest.Options{Invalid: true}))
	})
}
