package event

import "sync/atomic"

// Status is how an event ended. The order is the order of badness: an Ack keeps the worst.
type Status uint8

// How an event can end. All but Deferred and Released allow its source to be forgotten.
const (
	Delivered    Status = iota // every required output has it, or had it already
	Dropped                    // a rule dropped it
	DeadLettered               // it can never succeed and stands in the dead letters
	Deferred                   // it failed for long: its source must give it again, after a back-off
	Released                   // it was not handled: its source must give it again
)

// String returns the status in lower case, as metrics label it.
func (s Status) String() string {
	return [...]string{"delivered", "dropped", "dead_lettered", "deferred", "released"}[s]
}

// unsealed is added to the references of an ack whose input is still appending events to it.
const unsealed = 1 << 40

// Ack stands for one unit of input that is acknowledged as a whole: an SQS message, a span of a file.
// Its done function runs exactly once, after Seal and after every event that refers to it has ended,
// on the goroutine that ended the last one, with the worst status seen.
//
// The goroutine that reads the unit owns it until Seal: NewAck, Batch.Append, Worsen and Seal are its
// calls. Everything else is the engine's.
type Ack struct {
	refs     atomic.Int64
	worst    atomic.Uint32
	appended int64 // events that refer to it, counted without an atomic operation until Seal
	done     func(Status)
}

// NewAck returns an ack that calls done when its last event has ended. done must not block for long.
func NewAck(done func(Status)) *Ack {
	a := &Ack{done: done}
	a.refs.Store(unsealed)
	watch(a)
	return a
}

// Worsen records a status for the unit itself, for example Released for a body that could not be read.
func (a *Ack) Worsen(s Status) {
	for {
		w := a.worst.Load()
		if uint32(s) <= w || a.worst.CompareAndSwap(w, uint32(s)) {
			return
		}
	}
}

// Seal says that no further events will be appended. An ack without events is done at once.
func (a *Ack) Seal() {
	a.release(unsealed-a.appended, Delivered)
}

// hold adds a reference for an event that is made from another one.
func (a *Ack) hold() { a.refs.Add(1) }

// release takes n references away.
func (a *Ack) release(n int64, s Status) {
	if s != Delivered {
		a.Worsen(s)
	}
	switch left := a.refs.Add(-n); {
	case left == 0:
		unwatch(a)
		a.done(Status(a.worst.Load()))
	case left < 0:
		panic("BUG: an ack was released more often than it was held: sealed twice, or before its last event")
	}
}
