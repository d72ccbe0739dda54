package main

import (
	"fmt"
	"strings"

	"sluice/internal/grok"
	"sluice/internal/regex/corpus"
	"sluice/patterns"
)

// six is the six formats' patterns in some order, tried one after another as the grok filter does it.
type six struct {
	formats  []string
	set      *grok.Set
	matchers []*grok.Matcher
}

func newSix(compiled map[string]*grok.Pattern, formats []string) *six {
	s := &six{formats: formats}
	list := make([]*grok.Pattern, 0, len(formats))
	for _, f := range formats {
		list = append(list, compiled[f])
		s.matchers = append(s.matchers, compiled[f].NewMatcher())
	}
	s.set = grok.NewSet(list)
	return s
}

// match is the number of the pattern that matches, or -1.
func (s *six) match(line string) int {
	may := ^uint64(0)
	for i, m := range s.matchers {
		if i == grok.LookAfter {
			may = s.set.Candidates(line)
		}
		if may>>i&1 == 1 && m.Match(line) {
			return i
		}
	}
	return -1
}

func (s *six) pass(lines []string) {
	for _, l := range lines {
		s.match(l)
	}
}

// measureMixed finds the order of the six patterns that takes longest on mixed lines, and measures it.
func (b *bench) measureMixed() {
	compiled := map[string]*grok.Pattern{}
	lib := patterns.NewLibrary(true)
	all := corpus.Formats()
	formats := make([]string, 0, len(all))
	for _, f := range all {
		x, err := lib.Expand(f.Grok, true)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		if compiled[f.Name], err = grok.Compile(x, 0); err != nil {
			panic("BUG: " + err.Error())
		}
		formats = append(formats, f.Name)
	}
	lines := corpus.Mixed(corpus.Size)
	var worst []string
	slowest := 0.0
	permute(formats, func(order []string) {
		if ns := timed(lines[:600], 0, newSix(compiled, order).pass); ns > slowest {
			slowest, worst = ns, append([]string(nil), order...)
		}
	})
	s := newSix(compiled, worst)
	for _, l := range lines {
		if s.match(l) < 0 {
			fmt.Printf("no pattern matches %q\n", l)
			b.failed = true
			return
		}
	}
	ns := timed(lines, b.limit, s.pass)
	fmt.Printf("\nsix patterns on mixed lines, in the worst order (%s): %.0f ns a line\n", strings.Join(worst, ", "), ns)
	b.reach("six patterns in the worst order on mixed lines", ns, 700, " ns")
}

// permute calls yield with each order of the list, which it changes.
func permute(list []string, yield func([]string)) {
	var step func(int)
	step = func(i int) {
		if i == len(list) {
			yield(list)
			return
		}
		for j := i; j < len(list); j++ {
			list[i], list[j] = list[j], list[i]
			step(i + 1)
			list[i], list[j] = list[j], list[i]
		}
	}
	step(0)
}
