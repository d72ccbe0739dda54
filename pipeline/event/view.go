package event

import "iter"

// Outcome is what became of one event in one output.
type Outcome struct {
	Kind OutcomeKind
	Err  error // why it is to be retried or was rejected
}

// OutcomeKind tells the outcomes apart.
type OutcomeKind uint8

// The outcomes of an event in an output. The zero value means that Write decides: delivered when it
// returns nil, to be retried when it returns an error.
const (
	Undecided OutcomeKind = iota
	Done                  // delivered, whatever Write returns
	Duplicate             // was there already: a success, counted apart
	ToRetry               // try again
	Refused               // can never succeed: dead letter
)

// View is the events that one output has still to deliver, with an outcome for each. It belongs to
// the worker that calls Write and is valid only until Write returns. Events are read-only.
type View struct {
	// Lane is the number of the calling worker, from 0. Calls of one lane never overlap, so an output
	// may keep scratch space for each lane without a lock.
	Lane int

	events   []*Event
	outcomes []Outcome // nil until something was marked
}

// NewView returns a view of the given events; the engine and tests make views.
func NewView(lane int, events []*Event) *View { return &View{Lane: lane, events: events} }

// Fill makes v a view of the unmarked events of b that keep says yes to (nil: all of them).
func (v *View) Fill(b *Batch, keep func(*Event) bool) {
	v.Reset()
	for e := range b.All() {
		if keep == nil || keep(e) {
			v.events = append(v.events, e)
		}
	}
}

// Reset empties the view.
func (v *View) Reset() {
	clear(v.events)
	clear(v.outcomes) // their errors
	v.events = v.events[:0]
	v.outcomes = v.outcomes[:0]
}

// Add puts an event at the end.
func (v *View) Add(e *Event) {
	v.events = append(v.events, e)
	if len(v.outcomes) > 0 {
		v.outcomes = append(v.outcomes, Outcome{})
	}
}

// Len returns the number of events.
func (v *View) Len() int { return len(v.events) }

// RawBytes returns how many bytes of raw lines the events have.
func (v *View) RawBytes() int {
	n := 0
	for _, e := range v.events {
		n += len(e.Raw)
	}
	return n
}

// At returns event i.
func (v *View) At(i int) *Event { return v.events[i] }

// All gives the events with their positions.
func (v *View) All() iter.Seq2[int, *Event] {
	return func(yield func(int, *Event) bool) {
		for i, e := range v.events {
			if !yield(i, e) {
				return
			}
		}
	}
}

// Done says that event i was delivered, for an output whose Write may yet return an error.
func (v *View) Done(i int) { v.set(i, Outcome{Kind: Done}) }

// Duplicate says that event i was there already.
func (v *View) Duplicate(i int) { v.set(i, Outcome{Kind: Duplicate}) }

// Retry says that event i is to be tried again.
func (v *View) Retry(i int, err error) { v.set(i, Outcome{ToRetry, err}) }

// Reject says that event i can never be delivered by this output.
func (v *View) Reject(i int, err error) { v.set(i, Outcome{Refused, err}) }

// Marked reports whether event i has an outcome.
func (v *View) Marked(i int) bool {
	return len(v.outcomes) > 0 && v.outcomes[i].Kind != Undecided
}

// Outcome returns event i's outcome after Write has returned err: never Undecided.
func (v *View) Outcome(i int, err error) Outcome {
	if len(v.outcomes) > 0 && v.outcomes[i].Kind != Undecided {
		return v.outcomes[i]
	}
	if err != nil {
		return Outcome{ToRetry, err}
	}
	return Outcome{Kind: Done}
}

// AllDone reports whether every event was delivered, given what Write returned: the usual case, for which
// nothing else has to be asked.
func (v *View) AllDone(err error) bool { return err == nil && len(v.outcomes) == 0 }

// Set gives event i an outcome, for a caller that writes parts of a view.
func (v *View) Set(i int, o Outcome) { v.set(i, o) }

func (v *View) set(i int, o Outcome) {
	if len(v.outcomes) == 0 {
		if cap(v.outcomes) < len(v.events) {
			v.outcomes = make([]Outcome, len(v.events))
		}
		v.outcomes = v.outcomes[:len(v.events)]
		clear(v.outcomes)
	}
	v.outcomes[i] = o
}
