package pipeline

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/budget"
	"sluice/internal/metrics"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// runAll runs p to its end inside a bubble and checks what must hold after every run.
func runAll(t *testing.T, p *plugin.Pipeline, o Options) *Runner {
	t.Helper()
	acks := event.WatchAcks()
	r := New(p, o)
	if err := r.Run(t.Context()); err != nil {
		t.Errorf("Run: %v", err)
	}
	for _, at := range acks.Stop() {
		t.Errorf("ack made at %s was never settled", at)
	}
	checkSums(t, r.Stats())
	return r
}

func checkSums(t *testing.T, s Stats) {
	t.Helper()
	if in, out := s.In+s.Made, s.Joined+s.Dropped+s.Rejected+s.Settled+s.Released+s.InFlight; in != out {
		t.Errorf("events are not conserved: in %d, out %d: %+v", in, out, s)
	}
	for _, o := range s.Outputs {
		if sum := o.Delivered + o.Duplicate + o.DeadLettered + o.Dropped + o.Released + o.InFlight; o.Offered != sum {
			t.Errorf("output %s: offered %d, accounted for %d: %+v", o.ID, o.Offered, sum, o)
		}
	}
}

func TestEveryEventEndsOnceUnderFaults(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			dice := randomly(seed)
			q, a, b := newQueue(40, 25), newSink(), newSink()
			a.act = func(int64) event.OutcomeKind {
				switch dice(12) {
				case 0:
					return event.ToRetry
				case 1:
					panic("poison")
				default:
					return event.Undecided
				}
			}
			a.fail = func() error {
				if dice(4) == 0 {
					return errors.New("away")
				}
				return nil
			}
			b.act = func(n int64) event.OutcomeKind {
				if n%100 == 3 {
					return event.Refused
				}
				return event.Undecided
			}
			p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(seed%2 == 0)}}
			p.Settings.DeadLetters = t.TempDir()
			p.Outputs = []plugin.OutputStep{a.step("a"), b.step("b")}
			p.Filters = []plugin.FilterStep{
				filterStep("drop", func(_ *event.Batch, e *event.Event) {
					if number(e)%10 == 9 {
						e.Drop()
					}
				}),
				{ID: "hold", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return &holder{} }}},
				filterStep("reject", func(_ *event.Batch, e *event.Event) {
					if number(e)%50 == 7 {
						e.Reject(errors.New("odd"))
					}
				}),
			}
			var lim *budget.Budget
			if seed%3 == 0 {
				lim = budget.New(1 << 16)
			}
			runAll(t, p, Options{Once: true, Budget: lim})
			if len(q.done) != 40 {
				t.Errorf("seed %d: %d of 40 units are done", seed, len(q.done))
			}
			buried := lettersIn(t, p.Settings.DeadLetters)
			for n := range int64(1000) {
				dropped, rejected := n%10 == 9, n%50 == 7
				// a's poison is dead-lettered by chance, so an event is in a or in the letters
				if got := a.got[n] > 0 || buried[n]; got != !dropped {
					t.Errorf("seed %d: event %d: delivered or buried %t, dropped %t", seed, n, got, dropped)
				}
				if got := b.got[n] > 0; got != (!dropped && !rejected && n%100 != 3) {
					t.Errorf("seed %d: event %d in b: %t", seed, n, got)
				}
				if (rejected || n%100 == 3) && !buried[n] {
					t.Errorf("seed %d: event %d is not in the dead letters", seed, n)
				}
			}
		})
	}
}

// lettersIn returns the numbers of the events in the dead letters.
func lettersIn(t *testing.T, dir string) map[int64]bool {
	t.Helper()
	found := map[int64]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			var rec struct {
				Error    string
				Document struct{ N int64 }
			}
			if err := json.Unmarshal(lines.Bytes(), &rec); err != nil || rec.Error == "" {
				t.Errorf("dead letter %s: %v", lines.Text(), err)
			}
			found[rec.Document.N] = true
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	return found
}

func TestSlowOutputParksAndOtherGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, slow, fast := newQueue(30, 10), newSink(), newSink()
		until := time.Now().Add(10 * time.Minute)
		slow.fail = func() error {
			if time.Now().Before(until) {
				return errors.New("closed index")
			}
			return nil
		}
		slow.act = func(int64) event.OutcomeKind { return event.Undecided }
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{slow.step("slow"), fast.step("fast")}}
		reached := make(chan time.Time, 1)
		fast.act = func(n int64) event.OutcomeKind {
			if n == 299 {
				select {
				case reached <- time.Now():
				default:
				}
			}
			return event.Undecided
		}
		runAll(t, p, Options{Once: true})
		if at := <-reached; !at.Before(until) {
			t.Error("the fast output waited for the slow one")
		}
		if len(slow.got) != 300 || len(fast.got) != 300 {
			t.Errorf("slow has %d, fast has %d of 300", len(slow.got), len(fast.got))
		}
	})
}

func TestRetryTimeoutDeadLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s := newQueue(2, 10), newSink()
		s.fail = func() error { return errors.New("gone for good") }
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Settings.DeadLetters, p.Settings.RetryTimeout = t.TempDir(), time.Minute
		runAll(t, p, Options{Once: true})
		if n := len(lettersIn(t, p.Settings.DeadLetters)); n != 20 {
			t.Errorf("%d dead letters, want 20", n)
		}
	})
}

func TestStopInTimeWithHungOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acks := event.WatchAcks()
		q, s := newQueue(10, 10), newSink()
		q.forever = true
		s.block = make(chan struct{})
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Filters = []plugin.FilterStep{{ID: "hold", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return &holder{} }}}}
		ctx, stop := context.WithCancel(t.Context())
		r := New(p, Options{})
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		synctest.Wait()
		start := time.Now()
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(start); took > p.Settings.StopTimeout {
			t.Errorf("the stop took %s, more than the deadline", took)
		}
		if left := acks.Stop(); len(left) > 0 {
			t.Errorf("acks left open: %v", left)
		}
		if len(q.done) != 0 || q.returned == 0 {
			t.Errorf("%d units done, %d given back; want all given back", len(q.done), q.returned)
		}
		checkSums(t, r.Stats())
	})
}

// TestStopBuriesWhatCannotBeReadAgain stops with a hung output and an input whose events exist nowhere else.
func TestStopBuriesWhatCannotBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s := newQueue(3, 10), newSink()
		q.forever = true
		s.block = make(chan struct{})
		step := q.step(false)
		step.Built.Replayable = false
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{step}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Settings.DeadLetters = t.TempDir()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r := New(p, Options{})
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
		wantLetters(t, p.Settings.DeadLetters, 30)
		st := r.Stats()
		checkSums(t, st)
		if st.Released != 0 || st.Outputs[0].DeadLettered != 30 {
			t.Errorf("%d released, %d dead-lettered", st.Released, st.Outputs[0].DeadLettered)
		}
	})
}

func TestFilterPanicIsolatesTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s := newQueue(4, 25), newSink()
		seen := map[int64]int{}
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Settings.Workers, p.Settings.DeadLetters = 1, t.TempDir()
		p.Filters = []plugin.FilterStep{filterStep("bad", func(_ *event.Batch, e *event.Event) {
			seen[number(e)]++
			if number(e)%30 == 5 {
				panic("cannot cope")
			}
		})}
		runAll(t, p, Options{Once: true})
		buried := lettersIn(t, p.Settings.DeadLetters)
		for n := range int64(100) {
			if seen[n] != 1 {
				t.Errorf("event %d was handled %d times", n, seen[n])
			}
			if bad := n%30 == 5; buried[n] != bad || (s.got[n] == 0) != bad {
				t.Errorf("event %d: buried %t, delivered %d", n, buried[n], s.got[n])
			}
		}
	})
}

func TestDeadLettersThatCannotBeWrittenGiveBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s := newQueue(1, 10), newSink()
		q.forever = true
		s.act = func(int64) event.OutcomeKind { return event.Refused }
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		blocked := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(blocked, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		p.Settings.DeadLetters = blocked
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		r := New(p, Options{})
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
		if len(q.done) != 0 || q.returned == 0 {
			t.Errorf("%d units done, %d given back", len(q.done), q.returned)
		}
		checkSums(t, r.Stats())
	})
}

// TestUndecodableEventsAreBuried has an input reject events where no filter runs that would see to them: none is
// there, or a condition takes no event.
func TestUndecodableEventsAreBuried(t *testing.T) {
	never := plugin.FilterStep{ID: "if", If: below(-1), Then: []plugin.FilterStep{mark("x")}}
	for name, filters := range map[string][]plugin.FilterStep{"no filter": nil, "a branch not taken": {never}, "a filter": {mark("x")}} {
		for _, all := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				q, s := newQueue(4, 10), newSink()
				q.bad = func(n int64) bool { return all || n%10 == 3 }
				p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Filters: filters, Outputs: []plugin.OutputStep{s.step("s")}}
				p.Settings.DeadLetters = t.TempDir()
				r := runAll(t, p, Options{Once: true})
				buried := lettersIn(t, p.Settings.DeadLetters)
				for n := range int64(40) {
					if bad := q.bad(n); buried[n] != bad || (s.got[n] == 1) == bad {
						t.Errorf("%s: event %d: buried %t, delivered %d times", name, n, buried[n], s.got[n])
					}
				}
				if got := r.Stats().Rejected; got != int64(len(buried)) {
					t.Errorf("%s: %d rejected, %d buried", name, got, len(buried))
				}
			})
		}
	}
}

