package event

import (
	"iter"
	"slices"
	"time"
)

// slabEvents is how many events are allocated at once; fieldsReserved is the room for fields each gets.
const (
	slabEvents     = 64
	fieldsReserved = 16
	maxKeptFields  = 64 // an event that grew beyond is not kept with its slice
)

// Batch is the events that one worker takes from Read to Settle. It is owned by exactly one goroutine.
// Events and their field slices are recycled; the bytes that they point into never are.
type Batch struct {
	// Now is the time at which what is appended is first read. The engine sets it before each Read; an
	// input that waited for its data sets it again.
	Now time.Time
	// Bytes counts the raw bytes read into the batch; inputs add to it.
	Bytes int

	// Made and Joined count what filters did: events derived from others, and events absorbed by others. They
	// are the engine's, for the conservation of events; it sets them back when it has read them.
	Made, Joined int

	// Held is the number of events that are detached and not yet attached, absorbed or released.
	Held int

	events  []*Event
	free    []*Event
	current *Event // what the loop over All is at: the culprit when its body panics
	hidden  uint16 // depth of the conditions being run
}

// Len returns the number of events, marked ones included.
func (b *Batch) Len() int { return len(b.events) }

// Visible counts the events that All gives, and the bytes of their raw lines.
func (b *Batch) Visible() (events, rawBytes int) {
	for _, e := range b.events {
		if e.mark == 0 && e.skip == 0 {
			events++
			rawBytes += len(e.Raw)
		}
	}
	return events, rawBytes
}

// Append adds a new event that refers to a and returns it: Time and Observed are b.Now, all else is
// empty. a must not be sealed yet.
func (b *Batch) Append(a *Ack) *Event {
	e := b.slot()
	e.ack = a
	a.appended++
	e.Time, e.Observed = b.Now, b.Now
	return e
}

// Derive adds a copy of nothing but the acknowledgements, identity and times of parent, for a filter
// that makes several events of one. part numbers them from 1.
func (b *Batch) Derive(parent *Event, part int) *Event {
	e := b.slot()
	e.ack = parent.ack
	if e.ack != nil {
		e.ack.hold()
	}
	for _, a := range parent.more {
		a.hold()
		e.more = append(e.more, a)
	}
	e.Time, e.Observed, e.Raw, e.ID = parent.Time, parent.Observed, parent.Raw, parent.ID
	e.ID.Part = uint32(part)
	b.Made++
	return e
}

// slot returns an empty event at the end of the batch.
func (b *Batch) slot() *Event {
	e := b.unused()
	b.put(e)
	return e
}

func (b *Batch) put(e *Event) {
	e.place = len(b.events)
	b.events = append(b.events, e)
}

func (b *Batch) unused() *Event {
	n := len(b.free)
	if n == 0 {
		b.grow()
		n = len(b.free)
	}
	e := b.free[n-1]
	b.free = b.free[:n-1]
	return e
}

func (b *Batch) grow() {
	slab := make([]Event, slabEvents)
	fields := make([]Field, slabEvents*fieldsReserved)
	for i := len(slab) - 1; i >= 0; i-- {
		slab[i].Fields = fields[i*fieldsReserved : i*fieldsReserved : (i+1)*fieldsReserved]
		b.free = append(b.free, &slab[i])
	}
}

// Detach takes e out of the batch with its acknowledgements: the caller owns it until Attach or Absorb.
func (b *Batch) Detach(e *Event) {
	if e.place >= len(b.events) || b.events[e.place] != e {
		return // it is not in the batch
	}
	gone := b.unused() // holds the place until Compact, so that loops go on undisturbed
	gone.mark, gone.place = markGone, e.place
	b.events[e.place] = gone
	e.held = true
	b.Held++
}

// Absorb moves o's acknowledgements to e and takes o out, which must not be used again: o's lines now
// end when e ends. Each of the two may be in the batch or detached.
func (b *Batch) Absorb(e, o *Event) {
	if o.ack != nil {
		e.takeOver(o.ack)
	}
	for _, a := range o.more {
		e.takeOver(a)
	}
	e.joined += 1 + o.joined
	o.ack, o.more = nil, nil
	o.mark |= markGone
	b.Joined++
	b.letGo(o)
}

// TakeIf takes the events for which f is true, marked or not, out of the batch, with their
// acknowledgements. Engine only.
func (b *Batch) TakeIf(f func(*Event) bool) []*Event {
	var taken []*Event
	keep := b.events[:0]
	for _, e := range b.events {
		if e.mark&markGone == 0 && f(e) {
			taken = append(taken, e)
		} else {
			e.place = len(keep)
			keep = append(keep, e)
		}
	}
	clear(b.events[len(keep):])
	b.events = keep
	return taken
}

// Attach puts a detached event at the end of the batch.
func (b *Batch) Attach(e *Event) {
	e.skip = 0
	b.letGo(e)
	b.put(e)
}

// AttachFirst puts detached events in front of all others, in their order: what was held back came before
// what the batch holds now. A loop over the batch that is under way must not call it.
func (b *Batch) AttachFirst(events ...*Event) {
	if len(events) == 0 {
		return
	}
	b.events = slices.Insert(b.events, 0, events...)
	for i, e := range b.events {
		e.place = i
	}
	for _, e := range events {
		e.skip = 0
		b.letGo(e)
	}
}

// letGo counts that a detached event is held no longer.
func (b *Batch) letGo(e *Event) {
	if e.held {
		e.held = false
		b.Held--
	}
}

