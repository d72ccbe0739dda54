package multiline

import (
	"testing"

	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Filter(t, Plugin(),
		plugintest.Case{Name: "previous", Config: `{pattern: '^ ', what: previous}`},
		plugintest.Case{Name: "next", Config: `{pattern: '\\$', what: next, negate: true, max_age: 1s}`},
	)
}
