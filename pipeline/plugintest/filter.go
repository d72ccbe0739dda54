package plugintest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Filter runs the conformance suite of filters: a filter must take any event, lose none, leave the bytes
// that events point to as they are, share nothing between instances, give the same result for the same
// events, and let go of all that it holds.
func Filter(t *testing.T, spec plugin.Spec, cases ...Case) {
	t.Helper()
	suite(t, spec, plugin.FilterKind, cases, func(t *testing.T, spec plugin.Spec, c Case) {
		check := func(name string, f func(*testing.T, *filterRun)) {
			leakless(t, name, func(t *testing.T) *filterRun {
				return &filterRun{built: made[*plugin.BuiltFilter](t, spec, c), fields: c.Fields}
			}, f)
		}
		check("hostile events", func(t *testing.T, r *filterRun) { r.conserved(t.Context(), t, plugin.End, false) })
		check("stop", func(t *testing.T, r *filterRun) { r.conserved(t.Context(), t, plugin.Stop, true) })
		check("room", func(t *testing.T, r *filterRun) { r.conserved(t.Context(), t, plugin.Room, false) })
		check("cancelled context", func(t *testing.T, r *filterRun) { r.conserved(cancelled(t), t, plugin.Stop, false) })
		check("nothing to do", func(t *testing.T, r *filterRun) { r.nothing(t) })
		check("same again", func(t *testing.T, r *filterRun) { r.same(t) })
		check("instances are independent", func(t *testing.T, r *filterRun) { r.concurrent(t) })
		check("marked events are left alone", func(t *testing.T, r *filterRun) { r.marked(t) })
	})
}

// filterRun is a built filter and the fields it works on.
type filterRun struct {
	built  *plugin.BuiltFilter
	fields []string
}

// conserved passes hostile events through a new instance and checks that each ack is settled once.
func (r *filterRun) conserved(ctx context.Context, t *testing.T, reason plugin.Reason, replayable bool) {
	t.Helper()
	var acks, settled atomic.Int64
	var b event.Batch
	ack := func() *event.Ack {
		acks.Add(1)
		var once atomic.Bool
		return event.NewAck(func(event.Status) {
			if once.Swap(true) {
				t.Error("an ack was settled twice")
			}
			settled.Add(1)
		})
	}
	hostile(&b, r.fields, ack)
	if reason == plugin.End {
		huge(&b, r.fields, ack)
	}
	texts := textsOf(&b)
	err := r.run(ctx, t, &b, reason, replayable)
	if err != nil && ctx.Err() == nil {
		t.Errorf("Process: %v; strange events must not fail the batch", err)
	}
	if b.Held != 0 {
		t.Errorf("%d events are still held after Flush", b.Held)
	}
	b.Settle(event.Delivered)
	if acks.Load() != settled.Load() {
		t.Errorf("%d of %d acks were settled", settled.Load(), acks.Load())
	}
	texts.check(t)
}

// run does with one instance what a worker does.
func (r *filterRun) run(ctx context.Context, t *testing.T, b *event.Batch, reason plugin.Reason, replayable bool) error {
	t.Helper()
	f := r.built.New()
	var err error
	within(t, "Process", func() { err = f.Process(ctx, b) })
	compact(b)
	if fl, ok := f.(plugin.Flusher); ok {
		reasons := []plugin.Reason{reason}
		if reason == plugin.Room { // lets go of what it can: the rest follows at the end
			reasons = append(reasons, plugin.Idle, plugin.End)
		}
		for _, reason := range reasons {
			within(t, "Flush", func() { fl.Flush(b, reason, replayable) })
			compact(b)
		}
	}
	return err
}

// compact settles marked events as the engine does.
func compact(b *event.Batch) {
	b.Compact(func(e *event.Event) {
		e.Settle(event.DeadLettered)
		b.Recycle(e)
	})
}

