package plugintest

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Codec runs the conformance suite of codecs: a decoder must take any bytes and leave them as they are,
// find the same events wherever a stream is cut; an encoder must take any event and leave it as it is.
func Codec(t *testing.T, spec plugin.Spec, cases ...Case) {
	t.Helper()
	suite(t, spec, plugin.CodecKind, cases, func(t *testing.T, spec plugin.Spec, c Case) {
		check := func(name string, f func(*testing.T, *codecRun)) {
			leakless(t, name, func(t *testing.T) *codecRun {
				return &codecRun{made[*plugin.BuiltCodec](t, spec, c), c}
			}, f)
		}
		check("has a half", func(t *testing.T, r *codecRun) {
			if r.built.NewDecoder == nil && r.built.NewEncoder == nil {
				t.Error("the codec neither decodes nor encodes")
			}
		})
		check("decodes hostile bytes", func(t *testing.T, r *codecRun) { r.decodes(t) })
		check("decodes a stream in pieces", func(t *testing.T, r *codecRun) { r.pieces(t) })
		check("encodes hostile events", func(t *testing.T, r *codecRun) { r.encodes(t) })
		check("encodes bodies", func(t *testing.T, r *codecRun) { r.bodies(t) })
		check("round trip", func(t *testing.T, r *codecRun) { r.roundTrip(t) })
	})
}

// codecRun is a built codec.
type codecRun struct {
	built *plugin.BuiltCodec
	c     Case
}

// decode decodes src as one message and seals its ack.
func decode(d plugin.Decoder, b *event.Batch, src []byte, done func(event.Status)) error {
	a := event.NewAck(done)
	b.Now = now()
	err := d.Decode(src, b, a)
	if f, ok := d.(plugin.FinishDecoder); ok {
		err = errors.Join(err, f.Finish(b, a))
	}
	a.Seal()
	return err
}

func (r *codecRun) decodes(t *testing.T) {
	if r.built.NewDecoder == nil {
		return
	}
	d := r.built.NewDecoder()
	for _, src := range HostileBytes() {
		before := bytes.Clone(src)
		var b event.Batch
		var done atomic.Int32
		within(t, "Decode", func() { _ = decode(d, &b, src, func(event.Status) { done.Add(1) }) })
		for e := range b.All() {
			e.AppendJSON(nil)
		}
		b.Settle(event.Delivered)
		if done.Load() != 1 {
			t.Errorf("Decode(%q): its ack was settled %d times", cut(string(src)), done.Load())
		}
		if !bytes.Equal(src, before) {
			t.Errorf("Decode(%q) changed its source", cut(string(before)))
		}
	}
}

// pieces cuts a stream at every place; a decoder that frames streams must find the same events.
func (r *codecRun) pieces(t *testing.T) {
	if r.built.NewDecoder == nil {
		return
	}
	if _, ok := r.built.NewDecoder().(plugin.FinishDecoder); !ok {
		return
	}
	stream := []byte("{\"a\":1}\r\n\n{\"b\":\"日本\"}\nplain\n\xff\n{\"end\":true}")
	read := func(parts ...[]byte) string {
		d := r.built.NewDecoder()
		a := event.NewAck(func(event.Status) {})
		var b event.Batch
		b.Now = now()
		for _, p := range parts {
			_ = d.Decode(bytes.Clone(p), &b, a) // what cannot be decoded is the same in both ways
		}
		if f, ok := d.(plugin.FinishDecoder); ok {
			_ = f.Finish(&b, a)
		}
		a.Seal()
		var out []byte
		for e := range b.All() {
			out = appendWhole(out, e)
		}
		b.Settle(event.Delivered)
		return string(out)
	}
	want := read(stream)
	for i := range stream {
		if got := read(stream[:i], stream[i:]); got != want {
			t.Errorf("cut after %d bytes:\n%swhole:\n%s", i, got, want)
		}
	}
}

func (r *codecRun) encodes(t *testing.T) {
	if r.built.NewEncoder == nil {
		return
	}
	enc := r.built.NewEncoder()
	var b event.Batch
	hostile(&b, r.c.Fields, quietAck)
	huge(&b, r.c.Fields, quietAck)
	defer b.Settle(event.Delivered)
	const prefix = "already here"
	for e := range b.All() {
		before := string(appendWhole(nil, e))
		var out []byte
		var err error
		within(t, "AppendEvent", func() { out, err = enc.AppendEvent([]byte(prefix), e) })
		if !bytes.HasPrefix(out, []byte(prefix)) {
			t.Errorf("AppendEvent lost what was there before, for %s", cut(before))
		}
		if err != nil && len(out) != len(prefix) {
			t.Errorf("AppendEvent: an error, and %d bytes, for %s", len(out)-len(prefix), cut(before))
		}
		if after := string(appendWhole(nil, e)); after != before {
			t.Errorf("an event was changed:\n%s\n%s", cut(before), cut(after))
		}
	}
}

// bodies fills bodies of several sizes until every event is in one.
func (r *codecRun) bodies(t *testing.T) {
	if r.built.NewEncoder == nil {
		return
	}
	enc, ok := r.built.NewEncoder().(plugin.BatchEncoder)
	if !ok {
		return
	}
	var b event.Batch
	hostile(&b, r.c.Fields, quietAck)
	defer b.Settle(event.Delivered)
	v := event.NewView(0, nil)
	v.Fill(&b, nil)
	for _, most := range []int{1, 1 << 10, 256 << 10, 1 << 20, 64 << 20} {
		for from := 0; from < v.Len(); {
			body, n, err := enc.AppendBody(nil, v, from, most)
			switch {
			case err != nil:
				n = 1 // the caller rejects the event, and goes on behind it
			case n < 1 || n > v.Len()-from:
				t.Fatalf("AppendBody took %d of %d events", n, v.Len()-from)
			case len(body) > most:
				t.Errorf("AppendBody made %d bytes, at most %d are allowed", len(body), most)
			}
			from += n
		}
	}
}

// roundTrip decodes what was encoded.
func (r *codecRun) roundTrip(t *testing.T) {
	if !r.c.RoundTrip {
		return
	}
	enc, dec := r.built.NewEncoder(), r.built.NewDecoder()
	var b event.Batch
	hostile(&b, r.c.Fields, quietAck)
	defer b.Settle(event.Delivered)
	for e := range b.All() {
		body, err := enc.AppendEvent(nil, e)
		if err != nil {
			continue
		}
		var back event.Batch
		if err := decode(dec, &back, body, func(event.Status) {}); err != nil {
			t.Errorf("Decode of what was encoded: %v: %s", err, cut(string(body)))
		}
		if back.Len() != 1 {
			t.Errorf("%d events came back for %s", back.Len(), cut(string(body)))
		}
		for x := range back.All() {
			if again, err := enc.AppendEvent(nil, x); err != nil || !bytes.Equal(again, body) {
				t.Errorf("round trip: %v\n%s\n%s", err, cut(string(body)), cut(string(again)))
			}
		}
		back.Settle(event.Delivered)
	}
}