// All gives the events that are neither marked nor hidden by a condition, in order. The loop may mark,
// absorb, detach and append; events appended by the loop are not visited.
func (b *Batch) All() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for _, e := range b.events {
			if e.mark != 0 || e.skip != 0 {
				continue
			}
			b.current = e
			if !yield(e) {
				break
			}
		}
		b.current = nil
	}
}

// resumed hides, while a filter is run again after a panic, the events that it had handled.
const resumed = 1<<16 - 1

// HideCulprit is called after a panic in a loop over All: it returns the event at which the loop was, and
// hides it and all before it, so that the filter can be run again on the rest; Unhide ends that. It returns
// nil when the panic was outside of a loop. Engine only.
func (b *Batch) HideCulprit() *Event {
	c := b.current
	b.current = nil
	if c == nil {
		return nil
	}
	for _, e := range b.events {
		if e.skip == 0 {
			e.skip = resumed
		}
		if e == c {
			break
		}
	}
	return c
}

// Unhide shows again what HideCulprit hid. Engine only.
func (b *Batch) Unhide() {
	for _, e := range b.events {
		if e.skip == resumed {
			e.skip = 0
		}
	}
}

// From gives the unmarked events from position i on, for what follows a Read.
func (b *Batch) From(i int) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for _, e := range b.events[i:] {
			if e.mark == 0 && e.skip == 0 && !yield(e) {
				return
			}
		}
	}
}

// Branch runs then with the visible events for which cond is true, and otherwise with the rest.
// Either may be nil. An event for which cond fails is given to fail and visible to neither.
// Engine only.
func (b *Batch) Branch(cond func(*Event) (bool, error), fail func(*Event, error), then, otherwise func() error) error {
	depth := b.hidden + 2 // depth-1 hides the events of the other branch, depth those that failed
	some, others := b.split(depth, cond, fail)
	b.hidden = depth
	defer b.endBranch(depth) // after a panic too
	var err error
	if some && then != nil {
		err = then()
	}
	if others && otherwise != nil && err == nil {
		for _, e := range b.events { // the other half
			switch e.skip {
			case depth - 1:
				e.skip = 0
			case 0:
				e.skip = depth
			}
		}
		err = otherwise()
	}
	return err
}

// endBranch shows again what the branches of a condition at depth hid.
func (b *Batch) endBranch(depth uint16) {
	b.hidden = depth - 2
	for _, e := range b.events {
		if e.skip >= depth-1 {
			e.skip = 0
		}
	}
}

func (b *Batch) split(depth uint16, cond func(*Event) (bool, error), fail func(*Event, error)) (some, others bool) {
	for _, e := range b.events {
		if e.mark != 0 || e.skip != 0 {
			continue
		}
		yes, err := cond(e)
		switch {
		case err != nil:
			fail(e, err)
			e.skip = depth
		case yes:
			some = true
		default:
			e.skip = depth - 1
			others = true
		}
	}
	return some, others
}

// ResetMatches forgets Match on all events. Engine only.
func (b *Batch) ResetMatches() {
	for _, e := range b.events {
		e.matched = false
	}
}

// Matched gives the visible events on which Match was called. Engine only.
func (b *Batch) Matched() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		for e := range b.All() {
			if e.matched && !yield(e) {
				return
			}
		}
	}
}

// Compact removes the marked events and settles the dropped and released ones; rejected ones are given
// to reject, which must call Settle and then Recycle on each once it stands in the dead letters. It returns
// how many were dropped and released. Engine only, after each filter.
func (b *Batch) Compact(reject func(*Event)) (dropped, released int) {
	keep := b.events[:0]
	for _, e := range b.events {
		switch {
		case e.mark == 0:
			e.place = len(keep)
			keep = append(keep, e)
		case e.mark&markGone != 0:
			b.recycle(e)
		case e.mark&markReject != 0:
			reject(e)
		case e.mark&markRelease != 0:
			released++
			e.Settle(Released)
			b.recycle(e)
		default:
			dropped++
			e.Settle(Dropped)
			b.recycle(e)
		}
	}
	clear(b.events[len(keep):])
	b.events = keep
	return dropped, released
}

// Settle ends the event: its acknowledgements get s. Engine only.
func (e *Event) Settle(s Status) {
	if e.ack != nil {
		e.ack.release(1, s)
		e.ack = nil
	}
	for _, a := range e.more {
		a.release(1, s)
	}
	e.more = nil
}

// Settle ends every event that is left with s and empties the batch: one atomic operation per run of
// events of the same ack. What is still marked ends by its mark: dropped, or released where it was not
// handled. Engine only.
func (b *Batch) Settle(s Status) {
	var run *Ack
	var n int64
	for _, e := range b.events {
		if e.mark != 0 || e.more != nil {
			e.Settle(max(s, e.mark.status()))
			b.recycle(e)
			continue
		}
		if e.ack != run {
			if n > 0 {
				run.release(n, s)
			}
			run, n = e.ack, 0
		}
		if e.ack != nil {
			n++
		}
		b.recycle(e)
	}
	if n > 0 {
		run.release(n, s)
	}
	clear(b.events)
	b.events = b.events[:0]
	b.Bytes = 0
}

// Recycle gives an event that has been settled outside its batch back for reuse. Engine only.
func (b *Batch) Recycle(e *Event) { b.recycle(e) }

// recycle clears an event so that it pins nothing, and keeps it for reuse.
func (b *Batch) recycle(e *Event) {
	f, m := e.Fields, e.Meta
	if cap(f) > maxKeptFields {
		f = nil
	}
	clear(f)
	clear(m)
	*e = Event{Fields: f[:0], Meta: m[:0]}
	b.free = append(b.free, e)
}
