package elasticsearch

import (
	"bytes"
	"fmt"
	"testing"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/plugins/codec/pack"
)

// packedLines returns a message of n access log lines of 200 bytes, as a shipper packs them, and the decoder
// that a reader has for it.
func packedLines(tb testing.TB, n int) (body []byte, raw int, dec plugin.Decoder) {
	tb.Helper()
	spec := pack.Plugin()
	built, err := spec.Build([]any{spec.Defaults()}, noEnv())
	if err != nil {
		tb.Fatal(err)
	}
	codec := built.(*plugin.BuiltCodec)
	batch := &event.Batch{Now: day}
	a := event.NewAck(func(event.Status) {})
	for i := range n {
		e := batch.Append(a)
		e.SetLine(fmt.Appendf(nil, `%-200.200s`, fmt.Sprintf(`10.%d.%d.%d - - [17/May/2015:10:05:%02d +0000] "GET /presentations/images/kibana-%x.png HTTP/1.1" 200 %d "http://semicomplete.com/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36"`,
			i%256, i/7%256, i/3%256, i%60, i*2654435761%(1<<20), i*7919%(1<<16))))
		e.ID = event.ID{Stream: 7, Offset: int64(raw), Hash: event.HashLine(e.Raw)}
		for _, f := range [][2]string{{"path", "/var/log/nginx/access.log"}, {"host", "web-17"}, {"stream", "0000000000000007"}, {"type", "nginx-access"}} {
			e.Fields.Add(f[0], event.StringOf(f[1]))
		}
		e.Fields.Add("offset", event.IntOf(int64(raw)))
		raw += len(e.Raw) + 1
	}
	var v event.View
	v.Fill(batch, nil)
	body, packed, err := codec.NewEncoder().(plugin.BatchEncoder).AppendBody(nil, &v, 0, 1<<20)
	if err != nil || packed != n {
		tb.Fatal(packed, err)
	}
	return body, raw, codec.NewDecoder()
}

// packedToBulk does with a message what the reader does with it, without filters and without the request:
// message body, events, bulk body, judgement, settlement.
func packedToBulk(tb testing.TB, n int) (once func(), raw int) {
	tb.Helper()
	body, raw, dec := packedLines(tb, n)
	batch := &event.Batch{Now: day}
	var v event.View
	w := &writing{l: newLane(bareTarget(tb), 0), v: &v}
	r, reply := bytes.NewReader(nil), cleanReply(n)
	return func() {
		a := event.NewAck(func(event.Status) {})
		if err := dec.Decode(body, batch, a); err != nil {
			tb.Fatal(err)
		}
		a.Seal()
		v.Fill(batch, nil)
		if err := encodeAndJudge(w, r, reply); err != nil {
			tb.Fatal(err)
		}
		batch.Settle(event.Delivered)
	}, raw
}

// BenchmarkPackedToBulk is one message of 4,000 lines of 200 bytes.
func BenchmarkPackedToBulk(b *testing.B) {
	const n = 4000
	once, raw := packedToBulk(b, n)
	once()
	b.SetBytes(int64(raw))
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		once()
	}
	cpu.Report(n)
}

// TestPackedToBulkAllocations: at most one allocation an event is the limit; what is done for a message as
// a whole, its buffer above all, needs some tens.
func TestPackedToBulkAllocations(t *testing.T) {
	const n = 1000
	once, _ := packedToBulk(t, n)
	once()
	if got := testing.AllocsPerRun(10, once); got > 60 {
		t.Errorf("%v allocations for %d events", got, n)
	}
}
