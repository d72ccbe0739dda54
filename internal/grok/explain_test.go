package grok

import (
	"fmt"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	lib := NewLibrary()
	if err := lib.Read(strings.NewReader("INT [0-9]+\nPAIR %{INT:a}=%{INT:b}\nLEVEL INFO|WARN(?:ING)?\nQ \"(?:[^\"]|\\\\.)*\"\n"), "mine"); err != nil {
		t.Fatal(err)
	}
	f := func(expr, text, matched, place, wanted string) {
		t.Helper()
		e := compile(t, lib, expr).NewExplainer()
		for range 2 { // the second time from what is kept
			got := e.Explain(text)
			s := fmt.Sprintf("%s|%s|%s", text[got.From:got.Reached], got.Place, got.Wanted)
			if want := matched + "|" + place + "|" + wanted; s != want {
				t.Errorf("%s on %q:\n got  %s\n want %s", expr, text, s, want)
			}
			if from, to, _ := e.p.Reached(text, 10_000); from != got.From || to != got.Reached {
				t.Errorf("%s on %q: reached %d to %d, explained %d to %d", expr, text, from, to, got.From, got.Reached)
			}
		}
	}
	f("^%{PAIR} %{LEVEL}", "1=2 DEBUG", "1=2 ", "LEVEL (mine:3, column 7)", "INFO|WARN(?:ING)?")
	f("^%{PAIR} %{LEVEL}", "1=2 WARD", "1=2 WAR", "LEVEL (mine:3, column 15)", "N")
	f("^%{PAIR} %{LEVEL}", "1=x", "1=", "PAIR -> INT (mine:1, column 5)", "[0-9]+")
	f("%{PAIR};", "a 1=2 3", "1=2", "column 8", ";")
	f("^abc$", "abcd", "abc", "column 5", "$")
	f("^a{3}b", "aab", "aa", "column 2", "a")
	f("^(?:ab){3}c", "ababx", "abab", "column 5", "ab")
	f("^(?>x+)y", "xxz", "xx", "column 8", "y")
	f("^%{Q} z", `"a" y`, `"a" `, "column 7", "z")
	f("^(?=x)y", "y", "", "column 2", "(?=x)")
	f("^(?<g>x)\\g<h>(?<h>z)", "xa", "x", "column 9", `\g<h>`)
	f("(?i)^straße!", "STRASSE?", "STRASSE", "column 13", "!")
	f("x", "", "", "column 1", "x")
}

// TestExplainerIsBounded: it forgets what it compiled rather than keeping all.
func TestExplainerIsBounded(t *testing.T) {
	e := compile(t, NewLibrary(), "^"+strings.Repeat("a[0-9]", 200)+"$").NewExplainer()
	text := strings.Repeat("a1", 200)
	for i := range 199 {
		if to := e.Explain(text[:2*i] + "!").Reached; to != 2*i {
			t.Fatalf("reached %d, want %d", to, 2*i)
		}
		if len(e.parts) > 3*maxParts {
			t.Fatalf("keeps %d parts", len(e.parts))
		}
	}
	if e.text != "" {
		t.Error("the text is kept")
	}
}

// FuzzExplain: whatever the expression, an explanation lies within the text, and says nothing of what matches farther.
func FuzzExplain(f *testing.F) {
	f.Add(`^(?<a>x|yz)+=(?>a*)(?=b)\g<a>$`, "xyz=aab")
	f.Add(`(?i)straße{2,3}(?~x)\k<n>?(?<n>1)`, "STRASSE1")
	f.Add(`(?<q>a)?(?(<q>)b|c)d`, "abx")
	lib := NewLibrary()
	f.Fuzz(func(t *testing.T, expr, text string) {
		if len(expr) > 100 || len(text) > 200 {
			return
		}
		x, err := lib.Expand(expr, true)
		if err != nil {
			return
		}
		p, err := Compile(x, 10_000)
		if err != nil {
			return
		}
		if m := p.NewMatcher(); m.Match(text) || m.Exhausted() {
			return
		}
		got := p.NewExplainer().Explain(text)
		if got.From < 0 || got.From > got.Reached || got.Reached > len(text) || got.Pos > len(x.Text) {
			t.Errorf("%q on %q: %s", expr, text, got.String())
		}
	})
}
