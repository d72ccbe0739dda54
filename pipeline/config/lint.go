package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// lintAll warns of text that is valid and probably not meant, anywhere in a file.
func lintAll(l *loader, root *node) {
	for _, e := range root.entries {
		if e.key != "pipeline" && e.key != "tests" {
			lintNode(l, e.val, e.key)
		}
	}
}

func lintNode(l *loader, n *node, path string) {
	for i, item := range n.items {
		lintNode(l, item, place(path, i))
	}
	for _, e := range n.entries {
		lintNode(l, e.val, path+"."+e.key)
	}
	if n.kind == scalarNode {
		lintDates(l, n, path)
		if i := strings.LastIndex(n.text, "%{"); i >= 0 && !strings.Contains(n.text[i:], "}") {
			l.reportWithin(n, i, path, `"%{" is not closed by "}"; it is taken as text`, true)
		}
		lintQuotes(l, n, path)
		lintVariable(l, n, path)
	}
}

// lintDates looks at each %{+pattern}.
func lintDates(l *loader, n *node, path string) {
	text, from := n.text, 0
	for {
		i := strings.Index(text[from:], "%{+")
		if i < 0 {
			return
		}
		start := from + i + len("%{+")
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return
		}
		if pattern := text[start : start+end]; pattern != "%s" {
			for _, slip := range dateSlips(pattern) {
				l.reportWithin(n, start+slip.at, path, slip.text, true)
			}
		}
		from = start + end
	}
}

// letterRun is a run of one letter in a date pattern.
type letterRun struct {
	letter byte
	at, n  int
}

// dateRuns splits a Joda pattern into runs of letters, without its quoted text.
func dateRuns(p string) []letterRun {
	var runs []letterRun
	quoted := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted || (c < 'a' || c > 'z') && (c < 'A' || c > 'Z'):
		case len(runs) > 0 && runs[len(runs)-1].letter == c && runs[len(runs)-1].at+runs[len(runs)-1].n == i:
			runs[len(runs)-1].n++
		default:
			runs = append(runs, letterRun{c, i, 1})
		}
	}
	return runs
}

// dateSlip is something in a date pattern that is probably not meant, and its place.
type dateSlip struct {
	at   int
	text string
}

// dateSlips finds all of a pattern.
func dateSlips(p string) []dateSlip {
	var slips []dateSlip
	runs := dateRuns(p)
	for i, r := range runs {
		if text := slipOf(runs, i, p[r.at:r.at+r.n]); text != "" {
			slips = append(slips, dateSlip{r.at, text})
		}
	}
	return slips
}

// slipOf says what is doubtful about run i, which is written so; "" is nothing.
func slipOf(runs []letterRun, i int, written string) string {
	has := func(letters string) bool {
		return slices.ContainsFunc(runs, func(r letterRun) bool { return strings.IndexByte(letters, r.letter) >= 0 })
	}
	behind := func(letters string) bool { return i > 0 && strings.IndexByte(letters, runs[i-1].letter) >= 0 }
	lower := strings.ToLower(written)
	switch r := runs[i]; {
	case r.letter == 'D' && has("M"):
		return quote(written) + " is the day of the year; the day of the month is " + quote(lower)
	case r.letter == 'Y':
		return quote(written) + " is the year of the era; write " + quote(lower)
	case (r.letter == 'h' || r.letter == 'K') && !has("a"):
		return quote(written) + " is the hour of half a day, which needs \"a\" (AM or PM); hours from 00 to 23 are \"HH\""
	case r.letter == 'm' && !has("HhkK"):
		return quote(written) + " is the minute; the month is " + quote(strings.ToUpper(written))
	case r.letter == 'M' && behind("HhkK"):
		return quote(written) + " is the month; the minute is " + quote(lower)
	case r.letter == 'S' && behind("m") && r.n == 2:
		return quote(written) + " is a fraction of a second; the second is " + quote(lower)
	}
	return ""
}

// lintQuotes warns of regexes in double quotes, whose backslashes YAML reads first.
func lintQuotes(l *loader, n *node, path string) {
	if n.style&yaml.DoubleQuotedStyle == 0 {
		return
	}
	for i := 0; i < len(n.raw); i++ {
		switch c := n.raw[i]; {
		case c == '\b' || c == '\v' || c == '\f' || c == '\a':
			l.reportWithin(n, n.textOffset(i), path, `in double quotes, YAML has read a backslash and a letter as a control character; put regexes in single quotes`, true)
			return
		case c == '\\' && i+1 < len(n.raw) && strings.IndexByte(`dDwWsSbBAzZhH.[](){}*+?^$|/`, n.raw[i+1]) >= 0:
			l.reportWithin(n, n.textOffset(i), path, `a regex in double quotes, of which YAML reads the backslashes first; put it in single quotes, with single backslashes`, true)
			return
		}
	}
}

// lintVariable warns of Logstash's way to give a variable a default.
func lintVariable(l *loader, n *node, path string) {
	for i := 0; i+2 < len(n.raw); i++ {
		if n.raw[i] != '$' || n.raw[i+1] != '{' {
			continue
		}
		inner, _, closed := strings.Cut(n.raw[i+2:], "}")
		name, value, ok := strings.Cut(inner, ":")
		if !closed || !ok || name == "" || strings.HasPrefix(value, "-") || strings.IndexFunc(name, func(r rune) bool { return !isWordRune(r) }) >= 0 {
			continue
		}
		l.reportWithin(n, n.textOffset(i), path, "${"+name+":...} is not replaced; a default is written ${"+name+":-value}", true)
		return
	}
}

// textOffset maps a byte of raw outside of variables to one of text.
func (n *node) textOffset(raw int) int {
	var base move
	for _, m := range n.moves {
		if m.variable >= raw {
			break
		}
		base = m
	}
	return base.to + raw - base.from
}
