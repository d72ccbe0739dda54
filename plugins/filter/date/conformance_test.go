package date

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "patterns", Config: `{match: [message, "dd/MMM/yyyy:HH:mm:ss Z", "MMM dd HH:mm:ss", ISO8601, UNIX, UNIX_MS, TAI64N]}`},
		plugintest.Case{Name: "target and zone", Config: `{match: ["[a][b]", "yyyy-MM-dd HH:mm:ss"], target: "[c][d]", timezone: "%{tz}"}`, Fields: []string{"a", "c", "tz"}},
	)
}

func TestCases(t *testing.T) { plugintest.Files(t, Plugin(), "testdata/*.txtar") }
