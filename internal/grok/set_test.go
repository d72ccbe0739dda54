package grok

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/internal/regex"
	"sluice/internal/regex/corpus"
)

func compileAll(tb testing.TB, exprs ...string) []*Pattern {
	tb.Helper()
	lib := NewLibrary()
	list := make([]*Pattern, 0, len(exprs))
	for _, expr := range exprs {
		x, err := lib.Expand(expr, true)
		if err != nil {
			tb.Fatal(err)
		}
		p, err := Compile(x, 0)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func TestSet(t *testing.T) {
	s := NewSet(compileAll(t, `\[a\]: x`, `(?:#1|;2|!3)z*`, `b*`, `"[0-9]+\|`, `(?i)q="`))
	f := func(text string, want ...int) {
		t.Helper()
		var mask uint64
		for _, i := range want {
			mask |= 1 << i
		}
		if got := s.Candidates(text) & (1<<5 - 1); got != mask {
			t.Errorf("%q: candidates %b, want %b", text, got, mask)
		}
	}
	f("", 2)
	f("b", 2)
	f("[a]: x", 0, 2)
	f("[a]; x", 2)
	f("..;2..", 1, 2)
	f(`"12|`, 2, 3)
	f(`"1x2|`, 2, 3) // the pairs are there
	f(`"12`, 2)
	f(`Q="`, 2, 4)
	f(strings.Repeat("-", 200)+`q="#1[a]: x`, 0, 1, 2, 4) // beyond a block
	for i := range 2 * block {
		f(strings.Repeat("-", i)+`;2`, 1, 2)
	}
}

func TestLargeSet(t *testing.T) {
	var exprs []string
	for i := range MaxInSet + 6 {
		exprs = append(exprs, string(rune('a'+i%14))+string(rune('A'+i/14))+"~")
	}
	list := compileAll(t, exprs...)
	s := NewSet(list)
	for i, expr := range exprs[:MaxInSet] {
		if may := s.Candidates(expr); may>>i&1 == 0 {
			t.Errorf("%q is no candidate for itself", expr)
		}
	}
	if one := NewSet(list[:1]); one.Candidates("") != ^uint64(0) {
		t.Error("a set of one knows something")
	}
}

// FuzzSet: an expression that matches is a candidate.
func FuzzSet(f *testing.F) {
	f.Add(`a|b(?:cd)+`, `(?i)x[0-9]{2,}:?;`, "bcd X11;")
	f.Add(`(?<!q)"é+`, `\p{Alpha}+=|(?=")`, `"ééa=`)
	f.Add(`(a?b*)+c`, `(?~xy)z\Kw`, "xczw\xff")
	f.Fuzz(func(t *testing.T, a, b, text string) {
		var list []*Pattern
		for _, expr := range []string{a, b, `#[ab]`} {
			p, err := regex.Compile(expr, regex.Options{Budget: 100_000})
			if err != nil || len(expr) > 200 {
				return
			}
			list = append(list, &Pattern{program: p})
		}
		s := NewSet(list)
		for i, p := range list {
			if p.NewMatcher().Match(text) && s.Candidates(text)>>i&1 == 0 {
				t.Errorf("%q matches %q and is no candidate", p.program, text)
			}
		}
	})
}

// BenchmarkAlternatives tries the expressions of six formats on lines of all of them, in the order that costs most, as
// the filter does; then behind many others, which never match.
func BenchmarkAlternatives(b *testing.B) {
	formats := corpus.Formats()
	slices.Reverse(formats)
	var six []string
	for _, f := range formats {
		six = append(six, corpus.Expr(f.Name))
	}
	var others []string
	for i := range 54 {
		others = append(others, fmt.Sprintf(`^%s #%d: (?<a>\w+)=(?<b>.*)$`, six[i%len(six)], i))
	}
	lines := corpus.Mixed(6000)
	size := 0
	for _, line := range lines {
		size += len(line)
	}
	run := func(name string, exprs []string) {
		list := compileAll(b, exprs...)
		matchers := make([]*Matcher, len(list))
		for i, p := range list {
			matchers[i] = p.NewMatcher()
		}
		set := NewSet(list)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size / len(lines)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				line, may := lines[i%len(lines)], ^uint64(0)
				for k, m := range matchers {
					if k == LookAfter && len(list) > 2*LookAfter {
						may = set.Candidates(line)
					}
					if may>>k&1 != 0 && m.Match(line) {
						break
					}
				}
			}
		})
	}
	run("six", six)
	run("sixty", append(others, six...))
}
