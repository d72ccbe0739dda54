package heartbeat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

type payloads struct{}

func (payloads) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	b.Append(a).SetLine(src)
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

func config(change func(*Config)) Config {
	c, _ := Plugin().Defaults().(*Config)
	c.Codec = codec(payloads{})
	if change != nil {
		change(c)
	}
	return *c
}

func open(t *testing.T, c Config, env plugin.Env, o plugin.StartOptions) plugin.Input {
	t.Helper()
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
	return in
}

// beats reads until the end, or n times, and returns each event as seconds since start and its JSON without
// host and time.
func beats(t *testing.T, in plugin.Input, wait time.Duration, n int) []string {
	t.Helper()
	watch := event.WatchAcks()
	var b event.Batch
	var got []string
	start := time.Now()
	for range n {
		b.Now = time.Now()
		err := in.Read(t.Context(), 0, &b, wait)
		for e := range b.All() {
			if time.Until(e.Time) != 0 {
				t.Errorf("time %v, now is %v", e.Time, time.Now())
			}
			e.Time = time.Time{}
			host, _ := e.Fields.Remove("host")
			if host.Str() == "" && host.Map() == nil {
				t.Error("no host")
			}
			got = append(got, fmt.Sprintf("%v %s", time.Since(start).Seconds(), e.AppendJSON(nil)))
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
	if err := in.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return got
}

func TestBeats(t *testing.T) {
	f := func(ecs bool, change func(*Config), want ...string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			got := beats(t, open(t, config(change), plugin.Env{ECS: ecs}, plugin.StartOptions{}), time.Hour, len(want)+1)
			if strings.Join(got[:min(len(want), len(got))], "\n") != strings.Join(want, "\n") {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	f(false, nil, `0 {"message":"ok"}`, `60 {"message":"ok"}`, `120 {"message":"ok"}`)
	f(false, func(c *Config) {
		c.Count, c.Sequence, c.Interval, c.Message = 3, sequence, plugin.Duration(5*time.Second), "up"
	},
		`0 {"message":"up","clock":0}`, `5 {"message":"up","clock":1}`, `10 {"message":"up","clock":2}`)
	f(false, func(c *Config) { c.Count, c.Sequence = 2, epoch }, // a bubble's clock begins with the year 2000
		`0 {"message":"ok","clock":946684800}`, `60 {"message":"ok","clock":946684860}`)
	f(true, func(c *Config) { c.Count, c.Sequence = 1, sequence }, `0 {"message":"ok","event":{"sequence":0}}`)
	f(false, func(c *Config) { c.Count, c.Codec = 1, codec(&held{}) }, `0 {"message":"ok"}`)
}

// TestWaits checks that a wait that is shorter than the interval ends with nothing.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := open(t, config(nil), plugin.Env{}, plugin.StartOptions{})
		got := beats(t, in, 25*time.Second, 6) // at 0, nothing at 25 and 50, at 60, nothing at 85 and 110
		if strings.Join(got, "|") != `0 {"message":"ok"}|60 {"message":"ok"}` {
			t.Errorf("got %q", got)
		}
	})
}

// TestLate checks that beats that nobody read are left out, and the rhythm is kept.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := open(t, config(nil), plugin.Env{}, plugin.StartOptions{})
		start := time.Now()
		beats(t, in, time.Hour, 1)
		<-time.After(200 * time.Second)
		beats(t, in, time.Hour, 1)
		if at := time.Since(start); at != 200*time.Second {
			t.Errorf("the late beat came after %v", at)
		}
		beats(t, in, time.Hour, 1)
		if at := time.Since(start); at != 240*time.Second {
			t.Errorf("the next beat came after %v", at)
		}
	})
}

func TestLanesAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := open(t, config(nil), plugin.Env{}, plugin.StartOptions{Once: true})
		if got := beats(t, in, time.Hour, 10); len(got) != 1 {
			t.Errorf("once gave %q", got)
		}
		var b event.Batch
		if err := in.Read(t.Context(), 1, &b, time.Hour); !errors.Is(err, io.EOF) {
			t.Errorf("another lane: got %v, want EOF", err)
		}
		in = open(t, config(nil), plugin.Env{}, plugin.StartOptions{})
		beats(t, in, time.Hour, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := in.Read(ctx, 0, &b, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestProblems(t *testing.T) {
	f := func(change func(*Config), field, text string) {
		t.Helper()
		var p plugin.Problems
		if _, err := build(config(change), plugin.Env{Problems: &p}); err != nil {
			t.Fatal(err)
		}
		if len(p.List) != 1 || p.List[0].Field != field || p.List[0].Text != text {
			t.Errorf("got %+v, want %s: %s", p.List, field, text)
		}
	}
	f(func(c *Config) { c.Count = 0 }, "count", "found 0, expected -1 (for ever) or 1 and more")
	f(func(c *Config) { c.Interval = 0 }, "interval", "found 0s, expected at least 1ms")
	f(func(c *Config) { c.Message = "epoch" }, "message", `"epoch" chooses no sequence here; write sequence: epoch`)
	f(func(c *Config) { c.Codec = plugin.Codec{Name: "x"} }, "codec", `codec "x" cannot decode`)
}
