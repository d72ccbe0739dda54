package drop

import (
	"context"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func newFilter(t *testing.T, percentage float64) plugin.Filter {
	t.Helper()
	var p plugin.Problems
	b, err := build(Config{Percentage: percentage}, plugin.Env{Problems: &p})
	if err != nil || p.Failed() {
		t.Fatal(err, p.List)
	}
	return b.New()
}

// dropped passes n events through the filter and returns which of them were dropped.
func dropped(t *testing.T, f plugin.Filter, n int, stream uint64) []bool {
	t.Helper()
	b := &event.Batch{}
	a := event.NewAck(func(event.Status) {})
	events := make([]*event.Event, n)
	for i := range events {
		events[i] = b.Append(a)
		events[i].ID = event.ID{Stream: stream, Offset: int64(i * 100)}
	}
	a.Seal()
	if err := f.Process(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	marks := make([]bool, n)
	for i, e := range events {
		marks[i] = e.Dropped()
	}
	return marks
}

func count(marks []bool) int {
	n := 0
	for _, m := range marks {
		if m {
			n++
		}
	}
	return n
}

func TestPercentage(t *testing.T) {
	const events = 20_000
	f := func(percentage float64, stream uint64) {
		t.Helper()
		got := float64(count(dropped(t, newFilter(t, percentage), events, stream))) / events * all
		if got < percentage-1.5 || got > percentage+1.5 { // four standard deviations of a fair choice
			t.Errorf("percentage %v dropped %v %%", percentage, got)
		}
	}
	for _, stream := range []uint64{0, 42} { // without and with an identity
		f(0, stream)
		f(10, stream)
		f(50, stream)
		f(100, stream)
	}
}

func TestSameEventSameFate(t *testing.T) {
	first := dropped(t, newFilter(t, 30), 1000, 7)
	again := dropped(t, newFilter(t, 30), 1000, 7)
	for i := range first {
		if first[i] != again[i] {
			t.Fatalf("event %d was dropped once and kept once", i)
		}
	}
}

func TestBadPercentage(t *testing.T) {
	for _, bad := range []float64{-1, 100.5} {
		var p plugin.Problems
		if _, err := build(Config{Percentage: bad}, plugin.Env{Problems: &p}); err != nil || !p.Failed() {
			t.Errorf("percentage %v: %v, %v; expected a problem", bad, err, p.List)
		}
	}
}
