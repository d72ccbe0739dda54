package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json_lines"
)

func TestConformance(t *testing.T) {
	var dir string // of the check that runs
	into := func(options string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			dir = t.TempDir()
			return "{path: '" + dir + "/" + options + "}"
		}
	}
	lines := func(t *testing.T) int {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(text, []byte("\n"))
	}
	with := []plugin.Spec{json_lines.Plugin()}
	plugintest.Output(t, Plugin(),
		plugintest.Case{Name: "one file", Setup: into("out'"), With: with, Delivered: lines},
		plugintest.Case{Name: "by fields, compressed", Setup: into("%{type}/%{message}-%{+yyyy.MM.dd}', gzip: true, flush_interval: 2s, max_open_files: 3"), With: with},
	)
}
