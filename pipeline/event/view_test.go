package event

import (
	"errors"
	"testing"
)

func TestView(t *testing.T) {
	err1, errAll := errors.New("one"), errors.New("all")
	v := NewView(3, []*Event{{}, {}, {}, {}, {}})
	if v.Lane != 3 || v.Len() != 5 || !v.AllDone(nil) || v.AllDone(errAll) || v.Marked(2) {
		t.Error("a new view has outcomes")
	}
	if o := v.Outcome(1, nil); o.Kind != Done {
		t.Errorf("no error: %v", o)
	}
	if o := v.Outcome(1, errAll); o.Kind != ToRetry || !errors.Is(o.Err, errAll) {
		t.Errorf("an error: %v", o)
	}
	v.Done(0)
	v.Duplicate(1)
	v.Retry(2, err1)
	v.Reject(3, err1)
	for i, want := range []Outcome{{Kind: Done}, {Kind: Duplicate}, {ToRetry, err1}, {Refused, err1}, {ToRetry, errAll}} {
		if got := v.Outcome(i, errAll); got != want {
			t.Errorf("outcome %d: %v, want %v", i, got, want)
		}
		if v.Marked(i) != (i < 4) {
			t.Errorf("Marked(%d) is %v", i, v.Marked(i))
		}
	}
	if v.AllDone(nil) {
		t.Error("all done, with a rejected event")
	}
	v.Add(&Event{})
	if v.Marked(5) || v.Outcome(5, nil).Kind != Done {
		t.Error("an event added later has an outcome")
	}
	v.Set(5, Outcome{Kind: Duplicate})
	if v.Outcome(5, errAll).Kind != Duplicate {
		t.Error("Set was forgotten")
	}
	v.Reset()
	if v.Len() != 0 || !v.AllDone(nil) {
		t.Error("Reset left something")
	}
	for _, o := range v.outcomes[:cap(v.outcomes)] {
		if o.Err != nil {
			t.Error("Reset left an error")
		}
	}
	v.Add(&Event{})
	v.Retry(0, err1)
	if v.Outcome(0, nil).Kind != ToRetry {
		t.Error("an outcome after Reset was forgotten")
	}
}

func TestViewFill(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for i := range int64(6) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	b.events[1].Drop()
	v := NewView(0, nil)
	f := func(keep func(*Event) bool, want ...int64) {
		t.Helper()
		v.Fill(b, keep)
		if v.Len() != len(want) {
			t.Fatalf("%d events, want %d", v.Len(), len(want))
		}
		for i, e := range v.All() {
			if idOf(e) != want[i] || v.At(i) != e {
				t.Errorf("event %d is %d, want %d", i, idOf(e), want[i])
			}
		}
	}
	f(nil, 0, 2, 3, 4, 5)
	f(func(e *Event) bool { return idOf(e) > 3 }, 4, 5)
	for i := range v.All() { // a loop that ends early
		if i > 0 {
			t.Error("the loop went on")
		}
		break
	}
	b.Compact(func(*Event) {})
	b.Settle(Delivered)
}
