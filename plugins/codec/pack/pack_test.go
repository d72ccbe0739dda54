package pack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	plugintest.Codec(t, Plugin(), plugintest.Case{Name: "defaults", RoundTrip: true},
		plugintest.Case{Config: "{raw_bytes: 1KiB, level: none}", RoundTrip: true}, plugintest.Case{Config: "level: best"})
}

func newCodec(tb testing.TB, c Config) (*decoder, *encoder) {
	tb.Helper()
	built, err := build(c, plugin.Env{})
	if err != nil {
		tb.Fatal(err)
	}
	return built.NewDecoder().(*decoder), built.NewEncoder().(*encoder)
}

// source makes events of one stream as inputs and filters make them.
type source struct {
	id     uint64
	offset int64
	fields func(e *event.Event, line string)
}

func newSource(dice *rand.Rand) *source {
	s := &source{id: dice.Uint64(), offset: dice.Int64N(1 << 40)}
	str := event.StringOf
	stream := str(streamName(s.id))
	path, host := str("/var/log/x"+stream.Str()), str("web1")
	switch dice.IntN(3) {
	case 0:
		s.fields = func(e *event.Event, line string) {
			e.Fields = append(e.Fields, event.Field{Name: "message", Value: str(line)}, event.Field{Name: "path", Value: path},
				event.Field{Name: "host", Value: host}, event.Field{Name: "stream", Value: stream},
				event.Field{Name: "offset", Value: event.IntOf(e.ID.Offset)}, event.Field{Name: "type", Value: str("t")},
				event.Field{Name: "tags", Value: event.ListOf(str("a"), str("b"))})
		}
	case 1: // ECS
		s.fields = func(e *event.Event, line string) {
			file := event.Fields{{Name: "path", Value: path}}
			log := event.Fields{{Name: "file", Value: event.MapOf(&file)}, {Name: "stream", Value: stream}, {Name: "offset", Value: event.IntOf(e.ID.Offset)}}
			name := event.Fields{{Name: "name", Value: host}}
			e.Fields = append(e.Fields, event.Field{Name: "message", Value: str(line)}, event.Field{Name: "log", Value: event.MapOf(&log)},
				event.Field{Name: "host", Value: event.MapOf(&name)})
		}
	default: // nothing of a file
		s.id, s.offset = 0, 0
		s.fields = func(e *event.Event, line string) {
			e.Fields = append(e.Fields, event.Field{Name: "message", Value: str(line)}, event.Field{Name: "offset", Value: event.IntOf(5)})
		}
	}
	return s
}

func randomLine(dice *rand.Rand) string {
	return strings.Repeat([]string{"log line ", "é\x00\n", "\xff \"\\", "日本 "}[dice.IntN(4)], dice.IntN(9))
}

// next appends an event; one in four is changed in some way.
func (s *source) next(dice *rand.Rand, b *event.Batch, a *event.Ack) {
	e := b.Append(a)
	e.Raw = randomLine(dice)
	if s.id != 0 {
		first, _, _ := strings.Cut(e.Raw, "\n")
		e.ID = event.ID{Stream: s.id, Offset: s.offset, Hash: event.HashLine(first)}
	}
	s.fields(e, e.Raw)
	s.offset += int64(len(e.Raw)) + 1 + dice.Int64N(3)
	b.Now = b.Now.Add(time.Duration(dice.IntN(2)))
	switch dice.IntN(48) {
	case 0, 1:
		e.Fields.Set("extra", event.FloatOf(1.5))
	case 2:
		e.Time = e.Time.Add(-time.Hour)
	case 3:
		if s.id != 0 {
			e.ID.Hash = event.HashLine("another first line")
		}
	case 4:
		e.Meta.Set("m", event.ListOf(event.IntOf(7), event.Value{}))
	case 5:
		if s.id != 0 {
			e.ID.Part = 3
		}
	case 6:
		e.Time = time.Time{}
	case 7:
		e.Fields.Remove("message")
	case 8:
		e.Fields.Set("message", event.StringOf("not the raw line"))
	case 9:
		s.offset += dice.Int64N(1 << 20)
	case 10:
		e.Time = time.Date(9999, 12, 31, 23, 59, 59, 999, time.UTC)
	case 11, 12, 13:
		e.Last = true
	}
}

