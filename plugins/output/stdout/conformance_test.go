package stdout_test

import (
	"os"
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json_lines"
	"sluice/plugins/codec/rubydebug"
	"sluice/plugins/output/stdout"
)

func TestConformance(t *testing.T) {
	quiet := func(options string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			before := os.Stdout
			os.Stdout = f
			t.Cleanup(func() {
				os.Stdout = before
				_ = f.Close()
			})
			return options
		}
	}
	plugintest.Output(t, stdout.Plugin(),
		plugintest.Case{Name: "defaults", Setup: quiet(""), With: []plugin.Spec{rubydebug.Plugin()}},
		plugintest.Case{Name: "json_lines", Setup: quiet("codec: json_lines"), With: []plugin.Spec{rubydebug.Plugin(), json_lines.Plugin()}},
	)
}
