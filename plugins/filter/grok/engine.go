package grok

import (
	"fmt"
	"math"

	"sluice/internal/grok"
)

// The engines.
const (
	engineSluice = "sluice"
	engineRE2    = "re2"
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
	case engineSluice:
		return sluice{budgetOf(c)}, nil
	case engineRE2:
		return re2{}, nil
	}
	return nil, fmt.Errorf("unknown engine %q; expected sluice or re2", c.Engine)
}

// budgetOf returns how many steps an expression may take.
func budgetOf(c *Config) int64 {
	if c.TimeoutMillis == 0 {
		return math.MaxInt64 / 2 // what is added to it must not overflow
	}
	return int64(c.TimeoutMillis) * stepsPerMilli
}
