package stdin_test

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/line"
	"sluice/plugins/input/stdin"
)

func TestConformance(t *testing.T) {
	plugintest.Input(t, stdin.Plugin(), plugintest.Case{
		Name: "a file", Events: 3, With: []plugin.Spec{line.Plugin()},
		Setup: func(t *testing.T) string {
			name := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(name, []byte("one\ntwo\nthree"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			before := os.Stdin
			os.Stdin = f
			t.Cleanup(func() {
				os.Stdin = before
				_ = f.Close()
			})
			return ""
		},
	})
}
