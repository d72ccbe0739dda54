package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"sluice/internal/budget"
	"sluice/internal/tail"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Tags of events whose boundaries are not those of the file.
const (
	lineCutTag   = "_line_cut"      // a part of a line that is too long
	joinCutTag   = "_multiline_cut" // lines that belong to the event are missing before or behind it
	fullLinesTag = "multiline_codec_max_lines_reached"
	fullBytesTag = "multiline_codec_max_bytes_reached"
)

// chunkEvents is about how many events one Read appends: spans of short lines hold many more than a batch should.
const chunkEvents = 1024

// input is a running file input.
type input struct {
	k        *compiled
	host     string
	follower *tail.Follower
	lanes    []lane

	closing sync.Once
	err     error // of Close
}

// lane is what one goroutine reads.
type lane struct {
	in   *input
	room room
	dec  plugin.Decoder // nil: a line is the message

	span   *tail.Span // of which not all was appended yet
	next   int        // piece
	ack    *event.Ack
	stream *tail.Stream // whose values are:
	path   event.Value
	name   event.Value
	host   event.Value
}

func (l *lane) init(k *compiled) error {
	l.room.budget = k.env.Budget
	if k.c.Codec.Name == "" {
		return nil
	}
	var err error
	l.dec, err = k.c.Codec.Decoder()
	return err
}

// room takes memory for blocks from the budget, waiting only while the lane holds no events.
type room struct {
	budget *budget.Budget
	ctx    context.Context //nolint:containedctx // of the one Read that is under way
	wait   time.Duration
	busy   bool
}

// Take takes n bytes.
func (r *room) Take(n int64) error {
	if r.budget.TryAcquire(n) {
		return nil
	}
	if r.busy {
		return tail.ErrNoRoom
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.wait)
	defer cancel()
	if err := r.budget.Acquire(ctx, n); err != nil {
		if r.ctx.Err() == nil {
			return tail.ErrNoRoom // after wait
		}
		return err
	}
	return nil
}

// Free gives n bytes back.
func (r *room) Free(n int64) { r.budget.Release(n) }

// Read appends the next events of the lane: those that are left of its span, or those of the next one.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	l := &in.lanes[number]
	if l.span == nil {
		l.room.ctx, l.room.wait, l.room.busy = ctx, wait, b.Len() > 0
		sp, err := in.follower.Next(ctx, number, wait, &l.room)
		if err != nil || sp == nil {
			return err
		}
		in.begin(l, sp)
	}
	now := b.Now
	b.Now = l.span.Observed
	l.fill(b)
	b.Now = now
	return nil
}

// begin makes a span the lane's.
func (in *input) begin(l *lane, sp *tail.Span) {
	l.span, l.next = sp, 0
	reserved := sp.Reserved
	l.ack = event.NewAck(func(s event.Status) {
		in.k.env.Budget.Release(reserved)
		if s >= event.Deferred {
			in.follower.Again(sp)
		} else {
			in.follower.Done(sp)
		}
	})
	if l.stream != sp.Stream {
		l.stream = sp.Stream
		l.path, l.name, l.host = event.StringOf(sp.Stream.Path), event.StringOf(sp.Stream.Name), event.StringOf(in.host)
	}
	l.in = in
}

// fill appends events of the span, about chunkEvents of them, and seals its ack when it was the last.
func (l *lane) fill(b *event.Batch) {
	sp := l.span
	first := l.next
	var last *event.Event
	for l.next < len(sp.Pieces) {
		if l.next-first >= chunkEvents && sp.Boundary(l.next) {
			break
		}
		last = l.append(b, &sp.Pieces[l.next])
		l.next++
	}
	end := int(sp.End() - sp.Start)
	if l.next < len(sp.Pieces) {
		end = sp.Pieces[l.next].Start
		l.mark(last, l.in.k.options.Split.Rule != nil)
	} else {
		l.mark(last, sp.Closed())
	}
	b.Bytes += end - sp.Pieces[first].Start
	if l.next == len(sp.Pieces) {
		ack := l.ack
		l.span, l.ack = nil, nil
		ack.Seal()
	}
}

// mark says that nothing that belongs to an event follows it.
func (l *lane) mark(e *event.Event, closed bool) {
	if e != nil && closed {
		e.Last = true
	}
}

// append appends the event, or the events, of a piece and returns the last of them.
func (l *lane) append(b *event.Batch, p *tail.Piece) *event.Event {
	text := l.in.k.text(l.span, p)
	v := event.BytesOf(text)
	// The hash is that of all the lines: an event that was let go of too early, and whose note was lost with the
	// machine, must not stand in the way of the whole one.
	id := event.ID{Stream: l.stream.ID, Offset: l.span.Start + int64(p.Start), Hash: event.HashLine(v.Str())}
	if l.dec != nil {
		return l.decode(b, p, text, id)
	}
	e := b.Append(l.ack)
	e.Raw = v.Str()
	e.Fields.Add(event.MessageField, v)
	l.describe(e, p, id)
	return e
}

