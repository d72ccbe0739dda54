package plain_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/plain"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, plain.Plugin(), plugintest.Case{Name: "defaults"})
}
