package json_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, json.Plugin(), plugintest.Case{Name: "defaults"})
}
