package grok

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

func library(tb testing.TB, defs ...string) *Library {
	tb.Helper()
	lib := NewLibrary()
	for i := 0; i < len(defs); i += 2 {
		if err := lib.Define(defs[i], defs[i+1]); err != nil {
			tb.Fatal(err)
		}
	}
	return lib
}

// pathological are definitions that make references together with what stands around them.
func pathological(tb testing.TB) *Library {
	tb.Helper()
	return library(tb, "A", "a+", "B", "b%{A}", "C", "%{A:x}|%{B}", "D", `\d%{`, "E", "", "A_B", "%{A")
}

// TestExpandAsRuby compares with answers of the expression and the loop by which jls-grok expands, recorded with
// Ruby 3.1.
func TestExpandAsRuby(t *testing.T) {
	text, err := os.ReadFile("testdata/expand.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lib := pathological(t)
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		var c struct {
			Expr, Text, Error string
			Named             bool
		}
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		x, err := lib.Expand(c.Expr, c.Named)
		switch {
		case (err != nil) != (c.Error != ""):
			t.Errorf("%q: %v, want error %q", c.Expr, err, c.Error)
		case err == nil && x.Text != c.Text:
			t.Errorf("%q\n got  %q\n want %q", c.Expr, x.Text, c.Text)
		}
	}
}

func TestExpand(t *testing.T) {
	lib := library(t, "A", "x|y", "B", "%{A:a}%{A}", "LOOP", "%{POOL}", "POOL", "%{LOOP}", "NUMBER", "1")
	f := func(expr string, named bool, want string) {
		t.Helper()
		x, err := lib.Expand(expr, named)
		if err != nil {
			t.Fatal(err)
		}
		if x.Text != want {
			t.Errorf("Expand(%q) = %s, want %s", expr, x.Text, want)
		}
	}
	f("%{A}", true, "(?:x|y)")
	f("%{A}", false, "(?<A>x|y)")
	f("%{A:f}%{B:g:int}", true, "(?<A:f>x|y)(?<B:g:int>(?<A:a>x|y)(?:x|y))")
	f("%{A - TEXT}%{A:x?}", true, "(?:x|y)(?<A:x>x|y)")
	f("%{A:[a][@b]:float}", true, "(?<A:[a][@b]:float>x|y)")
	f(`[%{A}]\%{A}`, true, `[(?:x|y)]\(?:x|y)`)
	f("%{C=a{2}}%{C:c}", true, "(?:a{2})(?<C:c>a{2})")
	f("%{}%{ A}%{A", true, "%{}%{ A}%{A")
	f(`%{C=\d} %{A}`, true, `(?:\d} %{A)`) // as jls-grok: the backslash takes all up to the last brace

	bad := func(expr, want string) {
		t.Helper()
		_, err := lib.Expand(expr, true)
		if e := (*Error)(nil); err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &e) {
			t.Errorf("Expand(%q): %v, want %q", expr, err, want)
		}
	}
	bad("%{LOOP}", `LOOP -> POOL: column 1: pattern "LOOP" refers to itself: LOOP -> POOL -> LOOP`)
	bad("ab%{NUMBR}", `column 3: unknown pattern "NUMBR"; did you mean "NUMBER"?`)
	bad("%{QQQQQQQQ}", `unknown pattern "QQQQQQQQ"`)
	bad("%{C=%{C}}", "more than 10000 references, or refers to itself")
	bad("%{C=a }", `pattern "C": found white space at the end`)
	if err := lib.Read(strings.NewReader("# mine\n\n  INNER\tab%{NOPE}\n"), "mine.grok"); err != nil {
		t.Fatal(err)
	}
	if err := lib.Define("OUTER", "x%{INNER:x}"); err != nil {
		t.Fatal(err)
	}
	bad("-%{OUTER}", `OUTER -> INNER: mine.grok:3:11: unknown pattern "NOPE" in pattern "INNER"`)
	last := "HUGE"
	if err := lib.Define(last, strings.Repeat("x", 1000)); err != nil {
		t.Fatal(err)
	}
	for range 29 { // doubles each time
		if err := lib.Define(last+"I", "%{"+last+"}%{"+last+"}"); err != nil {
			t.Fatal(err)
		}
		last += "I"
	}
	bad("%{"+last+"}", "too large")
}

