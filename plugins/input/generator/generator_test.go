package generator

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// payloads is a codec that takes each payload as an event, "-" as none, and refuses "bad".
type payloads struct{}

func (payloads) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	switch string(src) {
	case "-":
	case "bad":
		return errors.New("bad payload")
	default:
		b.Append(a).SetLine(src)
	}
	return nil
}

// held is a codec that gives what it has got in Finish only.
type held struct{ text []byte }

func (h *held) Decode(src []byte, _ *event.Batch, _ *event.Ack) error {
	h.text = src
	return nil
}

func (h *held) Finish(b *event.Batch, a *event.Ack) error {
	b.Append(a).SetLine(h.text)
	return nil
}

func codec(d plugin.Decoder) plugin.Codec {
	return plugin.Codec{Name: "test", Built: &plugin.BuiltCodec{NewDecoder: func() plugin.Decoder { return d }}}
}

func open(t *testing.T, c Config, env plugin.Env, o plugin.StartOptions) *input {
	t.Helper()
	if c.Codec.Built == nil {
		c.Codec = codec(payloads{})
	}
	var p plugin.Problems
	env.Problems = &p
	built, err := build(c, env)
	if err != nil || len(p.List) > 0 {
		t.Fatalf("%v %v", err, p.List)
	}
	in, err := built.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	gen, ok := in.(*input)
	if !ok {
		t.Fatalf("started a %T", in)
	}
	return gen
}

// all reads to the end and returns the events as JSON without host and time.
func all(t *testing.T, in *input, host string) []string {
	t.Helper()
	watch := event.WatchAcks()
	var b event.Batch
	var got []string
	for {
		err := in.Read(t.Context(), 0, &b, time.Minute)
		at := event.MustPath(host)
		for e := range b.All() {
			if v, ok := at.Remove(e); !ok || v.Str() == "" {
				t.Errorf("no %s", host)
			}
			e.Time = time.Time{}
			got = append(got, string(e.AppendJSON(nil)))
		}
		b.Settle(event.Delivered)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if left := watch.Stop(); len(left) > 0 {
		t.Errorf("acks left: %v", left)
	}
	return got
}

func TestEvents(t *testing.T) {
	f := func(c Config, ecs bool, want ...string) {
		t.Helper()
		host := "host"
		if ecs {
			host = "[host][name]"
		}
		got := all(t, open(t, c, plugin.Env{ECS: ecs}, plugin.StartOptions{Lanes: 1, Once: true}), host)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(Config{Message: "hi", Count: 2}, false, `{"message":"hi","sequence":0}`, `{"message":"hi","sequence":1}`)
	f(Config{Message: "unused", Lines: []string{"a", "-", "b"}, Count: 2}, false,
		`{"message":"a","sequence":0}`, `{"message":"b","sequence":0}`,
		`{"message":"a","sequence":1}`, `{"message":"b","sequence":1}`)
	f(Config{Message: "hi", Count: 1}, true, `{"message":"hi","host":{},"event":{"sequence":0}}`)
	f(Config{Lines: []string{"x", "y"}, Count: 1, Codec: codec(&held{})}, false,
		`{"message":"x","sequence":0}`, `{"message":"y","sequence":0}`)
}

func TestManyEvents(t *testing.T) {
	const count = 5*textsPerRead + 17
	got := all(t, open(t, Config{Message: "x", Count: count}, plugin.Env{}, plugin.StartOptions{}), "host")
	if len(got) != count || got[count-1] != `{"message":"x","sequence":5016}` {
		t.Errorf("%d events, the last is %s", len(got), got[len(got)-1])
	}
}

func TestForEver(t *testing.T) {
	in := open(t, Config{Message: "x"}, plugin.Env{}, plugin.StartOptions{})
	var b event.Batch
	for range 10 {
		if err := in.Read(t.Context(), 0, &b, 0); err != nil || b.Len() != textsPerRead {
			t.Fatalf("got %v and %d events", err, b.Len())
		}
		b.Settle(event.Delivered)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.Read(ctx, 0, &b, time.Hour); !errors.Is(err, context.Canceled) || b.Len() != 0 {
		t.Errorf("got %v and %d events, want the context's error", err, b.Len())
	}
	if err := in.Read(t.Context(), 1, &b, time.Nanosecond); err != nil || b.Len() != 0 {
		t.Errorf("another lane: got %v and %d events", err, b.Len())
	}
}

func TestOnceNeedsAnEnd(t *testing.T) {
	_, err := start(Config{Codec: codec(payloads{})}, plugin.Env{}, plugin.StartOptions{Once: true})
	if err == nil || !strings.Contains(err.Error(), "set count") {
		t.Errorf("got %v", err)
	}
}

func TestDecodeError(t *testing.T) {
	in := open(t, Config{Lines: []string{"bad", "good"}, Count: 1}, plugin.Env{}, plugin.StartOptions{})
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, 0); err == nil || b.Len() != 0 {
		t.Errorf("got %v and %d events", err, b.Len())
	}
	if err := in.Read(t.Context(), 0, &b, 0); !errors.Is(err, io.EOF) || b.Len() != 1 {
		t.Errorf("got %v and %d events: one bad text must not stop the others", err, b.Len())
	}
	b.Settle(event.Delivered)
}

func TestProblems(t *testing.T) {
	f := func(c Config, field, text string) {
		t.Helper()
		var p plugin.Problems
		if c.Codec.Name == "" {
			c.Codec = codec(payloads{})
		}
		if _, err := build(c, plugin.Env{Problems: &p}); err != nil {
			t.Fatal(err)
		}
		if len(p.List) != 1 || p.List[0].Field != field || p.List[0].Text != text {
			t.Errorf("got %+v, want %s: %s", p.List, field, text)
		}
	}
	f(Config{Count: -1}, "count", "found -1, expected 0 (for ever) or more")
	f(Config{Message: "stdin"}, "message", `"stdin" does not read from standard input; use the stdin input`)
	f(Config{Codec: plugin.Codec{Name: "rubydebug"}}, "codec", `codec "rubydebug" cannot decode`)
}

func BenchmarkRead(b *testing.B) {
	in, err := start(Config{Message: "Hello world!", Codec: codec(payloads{})}, plugin.Env{}, plugin.StartOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var batch event.Batch
	for b.Loop() {
		if err := in.Read(b.Context(), 0, &batch, 0); err != nil {
			b.Fatal(err)
		}
		batch.Settle(event.Delivered)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/textsPerRead, "ns/event")
}
