package harness_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

// TestQueueAndProxy sends through a proxy, with and without faults, and again what it has seen.
func TestQueueAndProxy(t *testing.T) {
	ctx := t.Context()
	server := httptest.NewServer(localqueue.New())
	defer server.Close()
	p, err := harness.NewProxy(server.URL)
	check(t, err)
	defer p.Close()
	q, err := harness.NewQueue(ctx, p.URL, "q", 5)
	check(t, err)
	check(t, q.Send(ctx, harness.Message{"MessageBody": "a"}))
	check(t, q.Send(ctx, harness.Message{"MessageBody": "b"}))
	c, err := q.Counts(ctx)
	check(t, err)
	if want := (harness.Counts{Visible: 2}); c != want {
		t.Errorf("counts: %v, want %v", c, want)
	}

	p.Set(harness.Faults{Seed: 1, LoseCall: 1})
	if err := q.Send(ctx, harness.Message{"MessageBody": "c"}); err == nil {
		t.Error("a lost request succeeded")
	}
	p.Set(harness.Faults{Seed: 1, LoseDone: 1})
	if err := q.Send(ctx, harness.Message{"MessageBody": "d"}); err == nil {
		t.Error("a request whose reply was lost succeeded")
	}
	p.Set(harness.Faults{})
	c, err = q.Counts(ctx)
	check(t, err)
	if c.Visible != 3 {
		t.Errorf("counts: %v, want a, b and d", c)
	}
	if p.Lost() != 2 || len(p.Sent()) != 3 {
		t.Errorf("%d lost, %d sent; want 2 and 3", p.Lost(), len(p.Sent()))
	}
	for _, m := range p.Sent() {
		check(t, q.Send(ctx, m))
	}
	c, err = q.Counts(ctx)
	check(t, err)
	if c.Visible != 6 {
		t.Errorf("counts after a second delivery: %v, want 6", c)
	}
}

// TestIndex counts, reads and looks at types.
func TestIndex(t *testing.T) {
	ctx := t.Context()
	server := httptest.NewServer(localindex.New(localindex.Options{}))
	defer server.Close()
	x := &harness.Index{URL: server.URL}
	if n, err := x.Count(ctx, "logs-*"); n != 0 || err != nil {
		t.Errorf("an empty server counts %d, %v", n, err)
	}
	check(t, x.Call(ctx, http.MethodPut, "/logs-1/_create/a", map[string]any{"n": 1, "o": map[string]any{"f": 1.5}, "stream": "s", "offset": 0}, nil))
	check(t, x.Call(ctx, http.MethodPut, "/logs-2/_create/b", map[string]any{"n": 2, "stream": "s", "offset": 8}, nil))
	if n, err := x.Count(ctx, "logs-*"); n != 2 || err != nil {
		t.Errorf("two documents count %d, %v", n, err)
	}
	docs, err := x.Docs(ctx, "logs-*")
	check(t, err)
	if len(docs) != 2 || docs[0].Source["n"] == nil {
		t.Errorf("documents: %v", docs)
	}
	types, err := x.Types(ctx, "logs-*")
	check(t, err)
	if types["n"] != "long" || types["o.f"] != "float" {
		t.Errorf("types: %v", types)
	}
}