// nothing gives a new instance an empty batch, and asks it for events that it does not hold.
func (r *filterRun) nothing(t *testing.T) {
	f := r.built.New()
	var b event.Batch
	if err := f.Process(t.Context(), &b); err != nil {
		t.Errorf("Process of an empty batch: %v", err)
	}
	if fl, ok := f.(plugin.Flusher); ok {
		for _, reason := range []plugin.Reason{plugin.Idle, plugin.Room, plugin.Stop, plugin.End, plugin.End} {
			fl.Flush(&b, reason, reason == plugin.Stop)
		}
	}
	if b.Len() != 0 || b.Held != 0 {
		t.Errorf("an empty batch became one of %d events, %d held", b.Len(), b.Held)
	}
}

// same checks that two instances do the same: events that are read again must become what they were.
func (r *filterRun) same(t *testing.T) {
	result := func() string {
		var b event.Batch
		hostile(&b, r.fields, func() *event.Ack { return event.NewAck(func(event.Status) {}) })
		_ = r.run(t.Context(), t, &b, plugin.End, false) // "hostile events" tells
		var out []byte
		for e := range b.All() {
			out = appendWhole(out, e)
		}
		b.Settle(event.Delivered)
		return string(out)
	}
	first, second := strings.Split(result(), "\n"), strings.Split(result(), "\n")
	for i := range min(len(first), len(second)) {
		if first[i] != second[i] {
			t.Fatalf("two instances differ:\n%s\n%s", cut(first[i]), cut(second[i]))
		}
	}
	if len(first) != len(second) {
		t.Errorf("two instances made %d and %d events of the same", len(first)-1, len(second)-1)
	}
}

// concurrent runs instances at the same time; the race detector sees what they share.
func (r *filterRun) concurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			var b event.Batch
			hostile(&b, r.fields, func() *event.Ack { return event.NewAck(func(event.Status) {}) })
			_ = r.run(t.Context(), t, &b, plugin.End, false)
			b.Settle(event.Delivered)
		})
	}
	wg.Wait()
}

// marked checks that events which were dropped before are not touched.
func (r *filterRun) marked(t *testing.T) {
	var b event.Batch
	hostile(&b, r.fields, func() *event.Ack { return event.NewAck(func(event.Status) {}) })
	var all []*event.Event
	var before []string
	for e := range b.All() {
		e.Drop()
		all = append(all, e)
		before = append(before, string(appendWhole(nil, e)))
	}
	f := r.built.New()
	if err := f.Process(t.Context(), &b); err != nil {
		t.Errorf("Process: %v", err)
	}
	for i, e := range all {
		if after := string(appendWhole(nil, e)); after != before[i] {
			t.Errorf("a dropped event was changed:\n%s\n%s", cut(before[i]), cut(after))
		}
	}
	compact(&b)
	if b.Len() != 0 {
		t.Errorf("%d dropped events are still there", b.Len())
	}
}

// appendWhole appends all of an event that can be seen, with a newline.
func appendWhole(dst []byte, e *event.Event) []byte {
	dst = e.AppendJSON(dst)
	dst = append(dst, ' ')
	dst = e.Meta.AppendJSON(dst)
	if e.HasID() {
		dst = e.AppendID(append(dst, ' '))
	}
	return append(dst, '\n')
}

// cut shortens text for a message.
func cut(s string) string {
	const most = 400
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// texts remembers strings of events with a copy of their bytes.
type texts []struct{ shared, copied string }

// textsOf remembers the strings at the top level of a batch's events.
func textsOf(b *event.Batch) texts {
	var all texts
	for e := range b.All() {
		for _, f := range e.Fields {
			if s, ok := f.Value.AsString(); ok {
				all = append(all, struct{ shared, copied string }{s, strings.Clone(s)})
			}
		}
	}
	return all
}

// check fails when bytes that an event pointed to have changed.
func (x texts) check(t *testing.T) {
	t.Helper()
	for _, s := range x {
		if s.shared != s.copied {
			t.Errorf("the bytes of %q were changed in place to %q", cut(s.copied), cut(s.shared))
		}
	}
}
