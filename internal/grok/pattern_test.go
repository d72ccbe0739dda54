package grok

import (
	"errors"
	"strings"
	"testing"
)

func compile(tb testing.TB, lib *Library, expr string) *Pattern {
	tb.Helper()
	x, err := lib.Expand(expr, true)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := Compile(x, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestMatcher(t *testing.T) {
	p := compile(t, library(t, "INT", "[0-9]+"), "a%{INT:n:int}(?<rest>b)?")
	m := p.NewMatcher()
	if m.Match("a") || m.Exhausted() {
		t.Error("a matches, or was given up")
	}
	if !m.Match("xa12") {
		t.Fatal("no match")
	}
	if s, ok := m.Capture(1); s != "12" || !ok {
		t.Errorf("group 1 is %q, %v", s, ok)
	}
	if s, ok := m.Capture(2); s != "" || ok {
		t.Errorf("group 2 is %q, %v", s, ok)
	}
	if from, to := m.Offsets(0); from != 1 || to != 4 {
		t.Errorf("the match is %d to %d", from, to)
	}
	text := "xa1b"
	if n := testing.AllocsPerRun(100, func() { m.Match(text); m.Capture(2) }); n != 0 {
		t.Errorf("a match allocates %v times", n)
	}
}

func TestBudget(t *testing.T) {
	x, err := NewLibrary().Expand(`(a*)(a*)\1\2c`, true)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(x, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if m := p.NewMatcher(); m.Match(strings.Repeat("a", 10000)+"bc!") || !m.Exhausted() {
		t.Error("it was not given up")
	}
}

func TestCompileErrors(t *testing.T) {
	lib := NewLibrary()
	if err := lib.Read(strings.NewReader("LEVEL (a|b\nLINE x%{LEVEL:l}\n"), "mine"); err != nil {
		t.Fatal(err)
	}
	f := func(expr, want string) {
		t.Helper()
		x, err := lib.Expand(expr, true)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Compile(x, 0)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expr, err, want)
		}
		if e := (*Error)(nil); strings.Contains(want, "column") && !errors.As(err, &e) {
			t.Errorf("%s: %T, want an Error", expr, err)
		}
	}
	f("ab[", "column 3: ")
	f("%{LINE}", "LINE -> LEVEL: mine:1:7: ")
	f("(?<INT::int>x)", `group "INT::int": the field's name is empty`)
}

func TestLine(t *testing.T) {
	lib := library(t, "INT", "[0-9]+")
	l, err := lib.Matcher("^%{INT}:")
	if err != nil {
		t.Fatal(err)
	}
	yes, no := []byte("12: x"), []byte("x 12:")
	if !l.Match(yes) || l.Match(no) {
		t.Error("12: does not match, or x 12: does")
	}
	for _, expr := range []string{"%{NOSUCH}", "(x"} {
		if _, err := lib.Matcher(expr); err == nil {
			t.Errorf("%s was compiled", expr)
		}
	}
	if testing.Short() {
		return
	}
	t.Run("at once", func(t *testing.T) {
		for range 4 {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for range 100 {
					if !l.Match(yes) || l.Match(no) {
						t.Fatal("wrong in parallel")
					}
				}
			})
		}
	})
}
