package grok

import (
	"slices"
	"strconv"
	"testing"
)

func TestLint(t *testing.T) {
	lib := library(t, "GREEDYDATA", ".*", "WORD", `\w+`, "BUILTIN", `a.b(c|d)%{GREEDYDATA}e`)
	lib.MarkBuiltIn()
	f := func(expr string, want ...string) {
		t.Helper()
		x, err := lib.Expand(expr, true)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Lint(x, true)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range list {
			got = append(got, p.Rule+" "+strconv.Itoa(p.Place.At))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
	f("^%{WORD:w} %{GREEDYDATA:rest}")
	f("^%{BUILTIN}$")
	f("%{WORD:w}", "anchor 0")
	f("(?:^a|b)", "anchor 0")
	f(`\A(?:x)`)
	f("(?:^a|^b)")
	f("^%{GREEDYDATA:a} x", "greedy 1")
	f("^.*x", "greedy 1")
	f("^.*?x|^[^ ]*x")
	f("^(?:.*)?$", "greedy 4")
	f("^(?:a|b|a)", "shadowed 8")
	f("^(?:a|ab)$")
	f("^(?:a|ab)", "shadowed 6")
	f("^(?>a|ab)c", "shadowed 6")
	f("^(?:a*|b)", "shadowed 7")
	f("^(?<x>a)+", "capture 1")
	f("^(?!(?<x>a))b", "capture 4")
	f("^(?<x>a)(b)", "capture 8")
	f("^(b)")
	f(`^a.b`, "dot 2")
	f(`^a\.b|^[0-9]+.[0-9]+`, "dot 13")
	f(`^a.-`)
	f("^%{WORD - x}", "reference 1")
	if !Always(compile(t, lib, "%{GREEDYDATA}").Expanded) || Always(compile(t, lib, "%{WORD}").Expanded) || Always(compile(t, lib, "^").Expanded) {
		t.Error("Always is wrong")
	}
	x, err := lib.Expand("(x", true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lint(x, true); err == nil {
		t.Error("a bad expression is fine")
	}
}