func randomBatch(seed uint64, a *event.Ack) *event.Batch {
	dice := rand.New(rand.NewPCG(seed, 2))
	b := &event.Batch{Now: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)}
	sources := make([]*source, 1+dice.IntN(4))
	for i := range sources {
		sources[i] = newSource(dice)
	}
	for range dice.IntN(500) {
		s := sources[dice.IntN(len(sources))]
		for range 1 + dice.IntN(20) {
			s.next(dice, b, a)
		}
	}
	return b
}

func show(e *event.Event) string {
	return fmt.Sprintf("%s %d time %s observed %s raw %q %s meta %s", e.AppendID(nil), e.ID.Offset, e.Time.Format(time.RFC3339Nano),
		e.Observed.Format(time.RFC3339Nano), e.Raw, e.Fields.AppendJSON(nil), e.Meta.AppendJSON(nil))
}

func events(b *event.Batch) []*event.Event { return slices.Collect(b.All()) }

// byStream is the events of each stream in their order.
func byStream(list []*event.Event) map[uint64][]*event.Event {
	m := map[uint64][]*event.Event{}
	for _, e := range list {
		m[e.ID.Stream] = append(m[e.ID.Stream], e)
	}
	return m
}

// roundTrip packs all events of b into bodies of at most maxBytes and unpacks them.
func roundTrip(t *testing.T, b *event.Batch, a *event.Ack, c Config, maxBytes int) *event.Batch {
	t.Helper()
	dec, enc := newCodec(t, c)
	var v event.View
	v.Fill(b, nil)
	got := &event.Batch{}
	for from := 0; from < v.Len(); {
		body, n, err := enc.AppendBody([]byte("before"), &v, from, maxBytes)
		if err != nil || n < 1 || n > v.Len()-from {
			t.Fatalf("event %d: AppendBody took %d events: %v", from, n, err)
		}
		body = body[len("before"):]
		if len(body) > maxBytes {
			t.Fatalf("AppendBody made %d bytes, at most %d are allowed", len(body), maxBytes)
		}
		from += n
		before := got.Len()
		if err := dec.Decode(body, got, a); err != nil {
			t.Fatal(err)
		}
		if got.Len()-before != n {
			t.Fatalf("%d events became %d", n, got.Len()-before)
		}
		if list := events(got); !list[len(list)-1].Last {
			t.Fatal("the last event of a message does not end its segment")
		}
	}
	return got
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		acks := event.WatchAcks()
		a := event.NewAck(func(event.Status) {})
		b := randomBatch(seed, a)
		c := Config{RawBytes: 4096, Level: []string{"none", "fastest", "default"}[seed%3]}
		got := roundTrip(t, b, a, c, []int{2048, 1 << 20}[seed%2])
		want, have := byStream(events(b)), byStream(events(got))
		for stream, list := range want {
			if len(list) != len(have[stream]) {
				t.Fatalf("seed %d: %d events of a stream became %d", seed, len(list), len(have[stream]))
			}
			for i, e := range list {
				g := have[stream][i]
				if x, y := show(e), show(g); x != y {
					t.Fatalf("seed %d event %d:\n%s became\n%s", seed, i, x, y)
				}
				if e.Last && !g.Last {
					t.Errorf("seed %d event %d: what ended an event does not any more", seed, i)
				}
			}
		}
		b.Settle(event.Delivered)
		got.Settle(event.Delivered)
		a.Seal()
		if left := acks.Stop(); len(left) > 0 {
			t.Fatalf("acks left: %v", left)
		}
	}
}

