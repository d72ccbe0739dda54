package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/zeebo/xxh3"

	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// lane is the state of one worker: the request that is being filled.
type lane struct {
	o       *output
	enc     plugin.Encoder
	v       *event.View // of the Write
	max     int         // bytes of a message
	entries []sqs.Entry
	members [][]int                    // positions in v of the events of each entry
	total   int                        // bytes of the entries
	bufs    [sqs.MaxEntries + 1][]byte // for the bodies of a request and of the message after it, in turn
	turn    int
	parts   map[int]int // of events that were split, by position: parts not yet sent

	// starts are the first events of messages that are to be sent again. A message that is sent again holds the
	// same events: a FIFO queue knows it by them, and its end stays the end of a segment.
	starts map[event.ID]struct{}
}

// maxStarts bounds starts, of which those of events that were given up stay.
const maxStarts = 10_000

// begin prepares the lane for a Write.
func (l *lane) begin(v *event.View, attrs sqs.Attributes) {
	l.v, l.max = v, min(int(l.o.c.MaxMessage), attrs.MaxMessage)
	clear(l.parts)
	if len(l.starts) > maxStarts {
		clear(l.starts)
	}
	l.reset()
}

func (l *lane) reset() {
	clear(l.entries)
	clear(l.members)
	l.entries, l.members, l.total = l.entries[:0], l.members[:0], 0
	for i := range l.bufs {
		if cap(l.bufs[i]) > keptBody {
			l.bufs[i] = nil
		}
	}
}

// keptBody is the most memory, in bytes, that is kept for a body.
const keptBody = 256 << 10

// groups sends the events of each group apart: a message, and its order, belong to one group.
func (l *lane) groups(ctx context.Context, v *event.View) error {
	type group struct {
		view    *event.View
		indices []int
	}
	var order []string
	byName := map[string]*group{}
	for i, e := range v.All() {
		name, err := l.o.group(e)
		if err != nil {
			v.Reject(i, err)
			continue
		}
		g := byName[name]
		if g == nil {
			g = &group{view: event.NewView(v.Lane, nil)}
			byName[name] = g
			order = append(order, name)
		}
		g.view.Add(e)
		g.indices = append(g.indices, i)
	}
	for _, name := range order {
		if err := l.all(ctx, byName[name].view, byName[name].indices, name); err != nil {
			return err
		}
	}
	return l.flush(ctx)
}

// all puts every event of v into messages. indices are their positions in the view of the Write, nil when they
// are the same.
func (l *lane) all(ctx context.Context, v *event.View, indices []int, group string) error {
	for from := 0; from < v.Len(); {
		body, n, err := l.encode(l.upToStart(v, from), from)
		at := positions(indices, from, n)
		switch {
		case err == nil:
			l.turn = (l.turn + 1) % len(l.bufs) // it is used again when this message has been sent
			err = l.add(ctx, body, at, group)
		case errors.Is(err, plugin.ErrTooLarge):
			err = l.oversized(ctx, at[0], group, err)
		default:
			l.v.Reject(at[0], err)
			err = nil
		}
		if err != nil {
			return err
		}
		from += n
	}
	return nil
}

// upToStart is v as far as one message may go on from position from.
func (l *lane) upToStart(v *event.View, from int) *event.View {
	if len(l.starts) == 0 {
		return v
	}
	for i := from + 1; i < v.Len(); i++ {
		if _, ok := l.starts[v.At(i).ID]; ok {
			part := event.NewView(v.Lane, make([]*event.Event, 0, i))
			for k := range i {
				part.Add(v.At(k))
			}
			return part
		}
	}
	return v
}

// positions maps n events from position from on to the view of the Write.
func positions(indices []int, from, n int) []int {
	if indices != nil {
		return indices[from : from+n]
	}
	at := make([]int, n)
	for i := range at {
		at[i] = from + i
	}
	return at
}

