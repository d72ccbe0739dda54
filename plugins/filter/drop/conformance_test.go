package drop

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "all"},
		plugintest.Case{Name: "none", Config: "{percentage: 0}"},
	)
}

func TestCases(t *testing.T) { plugintest.Files(t, Plugin(), "testdata/*.txtar") }
