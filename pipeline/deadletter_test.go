package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sluice/pipeline/event"
)

func letterOf(n int) []letter {
	e := &event.Event{}
	e.Fields.Add("n", event.IntOf(int64(n)))
	return []letter{{Event: e, Step: "s", Plugin: "p", Err: errors.New("bad"), Attempts: 1}}
}

// wantLetters checks that the files in dir hold the letters 0 to n-1, each on a line of its own.
func wantLetters(t *testing.T, dir string, n int) {
	t.Helper()
	found := lettersIn(t, dir)
	for i := range int64(n) {
		if !found[i] {
			t.Errorf("letter %d of %d is missing", i, n)
		}
	}
	if len(found) != n {
		t.Errorf("%d letters, want %d", len(found), n)
	}
}

// TestDeadLettersShareAFolder has two writers, as of two programs on one machine, write at the same time.
func TestDeadLettersShareAFolder(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			d := newDeadLetters(dir, "main")
			for i := range 50 {
				if err := d.write(letterOf(2*i + w)); err != nil {
					t.Error(err)
				}
			}
			if err := d.close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantLetters(t, dir, 100)
}

// TestDeadLettersOutliveTheirFile removes, renames and tears the file between letters.
func TestDeadLettersOutliveTheirFile(t *testing.T) {
	dir := t.TempDir()
	d := newDeadLetters(dir, "main")
	write := func(n int) string {
		t.Helper()
		if err := d.write(letterOf(n)); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "main-*.ndjson"))
		if err != nil || len(files) != 1 {
			t.Fatalf("files %v, %v", files, err)
		}
		return files[0]
	}
	rotated := write(0)
	if err := os.Rename(rotated, filepath.Join(dir, "rotated.ndjson")); err != nil {
		t.Fatal(err)
	}
	removed := write(1)
	if err := os.Remove(removed); err != nil {
		t.Fatal(err)
	}
	torn := write(1)
	f, err := os.OpenFile(torn, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(f, `{"error":"as a crash leaves it","document":{"n":2}}`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	write(3)
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	wantLetters(t, dir, 4)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(0)
	wantLetters(t, dir, 1)
	if err := d.close(); err != nil {
		t.Error(err)
	}
}
