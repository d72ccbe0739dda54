package heartbeat_test

import (
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/plain"
	"sluice/plugins/input/heartbeat"
)

func TestConformance(t *testing.T) {
	plugintest.Input(t, heartbeat.Plugin(), plugintest.Case{
		Config: "{interval: 1ms, count: 3}", Events: 3, With: []plugin.Spec{plain.Plugin()},
	})
}
