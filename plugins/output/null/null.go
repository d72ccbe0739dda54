// Package null takes events and forgets them, for tests and measurements.
package null

import (
	"context"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the null output: it has none.
type Config struct{}

// Plugin describes the null output.
func Plugin() plugin.Spec {
	return plugin.NewOutput("null", "take events and forget them", Config{}, build)
}

func build(Config, plugin.Env) (*plugin.BuiltOutput, error) {
	return &plugin.BuiltOutput{Start: func(context.Context, int) (plugin.Output, error) { return output{}, nil }}, nil
}

type output struct{}

// Write calls every event delivered.
func (output) Write(context.Context, *event.View) error { return nil }

// Close does nothing.
func (output) Close(context.Context) error { return nil }
