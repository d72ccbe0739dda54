package tail

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestOnceTellsWhatItCannotRead takes a folder for a file that matches: it can be found and opened, but not be read.
func TestOnceTellsWhatItCannotRead(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for _, once := range []bool{true, false} {
		dir := t.TempDir()
		state, err := openState(filepath.Join(dir, "state"), log, 1)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Start(state, Options{
			Paths: []string{filepath.Join(dir, "*.log")}, Split: Splitter{Delimiter: []byte("\n"), MaxLine: 40}, Lanes: 1, Once: once, Poll: true,
			StatInterval: time.Second, DiscoverEvery: 1, Log: log,
		})
		if err != nil {
			t.Fatal(err)
		}
		unreadable := filepath.Join(dir, "folder")
		if err := os.Mkdir(unreadable, 0o700); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(unreadable)
		if err != nil {
			t.Fatal(err)
		}
		f.ask(func() { f.adopt(candidate{unreadable, infoOf(fi)}, true) })
		err = f.Close()
		if told := err != nil && strings.Contains(err.Error(), unreadable); told != once {
			t.Errorf("once %t: Close says %v", once, err)
		}
		if err := state.Close(); err != nil {
			t.Error(err)
		}
	}
}
