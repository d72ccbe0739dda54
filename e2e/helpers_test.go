package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/e2e/harness"
)

// What configs/reader.yaml writes to.
const (
	indices     = "logs-*"
	indexPrefix = "logs-"
)

// buildPrograms builds both programs, or takes those of SLUICE_BIN.
func buildPrograms(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SLUICE_BIN"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	if err := harness.Build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// absolute makes the names of files absolute: the programs run in a folder of their own.
func absolute(t *testing.T, files ...string) []string {
	t.Helper()
	list := make([]string, len(files))
	for i, f := range files {
		var err error
		if list[i], err = filepath.Abs(f); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func start(t *testing.T, programs ...*harness.Program) {
	t.Helper()
	for _, p := range programs {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
