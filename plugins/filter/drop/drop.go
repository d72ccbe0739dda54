// Package drop takes events out of the pipeline.
package drop

import (
	"context"
	"math/rand/v2"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the drop filter.
type Config struct {
	Percentage float64 `yaml:"percentage" doc:"How many of a hundred events are dropped."`
}

const all = 100

// Plugin describes the drop filter.
func Plugin() plugin.Spec {
	return plugin.NewFilter("drop", "drop events", Config{Percentage: all}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	if !(c.Percentage >= 0 && c.Percentage <= all) {
		env.Problems.Errorf("percentage", "found %v, expected a number from 0 to 100", c.Percentage)
	}
	return &plugin.BuiltFilter{New: func() plugin.Filter { return filter{c.Percentage} }}, nil
}

type filter struct{ percentage float64 }

// Process drops the events, or a share of them chosen by chance.
func (f filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		if f.percentage >= all || rand.Float64()*all < f.percentage { //nolint:gosec // sampling needs no secret
			e.Drop()
			e.Match()
		}
	}
	return nil
}
