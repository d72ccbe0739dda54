package plugin

import (
	"context"
	"time"

	"sluice/pipeline/event"
)

// Input brings events into a pipeline.
type Input interface {
	// Read appends at least one event to b, or none after wait, or returns io.EOF when the input has
	// ended (events appended by the same call count). Each lane is called by one goroutine, different lanes
	// concurrently. Events must refer to acks (b.Append); an ack is sealed when its last event was
	// appended. wait bounds how long Read may wait for the first event; a call that is under way is not cut
	// short by it (an SQS receive that is cancelled would hide its messages), but ctx ends it: it is
	// cancelled when the pipeline must stop at once. While b holds events already, Read must not wait
	// for memory budget. An error other than io.EOF is logged, counted, and Read is called again after a
	// back-off.
	Read(ctx context.Context, lane int, b *event.Batch, wait time.Duration) error

	// Close is called once, last, when every ack has been settled or given up: it saves offsets, sends
	// pending deletes. ctx has the stop's deadline.
	Close(ctx context.Context) error
}

// Draining is implemented by inputs that have work to do when a stop begins, before the last Reads: Drain
// says that no new units are to be taken; Read then returns what is left and io.EOF.
type Draining interface{ Drain() }

// Filter changes events in place. One instance per worker, called by one goroutine.
type Filter interface {
	// Process handles the events of b.All(): it may change, mark (Drop, Reject), derive, absorb and detach.
	// It calls Match on each event on which it did its work. A failure with one event is a tag on that
	// event; the error returned is about the batch: all its events are given back and tried again.
	Process(ctx context.Context, b *event.Batch) error
}

// Reason is why a filter is asked to let go of events that it holds.
type Reason uint8

// The reasons of a Flush.
const (
	Idle Reason = iota // nothing came for the flush interval
	End                // the input has ended: nothing more will come
	Stop               // the pipeline stops: events that can be read again are attached and Released, not emitted
	Room               // half of the memory budget is used: let go of what is held
)

// Flusher is implemented by filters that hold events back. Flush puts held events back by b.Attach.
// replayable says, on Stop, whether the input can give the events again.
type Flusher interface {
	Flush(b *event.Batch, reason Reason, replayable bool)
}

// Output takes events out of a pipeline. One instance per pipeline; Write is called concurrently by
// different lanes (View.Lane).
type Output interface {
	// Write tries once to deliver the view's events. It returns nil when every event without an outcome
	// was delivered, and an error when every event without an outcome is to be retried. It neither retries
	// nor sleeps: back-off is the engine's. Events are read-only, and may be used by other outputs.
	Write(ctx context.Context, v *event.View) error

	// Close is called once, last. What Write reported as delivered is safe already.
	Close(ctx context.Context) error
}

// Decoder turns the bytes of one message, line or read into events. One instance per lane or stream,
// called by one goroutine.
type Decoder interface {
	// Decode appends the events in src to b, each referring to a. src belongs to the events from then on:
	// the caller must not change it. Text that cannot be decoded becomes an event with the text in
	// "message" and a tag where the codec defines one; an error means that nothing can be made of it.
	Decode(src []byte, b *event.Batch, a *event.Ack) error
}

// FinishDecoder is implemented by decoders that find the frames of a byte stream themselves (line,
// json_lines): Decode keeps what follows the last delimiter for the next call. An input that hands in
// whole messages or lines calls Finish after each Decode, with the same ack, so that the rest belongs to
// its own message. An input that hands in reads of a stream calls Finish once, at the end: an event that
// spans reads then refers to the ack of its last read only, which is right where nothing can be read
// again (stdin).
type FinishDecoder interface {
	// Finish appends what is held as the last event, if anything is, and forgets it.
	Finish(b *event.Batch, a *event.Ack) error
}

// Encoder turns an event into bytes. One instance per lane, called by one goroutine.
type Encoder interface {
	// AppendEvent appends one event, with the delimiter that the codec defines. An error is about the
	// event: it can never be encoded.
	AppendEvent(dst []byte, e *event.Event) ([]byte, error)
}

// BatchEncoder is implemented by encoders that put several events into one body.
type BatchEncoder interface {
	// AppendBody appends one body made of the events of v from position `from` on and returns how many it
	// took: at least one, and no more than keep the body within maxBytes as sent. ErrTooLarge says that the
	// first event alone does not fit.
	AppendBody(dst []byte, v *event.View, from, maxBytes int) (body []byte, n int, err error)
}

// Condition is a compiled `if`. An error says that it cannot be evaluated for this event.
// Read-only; may be used concurrently.
type Condition interface {
	Eval(e *event.Event) (bool, error)
}

// Measured is implemented by inputs that know how much there is still to read, for the progress of a run.
type Measured interface {
	// Left returns how many bytes are there and not yet read, and whether that is known. It may be called
	// concurrently with Read.
	Left() (bytes int64, known bool)
}

// Covering is implemented by filters that choose between alternatives which their options list, as grok does
// between expressions: `test` says which of them no case used.
type Covering interface {
	// Covered calls add for each alternative: its place in the options ("match.message[1]"), its text, and
	// whether an event took it since the filter was made.
	Covered(add func(option, text string, used bool))
}
