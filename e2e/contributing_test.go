package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var fileBlock = regexp.MustCompile("(?ms)^```\\w+ file=(\\S+)\n(.*?\n)```$")

// TestPluginOfContributing builds the plugin that CONTRIBUTING.md shows as it stands there, and runs its tests: the
// conformance suite. The files are laid over the tree and never written into it.
func TestPluginOfContributing(t *testing.T) {
	page, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	overlay := map[string]string{}
	for _, m := range fileBlock.FindAllSubmatch(page, -1) {
		file := filepath.Join(dir, filepath.Base(string(m[1])))
		if err := os.WriteFile(file, m[2], 0o600); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(root, string(m[1]))] = file
	}
	if len(overlay) != 3 {
		t.Fatalf("found %d files in CONTRIBUTING.md, expected the plugin, its test and its page", len(overlay))
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	listFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(listFile, list, 0o600); err != nil {
		t.Fatal(err)
	}
	// Compiled by go, run by us: go would enter the folder, which is not there.
	program := filepath.Join(dir, "length.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", listFile, "-o", program, "./plugins/filter/length")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the plugin: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, "-test.v").CombinedOutput()
	if err != nil {
		t.Fatalf("the conformance suite: %v\n%s", err, out)
	}
	if !regexp.MustCompile(`--- PASS: TestConformance`).Match(out) {
		t.Fatalf("the conformance suite did not run:\n%s", out)
	}
}
