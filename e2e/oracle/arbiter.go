package main

import (
	"fmt"
	"slices"

	"sluice/internal/regex/regextest"
)

// difference is a case on which we and joni do not agree.
type difference struct {
	question
	caps []int32 // what we found
	kind kind
	text string
	joni answer
}

// arbitrate asks Ruby about the differences. Where it agrees with us joni is on its own: that is counted, and is no failure. Those that
// are known are counted, too. The others are shown.
func (o *options) arbitrate(list []difference) (alone, others int, err error) {
	questions := make([]question, len(list))
	for i := range list {
		questions[i] = list[i].question
	}
	var answers []answer
	if len(list) > 0 && o.ruby.command != "" {
		if answers, err = o.ruby.ask(questions); err != nil {
			return 0, 0, err
		}
	}
	excused := map[string]int{}
	for i, d := range list {
		ruby := ""
		if len(answers) > i {
			if a := answers[i]; a.kind == d.kind && (d.kind != matched || slices.Equal(a.caps, d.caps)) {
				alone++
				continue
			}
			ruby = "; Ruby: " + answers[i].text
		}
		if excuse(&d, excused) {
			continue
		}
		if others++; others <= o.show {
			fmt.Fprintf(o.out, "%+q on %+q: %s%s\n", d.expr, d.subject, d.text, ruby) //nolint:errcheck // it is a report
		}
	}
	if len(excused) > 0 {
		fmt.Fprintf(o.out, "known: %s\n", printCounts(excused)) //nolint:errcheck // it is a report
	}
	return alone, others, nil
}

func found(caps []int32, ok bool) string {
	if !ok {
		return "no match"
	}
	return regextest.FormatCaps(caps)
}