// lines makes a batch of plain lines of one stream; f may change each event.
func lines(n int, f func(i int, e *event.Event)) (*event.Batch, *event.Ack) {
	a := event.NewAck(func(event.Status) {})
	b := &event.Batch{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	offset := int64(0)
	for i := range n {
		e := b.Append(a)
		e.SetLine(fmt.Appendf(nil, "line %d of the log", i))
		e.ID = event.ID{Stream: 7, Offset: offset, Hash: event.HashLine(e.Raw)}
		e.Fields.Add("path", event.StringOf("/var/log/x"))
		e.Fields.Add("stream", event.StringOf(streamName(7)))
		e.Fields.Add("offset", event.IntOf(offset))
		offset += int64(len(e.Raw)) + 1
		if f != nil {
			f(i, e)
		}
	}
	return b, a
}

func TestMessagesEndWhereNothingIsCutApart(t *testing.T) {
	b, _ := lines(100, func(i int, e *event.Event) { e.Last = i%3 == 2 })
	_, enc := newCodec(t, Config{RawBytes: 1024, Level: "fastest"})
	var v event.View
	v.Fill(b, nil)
	for from := 0; from < v.Len(); {
		_, n, err := enc.AppendBody(nil, &v, from, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		from += n
		if from < v.Len() && !v.At(from-1).Last {
			t.Errorf("a message ends after event %d, which the next one may belong to", from-1)
		}
	}
}

// segments tells after which events the reader ends a segment.
func segments(t *testing.T, b *event.Batch, a *event.Ack) (ends []int) {
	t.Helper()
	for i, e := range events(roundTrip(t, b, a, Config{RawBytes: 1 << 20, Level: "fastest"}, 1<<20)) {
		if e.Last {
			ends = append(ends, i)
		}
	}
	return ends
}

func TestSegmentsEndWhereTheStreamDoes(t *testing.T) {
	f := func(what string, change func(i int, e *event.Event), want ...int) {
		t.Helper()
		b, a := lines(10, change)
		if got := segments(t, b, a); !slices.Equal(got, want) {
			t.Errorf("%s: segments end at %v, want %v", what, got, want)
		}
	}
	f("nothing special", nil, 9)
	f("other fields, the same stream", func(i int, e *event.Event) {
		if i >= 4 {
			e.Fields.Set("path", event.StringOf("/other"))
		}
	}, 9)
	f("a block of another lane between", func(i int, e *event.Event) {
		if i >= 4 {
			e.ID.Offset += 1 << 20
			e.Fields.Set("offset", event.IntOf(e.ID.Offset))
		}
	}, 3, 9)
	f("another stream between", func(i int, e *event.Event) {
		if i == 4 {
			e.ID.Stream = 8
		}
	}, 8, 9) // the other stream is put behind
	f("marked", func(i int, e *event.Event) { e.Last = i == 5 }, 5, 9)
}

// TestShapes counts the frames that carry fields of their own.
func TestShapes(t *testing.T) {
	f := func(what string, most int, change func(i int, e *event.Event)) {
		t.Helper()
		b, _ := lines(200, change)
		_, enc := newCodec(t, Config{RawBytes: 1 << 20, Level: "fastest"})
		var v event.View
		v.Fill(b, nil)
		if _, _, err := enc.AppendBody(nil, &v, 0, 1<<20); err != nil {
			t.Fatal(err)
		}
		plain := enc.w.Len()
		if plain > most {
			t.Errorf("%s: %d raw bytes, expected at most %d", what, plain, most)
		}
	}
	const text = 200 * 20
	f("plain", text+1000, nil)
	f("the first is odd", text+1500, func(i int, e *event.Event) {
		if i == 0 {
			e.Tag("odd")
		}
	})
	f("changes once", text+1500, func(i int, e *event.Event) { e.Fields.Set("type", event.BoolOf(i < 100)) })
	f("all differ", text+200*120, func(i int, e *event.Event) { e.Fields.Set("n", event.IntOf(int64(i))) })
}

func TestEventsDoNotShareWhatAFilterMayChange(t *testing.T) {
	b, a := lines(2, func(_ int, e *event.Event) {
		e.Fields.Add("tags", event.ListOf(event.StringOf("x")))
		m := event.Fields{{Name: "n", Value: event.IntOf(1)}}
		e.Fields.Add("map", event.MapOf(&m))
	})
	got := events(roundTrip(t, b, a, Config{RawBytes: 1 << 20, Level: "fastest"}, 1<<20))
	before := show(got[1])
	tags, _ := got[0].Fields.Get("tags")
	tags.List()[0] = event.StringOf("changed")
	m, _ := got[0].Fields.Get("map")
	m.Map().Set("n", event.IntOf(2))
	m.Map().Set("new", event.IntOf(3))
	if after := show(got[1]); after != before {
		t.Errorf("a change of one event changed another:\n%s\n%s", before, after)
	}
}

func TestEventTooLarge(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 1))
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(dice.IntN(94) + 33)
	}
	b, _ := lines(3, func(i int, e *event.Event) {
		if i == 1 {
			e.Raw = string(noise)
		}
	})
	_, enc := newCodec(t, Config{RawBytes: 1 << 20, Level: "fastest"})
	var v event.View
	v.Fill(b, nil)
	_, n, err := enc.AppendBody(nil, &v, 0, 1024)
	if n != 1 || err != nil {
		t.Errorf("the events before the large one: %d, %v", n, err)
	}
	if body, n, err := enc.AppendBody([]byte("x"), &v, 1, 1024); n != 0 || string(body) != "x" || !errors.Is(err, plugin.ErrTooLarge) {
		t.Errorf("the large event: %d events, %d bytes, %v", n, len(body), err)
	}
}

