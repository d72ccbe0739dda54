package cli

import (
	"context"
	"strings"
	"time"
)

// report runs cases and tells what came of them.
type report struct {
	app   *app
	color bool

	passed, failed, updated int
}

// Colors of a terminal.
const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	plain = "\x1b[0m"
)

func (r *report) paint(color, s string) string {
	if !r.color {
		return s
	}
	return color + s + plain
}

// run runs a case. With update a case file whose result differs is rewritten.
func (r *report) run(ctx context.Context, s *subject, c *testCase, update bool) error {
	result, err := s.run(ctx, c)
	var found []mismatch
	if err != nil {
		found = []mismatch{{what: "error", got: err.Error()}}
	} else {
		found = s.compare(c, result)
	}
	switch {
	case len(found) == 0:
		r.passed++
	case update && err == nil && c.golden != nil:
		if err := c.golden.update(result); err != nil {
			return err
		}
		r.updated++
		r.app.printf("updated %s\n", c.golden.path)
	default:
		r.failed++
		r.show(c, found)
	}
	return nil
}

// show prints what differs.
func (r *report) show(c *testCase, found []mismatch) {
	r.app.printf("%s %s: %s\n", r.paint(red, "FAIL"), c.place, c.name)
	for _, m := range found {
		r.app.printf("  %s\n", m.what)
		if m.what == "error" {
			r.app.printf("    %s\n", m.got)
			continue
		}
		r.app.printf("    expected %s\n    found    %s\n", r.paint(green, orNothing(m.want)), r.paint(red, orNothing(m.got)))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// total prints the sum of all cases.
func (r *report) total(took time.Duration) {
	var parts []string
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, thousands(n)+" "+what)
		}
	}
	add(int64(r.passed), "passed")
	add(int64(r.failed), "failed")
	add(int64(r.updated), "updated")
	r.app.printf("%s in %s\n", strings.Join(parts, ", "), took.Round(time.Millisecond))
}
