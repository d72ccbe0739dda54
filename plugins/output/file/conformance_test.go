package file_test

import (
	"os"
	"strings"
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json_lines"
	"sluice/plugins/output/file"
)

func TestConformance(t *testing.T) {
	var path string
	at := func(name, more string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			path = t.TempDir() + "/"
			return "path: '" + path + name + "'\n" + more
		}
	}
	count := func(t *testing.T) int {
		t.Helper()
		b, err := os.ReadFile(path + "all.ndjson")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), "\n")
	}
	with := []plugin.Spec{json_lines.Plugin()}
	plugintest.Output(t, file.Plugin(),
		plugintest.Case{Name: "one file", Setup: at("all.ndjson", ""), With: with, Delivered: count},
		plugintest.Case{Name: "by field", Setup: at("%{message}/x.gz", "gzip: true\nmax_open_files: 2"), With: with},
		plugintest.Case{Name: "overwrite", Setup: at("last-%{+yyyy}", "write_behavior: overwrite"), With: with},
		plugintest.Case{Name: "interval", Setup: at("all", "flush_interval: 1ms"), With: with},
	)
}