// TestVerify changes one thing at a time in documents that are right, and each must be seen.
func TestVerify(t *testing.T) {
	dir := t.TempDir()
	source := harness.Source{Type: "app", Log: filepath.Join(dir, "app.log"), Continues: harness.PythonContinues}
	text := harness.Tracebacks(9)
	before, _, _ := strings.Cut(text, "order 5")
	check(t, harness.Append(source.Log+".1", before[:strings.LastIndexByte(before, '\n')+1])) // begins as the other one does: both are of one millisecond
	check(t, harness.Append(source.Log, text+"no form\n"))
	right := func() []harness.Doc {
		var docs []harness.Doc
		for stream, file := range []string{source.Log, source.Log + ".1"} {
			events, err := harness.ReadEvents(file, source.Continues)
			check(t, err)
			for _, e := range events {
				docs = append(docs, document(t, source, e, stream))
			}
		}
		return docs
	}
	f := func(name string, change func([]harness.Doc) []harness.Doc, want bool) {
		t.Helper()
		_, errs := harness.Verify([]harness.Source{source}, change(right()), "logs-")
		if (len(errs) == 0) != want {
			t.Errorf("%s: %v", name, errs)
		}
	}
	set := func(field string, v any) func([]harness.Doc) []harness.Doc {
		return func(d []harness.Doc) []harness.Doc { d[2].Source[field] = v; return d }
	}
	f("right", func(d []harness.Doc) []harness.Doc { return d }, true)
	f("one is missing", func(d []harness.Doc) []harness.Doc { return d[1:] }, false)
	f("a file is missing", func(d []harness.Doc) []harness.Doc { return d[:10] }, false)
	f("one is there twice", func(d []harness.Doc) []harness.Doc { return append(d, d[0]) }, false)
	f("a second stream", func(d []harness.Doc) []harness.Doc {
		return append(d, document(t, source, harness.Event{Text: "x"}, 7))
	}, false)
	f("other index", func(d []harness.Doc) []harness.Doc { d[2].Index = "logs-2001.01.01"; return d }, false)
	f("text", set("message", "x"), false)
	f("field", set("loglevel", "DEBUG"), false)
	f("type of a field", set("summary", json.Number("1")), false)
	f("offset", set("offset", json.Number("1")), false)
	f("time", set("@timestamp", "2020-01-01T00:00:00Z"), false)
	f("a field that should be gone", set("timestamp", "now"), false)
	f("path", set("path", "/elsewhere"), false)
	f("type", set("type", "syslog"), false)
}

// document is what the reader should make of an event.
func document(t *testing.T, s harness.Source, e harness.Event, stream int) harness.Doc {
	t.Helper()
	source := map[string]any{
		"stream": fmt.Sprintf("%016x", stream+1), "offset": json.Number(strconv.FormatInt(e.Offset, 10)), "message": e.Text,
		"type": s.Type, "path": s.Log, "host": "h",
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if w, ok := harness.Expect(s.Type, e, at); ok {
		at = w.Time
		for name, v := range w.Fields {
			if v != nil {
				source[name] = v
			}
		}
	}
	source["@timestamp"] = at.Format(time.RFC3339Nano)
	return harness.Doc{Index: "logs-" + at.Format("2006.01.02"), ID: fmt.Sprint(stream, e.Offset), Source: source}
}

// TestReadEvents joins, and leaves the line that is not finished.
func TestReadEvents(t *testing.T) {
	file := filepath.Join(t.TempDir(), "log")
	check(t, os.WriteFile(file, []byte("a\n b\n\nc\n d"), 0o600))
	events, err := harness.ReadEvents(file, harness.PythonContinues)
	check(t, err)
	if want := []harness.Event{{Offset: 0, Text: "a\n b"}, {Offset: 5, Text: ""}, {Offset: 6, Text: "c"}}; !slices.Equal(events, want) {
		t.Errorf("events: %+v, want %+v", events, want)
	}
}

// TestProgram starts, kills and stops a process, and is told when it ends by itself.
func TestProgram(t *testing.T) {
	p := &harness.Program{Name: "sh", Path: "/bin/sh", Log: filepath.Join(t.TempDir(), "log")}
	p.Args = []string{"-c", "trap 'echo bye; exit 0' TERM; echo hi; while :; do sleep 0.01; done"}
	check(t, p.Start())
	check(t, harness.Until(t.Context(), time.Minute, func() (bool, string) { return strings.Contains(p.Tail(), "hi"), p.Tail() }, p))
	check(t, p.Stop(time.Minute))
	if !strings.Contains(p.Tail(), "bye") || p.Running() {
		t.Errorf("the process was not asked to end: %s", p.Tail())
	}
	check(t, p.Start())
	p.Kill()
	if p.Running() {
		t.Error("killed, and running")
	}
	p.Args = []string{"-c", "exit 3"}
	check(t, p.Start())
	if err := harness.Until(t.Context(), time.Minute, func() (bool, string) { return false, "" }, p); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("Until: %v", err)
	}
	if err := p.Stop(time.Minute); err == nil {
		t.Error("Stop: no error for exit code 3")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
