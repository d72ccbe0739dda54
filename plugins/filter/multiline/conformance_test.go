package multiline

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "previous", Config: `{pattern: '^ ', what: previous}`},
		plugintest.Case{Name: "next", Config: `{pattern: '\\$', what: next, negate: true, max_age: 1s, max_lines: 2}`},
		plugintest.Case{
			Name: "in another field", Config: `{pattern: '^x', what: previous, source: '[a][b]', max_bytes: 100B}`,
			Fields: []string{"[a][b]", "host"},
		},
	)
}
