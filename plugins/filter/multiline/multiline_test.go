package multiline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func config(pattern, what string) Config {
	c := *Plugin().Defaults().(*Config)
	c.Pattern, c.What = pattern, what
	return c
}

func newFilter(t testing.TB, c Config) *filter {
	t.Helper()
	var p plugin.Problems
	built, err := build(c, plugin.Env{Problems: &p})
	if err != nil || p.Failed() {
		t.Fatal(err, p.List)
	}
	return built.New().(*filter)
}

// line appends a line of a stream to the batch.
func line(b *event.Batch, a *event.Ack, stream uint64, offset int, text string) *event.Event {
	e := b.Append(a)
	e.ID = event.ID{Stream: stream, Offset: int64(offset), Hash: event.HashLine(text)}
	e.Raw = text
	e.Fields.Add("message", event.StringOf(text))
	e.Fields.Add("offset", event.IntOf(int64(offset)))
	return e
}

// take returns the events of the batch as "stream:message" and settles them.
func take(b *event.Batch) []string {
	b.Compact(nil)
	var out []string
	for e := range b.All() {
		v, _ := e.Fields.Get("message")
		s := fmt.Sprintf("%d:%s", e.ID.Stream, strings.ReplaceAll(v.Str(), "\n", "|"))
		if tags, ok := e.Fields.Get("tags"); ok {
			s += " " + tags.Text()
		}
		out = append(out, s)
	}
	b.Settle(event.Delivered)
	return out
}

func TestTracebackJoinsThePreviousLine(t *testing.T) {
	f := newFilter(t, config(`^( |Traceback|AssertionError)`, "previous"))
	b := &event.Batch{Now: time.Unix(1, 0)}
	acks := event.WatchAcks()
	a := event.NewAck(func(event.Status) {})
	lines := []string{"one", "two", "Traceback", "  File", "AssertionError: x", "three"}
	for i, l := range lines {
		e := line(b, a, 1, i*10, l)
		e.Last = i == len(lines)-1
	}
	a.Seal()
	if err := f.Process(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := "[1:one 1:two|Traceback|  File|AssertionError: x multiline 1:three]"
	if got := fmt.Sprint(take(b)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if left := acks.Stop(); len(left) > 0 || b.Held != 0 {
		t.Errorf("%d held, acks left: %v", b.Held, left)
	}
}

func TestHeldAcrossBatchesAndLetGo(t *testing.T) {
	f := newFilter(t, config(`^ `, "previous"))
	b := &event.Batch{Now: time.Unix(100, 0)}
	var ended []event.Status
	feed := func(offset int, text string) {
		a := event.NewAck(func(s event.Status) { ended = append(ended, s) })
		line(b, a, 1, offset, text)
		a.Seal()
		if err := f.Process(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		if got := fmt.Sprint(take(b)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	feed(0, "a")
	expect("[]")
	feed(10, " b")
	expect("[]")
	f.Flush(b, plugin.Idle, true) // not yet
	expect("[]")
	feed(20, "c")
	expect("[1:a| b multiline]")
	if len(ended) != 2 {
		t.Errorf("%d lines have ended, want the 2 that were joined", len(ended))
	}
	b.Now = b.Now.Add(6 * time.Second)
	f.Flush(b, plugin.Idle, true)
	expect("[1:c]")
	feed(30, "d")
	f.Flush(b, plugin.Stop, true)
	expect("[]")
	if len(ended) != 4 || ended[3] != event.Released {
		t.Errorf("the lines ended as %v, want the last one released", ended)
	}
	feed(40, "e")
	f.Flush(b, plugin.Stop, false)
	expect("[1:e]")
}

func TestCutsAreTagged(t *testing.T) {
	c := config(`^ `, "previous")
	c.MaxLines = 2
	f := newFilter(t, c)
	b := &event.Batch{Now: time.Unix(1, 0)}
	a := event.NewAck(func(event.Status) {})
	for i, l := range []string{" rest", "a", " b", " c", "d"} {
		line(b, a, 1, i, l).Last = i == 4
	}
	a.Seal()
	if err := f.Process(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := "[1: rest _multiline_cut 1:a| b multiline 1: c multiline_max_lines_reached 1:d]"
	if got := fmt.Sprint(take(b)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStreamsNeverMix interleaves streams over batches and compares with joining each alone.
func TestStreamsNeverMix(t *testing.T) {
	for seed := range uint64(50) {
		dice := rand.New(rand.NewPCG(seed, 3)) //nolint:gosec // a test's dice
		what := []string{"previous", "next"}[seed%2]
		f := newFilter(t, config(`^ `, what))
		b := &event.Batch{Now: time.Unix(1, 0)}
		got, want := map[uint64][]string{}, map[uint64][]string{}
		lines := map[uint64][]string{}
		collect := func() {
			for _, s := range take(b) {
				id, text, _ := strings.Cut(s, ":")
				text, _, _ = strings.Cut(text, " _multiline_cut")
				text, _, _ = strings.Cut(text, " multiline")
				var n uint64
				if _, err := fmt.Sscan(id, &n); err != nil {
					t.Fatal(err)
				}
				got[n] = append(got[n], text)
			}
		}
		for i := range 300 {
			stream := uint64(1 + dice.IntN(5))
			text := fmt.Sprint("l", i)
			if dice.IntN(2) == 0 {
				text = " " + text
			}
			a := event.NewAck(func(event.Status) {})
			line(b, a, stream, i, text)
			a.Seal()
			lines[stream] = append(lines[stream], text)
			if dice.IntN(20) == 0 {
				if err := f.Process(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				collect()
			}
		}
		if err := f.Process(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		collect()
		f.Flush(b, plugin.End, true)
		collect()
		for stream, all := range lines {
			open := false
			for _, l := range all {
				marked := strings.HasPrefix(l, " ")
				joins := marked && len(want[stream]) > 0
				if what == "next" {
					joins = open
				}
				open = marked
				if n := len(want[stream]); joins {
					want[stream][n-1] += "|" + l
				} else {
					want[stream] = append(want[stream], l)
				}
			}
			if g, w := fmt.Sprint(got[stream]), fmt.Sprint(want[stream]); g != w {
				t.Fatalf("seed %d stream %d:\n got %s\nwant %s", seed, stream, g, w)
			}
		}
		if b.Held != 0 {
			t.Errorf("seed %d: %d events are still held", seed, b.Held)
		}
	}
}

func BenchmarkUnjoined(b *testing.B) {
	f := newFilter(b, config(`^( |Traceback|AssertionError)`, "previous"))
	batch := &event.Batch{Now: time.Unix(1, 0)}
	const events = 1000
	text := strings.Repeat("2026-11-24 INFO orders: order took 4 ms ", 5)
	b.SetBytes(int64(events * len(text)))
	b.ReportAllocs()
	for b.Loop() {
		a := event.NewAck(func(event.Status) {})
		for i := range events {
			line(batch, a, 1, i, text).Last = i == events-1
		}
		a.Seal()
		if err := f.Process(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		batch.Settle(event.Delivered)
	}
}
