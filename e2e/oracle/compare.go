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
type tally struct {
	cases, matches, refused, unknown, exhausted int
	differ                                      []difference
}

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
		t.compare(c, answers[:n])
		answers = answers[n:]
	}
	alone, differences, err := o.arbitrate(t.differ)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(o.out, "%s: %d cases, %d match, %d refused, %d that joni cannot answer, %d over our budget, %d in which we and Ruby "+
		"agree and joni does not, %d known differences; %d differ\n", name, t.cases, t.matches, t.refused, t.unknown, t.exhausted, alone,
		len(t.differ)-alone-differences, differences)
	return differences, err
}

// match matches, and survives a bug.
func match(m *regex.Matcher, s string) (caps []int32, ok bool, panicked any) {
	defer func() { panicked = recover() }()
	caps, ok = m.Match(s)
	return caps, ok, nil
}

// compare compares our answers with joni's for one expression.
func (t *tally) compare(c regextest.Case, answers []answer) {
	p, err := regex.Compile(c.Expr, regex.Options{})
	t.cases += len(answers)
	differ := func(i int, k kind, caps []int32, text string) {
		t.differ = append(t.differ, difference{question{c.Expr, c.Subjects[i]}, slices.Clone(caps), k, text + ", joni: " + answers[i].text, answers[i]})
	}
	if err != nil {
		t.refused++
		if i := slices.IndexFunc(answers, func(a answer) bool { return a.kind != refused && a.kind != unknown }); i >= 0 {
			differ(i, refused, nil, err.Error())
		}
		return
	}
	m := p.NewMatcher()
	for i, a := range answers {
		caps, ok, panicked := match(m, c.Subjects[i])
		k := noMatch
		if ok {
			k = matched
		}
		switch {
		case panicked != nil:
			differ(i, unknown, nil, fmt.Sprint("panic: ", panicked))
			m = p.NewMatcher()
		case a.kind == unknown:
			t.unknown++
		case !ok && m.Exhausted():
			t.exhausted++
		case a.kind != k || ok && !slices.Equal(caps, a.caps):
			differ(i, k, caps, "found "+found(caps, ok))
		case ok && a.names != nil && !slices.Equal(p.Names(), a.names):
			differ(i, unknown, nil, fmt.Sprintf("found the names %q, expected %q", p.Names(), a.names))
		}
		if a.kind == matched {
			t.matches++
		}
		if a.kind == refused {
			t.refused++
			return
		}
	}
}
