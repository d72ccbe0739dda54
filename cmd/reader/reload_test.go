package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reloading is a program that is asked to reload what changes under it, while lines come.
type reloading struct {
	*child

	dir     string
	version int   // of the last good configuration
	lines   int   // written so far
	out     int64 // bytes of the output that were looked at
	seen    map[string]int
}

// good is a configuration that adds its version to each event, and knows a pattern of the folder beside it.
func (r *reloading) good() string {
	return fmt.Sprintf(`pipeline: {data_dir: %[2]s/data, stop_timeout: 1m, flush_interval: 10ms}
inputs: [file: {path: %[2]s/in.log, start_position: beginning, stat_interval: 50ms, discover_interval: 1}]
filters:
- grok: {patterns_dir: %[2]s/own, match: {message: '^%%{LINE:n}$'}}
- mutate: {add_field: {version: '%[1]d'}}
outputs: [file: {path: %[2]s/out.ndjson}]
`, r.version, r.dir)
}

func (r *reloading) write(t *testing.T, name, text string) {
	t.Helper()
	full := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// line appends a line to the input and returns it.
func (r *reloading) line(t *testing.T) string {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, "in.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	r.lines++
	line := fmt.Sprintf("line %d", r.lines)
	if _, err := f.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return line
}

// look reads what has come out since the last time, and returns the last event's fields.
func (r *reloading) look(t *testing.T) (last map[string]any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, "out.ndjson"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	whole := strings.LastIndexByte(string(b), '\n') + 1
	for line := range strings.Lines(string(b[r.out:whole])) {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		r.seen[fmt.Sprint(last["message"])]++
	}
	r.out = int64(whole)
	return last
}

// lives writes a line and waits until it has come out, by the last good configuration and its patterns.
func (r *reloading) lives(t *testing.T) {
	t.Helper()
	want := r.line(t)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		e := r.look(t)
		if e["message"] == want {
			if e["n"] != want || e["version"] != strconv.Itoa(r.version) {
				t.Errorf("configuration %d: %v", r.version, e)
			}
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%q did not come out", want)
		}
	}
}

// TestFailedStart reloads a configuration of which one pipeline cannot start: none of it is seen, and what had come to its end
// before does not begin again.
func TestFailedStart(t *testing.T) {
	r := &reloading{dir: t.TempDir(), seen: map[string]int{}}
	finite := func(version string) string {
		return "pipeline: {id: g, data_dir: " + r.dir + "/data}\ninputs: [generator: {count: 5}]\noutputs: [file: {path: " + r.dir + "/gen" + version + ".ndjson}]\n"
	}
	r.write(t, "own/patterns", "LINE line [0-9]+\n")
	r.write(t, "c/a.yaml", r.good())
	r.write(t, "c/g.yaml", finite(""))
	r.child = runIn(t, r.dir, "-c", "c")
	r.await(t, `"msg":"starting"`)
	r.lives(t)
	r.write(t, "c/g.yaml", finite("2"))
	r.write(t, "c/b.yaml", "pipeline: {id: b, data_dir: "+r.dir+"/in.log}\ninputs: [file: {path: /x}]\noutputs: ['null']\n")
	for range 3 {
		r.signal(t, syscall.SIGHUP)
		r.await(t, "the old configuration goes on")
		r.lives(t)
	}
	r.signal(t, syscall.SIGTERM)
	if code := r.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if b, err := os.ReadFile(filepath.Join(r.dir, "gen.ndjson")); err != nil || strings.Count(string(b), "\n") != 5 {
		t.Errorf("%v, expected 5 events:\n%s", err, b)
	}
	if b, err := os.ReadFile(filepath.Join(r.dir, "gen2.ndjson")); err == nil {
		t.Errorf("the failed configuration wrote:\n%s", b)
	}
}

// TestReloadsUnderLoad reloads good and bad configurations in a random order while lines come: each comes out once, made by
// the last good configuration, with the patterns that this one had.
func TestReloadsUnderLoad(t *testing.T) {
	r := &reloading{dir: t.TempDir(), seen: map[string]int{}}
	r.write(t, "own/patterns", "LINE line [0-9]+\n")
	put := func() { r.write(t, "c/a.yaml", r.good()) }
	put()
	r.child = runIn(t, r.dir, "-c", "c", "--log-level", "info")
	r.await(t, `"msg":"starting"`)
	dice := rand.New(rand.NewPCG(1, 2))
	bad := []struct {
		name  string
		spoil func()
	}{
		{"no YAML", func() { r.write(t, "c/a.yaml", "inputs: [") }},
		{"an unknown option", func() { r.write(t, "c/a.yaml", strings.ReplaceAll(r.good(), "path:", "paht:")) }},
		{"no file", func() { _ = os.Remove(filepath.Join(r.dir, "c", "a.yaml")) }},
		{"no patterns folder", func() { _ = os.RemoveAll(filepath.Join(r.dir, "own")) }},
		{"a wrong pattern", func() { r.write(t, "own/patterns", "LINE (line\n") }},
		{"a pipeline that cannot start", func() {
			r.version += 1000 // none of it may be seen
			put()
			r.version -= 1000
			r.write(t, "c/b.yaml", "pipeline: {id: b, data_dir: "+r.dir+"/in.log}\ninputs: [file: {path: /x}]\noutputs: ['null']\n")
		}},
	}
	for range 30 {
		for range dice.IntN(20) {
			r.line(t)
		}
		if dice.IntN(2) == 0 {
			r.version++
			put()
			r.signal(t, syscall.SIGHUP)
			r.await(t, `"msg":"reloaded"`)
		} else {
			b := bad[dice.IntN(len(bad))]
			b.spoil()
			r.signal(t, syscall.SIGHUP)
			r.await(t, "the old configuration goes on")
		}
		r.lives(t)
		_ = os.Remove(filepath.Join(r.dir, "c", "b.yaml"))
		r.write(t, "own/patterns", "LINE line [0-9]+\n")
	}
	r.signal(t, syscall.SIGTERM)
	if code := r.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r.look(t)
	for n := range r.lines {
		if line := fmt.Sprintf("line %d", n+1); r.seen[line] != 1 {
			t.Errorf("%q came out %d times", line, r.seen[line])
		}
	}
}
