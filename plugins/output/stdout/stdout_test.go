package stdout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

var errBad = errors.New("cannot be encoded")

// lines is a codec that writes the message and a newline, and refuses "bad".
type lines struct{}

func (lines) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	v, _ := e.Fields.Get(event.MessageField)
	if v.Str() == "bad" {
		return append(dst, "half of it"...), errBad
	}
	return append(append(dst, v.Str()...), '\n'), nil
}

func codec() plugin.Codec {
	return plugin.Codec{Name: "test", Built: &plugin.BuiltCodec{NewEncoder: func() plugin.Encoder { return lines{} }}}
}

func view(lane int, texts ...string) *event.View {
	v := event.NewView(lane, nil)
	for _, text := range texts {
		v.Add(&event.Event{Fields: event.Fields{{Name: event.MessageField, Value: event.StringOf(text)}}})
	}
	return v
}

// outcomes names what became of the events, given what Write returned.
func outcomes(v *event.View, err error) string {
	var s []string
	for i := range v.Len() {
		s = append(s, map[event.OutcomeKind]string{
			event.Done: "done", event.ToRetry: "retry", event.Refused: "refused", event.Duplicate: "duplicate",
		}[v.Outcome(i, err).Kind])
	}
	return strings.Join(s, " ")
}

// full takes n bytes and then fails.
type full struct {
	bytes.Buffer
	n int
}

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.n-f.Len())
	f.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.EPIPE
	}
	return n, nil
}

func TestWrite(t *testing.T) {
	var w bytes.Buffer
	o, err := start(&w, codec(), 2)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // scratch space is used again
		w.Reset()
		v := view(1, "one", "bad", "two")
		err := o.Write(t.Context(), v)
		if err != nil || outcomes(v, err) != "done refused done" || w.String() != "one\ntwo\n" {
			t.Errorf("got %v, %s, %q", err, outcomes(v, err), w.String())
		}
	}
	v := view(0, "seen already", "new")
	v.Duplicate(0)
	w.Reset()
	if err := o.Write(t.Context(), v); err != nil || w.String() != "new\n" {
		t.Errorf("got %v, %q", err, w.String())
	}
	if err := o.Write(t.Context(), view(0)); err != nil {
		t.Error(err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestFailure checks that exactly the events that were not written as a whole are to be retried.
func TestFailure(t *testing.T) {
	for n := range 9 {
		w := &full{n: n}
		o, err := start(w, codec(), 1)
		if err != nil {
			t.Fatal(err)
		}
		v := view(0, "one", "two", "bad")
		err = o.Write(t.Context(), v)
		if n < 8 && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%d bytes: got %v, want EPIPE", n, err)
		}
		want := "retry retry refused"
		switch {
		case n >= 8:
			want = "done done refused"
		case n >= 4:
			want = "done retry refused"
		}
		if got := outcomes(v, err); got != want {
			t.Errorf("%d bytes: got %s, want %s", n, got, want)
		}
	}
}

// TestLanesDoNotMix writes from several lanes into a pipe.
func TestLanesDoNotMix(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only read
	const lanes, calls, events = 4, 20, 50
	o, err := start(w, codec(), lanes)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			for call := range calls {
				v := event.NewView(lane, nil)
				for i := range events {
					text := fmt.Sprintf("%d %d %d %s", lane, call, i, strings.Repeat("x", 200))
					v.Add(&event.Event{Fields: event.Fields{{Name: event.MessageField, Value: event.StringOf(text)}}})
				}
				if err := o.Write(context.Background(), v); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var all bytes.Buffer
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := all.ReadFrom(r); err != nil {
			t.Error(err)
		}
	}()
	wg.Wait()
	_ = w.Close()
	<-done
	text := strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n")
	if len(text) != lanes*calls*events {
		t.Fatalf("%d lines", len(text))
	}
	for i, line := range text { // the events of one call stand together, in order
		var lane, call, n int
		if _, err := fmt.Sscanf(line, "%d %d %d", &lane, &call, &n); err != nil || n != i%events {
			t.Fatalf("line %d is %.20q, %v", i, line, err)
		}
	}
}

func TestBuild(t *testing.T) {
	var p plugin.Problems
	if _, err := build(Config{plugin.Codec{Name: "x"}}, plugin.Env{Problems: &p}); err != nil {
		t.Fatal(err)
	}
	if len(p.List) != 1 || p.List[0].Field != "codec" || p.List[0].Text != `codec "x" cannot encode` {
		t.Errorf("got %+v", p.List)
	}
	if _, err := start(os.Stdout, plugin.Codec{Name: "x"}, 1); err == nil || !strings.Contains(err.Error(), "start stdout") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	w, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	o, err := start(w, codec(), 1)
	if err != nil {
		b.Fatal(err)
	}
	v := event.NewView(0, nil)
	for range 1000 {
		v.Add(view(0, strings.Repeat("x", 200)).At(0))
	}
	b.SetBytes(201 * 1000)
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Write(b.Context(), v); err != nil {
			b.Fatal(err)
		}
	}
}
