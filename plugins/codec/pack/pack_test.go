package pack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func codec(t testing.TB, ecs bool) (plugin.Decoder, plugin.BatchEncoder) {
	t.Helper()
	built, err := build(Config{RawBytes: 4096, Level: "fastest"}, plugin.Env{ECS: ecs})
	if err != nil {
		t.Fatal(err)
	}
	return built.NewDecoder(), built.NewEncoder().(plugin.BatchEncoder)
}

// randomBatch makes events as inputs and filters make them.
func randomBatch(seed uint64, ecs bool, a *event.Ack) *event.Batch {
	dice := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // a test's dice
	b := &event.Batch{Now: time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)}
	l := layout{ecs}
	type stream struct {
		id     uint64
		offset int64
		shared event.Fields
	}
	var streams []*stream
	for range 1 + dice.IntN(3) {
		s := &stream{id: dice.Uint64(), offset: dice.Int64N(1 << 40)}
		if ecs {
			host, log := event.Fields{{Name: "name", Value: event.StringOf("web1")}}, event.Fields{{Name: "file", Value: event.StringOf("x")}}
			s.shared = event.Fields{{Name: "log", Value: event.MapOf(&log)}, {Name: "host", Value: event.MapOf(&host)}}
		} else {
			s.shared = event.Fields{{Name: "path", Value: event.StringOf("/var/log/x")}, {Name: "host", Value: event.StringOf("web1")}}
		}
		streams = append(streams, s)
	}
	for range dice.IntN(400) {
		s := streams[dice.IntN(len(streams))]
		e := b.Append(a)
		line := strings.Repeat("é log \x00line ", dice.IntN(9))
		e.Raw = line
		e.ID = event.ID{Stream: s.id, Offset: s.offset, Hash: event.HashLine(line)}
		e.Fields.Add("message", event.StringOf(line))
		e.Fields = append(e.Fields, s.shared...)
		l.add(e, event.StringOf(streamName(s.id)))
		s.offset += int64(len(line)) + 1 + dice.Int64N(3)
		b.Now = b.Now.Add(time.Duration(dice.IntN(2)))
		switch dice.IntN(12) {
		case 0:
			e.Fields.Set("extra", event.FloatOf(1.5))
		case 1:
			e.Time = e.Time.Add(-time.Hour)
		case 2:
			e.ID.Hash = event.HashLine("first")
		case 3:
			e.Meta.Set("m", event.IntOf(7))
		case 4:
			e.Last = true
		case 5:
			e.ID.Part = 3
		case 6:
			e.Time = time.Time{}
		}
	}
	return b
}

func show(e *event.Event) string {
	return fmt.Sprintf("%s %d %s %s %q %s meta %s", e.AppendID(nil), e.ID.Offset, e.Time.Format(time.RFC3339Nano), e.Observed.Format(time.RFC3339Nano), e.Raw, e.Fields.AppendJSON(nil), e.Meta.AppendJSON(nil))
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(80) {
		ecs := seed%2 == 1
		dec, enc := codec(t, ecs)
		a := event.NewAck(func(event.Status) {})
		b := randomBatch(seed, ecs, a)
		var v event.View
		v.Fill(b, nil)
		got := &event.Batch{}
		for from := 0; from < v.Len(); {
			body, n, err := enc.AppendBody(nil, &v, from, 1<<20)
			if err != nil || n < 1 {
				t.Fatalf("seed %d: %d events, %v", seed, n, err)
			}
			from += n
			if err := dec.Decode(body, got, a); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		var w event.View
		w.Fill(got, nil)
		if v.Len() != w.Len() {
			t.Fatalf("seed %d: %d events became %d", seed, v.Len(), w.Len())
		}
		for i := range v.Len() {
			if x, y := show(v.At(i)), show(w.At(i)); x != y {
				t.Fatalf("seed %d event %d:\n%s became\n%s", seed, i, x, y)
			}
			if v.At(i).Last && !w.At(i).Last {
				t.Errorf("seed %d event %d: no longer the last of its segment", seed, i)
			}
		}
	}
}