func TestNotes(t *testing.T) {
	lib := library(t, "A", "a", "B", "b%{A - x}")
	f := func(expr string, want ...string) {
		t.Helper()
		x, err := lib.Expand(expr, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range x.Notes {
			got = append(got, x.PlaceOf(n).String()+": "+n.Text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: notes %q, want %q", expr, got, want)
		}
	}
	f("%{A}%{A:b}")
	f("%{A}%{A:b c}", `column 5: " c" in %{A:b...} is ignored`)
	f("%{B}", `B (column 2): " - x" in %{A...} is ignored`)
	f(`%{C=\d}%{A}`, `column 1: the definition of C goes on to "\\d}%{A": a backslash in it takes everything up to the last "}" of the line`)
}

// TestPlaces follows each byte of an expansion back to the definition that it came from.
func TestPlaces(t *testing.T) {
	lib := library(t, "A", "xy", "B", "b%{A:f}c")
	x, err := lib.Expand("1%{B}2", true)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1(?:b(?<A:f>xy)c)2"; x.Text != want {
		t.Fatal(x.Text)
	}
	var got []string
	for i := range len(x.Text) {
		p := x.Place(i)
		got = append(got, strings.Join(append(p.Chain, p.Def.Text[p.At:min(p.At+1, len(p.Def.Text))]), ">"))
	}
	want := strings.Fields("1 % % % B>b B>% B>% B>% B>% B>% B>% B>% B>A>x B>A>y B>% B>c % 2")
	if !slices.Equal(got, want) {
		t.Errorf("places %q, want %q", got, want)
	}
	for _, r := range x.Refs[1:] {
		if x.Text[r.Start] != '(' || x.Text[r.End-1] != ')' {
			t.Errorf("%s is said to be %q", r.Def.Name, x.Text[r.Start:r.End])
		}
	}
}

// maxNaive bounds the text of naive, whose time grows with its square.
const maxNaive = 1 << 14

// naive expands as jls-grok does: it replaces the first reference of the whole text until there is none. Where the text becomes
// too long it does not know.
func naive(lib *Library, text string, named bool) (expanded string, ok, known bool) {
	inline := map[string]string{}
	for range maxRounds {
		r, ok := findReference(text)
		if !ok {
			return text, true, true
		}
		if r.defines {
			if checkText(r.def) != nil {
				return "", false, true
			}
			inline[r.name] = r.def
		}
		def, ok := inline[r.name]
		if !ok {
			d := lib.Definition(r.name)
			if d == nil {
				return "", false, true
			}
			def = d.Text
		}
		head := "(?:"
		if !named || r.hasField() {
			head = "(?<" + r.group + ">"
		}
		text = text[:r.start] + head + def + ")" + text[r.end:]
		if len(text) > maxNaive {
			return "", false, false
		}
	}
	return "", false, true
}

// FuzzExpand compares with the naive expansion, and checks that each byte has a place.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"%{A}", "%{A=[}]}", "%{C}%{D}%{A}", "%{A:a:b:c}", "[^]%{", `%{F=\d{2}}%{A_B}}`} {
		f.Add(s, true)
	}
	lib := pathological(f)
	f.Fuzz(func(t *testing.T, expr string, named bool) {
		if len(expr) > 200 {
			return
		}
		x, err := lib.Expand(expr, named)
		want, ok, known := naive(lib, expr, named)
		if err != nil {
			if ok {
				t.Errorf("Expand(%q): %v, want %q", expr, err, want)
			}
			return
		}
		if known && (!ok || x.Text != want) {
			t.Fatalf("Expand(%q) = %q, want %q, %v", expr, x.Text, want, ok)
		}
		for i := range len(x.Text) + 1 {
			if p := x.Place(i); p.At < 0 || p.At > len(p.Def.Text) {
				t.Fatalf("Expand(%q): byte %d of %q comes from byte %d of %q", expr, i, x.Text, p.At, p.Def.Text)
			}
		}
	})
}
