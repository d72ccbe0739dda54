package sqs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// What happens to an event that no message can hold.
const (
	splitOversize    = "split"
	truncateOversize = "truncate"
	rejectOversize   = "reject"
)

// Tags of events that were too large.
const (
	splitTag     = "_sqs_split"
	truncatedTag = "_sqs_truncated"
)

// maxParts is the most parts that an event is split into.
const maxParts = 1 << 12

// oversized deals with the event at position at of the Write, which does not fit into a message, as the
// operator has chosen. reason is why it does not fit.
func (l *lane) oversized(ctx context.Context, at int, group string, reason error) error {
	e := l.v.At(at)
	var bodies []string
	var err error
	switch l.o.c.Oversize {
	case splitOversize:
		bodies, err = l.split(e, reason)
	case truncateOversize:
		bodies, err = l.truncate(e, reason)
	default:
		err = reason
	}
	if err != nil {
		l.v.Reject(at, err)
		return nil
	}
	if l.o.c.Oversize == truncateOversize {
		l.o.truncated.Inc()
	} else {
		l.o.split.Inc()
	}
	l.parts[at] = len(bodies)
	for _, body := range bodies {
		if err := l.add(ctx, body, []int{at}, group); err != nil {
			return err
		}
	}
	return nil
}

// split makes messages of equal parts of the event's message, as few as fit.
func (l *lane) split(e *event.Event, reason error) ([]string, error) {
	text, err := messageOf(e, reason)
	if err != nil {
		return nil, err
	}
	for n := 2; n <= maxParts && n <= len(text); n *= 2 {
		bodies, err := l.splitInto(e, text, n)
		if err == nil || !errors.Is(err, plugin.ErrTooLarge) {
			return bodies, err
		}
	}
	return nil, fmt.Errorf("%w; what it holds beside its message is too large to split it", reason)
}

func (l *lane) splitInto(e *event.Event, text string, n int) (bodies []string, err error) {
	for i, from := 0, 0; i < n && from < len(text); i++ {
		to := len(text)
		if i < n-1 {
			to = runeStart(text, max(len(text)/n*(i+1), from+1))
		}
		part := resized(e, text[from:to], splitTag)
		part.ID.Part = uint32(i + 1)
		if e.HasID() { // other parts, another time, must not be taken for these
			part.ID.Hash = event.HashLine(part.Raw)
		}
		part.Last = e.Last && to == len(text)
		body, err := l.encodeOne(part)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
		from = to
	}
	return bodies, nil
}

// truncateSteps is how often a better length is tried: the cut comes within 1 % of the longest.
const truncateSteps = 7

// truncate makes a message of as much of the event's message as fits.
func (l *lane) truncate(e *event.Event, reason error) ([]string, error) {
	text, err := messageOf(e, reason)
	if err != nil {
		return nil, err
	}
	fits, best, tooLong := 0, "", len(text)
	for size := min(len(text)/2, l.max); size > 0; {
		body, err := l.encodeOne(resized(e, text[:runeStart(text, size)], truncatedTag))
		switch {
		case err == nil:
			fits, best = size, body
		case errors.Is(err, plugin.ErrTooLarge):
			tooLong = size
		default:
			return nil, err
		}
		if fits > 0 && tooLong-fits <= tooLong>>truncateSteps {
			break
		}
		next := (fits + tooLong) / 2
		if next == size {
			break
		}
		size = next
	}
	if best == "" {
		return nil, fmt.Errorf("%w; what it holds beside its message is too large", reason)
	}
	return []string{best}, nil
}

func messageOf(e *event.Event, reason error) (string, error) {
	v, _ := e.Fields.Get(event.MessageField)
	text, ok := v.AsString()
	if !ok || text == "" {
		return "", fmt.Errorf("%w; it has no message that could be cut", reason)
	}
	return text, nil
}

// resized is a copy of the event with another message, tagged.
func resized(e *event.Event, text, tag string) *event.Event {
	part := &event.Event{Time: e.Time, Observed: e.Observed, Fields: e.Fields.Clone(), Meta: e.Meta.Clone(), ID: e.ID, Raw: text, Last: e.Last}
	part.Fields.Set(event.MessageField, event.StringOf(text))
	part.Tag(tag)
	return part
}

// encodeOne makes a body of one event, in memory of its own.
func (l *lane) encodeOne(e *event.Event) (string, error) {
	body, _, err := l.encode(event.NewView(l.v.Lane, []*event.Event{e}), 0)
	return strings.Clone(body), err
}

// runeStart is the start of the character at byte i of text, or i where there is none.
func runeStart(text string, i int) int {
	for k := i; k > 0 && i-k < utf8.UTFMax; k-- {
		if k == len(text) || utf8.RuneStart(text[k]) {
			return k
		}
	}
	return i
}
