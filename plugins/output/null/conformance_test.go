package null_test

import (
	"testing"

	"sluice/pipeline/plugintest"
	"sluice/plugins/output/null"
)

func TestConformance(t *testing.T) {
	plugintest.Output(t, null.Plugin(), plugintest.Case{Name: "defaults"})
}
