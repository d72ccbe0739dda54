package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/budget"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	jsoncodec "sluice/plugins/codec/json"
)

func TestConformance(t *testing.T) {
	logs := func(options string, lines int) func(t *testing.T) string {
		return func(t *testing.T) string {
			dir := t.TempDir()
			for i := range 3 {
				var text strings.Builder
				for n := range lines {
					fmt.Fprintf(&text, "file %d line %d\n", i, n)
					if n%10 == 9 {
						text.WriteString("  more\n")
					}
				}
				write(t, filepath.Join(dir, fmt.Sprintf("%d.log", i)), text.String())
			}
			return fmt.Sprintf("path: ['%s/*.log']\n%s", dir, options)
		}
	}
	plugintest.Input(t, Plugin(),
		plugintest.Case{Name: "plain", Setup: logs("", 3000), Events: 9900},
		plugintest.Case{Name: "multiline", Setup: logs("multiline: {pattern: '^ ', what: previous}", 3000), Events: 9000},
		plugintest.Case{Name: "event_start", Setup: logs("event_start: '^file'", 3000), Events: 9900},
		plugintest.Case{Name: "no files", Setup: func(t *testing.T) string { return "path: [" + t.TempDir() + "/none]" }, FailStart: func(t *testing.T) string {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "occupied"), "")
			return fmt.Sprintf("path: [/x]\nstate_path: %s/occupied/by/a/file", dir)
		}},
	)
}

