package stdin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/internal/budget"
	"sluice/internal/frame"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"

	"go.uber.org/goleak"
)

// TestMain fails the run for goroutines that are left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// payloads is a codec that takes each payload as an event.
type payloads struct{}

func (payloads) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	if string(src) == "bad" {
		return errors.New("bad payload")
	}
	b.Append(a).SetLine(src)
	return nil
}

// framed is a codec that looks for lines itself.
type framed struct{ s *frame.Splitter }

func (f framed) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	for line := range f.s.Lines(src) {
		b.Append(a).SetLine(line)
	}
	return nil
}

func (f framed) Finish(b *event.Batch, a *event.Ack) error {
	if line, _ := f.s.Rest(); line != nil {
		b.Append(a).SetLine(line)
	}
	return nil
}

func codec(d func() plugin.Decoder) plugin.Codec {
	return plugin.Codec{Name: "test", Built: &plugin.BuiltCodec{NewDecoder: d}}
}

func byPayload() plugin.Codec { return codec(func() plugin.Decoder { return payloads{} }) }

func byFrame() plugin.Codec {
	return codec(func() plugin.Decoder { return framed{frame.NewSplitter("\n", 1<<20)} })
}

// open returns an input on a pipe, and the pipe's other end. Acks that are left fail the test.
func open(t *testing.T, c plugin.Codec, env plugin.Env) (*input, *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := start(r, Config{c}, env)
	if err != nil {
		t.Fatal(err)
	}
	watch := event.WatchAcks()
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if left := watch.Stop(); len(left) > 0 {
			t.Errorf("acks left: %v", left)
		}
		if used := env.Budget.Used(); used != 0 {
			t.Errorf("%d bytes of the budget left", used)
		}
		_, _ = r.Close(), w.Close()
	})
	return in, w
}

func put(t *testing.T, w *os.File, text string) {
	t.Helper()
	if _, err := w.WriteString(text); err != nil {
		t.Error(err)
	}
}

// messages empties the batch.
func messages(b *event.Batch) []string {
	var m []string
	for e := range b.All() {
		v, _ := e.Fields.Get(event.MessageField)
		m = append(m, v.Str())
	}
	b.Settle(event.Delivered)
	return m
}

// readAll reads to the end.
func readAll(t *testing.T, in *input) []string {
	t.Helper()
	var b event.Batch
	var all []string
	for {
		err := in.Read(t.Context(), 0, &b, time.Minute)
		if n := b.Len(); n > maxLines {
			t.Errorf("%d events in one Read", n)
		}
		all = append(all, messages(&b)...)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLines(t *testing.T) {
	for _, c := range []plugin.Codec{byPayload(), byFrame()} {
		in, w := open(t, c, plugin.Env{Budget: budget.New(1 << 20)})
		put(t, w, "one\ntwo\n\nlast without newline")
		_ = w.Close()
		equal(t, readAll(t, in), "one", "two", "", "last without newline")
		if err := in.Read(t.Context(), 0, &event.Batch{}, time.Minute); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want EOF again", err)
		}
		if err := in.Read(t.Context(), 3, &event.Batch{}, time.Minute); !errors.Is(err, io.EOF) {
			t.Errorf("another lane: got %v, want EOF", err)
		}
	}
}

// TestStream writes random lines in random pieces.
func TestStream(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		var want []string
		for range r.IntN(5000) {
			n := r.IntN(100)
			if r.IntN(500) == 0 {
				n = r.IntN(3 * blockBytes)
			}
			want = append(want, strings.Repeat(string(rune('a'+r.IntN(26))), n))
		}
		c := byPayload()
		if seed%2 == 0 {
			c = byFrame()
		}
		in, w := open(t, c, plugin.Env{Budget: budget.New(8 << 20)})
		text := strings.Join(want, "\n")
		if len(want) > 0 {
			text += "\n"
		}
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			for rest := text; rest != ""; {
				n := min(1+r.IntN(100_000), len(rest))
				put(t, w, rest[:n])
				rest = rest[n:]
			}
			_ = w.Close()
		}()
		equal(t, readAll(t, in), want...)
		<-wrote
	}
}

func TestWaitAndCancel(t *testing.T) {
	in, _ := open(t, byPayload(), plugin.Env{})
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Millisecond); err != nil || b.Len() > 0 {
		t.Errorf("got %v and %d events, want nothing after the wait", err, b.Len())
	}
	for lane := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := in.Read(ctx, lane, &b, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("lane %d: got %v, want the context's error", lane, err)
		}
	}
}

