package e2e

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

// hostileLines are what a log file should not hold, each with its outcome in docs/bad-input.md.
func hostileLines() string {
	return "n=1\n" +
		"n=abc\n" + // a text where a number was
		"bad \xff\xfe bytes\n" +
		"nul \x00 in it\n" +
		strings.Repeat("y", 11<<20) + "\n" + // longer than max_line_bytes
		"noindex\n" // an index name that refers to a field that is not there
}

// TestHostileInput takes input that nobody wants through both programs: each line and message has the outcome that
// docs/bad-input.md states, none stops the pipeline, and none is lost unseen.
func TestHostileInput(t *testing.T) {
	queue, index := httptest.NewServer(localqueue.New()), httptest.NewServer(localindex.New(localindex.Options{}))
	defer queue.Close()
	defer index.Close()
	ctx := t.Context()
	s, err := harness.NewStage(ctx, harness.Setup{
		Dir: t.TempDir(), Bin: buildPrograms(t), Queue: queue.URL, Index: index.URL,
		Shipper: absolute(t, "testdata/hostile-shipper.yaml"), Reader: absolute(t, "testdata/hostile-reader.yaml"),
	})
	check(t, err)
	defer s.Close()
	check(t, harness.Append(filepath.Join(s.Logs, "hostile.log"), hostileLines()))
	check(t, s.Queue.Send(ctx, harness.Message{"MessageBody": "sluice1:no base64"}))
	start(t, s.Shipper, s.Reader)
	const documents = 6 // the long line is two
	if err := s.Drained(ctx, "hostile", documents, time.Minute); err != nil {
		t.Errorf("%v\nshipper:\n%s\nreader:\n%s", err, s.Shipper.Tail(), s.Reader.Tail())
	}
	docs, err := s.Index.Docs(ctx, "hostile")
	check(t, err)
	var got []string
	for _, d := range docs {
		tags, err := json.Marshal(d.Source["tags"])
		check(t, err)
		text := d.Source["message"].(string)
		if len(text) > 100 {
			text = text[:1] + "..."
		}
		got = append(got, text+" "+string(tags))
	}
	want := []string{
		`n=1 null`, "bad \uFFFD\uFFFD bytes " + `["_grokparsefailure"]`, "nul \x00 in it " + `["_grokparsefailure"]`,
		`y... ["_line_cut","_grokparsefailure"]`, `y... ["_line_cut","_grokparsefailure"]`, `noindex ["_grokparsefailure"]`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("documents:\n%s\nexpected:\n%s", g, w)
	}
	letters(t, filepath.Join(s.Dir, "reader", "dead_letters"), map[string]string{
		"n=abc": "n", "noindex": "missing field: %{nowhere}", "sluice1:no base64": "base64",
	})
	check(t, s.Stop())
}

// letters compares the dead letters of a folder with what is expected: a part of the reason for each raw text.
func letters(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	check(t, err)
	found := map[string]string{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		check(t, err)
		for line := range bytes.Lines(text) {
			var rec struct{ Raw, Error string }
			check(t, json.Unmarshal(line, &rec))
			found[rec.Raw] = rec.Error
		}
	}
	for raw, part := range want {
		if !strings.Contains(found[raw], part) {
			t.Errorf("dead letter of %q: found the reason %q, expected %q in it", raw, found[raw], part)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %d dead letters, expected %d: %q", len(found), len(want), found)
	}
}