// text returns the bytes of a piece, joined lines with a newline between them.
func (k *compiled) text(sp *tail.Span, p *tail.Piece) []byte {
	line := sp.Line(p)
	if p.First < p.End && k.c.Delimiter != "\n" {
		return bytes.ReplaceAll(line, []byte(k.c.Delimiter), []byte("\n"))
	}
	return line
}

// describe adds what is known of an event's source.
func (l *lane) describe(e *event.Event, p *tail.Piece, id event.ID) {
	e.ID = id
	if l.in.k.env.ECS {
		l.describeECS(e, id.Offset)
	} else {
		e.Fields.Add("path", l.path)
		e.Fields.Add("host", l.host)
		e.Fields.Add("stream", l.name)
		e.Fields.Add("offset", event.IntOf(id.Offset))
	}
	if p.Marks != 0 || p.First < p.End {
		l.tag(e, p)
	}
}

func (l *lane) describeECS(e *event.Event, offset int64) {
	e.Fields.Add("log", event.MapOf(&event.Fields{
		{Name: "file", Value: event.MapOf(&event.Fields{{Name: "path", Value: l.path}})},
		{Name: "stream", Value: l.name},
		{Name: "offset", Value: event.IntOf(offset)},
	}))
	e.Fields.Add("host", event.MapOf(&event.Fields{{Name: "name", Value: l.host}}))
}

// tag tells of joins and of boundaries that are not the file's.
func (l *lane) tag(e *event.Event, p *tail.Piece) {
	k := l.in.k
	if p.First < p.End && k.c.Multiline != nil && k.tag != "" {
		e.Tag(k.tag)
	}
	for _, t := range [...]struct {
		mark tail.Marks
		tag  string
	}{{tail.PartOfLine, lineCutTag}, {tail.PartOfJoin, joinCutTag}, {tail.FullLines, fullLinesTag}, {tail.FullBytes, fullBytesTag}} {
		if p.Marks&t.mark != 0 {
			e.Tag(t.tag)
		}
	}
}

// decode gives a piece to the codec. What it cannot decode is rejected, with the text.
func (l *lane) decode(b *event.Batch, p *tail.Piece, text []byte, id event.ID) *event.Event {
	before := b.Len()
	err := plugin.Guard(func() error { return decodeWhole(l.dec, text, b, l.ack) })
	if err != nil {
		for e := range b.From(before) { // what was decoded before the failure is part of the whole
			e.Drop()
		}
		e := b.Append(l.ack)
		e.SetLine(text)
		l.describe(e, p, id)
		e.Reject(fmt.Errorf("decode a line of %s at offset %d: %w", l.stream.Path, id.Offset, err))
		return e
	}
	raw := event.BytesOf(text).Str()
	var last *event.Event
	for e := range b.From(before) {
		if last != nil {
			id.Part++
		}
		e.Raw = raw
		l.complete(e, p, id)
		last = e
	}
	return last
}

// complete adds what is known of the source of a decoded event, unless the event says so itself.
func (l *lane) complete(e *event.Event, p *tail.Piece, id event.ID) {
	var own event.Event
	l.describe(&own, p, id)
	e.ID = id
	for _, f := range own.Fields {
		if f.Name != event.TagsField {
			if !e.Fields.Has(f.Name) {
				e.Fields.Add(f.Name, f.Value)
			}
			continue
		}
		for _, t := range f.Value.List() {
			e.Tag(t.Str())
		}
	}
}

// decodeWhole decodes one line or event of the file.
func decodeWhole(d plugin.Decoder, text []byte, b *event.Batch, a *event.Ack) error {
	if err := d.Decode(text, b, a); err != nil {
		return err
	}
	if fin, ok := d.(plugin.FinishDecoder); ok {
		return fin.Finish(b, a)
	}
	return nil
}

// Drain makes the lanes end when they have read what is in the files now.
func (in *input) Drain() { in.follower.Drain() }

// Left returns how many bytes are in the files and were not read yet.
func (in *input) Left() (bytes int64, known bool) { return in.follower.Left(), true }

// Close gives back what the lanes have not handed out, and saves the offsets.
func (in *input) Close(context.Context) error {
	in.closing.Do(func() {
		for i := range in.lanes {
			if l := &in.lanes[i]; l.ack != nil {
				l.ack.Worsen(event.Released)
				l.ack.Seal()
				l.ack, l.span = nil, nil
			}
		}
		in.err = errors.Join(in.follower.Close(), in.k.shared.release(in.k.stateDir))
	})
	return in.err
}

// completed does what file_completed_action says.
func (in *input) completed(path string, read bool) {
	c, log := &in.k.c, in.k.env.Log()
	deletes := c.FileCompletedAction == "delete" || c.FileCompletedAction == "log_and_delete"
	if c.FileCompletedLogPath != "" && (read || deletes) {
		if err := appendLine(absolute(in.k.env, c.FileCompletedLogPath), path); err != nil {
			log.Error("completed file cannot be logged; it is kept", "path", path, "err", err)
			return
		}
	}
	if deletes {
		if err := os.Remove(path); err != nil {
			log.Error("completed file cannot be deleted", "path", path, "err", err)
		}
	}
}

const logPerm = 0o640

func appendLine(name, line string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, logPerm)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}
