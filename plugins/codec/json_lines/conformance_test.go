package json_lines_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json_lines"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, json_lines.Plugin(), plugintest.Case{Name: "defaults"})
}
