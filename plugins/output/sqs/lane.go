package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// lane is the state of one worker: the request that is being filled.
type lane struct {
	o       *output
	enc     plugin.Encoder
	v       *event.View
	max     int // bytes of a message
	entries []sqs.Entry
	members [][]int // positions in the view of the events of each entry
	total   int     // bytes of the entries
	body    []byte
}

func (l *lane) reset() {
	clear(l.entries)
	clear(l.members)
	l.entries, l.members, l.total = l.entries[:0], l.members[:0], 0
}

// groups sends the events of each group apart: messages and their order belong to one group.
func (l *lane) groups(ctx context.Context, v *event.View) error {
	type group struct {
		view    *event.View
		indices []int
	}
	var order []string
	byName := map[string]*group{}
	for i, e := range v.All() {
		name, err := l.o.c.MessageGroupID.Append(nil, e)
		if err != nil {
			v.Reject(i, fmt.Errorf("message_group_id: %w", err))
			continue
		}
		g := byName[string(name)]
		if g == nil {
			g = &group{view: event.NewView(v.Lane, nil)}
			byName[string(name)] = g
			order = append(order, string(name))
		}
		g.view.Add(e)
		g.indices = append(g.indices, i)
	}
	for _, name := range order {
		if err := l.all(ctx, byName[name].view, byName[name].indices, name); err != nil {
			return err
		}
	}
	return nil
}

// all sends every event of v; indices are their positions in the view of the Write, nil when they are the same.
func (l *lane) all(ctx context.Context, v *event.View, indices []int, group string) error {
	for from := 0; from < v.Len(); {
		body, n, err := l.encode(v, from)
		at := positions(indices, from, n)
		if err != nil {
			if body, err = l.oversized(v.At(from), err); err != nil {
				l.v.Reject(at[0], err)
				from++
				continue
			}
		}
		if err := l.add(ctx, clean(string(body)), at, group); err != nil {
			return err
		}
		from += n
	}
	return l.flush(ctx)
}

// positions maps n events from position from on to the view of the Write; n of 0 stands for the first event.
func positions(indices []int, from, n int) []int {
	at := make([]int, 0, max(n, 1))
	for i := from; i < from+max(n, 1); i++ {
		if indices == nil {
			at = append(at, i)
		} else {
			at = append(at, indices[i])
		}
	}
	return at
}

// encode makes the next body and says how many events it took.
func (l *lane) encode(v *event.View, from int) ([]byte, int, error) {
	if packer, ok := l.enc.(plugin.BatchEncoder); ok {
		body, n, err := packer.AppendBody(l.body[:0], v, from, l.max)
		l.body = body
		if err != nil {
			return nil, 1, err
		}
		return body, n, nil
	}
	body, err := l.enc.AppendEvent(l.body[:0], v.At(from))
	l.body = body
	if err == nil && len(body) > l.max {
		err = fmt.Errorf("%w: %d bytes, a message takes %d", plugin.ErrTooLarge, len(body), l.max)
	}
	return body, 1, err
}

// TruncatedTag marks an event whose message was cut to fit.
const truncatedTag = "_truncated"

// oversized encodes an event that does not fit with its message cut shorter and shorter, if that is asked for.
func (l *lane) oversized(e *event.Event, err error) ([]byte, error) {
	text, ok := e.Fields.Get(event.MessageField)
	if l.o.c.Oversize != "truncate" || !errors.Is(err, plugin.ErrTooLarge) || !ok {
		return nil, err
	}
	for size := min(len(text.Str())-1, l.max); size > 0; size /= 2 {
		cut := *e
		cut.Fields = e.Fields.Clone()
		cut.Raw = strings.ToValidUTF8(text.Str()[:size], "")
		cut.Fields.Set(event.MessageField, event.StringOf(cut.Raw))
		cut.Tag(truncatedTag)
		body, _, err := l.encode(event.NewView(0, []*event.Event{&cut}), 0)
		if err == nil {
			l.o.truncated.Inc()
			return body, nil
		}
	}
	return nil, err
}

// add puts a message into the request, sending the one before if it is full.
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
// same id however they were compressed.
func (l *lane) dedup(at []int, body string) string {
	h := xxh3.New()
	var id []byte
	for _, i := range at {
		e := l.v.At(i)
		if !e.HasID() {
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
	if err != nil {
		return err
	}
	for i, err := range outcomes {
		if err == nil {
			l.o.sent.Inc()
			l.o.bytes.Add(float64(len(l.entries[i].Body)))
		} else {
			l.o.failed.Inc()
		}
		var refused *sqs.EntryError
		for _, at := range l.members[i] {
			switch {
			case err == nil:
				l.v.Done(at)
			case errors.As(err, &refused) && refused.Sender:
				l.v.Reject(at, err)
			default:
				l.v.Retry(at, err)
			}
		}
	}
	return nil
}

// clean replaces the characters that SQS does not take by U+FFFD.
func clean(body string) string {
	if !strings.ContainsFunc(body, forbidden) && utf8.ValidString(body) {
		return body
	}
	return strings.Map(func(r rune) rune {
		if forbidden(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(body, "\uFFFD"))
}

// forbidden reports whether SQS refuses a message for a character.
func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}
