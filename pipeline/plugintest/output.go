package plugintest

import (
	"context"
	"sync"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Output runs the conformance suite of outputs: an output decides about each event by itself, changes none,
// can be written by several lanes, cancelled, closed twice and started again; and what it calls delivered has
// been delivered.
func Output(t *testing.T, spec plugin.Spec, cases ...Case) {
	t.Helper()
	suite(t, spec, plugin.OutputKind, cases, func(t *testing.T, spec plugin.Spec, c Case) {
		check := func(name string, f func(*testing.T, *outputRun)) {
			leakless(t, name, func(t *testing.T) *outputRun {
				return &outputRun{made[*plugin.BuiltOutput](t, spec, c), c}
			}, f)
		}
		check("hostile events", func(t *testing.T, r *outputRun) { r.hostile(t) })
		check("several lanes", func(t *testing.T, r *outputRun) { r.lanes(t) })
		check("cancelled context", func(t *testing.T, r *outputRun) { r.cancels(t) })
		check("nothing to write", func(t *testing.T, r *outputRun) { r.nothing(t) })
		check("starts again, closes twice", func(t *testing.T, r *outputRun) { r.again(t) })
		check("preview", func(t *testing.T, r *outputRun) { r.preview(t) })
		if c.FailStart != nil {
			leakless(t, "failed start", func(t *testing.T) *plugin.BuiltOutput {
				return Build[*plugin.BuiltOutput](t, spec, c.FailStart(t), c.env(t), c.With...)
			}, func(t *testing.T, b *plugin.BuiltOutput) {
				out, err := b.Start(t.Context(), 1)
				if err == nil {
					t.Error("Start: no error")
					closeOut(t.Context(), t, out)
				}
			})
		}
	})
}

// outputRun is a built output.
type outputRun struct {
	built *plugin.BuiltOutput
	c     Case
}

func (r *outputRun) start(t *testing.T, lanes int) plugin.Output {
	t.Helper()
	out, err := r.built.Start(t.Context(), lanes)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return out
}

func closeOut(ctx context.Context, t *testing.T, out plugin.Output) {
	t.Helper()
	within(t, "Close", func() {
		if err := out.Close(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func quietAck() *event.Ack { return event.NewAck(func(event.Status) {}) }

// write writes hostile events in one view and returns how many were delivered.
func (r *outputRun) write(ctx context.Context, t *testing.T, out plugin.Output, lane int) (delivered int) {
	t.Helper()
	var b event.Batch
	hostile(&b, r.c.Fields, quietAck)
	if lane == 0 {
		huge(&b, r.c.Fields, quietAck)
	}
	defer b.Settle(event.Delivered)
	v := event.NewView(lane, nil)
	v.Fill(&b, nil)
	before := make([]string, v.Len())
	for i, e := range v.All() {
		before[i] = string(appendWhole(nil, e))
	}
	var err error
	within(t, "Write", func() { err = out.Write(ctx, v) })
	if err != nil && ctx.Err() == nil && !r.c.Unreliable {
		t.Errorf("Write: %v; a strange event must be rejected by itself", err)
	}
	for i, e := range v.All() {
		if after := string(appendWhole(nil, e)); after != before[i] {
			t.Errorf("an event was changed:\n%s\n%s", cut(before[i]), cut(after))
		}
		o := v.Outcome(i, err)
		switch o.Kind {
		case event.Done:
			delivered++
		case event.Refused, event.ToRetry:
			if o.Err == nil {
				t.Errorf("an event was not delivered, without a reason: %s", cut(before[i]))
			}
		default:
		}
	}
	return delivered
}

func (r *outputRun) hostile(t *testing.T) {
	out := r.start(t, 1)
	n := r.write(t.Context(), t, out, 0)
	closeOut(t.Context(), t, out)
	r.delivered(t, n)
}

func (r *outputRun) delivered(t *testing.T, want int) {
	t.Helper()
	if r.c.Delivered == nil {
		return
	}
	if n := r.c.Delivered(t); n != want {
		t.Errorf("%d events are there, but %d were called delivered", n, want)
	}
}

func (r *outputRun) lanes(t *testing.T) {
	const lanes = 3
	out := r.start(t, lanes)
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() { r.write(t.Context(), t, out, lane) })
	}
	wg.Wait()
	closeOut(t.Context(), t, out)
}

func (r *outputRun) cancels(t *testing.T) {
	out := r.start(t, 1)
	r.write(cancelled(t), t, out, 0)
	closeOut(cancelled(t), t, out)
}

func (r *outputRun) nothing(t *testing.T) {
	out := r.start(t, 1)
	if err := out.Write(t.Context(), event.NewView(0, nil)); err != nil {
		t.Errorf("Write of nothing: %v", err)
	}
	closeOut(t.Context(), t, out)
}

func (r *outputRun) again(t *testing.T) {
	for range 3 {
		out := r.start(t, 2)
		closeOut(t.Context(), t, out)
		closeOut(t.Context(), t, out)
	}
	out := r.start(t, 1)
	r.write(t.Context(), t, out, 0)
	closeOut(t.Context(), t, out)
}

// preview asks where hostile events would go; any answer will do.
func (r *outputRun) preview(t *testing.T) {
	if r.built.Preview == nil {
		return
	}
	var b event.Batch
	hostile(&b, r.c.Fields, quietAck)
	for e := range b.All() {
		before := string(appendWhole(nil, e))
		where, err := r.built.Preview(e)
		if err == nil && len(where) == 0 {
			t.Errorf("Preview: neither a name nor an error for %s", cut(before))
		}
		if after := string(appendWhole(nil, e)); after != before {
			t.Errorf("Preview changed an event:\n%s\n%s", cut(before), cut(after))
		}
	}
	b.Settle(event.Delivered)
}
