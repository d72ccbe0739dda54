package generator_test

import (
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/plain"
	"sluice/plugins/input/generator"
)

func TestConformance(t *testing.T) {
	plugintest.Input(t, generator.Plugin(), plugintest.Case{
		Config: "{lines: [a, b], count: 5}", Events: 10, With: []plugin.Spec{plain.Plugin()},
	})
}