func write(tb testing.TB, name, text string) {
	tb.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// stage is a folder with logs and state.
type stage struct {
	t    *testing.T
	dir  string
	spec plugin.Spec
	env  plugin.Env
	with []plugin.Spec
}

func newStage(t *testing.T) *stage {
	dir := t.TempDir()
	return &stage{t: t, dir: dir, spec: Plugin(), env: plugin.Env{Dir: dir, DataDir: filepath.Join(dir, "state"), Pipeline: "main"}}
}

func (s *stage) write(name, text string) {
	s.t.Helper()
	write(s.t, filepath.Join(s.dir, name), text)
}

func (s *stage) start(yaml string, o plugin.StartOptions) plugin.Input {
	s.t.Helper()
	o.Lanes = max(o.Lanes, 1)
	in, err := plugintest.Build[*plugin.BuiltInput](s.t, s.spec, yaml, s.env, s.with...).Start(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return in
}

// once reads everything there is and returns the events as JSON, without what differs between runs.
func (s *stage) once(yaml string, status event.Status) []string {
	s.t.Helper()
	in := s.start(yaml, plugin.StartOptions{Once: true})
	var out []string
	for {
		var b event.Batch
		err := in.Read(s.t.Context(), 0, &b, time.Hour)
		for e := range b.All() {
			out = append(out, s.text(e))
		}
		b.Settle(status)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := in.Close(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *stage) text(e *event.Event) string {
	f := e.Fields.Clone()
	for _, name := range []string{"stream", "host"} {
		if v, ok := f.Remove(name); !ok || v.Str() == "" && v.Map() == nil {
			s.t.Errorf("no field %s", name)
		}
	}
	if v, ok := f.Get("path"); ok {
		f.Set("path", event.StringOf(strings.TrimPrefix(v.Str(), s.dir+"/")))
	}
	return string(f.AppendJSON(nil))
}

func (s *stage) expect(got []string, want ...string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEvents(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "one\n\ntwo\r\nthr\x00ee\nlast")
	const yaml = "path: ['*.log']"
	s.expect(s.once(yaml, event.Released),
		`{"message":"one","path":"a.log","offset":0}`,
		`{"message":"","path":"a.log","offset":4}`,
		`{"message":"two\r","path":"a.log","offset":5}`,
		`{"message":"thr\u0000ee","path":"a.log","offset":10}`,
		`{"message":"last","path":"a.log","offset":17}`)
	if n := len(s.once(yaml, event.Delivered)); n != 5 {
		t.Errorf("after they were given back: %d events, want 5", n)
	}
	s.write("a.log", " line\nnew\n")
	s.write("b.log", "b\n")
	s.expect(s.once(yaml, event.Delivered),
		`{"message":" line","path":"a.log","offset":21,"tags":["_line_cut"]}`,
		`{"message":"new","path":"a.log","offset":27}`,
		`{"message":"b","path":"b.log","offset":0}`)
	s.expect(s.once(yaml, event.Delivered))
}

func TestMultiline(t *testing.T) {
	s := newStage(t)
	s.write("a.log", " orphan\nTraceback\n x\n y\nend\n")
	s.expect(s.once("path: [a.log]\nmultiline: {pattern: '^%{SPACE}[xy]', what: previous}\nstate_path: s1", event.Delivered),
		`{"message":" orphan","path":"a.log","offset":0}`,
		`{"message":"Traceback\n x\n y","path":"a.log","offset":8,"tags":["multiline"]}`,
		`{"message":"end","path":"a.log","offset":24}`)
	s.expect(s.once("path: [a.log]\nmultiline: {pattern: '^ ', what: previous, max_lines: 2, multiline_tag: ''}\nstate_path: s2", event.Delivered),
		`{"message":" orphan","path":"a.log","offset":0,"tags":["_multiline_cut"]}`,
		`{"message":"Traceback\n x","path":"a.log","offset":8,"tags":["multiline_codec_max_lines_reached"]}`,
		`{"message":" y","path":"a.log","offset":21,"tags":["_multiline_cut"]}`,
		`{"message":"end","path":"a.log","offset":24}`)
	s.write("c.log", "a;b; c;")
	s.expect(s.once("path: [c.log]\nmultiline: {pattern: '^ ', what: previous}\ndelimiter: ;", event.Delivered),
		`{"message":"a","path":"c.log","offset":0}`,
		`{"message":"b\n c","path":"c.log","offset":2,"tags":["multiline"]}`)
}

func TestCodec(t *testing.T) {
	s := newStage(t)
	s.with = []plugin.Spec{jsoncodec.Plugin()}
	s.write("a.log", `{"a":1,"path":"own"}`+"\nnot json\n[{\"n\":1},{\"n\":2}]\n")
	s.expect(s.once("path: [a.log]\ncodec: json", event.Delivered),
		`{"a":1,"path":"own","offset":0}`,
		`{"message":"not json","tags":["_jsonparsefailure"],"path":"a.log","offset":21}`,
		`{"n":1,"path":"a.log","offset":30}`,
		`{"n":2,"path":"a.log","offset":30}`)
}

func TestECS(t *testing.T) {
	s := newStage(t)
	s.env.ECS = true
	s.write("a.log", "x\n")
	in := s.start("path: [a.log]", plugin.StartOptions{Once: true})
	var b event.Batch
	for errors.Is(in.Read(t.Context(), 0, &b, time.Hour), io.EOF) {
		t.Fatal("no event")
	}
	for e := range b.All() {
		for _, ref := range []string{"[log][file][path]", "[log][stream]", "[log][offset]", "[host][name]"} {
			p := event.MustPath(ref)
			if !p.Has(e) {
				t.Errorf("no %s in %s", ref, e.AppendJSON(nil))
			}
		}
	}
	b.Settle(event.Delivered)
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLongLines(t *testing.T) {
	s := newStage(t)
	long := strings.Repeat("0123456789abcdef", 3)
	s.write("a.log", "x\n"+long+"\ny\n")
	s.expect(s.once("path: [a.log]\nmax_line_bytes: 16B", event.Delivered),
		`{"message":"x","path":"a.log","offset":0}`,
		`{"message":"0123456789abcdef","path":"a.log","offset":2,"tags":["_line_cut"]}`,
		`{"message":"0123456789abcdef","path":"a.log","offset":18,"tags":["_line_cut"]}`,
		`{"message":"0123456789abcdef","path":"a.log","offset":34,"tags":["_line_cut"]}`,
		`{"message":"y","path":"a.log","offset":51}`)
}

// TestHugeLine reads a line that is longer than several blocks and than a line may be.
func TestHugeLine(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "x\n"+strings.Repeat("y", 3<<20)+"\nz\n")
	var sizes []int
	in := s.start("path: [a.log]\nmax_line_bytes: 1MiB", plugin.StartOptions{Once: true})
	var err error
	for err == nil {
		var b event.Batch
		err = in.Read(t.Context(), 0, &b, time.Hour)
		for e := range b.All() {
			sizes = append(sizes, len(e.Raw))
		}
		b.Settle(event.Delivered)
	}
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []int{1, 1 << 20, 1 << 20, 1 << 20, 1}; !slices.Equal(sizes, want) {
		t.Errorf("got events of %d bytes, want %d", sizes, want)
	}
}

func TestAllocations(t *testing.T) {
	s := newStage(t)
	s.write("a.log", strings.Repeat("a line that is as long as lines usually are, or a little shorter\n", 100_000))
	in := s.start("path: [a.log]", plugin.StartOptions{Once: true})
	var b event.Batch
	lines := 0
	read := func() {
		for b.Len() < 2000 {
			if err := in.Read(t.Context(), 0, &b, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		lines += b.Len()
		b.Settle(event.Delivered)
	}
	read() // the batch grows to its size
	lines = 0
	n := testing.AllocsPerRun(20, read) * 21
	if perLine := n / float64(lines); perLine > 0.02 { // those of spans and blocks
		t.Errorf("%.3f allocations per line", perLine)
	}
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestDecoder is what the tests of a configuration are given in place of a file.
func TestDecoder(t *testing.T) {
	s := newStage(t)
	f := func(yaml, content string, want ...string) {
		t.Helper()
		built := plugintest.Build[*plugin.BuiltInput](t, s.spec, yaml, s.env)
		var b event.Batch
		a := event.NewAck(func(event.Status) {})
		if err := built.NewDecoder().Decode([]byte(content), &b, a); err != nil {
			t.Error(err)
		}
		a.Seal()
		var got []string
		for e := range b.All() {
			got = append(got, string(e.Fields.AppendJSON(nil)))
		}
		b.Settle(event.Delivered)
		if !slices.Equal(got, want) {
			t.Errorf("%s of %q:\ngot  %q\nwant %q", yaml, content, got, want)
		}
	}
	f("path: [x]", "")
	f("path: [x]", "a\n\nb", `{"message":"a"}`, `{"message":""}`, `{"message":"b"}`)
	f("{path: [x], multiline: {pattern: '^ ', what: previous}}", "a\n b\nc\n", `{"message":"a\n b","tags":["multiline"]}`, `{"message":"c"}`)
}

// TestFirstContact is each way in which users lost the first lines of a file, or got all of it again.
func TestFirstContact(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "old\n")
	const yaml = "path: ['*.log']\nstart_position: end"
	s.expect(s.once(yaml, event.Delivered)) // what is there at the very first start
	s.write("a.log", "new\n")
	s.write("b.log", "found later\n")
	s.expect(s.once(yaml, event.Delivered),
		`{"message":"new","path":"a.log","offset":4}`,
		`{"message":"found later","path":"b.log","offset":0}`)
	s.write("c.txt", "another path\n") // adding a path reads only what is new
	s.expect(s.once("path: ['*.log', c.txt]\nstart_position: end", event.Delivered), `{"message":"another path","path":"c.txt","offset":0}`)
}

// follow reads with a running input until n events came, settles them with what status says, and returns them.
func (s *stage) follow(in plugin.Input, n int, status event.Status) []string {
	s.t.Helper()
	var out []string
	for len(out) < n {
		var b event.Batch
		if err := in.Read(s.t.Context(), 0, &b, time.Minute); err != nil {
			s.t.Fatal(err)
		}
		for e := range b.All() {
			out = append(out, s.text(e))
		}
		b.Settle(status)
	}
	return out
}

func TestFollow(t *testing.T) {
	s := newStage(t)
	in := s.start("path: ['**/*.log']\nstat_interval: 50ms", plugin.StartOptions{})
	defer in.Close(t.Context()) //nolint:errcheck // closed below as well
	s.write("a.log", "1\n2\nunfin")
	s.expect(s.follow(in, 2, event.Delivered), `{"message":"1","path":"a.log","offset":0}`, `{"message":"2","path":"a.log","offset":2}`)
	s.write("a.log", "ished\n")
	s.expect(s.follow(in, 1, event.Delivered), `{"message":"unfinished","path":"a.log","offset":4}`)
	if err := os.MkdirAll(filepath.Join(s.dir, "deep", "er"), 0o750); err != nil {
		t.Fatal(err)
	}
	s.write("deep/er/b.log", "b\n")
	s.expect(s.follow(in, 1, event.Delivered), `{"message":"b","path":"deep/er/b.log","offset":0}`)

	// Renamed: what the writer adds before it opens the new file belongs to the old name.
	old, err := os.OpenFile(filepath.Join(s.dir, "a.log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.rename("a.log", "a.log.1")
	s.write("a.log", "next\n")
	if _, err := old.WriteString("late\n"); err != nil {
		t.Fatal(err)
	}
	got := s.follow(in, 2, event.Delivered)
	slices.Sort(got)
	s.expect(got, `{"message":"late","path":"a.log","offset":15}`, `{"message":"next","path":"a.log","offset":0}`)
	_ = old.Close()

	// Truncated and written again.
	if err := os.Truncate(filepath.Join(s.dir, "a.log"), 0); err != nil {
		t.Fatal(err)
	}
	s.write("a.log", "x\n")
	s.expect(s.follow(in, 1, event.Delivered), `{"message":"x","path":"a.log","offset":0}`)

	// Given back: it comes again.
	s.write("a.log", "y\n")
	s.expect(s.follow(in, 1, event.Released), `{"message":"y","path":"a.log","offset":2}`)
	s.expect(s.follow(in, 1, event.Delivered), `{"message":"y","path":"a.log","offset":2}`)
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s.expect(s.once("path: ['**/*.log']", event.Delivered))
}

func (s *stage) rename(from, to string) {
	s.t.Helper()
	if err := os.Rename(filepath.Join(s.dir, from), filepath.Join(s.dir, to)); err != nil {
		s.t.Fatal(err)
	}
}

// TestRotatedWhileStopped finishes a file that got a name outside of the globs meanwhile.
func TestRotatedWhileStopped(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "1\n")
	s.expect(s.once("path: [a.log]", event.Delivered), `{"message":"1","path":"a.log","offset":0}`)
	s.write("a.log", "2\n")
	s.rename("a.log", "a.log.1")
	s.write("a.log", "1\n") // the same head, another file
	got := s.once("path: [a.log]", event.Delivered)
	slices.Sort(got)
	s.expect(got, `{"message":"1","path":"a.log","offset":0}`, `{"message":"2","path":"a.log","offset":2}`)
}

func TestFlushAfter(t *testing.T) {
	s := newStage(t)
	in := s.start("path: [a.log]\nstat_interval: 10ms\nmultiline: {pattern: '^ ', what: previous, flush_after: 30ms}", plugin.StartOptions{})
	s.write("a.log", "a\n b\n")
	s.expect(s.follow(in, 1, event.Released), `{"message":"a\n b","path":"a.log","offset":0,"tags":["multiline"]}`)
	s.write("a.log", " c\nd\n")
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The note keeps the boundary that the timer has set, although the rest is there now.
	s.expect(s.once("path: [a.log]\nmultiline: {pattern: '^ ', what: previous}", event.Delivered),
		`{"message":"a\n b","path":"a.log","offset":0,"tags":["multiline"]}`,
		`{"message":" c","path":"a.log","offset":5,"tags":["_multiline_cut"]}`,
		`{"message":"d","path":"a.log","offset":8}`)
}

func TestReadMode(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "1\n2")
	s.write("b.log", "3\n")
	const yaml = "path: ['*.log']\nmode: read\nexit_after_read: true\nfile_completed_action: log_and_delete\nfile_completed_log_path: done.txt\nfile_sort_by: path"
	got := s.once(yaml, event.Released)
	slices.Sort(got)
	s.expect(got, `{"message":"1","path":"a.log","offset":0}`, `{"message":"2","path":"a.log","offset":2}`, `{"message":"3","path":"b.log","offset":0}`)
	if _, err := os.Stat(filepath.Join(s.dir, "a.log")); err != nil {
		t.Error("a file was deleted although it was not delivered")
	}
	if n := len(s.once(yaml, event.Delivered)); n != 3 {
		t.Errorf("got %d events, want 3", n)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*.log")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	done, err := os.ReadFile(filepath.Join(s.dir, "done.txt"))
	if want := s.dir + "/a.log\n" + s.dir + "/b.log\n"; err != nil || string(done) != want {
		t.Errorf("log of completed files: got %q, %v, want %q", done, err, want)
	}
}

// TestBudget reads with a budget that holds one block: reading pauses while it is used, and goes on.
func TestBudget(t *testing.T) {
	s := newStage(t)
	s.env.Budget = budget.New(300 << 10)
	s.write("a.log", strings.Repeat(strings.Repeat("x", 99)+"\n", 10000))
	in := s.start("path: [a.log]", plugin.StartOptions{Once: true})
	n := 0
	for {
		var b event.Batch
		err := in.Read(t.Context(), 0, &b, time.Nanosecond)
		for err == nil {
			before := b.Len()
			if err = in.Read(t.Context(), 0, &b, time.Nanosecond); b.Len() == before {
				break
			}
		}
		if b.Len() > 0 && s.env.Budget.Used() == 0 {
			t.Fatal("events are held, but no memory is taken")
		}
		n += b.Len()
		b.Settle(event.Delivered)
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n != 10000 || s.env.Budget.Used() != 0 {
		t.Errorf("%d events, %d bytes still taken", n, s.env.Budget.Used())
	}
}

func TestStateIsShared(t *testing.T) {
	s := newStage(t)
	s.write("a.log", "a\n")
	s.write("b.log", "b\n")
	a := s.start("path: [a.log]", plugin.StartOptions{Once: true})
	b := s.start("path: ['*.log']", plugin.StartOptions{Once: true}) // a.log is the first one's
	s.expect(s.follow(a, 1, event.Delivered), `{"message":"a","path":"a.log","offset":0}`)
	s.expect(s.follow(b, 1, event.Delivered), `{"message":"b","path":"b.log","offset":0}`)
	other := newStage(t)
	built := plugintest.Build[*plugin.BuiltInput](t, other.spec, "path: [x]", s.env)
	if _, err := built.Start(t.Context(), plugin.StartOptions{Lanes: 1}); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("another process: got %v", err)
	}
	for _, in := range []plugin.Input{a, b} {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
	s.expect(s.once("path: ['*.log']", event.Delivered))
}
