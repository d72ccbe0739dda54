package event

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestAppend(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := &Batch{Now: now}
	a := NewAck(func(Status) {})
	for range 3 * slabEvents {
		e := b.Append(a)
		if !e.Time.Equal(now) || !e.Observed.Equal(now) || len(e.Fields) != 0 || cap(e.Fields) < fieldsReserved {
			t.Fatalf("got %+v", e)
		}
		for i := range fieldsReserved + 4 { // more than the room: must not reach into the next event's
			e.Fields.Add(strconv.Itoa(i), IntOf(int64(i)))
		}
	}
	for e := range b.All() {
		for i := range fieldsReserved + 4 {
			if e.Fields[i].Name != strconv.Itoa(i) {
				t.Fatalf("field %d is %q", i, e.Fields[i].Name)
			}
		}
	}
	a.Seal()
	b.Settle(Delivered)
}

func TestFromAndMatched(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for range 5 {
		b.Append(a)
	}
	a.Seal()
	b.events[3].Drop()
	b.events[1].Match()
	b.events[3].Match()
	b.events[4].Match()
	n := 0
	for range b.From(2) {
		n++
	}
	if n != 2 {
		t.Errorf("From(2) gave %d events, want 2", n)
	}
	var got []*Event
	for e := range b.Matched() {
		got = append(got, e)
	}
	if len(got) != 2 || got[0] != b.events[1] || got[1] != b.events[4] {
		t.Errorf("Matched gave %d events", len(got))
	}
	for range b.Matched() { // a loop that ends early
		break
	}
	b.ResetMatches()
	for range b.Matched() {
		t.Error("Matched after ResetMatches")
	}
	b.Compact(func(*Event) {})
	b.Settle(Delivered)
}

// TestLoopsWithChanges changes the batch within a loop over it.
func TestLoopsWithChanges(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for i := range int64(6) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	var seen []int64
	var first, held *Event
	for e := range b.All() {
		seen = append(seen, idOf(e))
		switch idOf(e) {
		case 0:
			first = e
			b.Derive(e, 1).Fields.Add(idField, IntOf(100))
		case 1:
			b.Absorb(first, e)
		case 2:
			b.Detach(e)
			held = e
			b.Detach(e) // again: nothing happens
		case 3:
			e.Drop()
		case 4:
			b.Attach(held)
		}
	}
	if !slices.Equal(seen, []int64{0, 1, 2, 3, 4, 5}) {
		t.Errorf("the loop saw %v", seen)
	}
	b.Compact(func(*Event) {})
	var left []int64
	for e := range b.All() {
		left = append(left, idOf(e))
	}
	if !slices.Equal(left, []int64{0, 4, 5, 100, 2}) {
		t.Errorf("left are %v", left)
	}
	b.Settle(Delivered)
}

func TestBranchEndsAfterPanic(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for i := range int64(4) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = b.Branch(func(e *Event) (bool, error) { return idOf(e) > 1, nil }, nil, func() error { panic("test") }, nil)
	}()
	n := 0
	for range b.All() {
		n++
	}
	if n != 4 || b.hidden != 0 {
		t.Errorf("%d events are visible, depth %d", n, b.hidden)
	}
	b.Settle(Delivered)
}

func TestBranchErrors(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for i := range int64(2) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	boom := errors.New("boom")
	cond := func(e *Event) (bool, error) { return idOf(e) == 0, nil }
	err := b.Branch(cond, nil, func() error { return boom }, func() error { t.Error("else after an error"); return nil })
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if err := b.Branch(cond, nil, nil, func() error { return boom }); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	b.Settle(Delivered)
}

// TestDeepBranches nests conditions deeper than a byte can count.
func TestDeepBranches(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	for i := range int64(400) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	var nest func(int64) error
	nest = func(depth int64) error {
		n := int64(0)
		for range b.All() {
			n++
		}
		if n != 400-depth {
			t.Fatalf("depth %d: %d events are visible", depth, n)
		}
		if depth == 399 {
			return nil
		}
		return b.Branch(func(e *Event) (bool, error) { return idOf(e) > depth, nil }, nil, func() error { return nest(depth + 1) }, nil)
	}
	if err := nest(0); err != nil {
		t.Error(err)
	}
	b.Settle(Delivered)
}

func TestHideCulprit(t *testing.T) {
	b := &Batch{}
	if b.HideCulprit() != nil {
		t.Error("a culprit without a loop")
	}
	a := NewAck(func(Status) {})
	for i := range int64(5) {
		b.Append(a).Fields.Add(idField, IntOf(i))
	}
	a.Seal()
	func() {
		defer func() { _ = recover() }()
		for e := range b.All() {
			if idOf(e) == 2 {
				panic("test")
			}
		}
	}()
	if c := b.HideCulprit(); c == nil || idOf(c) != 2 {
		t.Fatalf("the culprit is %v", c)
	}
	var left []int64
	for e := range b.All() {
		left = append(left, idOf(e))
	}
	if !slices.Equal(left, []int64{3, 4}) {
		t.Errorf("left are %v", left)
	}
	b.Unhide()
	n := 0
	for range b.All() {
		n++
	}
	if n != 5 {
		t.Errorf("%d events after Unhide", n)
	}
	b.Settle(Delivered)
}

// TestSteadyStateAllocations is the ceiling of the issue: no allocation per event.
func TestSteadyStateAllocations(t *testing.T) {
	b := &Batch{Now: time.Now()}
	steady(b, tenFields)
	perBatch := testing.AllocsPerRun(50, func() { steady(b, tenFields) })
	if perBatch > 1 { // the ack of the unit
		t.Errorf("%v allocations for a batch of %d events", perBatch, benchEvents)
	}
}

func TestRecycleForgetsBigEvents(t *testing.T) {
	b := &Batch{}
	a := NewAck(func(Status) {})
	e := b.Append(a)
	for i := range maxKeptFields + 1 {
		e.Fields.Add(strconv.Itoa(i), Value{})
	}
	e.Meta.Add("m", StringOf("x"))
	a.Seal()
	b.Settle(Delivered)
	if cap(e.Fields) != 0 || len(e.Meta) != 0 || e.Meta[:1][0].Name != "" {
		t.Errorf("kept %d fields, meta %v", cap(e.Fields), e.Meta[:1])
	}
}

func TestAttachFirstKeepsTheOrderOfTime(t *testing.T) {
	a := NewAck(func(Status) {})
	var b Batch
	var events []*Event
	for range 5 {
		events = append(events, b.Append(a))
	}
	a.Seal()
	b.Detach(events[3])
	b.Detach(events[1])
	b.Compact(nil)
	b.AttachFirst(events[1], events[3])
	want := []*Event{events[1], events[3], events[0], events[2], events[4]}
	if got := slices.Collect(b.All()); !slices.Equal(got, want) || b.Held != 0 {
		t.Errorf("the order is wrong, or %d are held", b.Held)
	}
	b.Detach(events[0]) // places were kept
	b.Compact(nil)
	if b.Len() != 4 || b.Held != 1 {
		t.Errorf("%d events and %d held, want 4 and 1", b.Len(), b.Held)
	}
	b.Attach(events[0])
	b.Settle(Delivered)
}