// TestTime checks that an event has the time at which its line came.
func TestTime(t *testing.T) {
	in, w := open(t, byPayload(), plugin.Env{})
	b := event.Batch{Now: time.Now().Add(-time.Hour)} // as if the wait had been long
	before := time.Now()
	put(t, w, "x\n")
	if err := in.Read(t.Context(), 0, &b, time.Minute); err != nil {
		t.Fatal(err)
	}
	for e := range b.All() {
		if e.Time.Before(before) || !e.Time.Equal(e.Observed) {
			t.Errorf("time %v, observed %v, before %v", e.Time, e.Observed, before)
		}
	}
	b.Settle(event.Delivered)
}

// TestDrain checks that a stop loses nothing: what was read is given, the rest stays in the pipe.
func TestDrain(t *testing.T) {
	in, w := open(t, byFrame(), plugin.Env{Budget: budget.New(1 << 20)})
	put(t, w, strings.Repeat("x\n", maxLines+10)+"begun")
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Minute); err != nil {
		t.Fatal(err)
	}
	if n := len(messages(&b)); n != maxLines {
		t.Errorf("%d events, want %d", n, maxLines)
	}
	in.Drain()
	put(t, w, "next\n")
	rest := readAll(t, in)
	if len(rest) != 11 || rest[10] != "begun" {
		t.Errorf("got %d events after Drain: %q", len(rest), rest)
	}
	left := make([]byte, 100)
	n, err := in.file.Read(left)
	if err != nil || string(left[:n]) != "next\n" {
		t.Errorf("left in the pipe: %q, %v", left[:n], err)
	}
}

func TestDrainEndsAWait(t *testing.T) {
	in, _ := open(t, byFrame(), plugin.Env{})
	time.AfterFunc(time.Millisecond, in.Drain)
	var b event.Batch
	for {
		err := in.Read(t.Context(), 0, &b, time.Hour)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil || b.Len() > 0 {
			t.Fatalf("got %v and %d events", err, b.Len())
		}
	}
}

func TestBudget(t *testing.T) {
	m := budget.New(blockBytes)
	in, w := open(t, byPayload(), plugin.Env{Budget: m})
	put(t, w, "a\n")
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Minute); err != nil || b.Len() != 1 {
		t.Fatalf("got %v and %d events", err, b.Len())
	}
	put(t, w, "b\n")
	m.Force(blockBytes) // something else has filled the memory
	if err := in.Read(t.Context(), 0, &b, time.Hour); err != nil || b.Len() != 1 {
		t.Errorf("with a batch: got %v and %d events, want no wait for memory", err, b.Len())
	}
	equal(t, messages(&b), "a")
	if err := in.Read(t.Context(), 0, &b, time.Millisecond); err != nil || b.Len() != 0 {
		t.Errorf("got %v and %d events, want nothing after the wait", err, b.Len())
	}
	time.AfterFunc(time.Millisecond, func() { m.Release(blockBytes) })
	if err := in.Read(t.Context(), 0, &b, time.Minute); err != nil {
		t.Error(err)
	}
	equal(t, messages(&b), "b")
}

// TestBadPayload checks that a payload that cannot be decoded is an error, and the others are not lost by it.
func TestBadPayload(t *testing.T) {
	in, w := open(t, byPayload(), plugin.Env{})
	put(t, w, "one\nbad\ntwo\n")
	_ = w.Close()
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Minute); err == nil || !strings.Contains(err.Error(), "bad payload") {
		t.Errorf("got %v", err)
	}
	equal(t, messages(&b), "one", "two")
}

func TestBuild(t *testing.T) {
	var p plugin.Problems
	if _, err := build(Config{plugin.Codec{Name: "rubydebug"}}, plugin.Env{Problems: &p}); err != nil {
		t.Fatal(err)
	}
	if len(p.List) != 1 || p.List[0].Field != "codec" || p.List[0].Text != `codec "rubydebug" cannot decode` {
		t.Errorf("got %+v", p.List)
	}
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	if _, err := start(file, Config{byPayload()}, plugin.Env{}); err == nil || !strings.Contains(err.Error(), "start stdin") {
		t.Errorf("a closed file: got %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	text := bytes.Repeat([]byte(strings.Repeat("x", 199)+"\n"), 50_000)
	path := b.TempDir() + "/lines"
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var batch event.Batch
	for b.Loop() {
		file, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		in, err := start(file, Config{byFrame()}, plugin.Env{})
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			err = in.Read(b.Context(), 0, &batch, time.Minute)
			batch.Settle(event.Delivered)
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		_ = file.Close()
	}
}
