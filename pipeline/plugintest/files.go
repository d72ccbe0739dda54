package plugintest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"sluice/pipeline/event"
	"sluice/pipeline/expect"
	"sluice/pipeline/plugin"
)

// UpdateVariable is the environment variable that makes Files rewrite what is expected.
const UpdateVariable = "SLUICE_UPDATE"

// Files runs the case files of a filter or codec that match pattern. A file has the sections
//
//	-- config --  the plugin's options
//	-- in --      a filter's events, one JSON object per line; a codec's bytes as they are
//	-- want --    the events that come out, one JSON object per line, whole; or, for a codec that cannot
//	              decode, the text that it encodes the events to
//
// and explains itself before the first. @timestamp and @metadata are compared where they are written. With
// SLUICE_UPDATE=1 in the environment the last section is rewritten.
func Files(t *testing.T, spec plugin.Spec, pattern string, with ...plugin.Spec) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("case files %q: found none, %v", pattern, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { runFile(t, spec, name, with) })
	}
}

func runFile(t *testing.T, spec plugin.Spec, name string, with []plugin.Spec) {
	ar, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]*txtar.File{}
	for i := range ar.Files {
		sections[ar.Files[i].Name] = &ar.Files[i]
	}
	if len(ar.Files) != 3 || sections["config"] == nil || sections["in"] == nil || sections["want"] == nil {
		t.Fatalf("%s: expected the sections config, in and want", name)
	}
	config, in, want := string(sections["config"].Data), sections["in"].Data, sections["want"]
	env := plugin.Env{Dir: filepath.Dir(name)}
	var got []byte
	switch spec.Kind {
	case plugin.FilterKind:
		got = filterLines(t, Build[*plugin.BuiltFilter](t, spec, config, env, with...), in)
		compareLines(t, string(want.Data), string(got))
	case plugin.CodecKind:
		var text bool
		if got, text = codecLines(t, Build[*plugin.BuiltCodec](t, spec, config, env, with...), in); text {
			compareText(t, string(want.Data), string(got))
			break
		}
		compareLines(t, string(want.Data), string(got))
	case plugin.InputKind, plugin.OutputKind:
		t.Fatalf("case files are for filters and codecs; %s is an %s", spec.Name, spec.Kind)
	}
	if os.Getenv(UpdateVariable) != "" && !bytes.Equal(want.Data, got) {
		want.Data = got
		if err := os.WriteFile(name, txtar.Format(ar), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// filterLines passes events through a new instance and flushes it.
func filterLines(t *testing.T, built *plugin.BuiltFilter, in []byte) []byte {
	t.Helper()
	all, err := expect.ParseLines(string(in))
	if err != nil {
		t.Fatalf("in: %v", err)
	}
	b := &event.Batch{Now: now()}
	for i, f := range all {
		a := quietAck()
		e := b.Append(a)
		a.Seal()
		e.ID = event.ID{Stream: 1, Offset: int64(i)}
		if err := e.SetFields(f); err != nil {
			t.Fatalf("in: event %d: %v", i+1, err)
		}
		e.Last = i == len(all)-1
	}
	f := built.New()
	if err := f.Process(t.Context(), b); err != nil {
		t.Errorf("Process: %v", err)
	}
	var rejected []byte
	reject := func(e *event.Event) {
		fields := expect.Shown(e)
		fields.Add(expect.Rejected, event.StringOf(e.Err().Error()))
		rejected = expect.AppendLine(rejected, fields)
		e.Settle(event.DeadLettered)
		b.Recycle(e)
	}
	b.Compact(reject)
	if fl, ok := f.(plugin.Flusher); ok {
		fl.Flush(b, plugin.End, false)
		b.Compact(reject)
	}
	return append(lines(b), rejected...)
}

// codecLines decodes in; or, with a codec that only encodes, encodes the events that in lists, to text.
func codecLines(t *testing.T, built *plugin.BuiltCodec, in []byte) (out []byte, text bool) {
	t.Helper()
	var b event.Batch
	if built.NewDecoder != nil {
		if err := decode(built.NewDecoder(), &b, in, func(event.Status) {}); err != nil {
			return fmt.Appendf(nil, `{"error":%q}`+"\n", err), false
		}
		return lines(&b), false
	}
	all, err := expect.ParseLines(string(in))
	if err != nil {
		t.Fatalf("in: %v", err)
	}
	enc := built.NewEncoder()
	for _, f := range all {
		var e event.Event
		if err := e.SetFields(f); err != nil {
			t.Fatalf("in: %v", err)
		}
		if out, err = enc.AppendEvent(out, &e); err != nil {
			out = fmt.Appendf(out, "error: %v\n", err)
		}
	}
	return out, true
}

// lines lists a batch's events and settles them.
func lines(b *event.Batch) []byte {
	var out []byte
	for e := range b.All() {
		out = expect.AppendLine(out, expect.Shown(e))
	}
	b.Settle(event.Delivered)
	return out
}

func updating() bool { return os.Getenv(UpdateVariable) != "" }

func compareText(t *testing.T, want, got string) {
	t.Helper()
	if want != got && !updating() {
		t.Errorf("found\n%s\nexpected\n%s", got, want)
	}
}

func compareLines(t *testing.T, want, got string) {
	t.Helper()
	if updating() {
		return
	}
	w, err := expect.ParseLines(want)
	if err != nil {
		t.Fatalf("want: %v", err)
	}
	g, err := expect.ParseLines(got)
	if err != nil {
		t.Fatalf("events: %v", err)
	}
	for i := range max(len(w), len(g)) {
		switch {
		case i >= len(g):
			t.Errorf("event %d is missing: %s", i+1, w[i].AppendJSON(nil))
		case i >= len(w):
			t.Errorf("event %d is one too many: %s", i+1, g[i].AppendJSON(nil))
		default:
			for _, d := range expect.Compare(w[i], g[i], expect.Exact) {
				t.Errorf("event %d: %s: found %s, expected %s", i+1, d.Path, orAbsent(d.Got), orAbsent(d.Want))
			}
		}
	}
}

func orAbsent(json string) string {
	if json == "" {
		return "nothing"
	}
	return json
}
