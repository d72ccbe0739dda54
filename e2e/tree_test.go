package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoSleeping: a test that sleeps is slow, fails on a busy machine, or both. It waits for a condition, or runs in a
// bubble of testing/synctest, where sleeping is how time passes.
func TestNoSleeping(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "git", "-C", "..", "ls-files", "*_test.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := strings.Fields(string(out))
	if len(files) == 0 {
		t.Fatal("no tests found")
	}
	sleep := "time." + "Sleep("
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			continue // deleted, and not committed yet
		}
		if strings.Contains(string(text), sleep) && !strings.Contains(string(text), `"testing/synctest"`) {
			t.Errorf("%s sleeps outside of testing/synctest", name)
		}
	}
}
