package rubydebug_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/rubydebug"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, rubydebug.Plugin(), plugintest.Case{Name: "defaults"})
}