func TestForeignBodies(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		dec, _ := newCodec(t, Config{RawBytes: 1 << 20, Level: "none"})
		a := event.NewAck(func(event.Status) {})
		b := &event.Batch{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		var out []byte
		if err := dec.Decode([]byte(body), b, a); err != nil {
			out = append(out, "error: "+err.Error()...)
		}
		for e := range b.All() {
			out = fmt.Appendf(out, "%s last=%v\n", e.AppendJSON(nil), e.Last)
		}
		if got := string(out); got != want {
			t.Errorf("%s\nbecame\n%swant\n%s", body, got, want)
		}
	}
	f(`{"message":"a","@timestamp":"2020-01-01T00:00:00.000Z"}`, `{"@timestamp":"2020-01-01T00:00:00.000Z","message":"a"} last=true`+"\n")
	f(`[{"a":1},{"a":2}]`, `{"@timestamp":"2026-01-02T03:04:05.000Z","a":1} last=false`+"\n"+`{"@timestamp":"2026-01-02T03:04:05.000Z","a":2} last=true`+"\n")
	f(`plain text`, `{"@timestamp":"2026-01-02T03:04:05.000Z","message":"plain text","tags":["_jsonparsefailure"]} last=true`+"\n")
	f(`sluice is a word`, `{"@timestamp":"2026-01-02T03:04:05.000Z","message":"sluice is a word","tags":["_jsonparsefailure"]} last=true`+"\n")
	f(`sluice2:xxxx`, "error: packed message of version 2: this program reads version 1")
	f(`sluice1:!!!!`, "error: open packed message: illegal base64 data at input byte 0")
	f(`sluice1:`, "error: read header: found 0 bytes, expected flags and two numbers")
	f(``, "")
}

// TestDamagedFields puts JSON into frames that is none.
func TestDamagedFields(t *testing.T) {
	b, a := lines(3, func(i int, e *event.Event) {
		if i == 1 {
			e.Meta.Set("a", event.StringOf("MARK"))
		}
	})
	dec, enc := newCodec(t, Config{RawBytes: 1 << 20, Level: "none"})
	var v event.View
	v.Fill(b, nil)
	body, _, err := enc.AppendBody(nil, &v, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	damaged := rewrite(t, body, `"MARK"`, `"MARK\`)
	got := &event.Batch{}
	if err := dec.Decode(damaged, got, a); err != nil {
		t.Fatal(err)
	}
	rejected := 0
	left := got.Len()
	got.Compact(func(e *event.Event) {
		rejected++
		if e.Raw != "line 1 of the log" || !strings.Contains(e.Err().Error(), "fields of a packed event") {
			t.Errorf("rejected %q: %v", e.Raw, e.Err())
		}
	})
	if left != 3 || rejected != 1 {
		t.Errorf("%d events, %d of them rejected", left, rejected)
	}
}
