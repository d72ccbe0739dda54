package plugintest

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// longWait is a wait that no check waits out.
const longWait = time.Hour

// Input runs the conformance suite of inputs: an input can be built beside a running one, started again after a
// stop, read by several lanes, cancelled in the middle of a Read, closed twice; it leaves no ack unsealed, and
// what was given back comes again where the input says so.
func Input(t *testing.T, spec plugin.Spec, cases ...Case) {
	t.Helper()
	suite(t, spec, plugin.InputKind, cases, func(t *testing.T, spec plugin.Spec, c Case) {
		check := func(name string, f func(*testing.T, *inputRun)) {
			leakless(t, name, func(t *testing.T) *inputRun {
				return &inputRun{built: made[*plugin.BuiltInput](t, spec, c), want: c.Events}
			}, f)
		}
		check("reads to the end", func(t *testing.T, r *inputRun) { r.toTheEnd(t, 1) })
		check("reads in several lanes", func(t *testing.T, r *inputRun) { r.toTheEnd(t, 3) })
		check("starts again", func(t *testing.T, r *inputRun) { r.again(t) })
		check("closes twice", func(t *testing.T, r *inputRun) { r.twice(t) })
		check("returns after wait", func(t *testing.T, r *inputRun) { r.waits(t) })
		check("cancelled context", func(t *testing.T, r *inputRun) { r.cancels(t) })
		check("drains", func(t *testing.T, r *inputRun) { r.drains(t) })
		check("gives back", func(t *testing.T, r *inputRun) { r.givesBack(t) })
		if c.FailStart != nil {
			leakless(t, "failed start", func(t *testing.T) *plugin.BuiltInput {
				return Build[*plugin.BuiltInput](t, spec, c.FailStart(t), c.env(t), c.With...)
			}, func(t *testing.T, b *plugin.BuiltInput) {
				in, err := b.Start(t.Context(), plugin.StartOptions{Lanes: 1})
				if err == nil {
					t.Error("Start: no error")
					closeIn(t.Context(), t, in)
				}
			})
		}
	})
}

// inputRun is a built input.
type inputRun struct {
	built *plugin.BuiltInput
	want  int
}

func (r *inputRun) start(t *testing.T, o plugin.StartOptions) plugin.Input {
	t.Helper()
	in, err := r.built.Start(t.Context(), o)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return in
}

func closeIn(ctx context.Context, t *testing.T, in plugin.Input) {
	t.Helper()
	within(t, "Close", func() {
		if err := in.Close(ctx); err != nil && ctx.Err() == nil {
			t.Errorf("Close: %v", err)
		}
	})
}

// toTheEnd reads with a number of lanes until every lane is at the end.
func (r *inputRun) toTheEnd(t *testing.T, lanes int) {
	in := r.start(t, plugin.StartOptions{Lanes: lanes, Ordered: lanes > 1 && r.built.Streams, Once: true})
	defer closeIn(t.Context(), t, in)
	n := readAll(t, in, lanes, func(int) event.Status { return event.Delivered })
	if r.want > 0 && n != r.want {
		t.Errorf("%d events were read, expected %d", n, r.want)
	}
}

// readAll reads until the end, settles each batch with what status says for its number, and returns how many
// events were settled as delivered.
func readAll(t *testing.T, in plugin.Input, lanes int, status func(batch int) event.Status) int {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	events, batches := 0, 0
	lane := func(lane int) {
		var b event.Batch
		for {
			b.Now = time.Now().UTC()
			err := in.Read(t.Context(), lane, &b, longWait)
			checkEvents(t, &b)
			mu.Lock()
			s := status(batches)
			if b.Len() > 0 {
				batches++
			}
			if s == event.Delivered {
				events += b.Len()
			}
			mu.Unlock()
			b.Settle(s)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Errorf("Read: %v", err)
				}
				return
			}
		}
	}
	within(t, "reading to the end", func() {
		for i := range lanes {
			wg.Go(func() { lane(i) })
		}
		wg.Wait()
	})
	return events
}

func checkEvents(t *testing.T, b *event.Batch) {
	t.Helper()
	for e := range b.All() {
		if e.Observed.IsZero() {
			t.Errorf("an event has no time of observation: %s", cut(string(e.AppendJSON(nil))))
		}
	}
}

// again starts, stops and starts the same built input; another one is built and stopped beside it.
func (r *inputRun) again(t *testing.T) {
	for range 3 {
		in := r.start(t, plugin.StartOptions{Lanes: 2})
		closeIn(t.Context(), t, in)
	}
	r.toTheEnd(t, 1)
}

func (r *inputRun) twice(t *testing.T) {
	in := r.start(t, plugin.StartOptions{Lanes: 1})
	closeIn(t.Context(), t, in)
	closeIn(t.Context(), t, in)
	in = r.start(t, plugin.StartOptions{Lanes: 1})
	closeIn(cancelled(t), t, in)
}

// waits reads with the shortest wait: nothing there is no error.
func (r *inputRun) waits(t *testing.T) {
	in := r.start(t, plugin.StartOptions{Lanes: 1})
	defer closeIn(t.Context(), t, in)
	var b event.Batch
	for range 3 {
		b.Now = time.Now().UTC()
		within(t, "Read", func() {
			if err := in.Read(t.Context(), 0, &b, time.Nanosecond); err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("Read: %v", err)
			}
		})
	}
	b.Settle(event.Released)
}

// cancels ends the context while lanes wait.
func (r *inputRun) cancels(t *testing.T) {
	in := r.start(t, plugin.StartOptions{Lanes: 2})
	defer closeIn(cancelled(t), t, in)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			var b event.Batch
			for ctx.Err() == nil {
				b.Now = time.Now().UTC()
				err := in.Read(ctx, i, &b, longWait)
				b.Settle(event.Released)
				if err != nil {
					return
				}
				if i == 0 {
					cancel()
				}
			}
		})
	}
	cancel()
	within(t, "Read after the end of its context", wg.Wait)
}

// drains asks an input that can drain to do so, and reads what is left.
func (r *inputRun) drains(t *testing.T) {
	in := r.start(t, plugin.StartOptions{Lanes: 2})
	defer closeIn(t.Context(), t, in)
	if d, ok := in.(plugin.Draining); ok {
		d.Drain()
		readAll(t, in, 2, func(int) event.Status { return event.Released })
	}
}

// givesBack releases events and expects them again: at once from an input that redelivers, after a new start
// from one that can be replayed.
func (r *inputRun) givesBack(t *testing.T) {
	if !r.built.Replayable || r.want == 0 {
		return
	}
	in := r.start(t, plugin.StartOptions{Lanes: 1, Once: true})
	if r.built.Redelivers {
		defer closeIn(t.Context(), t, in)
		n := readAll(t, in, 1, func(batch int) event.Status {
			if batch == 0 {
				return event.Released
			}
			return event.Delivered
		})
		if n != r.want {
			t.Errorf("%d events came after the first batch was given back, expected %d", n, r.want)
		}
		return
	}
	readAll(t, in, 1, func(int) event.Status { return event.Released })
	closeIn(t.Context(), t, in)
	r.toTheEnd(t, 1)
}
