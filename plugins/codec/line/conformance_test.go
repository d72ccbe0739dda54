package line_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/line"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, line.Plugin(), plugintest.Case{Name: "defaults"})
}
