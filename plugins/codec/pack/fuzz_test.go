package pack

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"sluice/pipeline/event"
)

// rewrite replaces bytes of a body that is not compressed.
func rewrite(t *testing.T, body []byte, from, to string) []byte {
	t.Helper()
	head, text, _ := bytes.Cut(body, []byte(":"))
	bin, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil || !bytes.Contains(bin, []byte(from)) {
		t.Fatalf("%q is not in the body (%v)", from, err)
	}
	bin = bytes.Replace(bin, []byte(from), []byte(to), 1)
	return base64.StdEncoding.AppendEncode(append(bytes.Clone(head), ':'), bin)
}

// FuzzDecode gives the decoder messages whose payload is damaged: none may panic, lose its ack, or fail after
// events were appended.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(6) {
		b := randomBatch(seed, event.NewAck(func(event.Status) {}))
		_, enc := newCodec(f, Config{RawBytes: 2048, Level: "none"})
		var v event.View
		v.Fill(b, nil)
		if v.Len() == 0 {
			continue
		}
		body, _, err := enc.AppendBody(nil, &v, 0, 1<<20)
		if err != nil {
			f.Fatal(err)
		}
		bin, _ := base64.StdEncoding.DecodeString(string(body[len("sluice1:"):]))
		f.Add(bin)
	}
	f.Fuzz(func(t *testing.T, bin []byte) {
		dec, enc := newCodec(t, Config{RawBytes: 1 << 20, Level: "none"})
		body := base64.StdEncoding.AppendEncode([]byte("sluice1:"), bin)
		settled := 0
		a := event.NewAck(func(event.Status) { settled++ })
		b := &event.Batch{Now: time.Unix(0, 0).UTC()}
		if err := dec.Decode(body, b, a); err != nil && b.Len() > 0 {
			t.Errorf("%d events were appended before the error %v", b.Len(), err)
		}
		a.Seal()
		var v event.View
		v.Fill(b, nil)
		for from := 0; from < v.Len(); { // what was read can be written again
			_, n, err := enc.AppendBody(nil, &v, from, 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			from += n
		}
		b.Settle(event.Delivered)
		b.Compact(func(e *event.Event) { e.Settle(event.DeadLettered) })
		if settled != 1 {
			t.Errorf("the ack was settled %d times", settled)
		}
	})
}
