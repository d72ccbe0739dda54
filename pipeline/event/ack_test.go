package event

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestAckWithoutEvents(t *testing.T) {
	done := 0
	a := NewAck(func(s Status) {
		done++
		if s != Released {
			t.Errorf("status %v", s)
		}
	})
	a.Worsen(Released)
	a.Worsen(Dropped) // not better than before
	if done != 0 {
		t.Error("done before Seal")
	}
	a.Seal()
	if done != 1 {
		t.Errorf("done %d times", done)
	}
}

func TestAckMisuse(t *testing.T) {
	f := func(name string, misuse func()) {
		t.Helper()
		defer func() {
			if r, _ := recover().(string); !strings.HasPrefix(r, "BUG: ") {
				t.Errorf("%s: %q, want a panic", name, r)
			}
		}()
		misuse()
	}
	f("sealed twice", func() {
		a := NewAck(func(Status) {})
		a.Seal()
		a.Seal()
	})
	f("append after Seal", func() {
		a := NewAck(func(Status) {})
		var b Batch
		a.Seal()
		b.Append(a)
		b.Settle(Delivered)
	})
}

// TestAckConcurrent ends the events of many acks on several goroutines: each ack is done once, with the worst.
func TestAckConcurrent(t *testing.T) {
	const acks, events, workers = 200, 30, 4
	watch := WatchAcks()
	var done [acks]atomic.Int32
	var got [acks]atomic.Uint32
	batches := make([]Batch, workers)
	var all []*Ack
	for i := range acks {
		all = append(all, NewAck(func(s Status) {
			done[i].Add(1)
			got[i].Store(uint32(s))
		}))
		for j := range events {
			batches[j%workers].Append(all[i])
		}
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			b := &batches[w]
			n := 0
			for _, e := range b.TakeIf(func(*Event) bool { n++; return n%3 == 0 }) {
				e.Settle(Status(n % 2))
				b.Recycle(e)
			}
			for e := range b.All() {
				b.Derive(e, 1)
			}
			s := Delivered
			if w == 2 {
				s = DeadLettered
			}
			b.Settle(s)
		})
	}
	for _, a := range all { // while the events end
		a.Seal()
	}
	wg.Wait()
	for i := range acks {
		if done[i].Load() != 1 || Status(got[i].Load()) != DeadLettered {
			t.Errorf("ack %d: done %d times, %v", i, done[i].Load(), Status(got[i].Load()))
		}
	}
	if left := watch.Stop(); len(left) > 0 {
		t.Errorf("acks left: %v", left)
	}
}

func TestWatchAcks(t *testing.T) {
	w := WatchAcks()
	a := NewAck(func(Status) {})
	left := w.Stop()
	if len(left) != 1 || !strings.Contains(left[0], "ack_test.go:") {
		t.Errorf("left: %v, want the line above", left)
	}
	a.Seal() // after the watch: nothing happens
}

func TestStatusString(t *testing.T) {
	for s, want := range []string{"delivered", "dropped", "dead_lettered", "deferred", "released"} {
		if got := Status(s).String(); got != want {
			t.Errorf("status %d is %q, want %q", s, got, want)
		}
	}
}
