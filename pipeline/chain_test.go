package pipeline

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// condFunc is a condition made of a func.
type condFunc func(e *event.Event) (bool, error)

func (f condFunc) Eval(e *event.Event) (bool, error) { return f(e) }

func below(limit int64) plugin.Condition {
	return condFunc(func(e *event.Event) (bool, error) { return number(e) < limit, nil })
}

// mark is a filter that records its name on each event it sees.
func mark(name string) plugin.FilterStep {
	return filterStep(name, func(_ *event.Batch, e *event.Event) {
		v, _ := e.Fields.Get("seen")
		e.Fields.Set("seen", event.StringOf(v.Str()+name))
	})
}

func chainOf(t *testing.T, steps ...plugin.FilterStep) *Chain {
	t.Helper()
	return NewChain(steps, ChainOptions{Reject: func(step *plugin.FilterStep, e *event.Event) {
		t.Errorf("%s rejected: %v", step.ID, e.Err())
		e.Settle(event.DeadLettered)
	}})
}

func batchOf(n int) *event.Batch {
	b := &event.Batch{Now: time.Unix(1, 0).UTC()}
	a := event.NewAck(func(event.Status) {})
	for i := range n {
		b.Append(a).Fields.Add("n", event.IntOf(int64(i)))
	}
	a.Seal()
	return b
}

func TestBranchesNest(t *testing.T) {
	c := chainOf(t,
		plugin.FilterStep{ID: "if", If: below(6), Then: []plugin.FilterStep{
			mark("a"),
			{ID: "if2", If: below(3), Then: []plugin.FilterStep{mark("b")}, Else: []plugin.FilterStep{mark("c")}},
			mark("d"),
		}, Else: []plugin.FilterStep{
			{ID: "if3", If: below(8), Then: []plugin.FilterStep{mark("e")}},
			mark("f"),
		}},
		mark("g"),
	)
	b := batchOf(10)
	if err := c.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	want := []string{"abdg", "abdg", "abdg", "acdg", "acdg", "acdg", "efg", "efg", "fg", "fg"}
	for e := range b.All() {
		if v, _ := e.Fields.Get("seen"); v.Str() != want[number(e)] {
			t.Errorf("event %d took %q, want %q", number(e), v.Str(), want[number(e)])
		}
	}
}

func TestConditionFailureGoesIntoNeitherBranch(t *testing.T) {
	cond := condFunc(func(e *event.Event) (bool, error) {
		if number(e) == 1 {
			return false, errors.New("no number")
		}
		return number(e) == 0, nil
	})
	c := chainOf(t, plugin.FilterStep{ID: "if", If: cond, Then: []plugin.FilterStep{mark("t")}, Else: []plugin.FilterStep{mark("e")}}, mark("x"))
	b := batchOf(3)
	if err := c.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range b.All() {
		seen, _ := e.Fields.Get("seen")
		tags, _ := e.Fields.Get("tags")
		got = append(got, seen.Str()+tags.Text())
	}
	if want := "[tx x" + ConditionFailureTag + " ex]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestHeldEventsFlowThroughTheRestOnFlush(t *testing.T) {
	hold := plugin.FilterStep{ID: "hold", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return &holder{} }}}
	c := chainOf(t, mark("a"), plugin.FilterStep{ID: "if", If: below(5), Then: []plugin.FilterStep{hold, mark("b")}}, hold, mark("c"))
	b := batchOf(8)
	if err := c.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	b.Settle(event.Delivered)
	if b.Held != 4 {
		t.Errorf("%d events are held, want 4", b.Held)
	}
	got := map[int64]string{}
	for range 2 { // what the first hold lets go of is held again by the second
		if err := c.Flush(t.Context(), b, plugin.End, true); err != nil {
			t.Fatal(err)
		}
		for e := range b.All() {
			v, _ := e.Fields.Get("seen")
			got[number(e)] = v.Str()
		}
		b.Settle(event.Delivered)
	}
	if want := "map[1:abc 3:abc 5:ac 7:ac]"; fmt.Sprint(got) != want || b.Held != 0 {
		t.Errorf("got %v, want %s; %d held", got, want, b.Held)
	}
}

func TestDecorOnMatchedEventsOnly(t *testing.T) {
	text := event.MustTemplate
	step := filterStep("m", func(_ *event.Batch, e *event.Event) {
		if number(e) == 1 {
			e.Match()
		}
	})
	step.Decor = plugin.Decor{
		AddField:    []plugin.AddField{{Name: text("is_%{n}"), Values: []event.Template{text("x%{n}"), text("y")}}},
		RemoveField: []event.Template{text("seen")},
		AddTag:      []event.Template{text("t%{n}"), text("gone")},
		RemoveTag:   []event.Template{text("gone")},
	}
	c := chainOf(t, mark("a"), step)
	b := batchOf(2)
	if err := c.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e := range b.All() {
		got = append(got, string(e.Fields.AppendJSON(nil)))
	}
	if want := `[{"n":0,"seen":"a"} {"n":1,"is_1":["x1","y"],"tags":["t1"]}]`; fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
}

func BenchmarkChainOfEmptySteps(b *testing.B) {
	noop := filterStep("noop", func(*event.Batch, *event.Event) {})
	c := NewChain([]plugin.FilterStep{noop, {ID: "if", If: below(500), Then: []plugin.FilterStep{noop}}, noop}, ChainOptions{})
	batch := batchOf(0)
	a := event.NewAck(func(event.Status) {})
	const events = 1000
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		for i := range events {
			batch.Append(a).Fields.Add("n", event.IntOf(int64(i)))
		}
		if err := c.Run(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		batch.Settle(event.Delivered)
	}
	cpu.Report(events)
}

func TestStepsCountEventsAndBytes(t *testing.T) {
	c := chainOf(t, plugin.FilterStep{ID: "if", If: below(2), Then: []plugin.FilterStep{mark("a")}, Else: []plugin.FilterStep{mark("b")}})
	b := batchOf(5)
	for e := range b.All() {
		e.Raw = "12345678"[:number(e)+1]
	}
	if err := c.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ events, bytes int64 }{{5, 15}, {2, 3}, {3, 12}} {
		if got := c.all[i].counts; got.events != want.events || got.bytes != want.bytes {
			t.Errorf("%s: %d events of %d bytes, want %d of %d", c.all[i].step.ID, got.events, got.bytes, want.events, want.bytes)
		}
	}
	b.Settle(event.Delivered)
}
