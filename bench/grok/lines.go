package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex"
	"sluice/internal/regex/corpus"
	"sluice/internal/regex/superset"
	"sluice/patterns"
)

// size is the length of an adversarial line.
const size = 1 << 20

// adversarial are lines that make many ways to match, and then fail, or last long.
func adversarial() []string {
	units := []string{"a", "1", "0.", "a b ", "/a-.", "1:", `"\" `, "Jan  1 00:00:00 "}
	lines := make([]string, 0, len(units))
	for _, unit := range units {
		lines = append(lines, strings.Repeat(unit, size/len(unit)))
	}
	return lines
}

// speed is the slowest that was seen.
type speed struct {
	pairs, slow int
	mbs         float64
	what        string
}

func (s *speed) add(mbs, floor float64, what string) {
	s.pairs++
	if mbs < floor {
		s.slow++
	}
	if s.mbs == 0 || mbs < s.mbs {
		s.mbs, s.what = mbs, what
	}
}

func (s *speed) print(name string) {
	fmt.Printf("  %-38s %6d times, slowest %8.3g MB/s (%s), %d below the figure\n", name, s.pairs, s.mbs, s.what, s.slow)
}

// The floors, in MB/s, where the superset automaton says that there is no match, and otherwise.
const (
	floorDFA  = 50
	floorElse = 0.5
)

// measureLines measures every pattern of both sets on adversarial lines, nested repeats on short ones, and counts allocations.
func (b *bench) measureLines() {
	fmt.Printf("\nadversarial lines of 1 MB, every pattern\n")
	var decided, otherwise speed
	lines := adversarial()
	examples, err := readExamples("patterns/testdata/cases/*/*.txt")
	if err != nil {
		fmt.Println(" ", err)
		b.failed = true
		return
	}
	for _, p := range expressions() {
		program, err := regex.Compile(p.text, regex.Options{})
		if err != nil {
			fmt.Printf("  %s: %v\n", p.name, err)
			b.failed = true
			continue
		}
		m := program.NewMatcher()
		dfa := superset.Compile(program.Tree())
		own := lines
		if example := examples[p.name]; example != "" {
			own = append(slices.Clone(lines), strings.Repeat(example, size/len(example)+1)[:size])
		}
		for _, line := range own {
			m.Match(line[:1000])
			begin := cpuTime()
			m.Match(line)
			mbs := float64(size) / 1e6 / max(1e-9, (cpuTime()-begin).Seconds())
			what := fmt.Sprintf("%s on %.8q", p.name, line)
			if no(dfa, line) {
				decided.add(mbs, floorDFA, what)
			} else {
				otherwise.add(mbs, floorElse, what)
			}
		}
	}
	decided.print("the automaton says no")
	otherwise.print("matches, and last resorts")
	b.reachAtLeast("adversarial lines where the automaton decides", decided.mbs, floorDFA, " MB/s")
	b.reachAtLeast("adversarial lines otherwise", otherwise.mbs, floorElse, " MB/s")
	b.measureNested()
	b.measureAllocations()
}

// readExamples reads, from case files of package patterns, a text for each pattern that it matches, all but its last character: in a
// row they are many beginnings.
func readExamples(glob string) (map[string]string, error) {
	files, err := filepath.Glob(glob)
	if err != nil {
		return nil, err
	}
	examples := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		pattern := ""
		for line := range strings.SplitSeq(string(text), "\n") {
			if line != "" && line[0] != ' ' && line[0] != '#' {
				pattern = line
			}
			if example, ok := strings.CutPrefix(line, "  match "); ok && examples[pattern] == "" && len(example) > 1 {
				_, n := utf8.DecodeLastRuneInString(example)
				examples[pattern] = example[:len(example)-n] + " "
			}
		}
	}
	return examples, nil
}

func no(p *superset.Program, line string) bool {
	if p == nil {
		return false
	}
	answer, _ := superset.NewMachine(p).Match(line)
	return answer == superset.No
}

// expression is a pattern, expanded.
type expression struct{ name, text string }

// expressions are the patterns of both sets, one of those that differ in the names of groups only.
func expressions() []expression {
	groups := regexp.MustCompile(`\(\?<[^=!>][^>]*>`)
	seen := map[string]bool{}
	var list []expression
	for _, ecs := range []bool{true, false} {
		lib := patterns.NewLibrary(ecs)
		for _, name := range lib.Names() {
			x, err := lib.Expand("%{"+name+"}", true)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			if key := groups.ReplaceAllString(x.Text, "("); !seen[key] {
				seen[key] = true
				list = append(list, expression{name, x.Text})
			}
		}
	}
	return list
}

// measureNested measures repeats of repeats, which take other engines a time that doubles with each byte, on 1,000 bytes that end
// otherwise than they should. The text begins with what the expressions need later, so that no look for a missing letter decides.
func (b *bench) measureNested() {
	subject := "b1y" + strings.Repeat("a", 996) + "!"
	worst, which := b.slowest(subject, []string{
		`(a+)+$`, `(?<x>(a|aa)+)$`, `(?:(?:a*)*)*b$`, `^(?:\w+\s?)*$`, `(.*a){12}b`, `(?>(?:a+)+)$`, `(a|aa)+$`, `(a+a+)+y`, `([a-z]+)*\d$`, `(?:a?){20}a{20}b`,
	})
	fmt.Printf("  repeats of repeats, 1,000 bytes: slowest %.3g µs (%s)\n", worst, which)
	b.reach("repeats of repeats, 1,000 bytes", worst, 50, " µs")
	worst, which = b.slowest(subject, []string{`(a+)+(?<=b)`, `(?:a+)+(?=a+b)b`, `(?:(?=(?:a+)+b)a)+`, `(?>(?:a|aa)+(?!!))+b$`, `(?<!b)(?:a+)+\b(?<=1)`})
	fmt.Printf("  the same with look-around: slowest %.3g µs (%s)\n", worst, which)
	b.reachAtLeast("repeats of repeats with look-around, 1,000 bytes", float64(len(subject))/worst, floorElse, " MB/s")
}

// slowest is the expression that takes longest on a text, and how long, in microseconds.
func (b *bench) slowest(subject string, exprs []string) (us float64, expr string) {
	for _, x := range exprs {
		e, err := newOurs(x)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		if t := timed([]string{subject}, b.limit/10, func(lines []string) { e.match(lines[0]) }) / 1000; t > us {
			us, expr = t, x
		}
	}
	return us, expr
}

// measureAllocations counts allocations over all formats and kinds of lines.
func (b *bench) measureAllocations() {
	worst := 0.0
	for _, f := range corpus.Formats() {
		e, err := newOurs(corpus.Expr(f.Name))
		if err != nil {
			panic("BUG: " + err.Error())
		}
		for _, kind := range corpus.Kinds() {
			lines := corpus.Lines(f.Name, kind, 500)
			worst = max(worst, testing.AllocsPerRun(3, func() { sum(e, lines) })/float64(len(lines)))
		}
	}
	fmt.Printf("  allocations: %.3g a match\n", worst)
	b.reach("allocations a match", worst, 0, "")
}
