package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// known are the differences from joni that are understood; the documentation of package syntax and internal/regex/testdata/README.md
// say more. A rule is about how an expression looks, so it may excuse too much: that is why differences are counted by rule.
var known = []struct {
	name  string
	holds func(d *difference) bool
}{
	{"look-behind under (?i)", func(d *difference) bool {
		return strings.Contains(d.text, "joni: error invalid pattern in look-behind") && ignoresCase(d.expr)
	}},
	{"(?~..)", func(d *difference) bool { return strings.Contains(d.expr, "(?~") }},
	{"a group that ends before it begins", func(d *difference) bool {
		for i := 0; i+1 < len(d.joni.caps); i += 2 {
			if d.joni.caps[i] > d.joni.caps[i+1] {
				return true
			}
		}
		return false
	}},
	{"x{0,0}?", func(d *difference) bool { return strings.Contains(d.expr, "{0,0}?") }},
	{"[..[^\\D]..]", func(d *difference) bool { return nestedNegated.MatchString(d.expr) }},
	{"classes beyond ASCII under (?i)", func(d *difference) bool {
		return ignoresCase(d.expr) && (wideClass.MatchString(d.expr) || caseClass.MatchString(d.expr))
	}},
	{"several characters for one under (?i)", func(d *difference) bool {
		return ignoresCase(d.expr) && strings.ContainsAny(d.expr, "ßẞŉǰΐﬁﬅſİ")
	}},
	{"conditions, back-references and counted repeats around what may be empty", func(d *difference) bool {
		return loops.MatchString(d.expr) && !grokLike(d.expr) || counted.MatchString(d.expr) && d.kind == matched
	}},
	{".* in front taken for an anchor", func(d *difference) bool {
		return d.joni.kind != matched && d.kind == matched && star.MatchString(d.expr)
	}},
}

var (
	nestedNegated = regexp.MustCompile(`\[\^[^\]]*(\\D|\\P\{)|\[\^.*\\D`)
	wideClass     = regexp.MustCompile(`\[.*[^\x00-\x7f].*\]`)
	caseClass     = regexp.MustCompile(`(?i)\[:\^?(upper|lower):\]|\\p\{\^?(l[ul]?|upper|lower)\}`)
	foldOption    = regexp.MustCompile(`\(\?[mx]*i`)
	star          = regexp.MustCompile(`\.\)*(\*|\?\*|\{0?,\d?\}\*?)`)
	counted       = regexp.MustCompile(`\)\{\d*,?\d*\}`)
	loops         = regexp.MustCompile(`\(\?\(|\\k|\\g|\\[1-9]|\{\d*,\d*\}|\{\d+\}`)
)

func ignoresCase(expr string) bool { return foldOption.MatchString(expr) }

// grokLike reports whether the expression has constructs only that grok patterns use: those must agree.
func grokLike(expr string) bool {
	return !slices.ContainsFunc([]string{"(?(", `\k`, `\g`, `\1`, `\2`, "(?~", `\K`}, func(s string) bool { return strings.Contains(expr, s) })
}

// excuse counts a difference that is understood, by its rule.
func excuse(d *difference, counts map[string]int) bool {
	for _, k := range known {
		if k.holds(d) {
			counts[k.name]++
			return true
		}
	}
	return false
}

func printCounts(counts map[string]int) string {
	var parts []string
	for _, k := range known {
		if n := counts[k.name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k.name))
		}
	}
	return strings.Join(parts, "; ")
}
