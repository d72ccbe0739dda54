package grok

import (
	"fmt"
	"math"

	"sluice/internal/grok"
)

// engine compiles expanded expressions.
type engine interface {
	compile(x *grok.Expanded) (program, error)
}

// program is a compiled expression, read-only and shared by all workers.
type program interface {
	captures() []grok.Capture
	newMatcher() matcher
}

// matcher runs one expression for one worker.
type matcher interface {
	// match finds the first match in text.
	match(text string) outcome
	// capture returns the text of a group after a match, a part of the text that was matched, and whether the
	// group took part.
	capture(group int) (string, bool)
}

// outcome is what became of one expression on one text.
type outcome uint8

const (
	no        outcome = iota
	yes               // it matches
	exhausted         // the steps that it may take ended before the answer was found
)

// engineOf returns the engine that the options ask for.
func engineOf(c *Config) (engine, error) {
	switch c.Engine {
	case "sluice":
		budget := int64(c.TimeoutMillis) * stepsPerMilli
		if c.TimeoutMillis == 0 {
			budget = math.MaxInt64
		}
		return sluice{budget}, nil
	case "re2":
		return re2{}, nil
	}
	return nil, fmt.Errorf("unknown engine %q; expected sluice or re2", c.Engine)
}
