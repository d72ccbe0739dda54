// Command grok measures the regular-expression engine behind the grok filter beside others, on one core: PCRE2 and Oniguruma
// (C programs in c/), Go's regexp, regexp2, and two grok libraries. It prints a table, and says for each figure that was to be
// reached whether it was. ../grok.sh builds the C programs and calls it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"sluice/internal/regex/corpus"
)

func main() {
	b := bench{}
	flag.StringVar(&b.bin, "bin", "bench/out", "the folder with the C programs")
	flag.DurationVar(&b.limit, "time", time.Second, "how long each engine is measured on each corpus")
	only := flag.String("only", "", "the parts to run, separated by commas: formats, libraries, lines, compile, mixed (all)")
	formats := flag.String("formats", "", "the formats to measure, separated by commas (all)")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	b.formats = strings.FieldsFunc(*formats, func(r rune) bool { return r == ',' })
	parts := []struct {
		name string
		run  func()
	}{{"formats", b.measureFormats}, {"libraries", b.measureLibraries}, {"lines", b.measureLines}, {"compile", b.measureCompile}, {"mixed", b.measureMixed}}
	for _, p := range parts {
		if *only == "" || strings.Contains(","+*only+",", ","+p.name+",") {
			p.run()
		}
	}
	b.printFigures()
	if b.failed {
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	bin     string
	limit   time.Duration
	formats []string
	figures []figure
	hits    map[string]float64 // ours, by format
	notes   []string           // why an engine has no time
	failed  bool               // an engine had other captures than the others
}

// figure is one that was to be reached.
type figure struct {
	what    string
	got     string
	want    string
	reached bool
}

// reach notes a figure: value is to be at most want.
func (b *bench) reach(what string, value, want float64, unit string) {
	b.figures = append(b.figures, figure{what, fmt.Sprintf("%.3g%s", value, unit), fmt.Sprintf("≤ %.3g%s", want, unit), value <= want})
}

// reachAtLeast notes a figure: value is to be want or more.
func (b *bench) reachAtLeast(what string, value, want float64, unit string) {
	b.figures = append(b.figures, figure{what, fmt.Sprintf("%.3g%s", value, unit), fmt.Sprintf("≥ %.3g%s", want, unit), value >= want})
}

func (b *bench) printFigures() {
	for _, n := range b.notes {
		fmt.Printf("\nnote: %.300s\n", n)
	}
	fmt.Println("\nFigures to reach")
	reached := 0
	for _, f := range b.figures {
		word := "missed"
		if f.reached {
			word = "reached"
			reached++
		}
		fmt.Printf("  %-62s %12s  %-14s %s\n", f.what, f.got, f.want, word)
	}
	fmt.Printf("%d of %d reached\n", reached, len(b.figures))
}

func (b *bench) wanted(format string) bool {
	if len(b.formats) == 0 {
		return true
	}
	return slices.Contains(b.formats, format)
}

// column is an engine of the table.
type column struct {
	name string
	run  func(expr string, lines []string, limit time.Duration) result
	// hits says that the engine is compared and measured on lines that match only: its form of the expression may match more.
	hits bool
}

func (b *bench) columns() []column {
	goEngine := func(build func(string) (engine, error)) func(string, []string, time.Duration) result {
		return func(expr string, lines []string, limit time.Duration) result {
			e, err := build(expr)
			if err != nil {
				return result{err: err}
			}
			return run(e, lines, limit)
		}
	}
	c := func(program, mode string, form func(string) string) func(string, []string, time.Duration) result {
		return func(expr string, lines []string, limit time.Duration) result {
			return peer{b.bin + "/" + program, form(expr), mode}.run(lines, limit)
		}
	}
	same := func(s string) string { return s }
	return []column{
		{"ours", goEngine(newOurs), false},
		{"PCRE2 JIT", c("pcre2", "", perl), false},
		{"Oniguruma", c("onig", "", same), false},
		{"PCRE2", c("pcre2", "interp", perl), false},
		{"regexp2", goEngine(newDotNet), false},
		{"Go regexp", goEngine(newGoRegexp), true},
	}
}

// measureFormats prints a table for each kind of lines.
func (b *bench) measureFormats() {
	columns := b.columns()
	b.hits = map[string]float64{}
	for _, kind := range corpus.Kinds() {
		fmt.Printf("\n%s, ns a line (in brackets: times ours)\n%-8s", kind, "")
		for _, c := range columns {
			fmt.Printf(" %18s", c.name)
		}
		fmt.Println()
		for _, f := range corpus.Formats() {
			if b.wanted(f.Name) {
				b.measureFormat(f.Name, kind, columns)
			}
		}
	}
}

// measureFormat prints one row. An engine with other captures than Oniguruma's has no time.
func (b *bench) measureFormat(format string, kind corpus.Kind, columns []column) {
	lines := corpus.Lines(format, kind, corpus.Size)
	expr := corpus.Expr(format)
	var onig result // what the captures must be; other lines than hits match nowhere
	if kind == corpus.Hit {
		onig = columns[2].run(expr, lines, 0)
	}
	fmt.Printf("%-8s", format)
	ns := map[string]float64{}
	for i, c := range columns {
		sample, limit := lines, b.limit
		switch {
		case c.hits && kind != corpus.Hit:
			fmt.Printf(" %18s", "-")
			continue
		case i > 1 && kind != corpus.Hit:
			sample, limit = lines[:1200], b.limit/2 // they are slow
		}
		r := c.run(expr, sample, limit)
		switch {
		case r.err != nil:
			fmt.Printf(" %18s", "failed")
			b.notes = append(b.notes, fmt.Sprintf("%s, %s %s: %v", c.name, format, kind, r.err))
			b.failed = true
		case r.matches != onig.matches || kind == corpus.Hit && r.hash != onig.hash:
			fmt.Printf(" %18s", "other captures")
			b.failed = true
		default:
			ns[c.name] = r.ns
			fmt.Printf(" %9.1f %8s", r.ns, ratio(r.ns, ns["ours"]))
		}
	}
	fmt.Println()
	b.judge(format, kind, ns)
}

func ratio(a, b float64) string {
	if b == 0 || a == b {
		return ""
	}
	if a >= 100*b {
		return fmt.Sprintf("(%.0f)", a/b)
	}
	return fmt.Sprintf("(%.3g)", a/b)
}

// judge notes the figures of one row.
func (b *bench) judge(format string, kind corpus.Kind, ns map[string]float64) {
	our := ns["ours"]
	against := func(other string, factor float64) {
		if our > 0 && ns[other] > 0 {
			b.reach(fmt.Sprintf("%s, %s: times %s", format, kind, other), our/ns[other], factor, "")
		}
	}
	switch kind {
	case corpus.Hit:
		b.hits[format] = our
		factor := 1.05
		if format == "apache" || format == "nginx" {
			factor = 0.60
		}
		against("PCRE2 JIT", factor)
		against("Oniguruma", 1.0/5)
		against("Go regexp", 1.0/20)
	case corpus.Near:
		factor := 3.0
		if format == "haproxy" {
			factor = 4
		}
		if our > 0 && b.hits[format] > 0 {
			b.reach(format+", near: times the format's hits", our/b.hits[format], factor, "")
		}
	case corpus.Foreign:
		against("PCRE2 JIT", 0.6)
	}
}

// measureLibraries measures Go's grok libraries, with their own patterns, on lines that match.
func (b *bench) measureLibraries() {
	fmt.Printf("\nhit, grok libraries with their own patterns, ns a line (in brackets: times ours)\n%-8s %18s %18s\n", "", "vjeantet/grok", "elastic/go-grok")
	for _, f := range corpus.Formats() {
		if !b.wanted(f.Name) {
			continue
		}
		expr := libraryExpr(f.Name)
		fmt.Printf("%-8s", f.Name)
		for _, l := range []struct {
			name  string
			build func(string) (library, error)
		}{{"vjeantet/grok", newVjeantet}, {"elastic/go-grok", newGoGrok}} {
			b.measureLibrary(f.Name, l.name, expr, l.build)
		}
		fmt.Println()
	}
}

func (b *bench) measureLibrary(format, name, expr string, build func(string) (library, error)) {
	lines := corpus.Lines(format, corpus.Hit, 500)
	e, err := newOurs(corpus.Expr(format))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	if expr == "" {
		fmt.Printf(" %18s", "no pattern")
		return
	}
	l, err := build(expr)
	if err != nil {
		fmt.Printf(" %18s", "refused")
		b.notes = append(b.notes, fmt.Sprintf("%s, %s: %v", name, format, err))
		return
	}
	if err := agrees(l, e, lines); err != nil {
		fmt.Printf(" %18s", "other captures")
		b.notes = append(b.notes, fmt.Sprintf("%s, %s: %v", name, format, err))
		return
	}
	ns := timed(lines, b.limit, func(lines []string) {
		for _, line := range lines {
			l.parse(line) //nolint:errcheck // agrees has looked
		}
	})
	our := b.hits[format]
	if our == 0 {
		our = run(e, lines, b.limit).ns
	}
	fmt.Printf(" %9.0f %8s", ns, ratio(ns, our))
	if name == "vjeantet/grok" && (format == "apache" || format == "nginx") {
		b.reach(format+", hit: times vjeantet/grok", our/ns, 1.0/100, "")
	}
}
