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

// Process drops the events, or a share of them. An event with an identity is always dropped or always kept, so
// that one that comes again meets the same fate; others are chosen by chance.
func (f filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		if f.percentage >= all || share(e)*all < f.percentage {
			e.Drop()
		}
	}
	return nil
}

// share returns a number from 0 up to, and without, 1, evenly spread over events.
func share(e *event.Event) float64 {
	if !e.HasID() {
		return rand.Float64() //nolint:gosec // sampling needs no secret
	}
	// The finalizer of SplitMix64, which spreads neighbouring offsets over all 64 bits.
	x := e.ID.Stream ^ uint64(e.ID.Offset)*0x9e3779b97f4a7c15 ^ uint64(e.ID.Part)<<48
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}
