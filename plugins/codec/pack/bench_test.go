package pack

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
)

// accessLog makes a batch of n lines like those of an access log, about 200 bytes each.
func accessLog(n int) (*event.Batch, *event.Ack, int) {
	dice := rand.New(rand.NewPCG(1, 2))
	a := event.NewAck(func(event.Status) {})
	b := &event.Batch{Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	path, host, stream, typ := event.StringOf("/var/log/nginx/access.log"), event.StringOf("web-17"), event.StringOf(streamName(7)), event.StringOf("nginx-access")
	size := 0
	for range n {
		line := fmt.Appendf(nil, `%d.%d.%d.%d - - [17/May/2015:10:%02d:%02d +0000] "GET /presentations/logstash-monitorama-2013/images/kibana-%x.png HTTP/1.1" 200 %d "http://semicomplete.com/presentations/" "Mozilla/5.0 (Macintosh; Intel Mac OS X)"`,
			dice.IntN(256), dice.IntN(256), dice.IntN(256), dice.IntN(256), dice.IntN(60), dice.IntN(60), dice.IntN(1<<20), dice.IntN(1<<18))
		e := b.Append(a)
		e.SetLine(line)
		e.ID = event.ID{Stream: 7, Offset: int64(size), Hash: event.HashLine(e.Raw)}
		for _, f := range []event.Field{{Name: "path", Value: path}, {Name: "host", Value: host}, {Name: "stream", Value: stream}, {Name: "offset", Value: event.IntOf(int64(size))}, {Name: "type", Value: typ}} {
			e.Fields.Add(f.Name, f.Value)
		}
		size += len(line) + 1
	}
	return b, a, size
}

func BenchmarkEncode(b *testing.B) {
	batch, _, size := accessLog(4000)
	_, enc := newCodec(b, Config{RawBytes: 2 << 20, Level: "fastest"})
	var v event.View
	v.Fill(batch, nil)
	var body []byte
	b.SetBytes(int64(size))
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		var err error
		if body, _, err = enc.AppendBody(body[:0], &v, 0, 1<<20); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)/float64(len(body)), "raw/sent")
	cpu.Report(4000)
}

func BenchmarkDecode(b *testing.B) {
	batch, _, size := accessLog(4000)
	dec, enc := newCodec(b, Config{RawBytes: 2 << 20, Level: "fastest"})
	var v event.View
	v.Fill(batch, nil)
	body, n, err := enc.AppendBody(nil, &v, 0, 1<<20)
	if err != nil || n != 4000 {
		b.Fatal(n, err)
	}
	got := &event.Batch{}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		a := event.NewAck(func(event.Status) {})
		if err := dec.Decode(body, got, a); err != nil {
			b.Fatal(err)
		}
		a.Seal()
		got.Settle(event.Delivered)
	}
	cpu.Report(4000)
}

// TestAllocations holds the ceilings: a message may cost its buffer and a few headers, an event nothing.
func TestAllocations(t *testing.T) {
	const most = 40 // of a message of 4,000 events
	batch, _, _ := accessLog(4000)
	dec, enc := newCodec(t, Config{RawBytes: 2 << 20, Level: "fastest"})
	var v event.View
	v.Fill(batch, nil)
	body, _, err := enc.AppendBody(nil, &v, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	got := &event.Batch{}
	if n := testing.AllocsPerRun(5, func() {
		a := event.NewAck(func(event.Status) {})
		_ = dec.Decode(body, got, a)
		a.Seal()
		got.Settle(event.Delivered)
	}); n > most {
		t.Errorf("decode: %v allocations, at most %d are allowed", n, most)
	}
	room := make([]byte, 0, 1<<20)
	if n := testing.AllocsPerRun(5, func() { _, _, _ = enc.AppendBody(room, &v, 0, 1<<20) }); n > most {
		t.Errorf("encode: %v allocations, at most %d are allowed", n, most)
	}
}