// joiner absorbs each event into the one before it that is a multiple of five, which it holds back until the
// next one comes.
type joiner struct{ held *event.Event }

func (j *joiner) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		if number(e)%5 != 0 && j.held != nil {
			b.Absorb(j.held, e)
			continue
		}
		if j.held != nil {
			b.Attach(j.held)
		}
		b.Detach(e)
		j.held = e
	}
	return nil
}

func (j *joiner) Flush(b *event.Batch, reason plugin.Reason, replayable bool) {
	if j.held == nil {
		return
	}
	b.Attach(j.held)
	if reason == plugin.Stop && replayable {
		j.held.Release()
	}
	j.held = nil
}

// TestJoinedAndMadeAreCounted joins five events into one and makes two of that; what is held at the end of the
// input comes out, too.
func TestJoinedAndMadeAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s := newQueue(7, 10), newSink()
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Settings.Workers = 1
		p.Filters = []plugin.FilterStep{
			{ID: "join", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return &joiner{} }}},
			filterStep("double", func(b *event.Batch, e *event.Event) {
				b.Derive(e, 1).Fields.Add("n", event.IntOf(1000+number(e)))
			}),
		}
		st := runAll(t, p, Options{Once: true}).Stats()
		if st.Joined != 56 || st.Made != 14 || st.Settled != 28 {
			t.Errorf("joined %d, made %d, settled %d; want 56, 14, 28", st.Joined, st.Made, st.Settled)
		}
		for n := range int64(70) {
			if want := n%5 == 0; (s.got[n] == 1) != want || (s.got[1000+n] == 1) != want {
				t.Errorf("event %d came %d times, what was made of it %d times", n, s.got[n], s.got[1000+n])
			}
		}
	})
}

func TestBestEffortNeverHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, s, dead := newQueue(20, 10), newSink(), newSink()
		dead.block = make(chan struct{})
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s"), dead.step("dead")}}
		p.Outputs[1].BestEffort, p.Outputs[1].Timeout = true, time.Second
		r := runAll(t, p, Options{Once: true})
		if len(s.got) != 200 || len(q.done) != 20 {
			t.Errorf("%d delivered, %d units done", len(s.got), len(q.done))
		}
		if o := r.Stats().Outputs[1]; o.Dropped != 200 {
			t.Errorf("dropped %d, want 200", o.Dropped)
		}
	})
}

func TestConservationAtEveryScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dice := randomly(5)
		q, s := newQueue(200, 10), newSink()
		s.act = func(int64) event.OutcomeKind {
			if dice(5) == 0 {
				return event.ToRetry
			}
			return event.Undecided
		}
		p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
		p.Filters = []plugin.FilterStep{{ID: "hold", Built: &plugin.BuiltFilter{New: func() plugin.Filter { return &holder{} }}}}
		reg := metrics.NewRegistry()
		r := New(p, Options{Once: true, Metrics: reg})
		done := make(chan error, 1)
		go func() { done <- r.Run(t.Context()) }()
		synctest.Wait()
		for scraping := true; scraping; {
			select {
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				scraping = false
			case <-time.After(7 * time.Millisecond):
				checkSums(t, r.Stats())
			}
		}
		checkSums(t, r.Stats())
		if n := r.Stats().Settled; n != 2000 {
			t.Errorf("settled %d, want 2000", n)
		}
	})
}

func TestMetricsAreShownAndTakenAway(t *testing.T) {
	q, s := newQueue(1, 10), newSink()
	reg := metrics.NewRegistry()
	p := &plugin.Pipeline{Settings: settings(), Inputs: []plugin.InputStep{q.step(true)}, Outputs: []plugin.OutputStep{s.step("s")}}
	shown := func() string {
		var b strings.Builder
		reg.Write(&b)
		return b.String()
	}
	var running string
	p.Filters = []plugin.FilterStep{filterStep("look", func(*event.Batch, *event.Event) { running = shown() })}
	p.Settings.Workers = 1
	if err := New(p, Options{Once: true, Metrics: reg}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(running, `sluice_pipeline_events_total{pipeline="main",kind="in"}`) || !strings.Contains(running, `sluice_output_events_total{pipeline="main",output="s",kind="offered"}`) {
		t.Errorf("metrics while running: %s", running)
	}
	if after := shown(); strings.Contains(after, "sluice_") {
		t.Errorf("metrics are left after the run: %s", after)
	}
}
