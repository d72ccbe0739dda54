package grok

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "built-in", Config: `{match: {message: ["%{COMBINEDAPACHELOG}", "%{SYSLOGLINE}"]}}`},
		plugintest.Case{Name: "anything", Config: `{match: {message: "^(?<b>.?)%{INT:c:int}?%{GREEDYDATA:message}"}, break_on_match: false, keep_empty_captures: true}`, Fields: []string{"message", "b", "c"}},
	)
}

func TestCases(t *testing.T) { plugintest.Files(t, Plugin(), "testdata/*.txtar") }
