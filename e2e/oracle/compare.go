package main

import (
	"errors"
	"fmt"
	"slices"

	"sluice/internal/regex"
	"sluice/internal/regex/corpus"
	"sluice/internal/regex/regextest"
)

// compare asks joni and our engine, and reports the differences.
func (o *options) compare() error {
	differences := 0
	for mode := regextest.All; mode <= regextest.Regular; mode++ {
		g := regextest.Seeded(o.seed, regextest.Options{Mode: mode})
		cases := make([]regextest.Case, 0, o.random)
		for range o.random {
			cases = append(cases, g.Next())
		}
		n, err := o.compareCases("random expressions, "+[...]string{"all constructs", "those of grok patterns", "regular ones"}[mode], cases)
		if err != nil {
			return err
		}
		differences += n
	}
	cases, err := patternCases(o.examples)
	if err != nil {
		return err
	}
	n, err := o.compareCases("patterns", cases)
	if err != nil {
		return err
	}
	differences += n
	for _, f := range corpus.Formats() {
		if o.mutated == 0 {
			break
		}
		c := regextest.Case{Expr: corpus.Expr(f.Name), Subjects: corpus.Mutated(f.Name, o.mutated)}
		n, err := o.compareCases("damaged lines, "+f.Name, []regextest.Case{c})
		if err != nil {
			return err
		}
		differences += n
	}
	if differences > 0 {
		return errors.New("there are differences")
	}
	return nil
}

// tally counts what came of a comparison.
type tally struct{ cases, matches, refused, unknown, exhausted, differ int }

func (o *options) compareCases(name string, cases []regextest.Case) (differences int, err error) {
	var questions []question
	for _, c := range cases {
		for _, s := range c.Subjects {
			questions = append(questions, question{c.Expr, s})
		}
	}
	answers, err := o.joni.ask(questions)
	if err != nil {
		return 0, err
	}
	var t tally
	for _, c := range cases {
		n := len(c.Subjects)
		o.compareCase(&t, c, answers[:n])
		answers = answers[n:]
	}
	_, err = fmt.Fprintf(o.out, "%s: %d cases, %d match, %d refused, %d that joni cannot answer, %d over our budget; %d differ\n",
		name, t.cases, t.matches, t.refused, t.unknown, t.exhausted, t.differ)
	return t.differ, err
}

// match matches, and survives a bug.
func match(m *regex.Matcher, s string) (caps []int32, ok bool, panicked any) {
	defer func() { panicked = recover() }()
	caps, ok = m.Match(s)
	return caps, ok, nil
}

func (o *options) compareCase(t *tally, c regextest.Case, answers []answer) {
	differ := func(format string, args ...any) {
		if t.differ++; t.differ <= o.show {
			fmt.Fprintf(o.out, "%+q: %s\n", c.Expr, fmt.Sprintf(format, args...)) //nolint:errcheck // it is a report
		}
	}
	p, err := regex.Compile(c.Expr, regex.Options{})
	t.cases += len(answers)
	if err != nil {
		if i := slices.IndexFunc(answers, func(a answer) bool { return a.kind != refused && a.kind != unknown }); i >= 0 {
			differ("we say %v, joni takes it", err)
		}
		t.refused++
		return
	}
	m := p.NewMatcher()
	for i, a := range answers {
		switch a.kind {
		case refused:
			t.refused++
			differ("joni says %s, we take it", a.text)
			return
		case unknown:
			t.unknown++
			continue
		case matched:
			t.matches++
			if names := p.Names(); a.names != nil && !slices.Equal(names, a.names) {
				differ("found the names %q, joni's are %q", names, a.names)
			}
		}
		caps, ok, panicked := match(m, c.Subjects[i])
		switch {
		case panicked != nil:
			differ("%+q: panic: %v", c.Subjects[i], panicked)
			m = p.NewMatcher()
		case !ok && m.Exhausted():
			t.exhausted++
		case !ok && a.kind == matched:
			differ("%+q: found no match, joni %s", c.Subjects[i], a.text)
		case ok && !slices.Equal(caps, a.caps):
			differ("%+q: found %s, joni %s", c.Subjects[i], regextest.FormatCaps(caps), a.text)
		}
	}
}