// encode makes a body in the memory whose turn it is, and says how many events it took: one, which did not fit
// or cannot be encoded, when there is an error.
func (l *lane) encode(v *event.View, from int) (body string, n int, err error) {
	buf := &l.bufs[l.turn]
	if packer, ok := l.enc.(plugin.BatchEncoder); ok {
		*buf, n, err = packer.AppendBody((*buf)[:0], v, from, l.max)
	} else {
		*buf, err = l.enc.AppendEvent((*buf)[:0], v.At(from))
		n = 1
	}
	if err != nil {
		return "", 1, err
	}
	body = unsafe.String(unsafe.SliceData(*buf), len(*buf))
	if !sendable(body) {
		body = clean(body)
		l.o.cleaned.Inc()
	}
	switch {
	case len(body) > l.max:
		return "", 1, fmt.Errorf("%w: found %d bytes, expected at most %d", plugin.ErrTooLarge, len(body), l.max)
	case body == "":
		return "", 1, errEmpty
	}
	return body, n, nil
}

var errEmpty = errors.New("the codec makes an empty message of it, which the queue does not take")

// add puts a message into the request, sending the request before if it is full.
func (l *lane) add(ctx context.Context, body string, at []int, group string) error {
	if len(l.entries) == l.o.c.BatchEvents || l.total+len(body) > sqs.MaxRequestBytes {
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	e := sqs.Entry{Body: body, Group: group}
	if l.o.fifo {
		e.Dedup = l.dedup(at, body)
	}
	l.entries = append(l.entries, e)
	l.members = append(l.members, at)
	l.total += len(body)
	return nil
}

// dedup is the deduplication id: a hash of which events the message holds, so that the same events have the
// same id however they were compressed. A part of an event, and what has no identity, is told by its body.
func (l *lane) dedup(at []int, body string) string {
	h := xxh3.New()
	var id []byte
	for _, i := range at {
		e := l.v.At(i)
		if _, split := l.parts[i]; split || !e.HasID() {
			_, _ = h.WriteString(body) // a hash takes everything
			break
		}
		id = e.AppendID(id[:0])
		_, _ = h.Write(id) // a hash takes everything
	}
	sum := h.Sum128()
	return fmt.Sprintf("%016x%016x", sum.Hi, sum.Lo)
}

// flush sends the request and gives each event its outcome. An error is about what was not sent.
func (l *lane) flush(ctx context.Context) error {
	if len(l.entries) == 0 {
		return nil
	}
	defer l.reset()
	l.o.requests.Inc()
	outcomes, err := l.o.queue.Send(ctx, l.entries)
	for i := range l.entries {
		outcome := err
		if err == nil {
			outcome = outcomes[i]
		}
		l.settle(l.members[i], outcome)
		if outcome == nil {
			l.o.sent.Inc()
			l.o.bytes.Add(float64(len(l.entries[i].Body)))
		} else {
			l.o.failed.Inc()
		}
	}
	return err
}

// settle gives the events of a message their outcome. One that was split is done when all its parts are.
func (l *lane) settle(at []int, err error) {
	var refused *sqs.EntryError
	reject := errors.As(err, &refused) && refused.Sender && !passing(refused.Code)
	first := l.v.At(at[0])
	if first.HasID() {
		if err != nil && !reject {
			l.starts[first.ID] = struct{}{}
		} else {
			delete(l.starts, first.ID)
		}
	}
	for _, i := range at {
		left, split := l.parts[i]
		switch {
		case split && l.v.Marked(i): // another part has failed
		case err == nil && left > 1:
			l.parts[i] = left - 1
		case err == nil:
			l.v.Done(i)
		case reject:
			l.v.Reject(i, fmt.Errorf("queue refuses the message: %w", err))
		default:
			l.v.Retry(i, err)
		}
	}
}

// passing reports whether a failure passes although the service calls it the sender's fault.
func passing(code string) bool {
	for _, s := range []string{"Throttl", "OverLimit", "AccessDenied", "Kms", "KMS"} {
		if strings.Contains(code, s) {
			return true
		}
	}
	return false
}
