package multiline

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unsafe"

	"sluice/internal/multiline"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Tags of joined events; but for the cut they are those of Logstash's codec.
const (
	joinedTag    = "multiline"
	cutTag       = "_multiline_cut" // lines that belong to the event are missing before or behind it
	fullLinesTag = "multiline_codec_max_lines_reached"
	fullBytesTag = "multiline_codec_max_bytes_reached"
)

// filter joins the lines of the streams that one worker is given. Within a batch an open event stays where its first
// line was; only what is open at the end of a batch is held back.
type filter struct {
	c       Config
	rule    *multiline.Rule
	streams map[key]*stream // that have an open event
	touched []*stream       // in this batch
	ready   []*event.Event  // that were held and are complete
	free    []*stream
	name    []byte // scratch
}

// key tells streams apart: by their identity, or by a text for events that have none.
type key struct {
	id   uint64
	name string
}

// stream is the lines of one source. Its event is open: lines may be added.
type stream struct {
	key     key
	joiner  multiline.Joiner
	event   *event.Event
	lines   []string // of the event
	joined  bool     // it has taken others in
	raw     bool     // every line was as it was read
	held    bool     // the event is not in the batch
	inBatch bool     // is in touched
	touched time.Time
}

// Process joins the lines of the batch, to each other and to what is held.
func (f *filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		v, _ := f.c.Source.Get(e)
		line, ok := v.AsString()
		switch {
		case ok:
			f.add(b, e, line)
		case e.Last: // no line, but the end of a segment
			f.endSegment(e)
		}
	}
	for _, s := range f.touched {
		s.inBatch = false
		switch {
		case s.event == nil:
			f.forget(s)
		case !s.held:
			b.Detach(s.event)
			s.held = true
		}
	}
	clear(f.touched)
	f.touched = f.touched[:0]
	f.emit(b)
	return nil
}

// emit puts what was held and is complete in front of the batch: before the lines that came later.
func (f *filter) emit(b *event.Batch) {
	b.AttachFirst(f.ready...)
	clear(f.ready)
	f.ready = f.ready[:0]
}

// find returns the stream of an event, nil when nothing of it is known.
func (f *filter) find(e *event.Event) *stream {
	if id := e.ID.Stream; id != 0 {
		if n := len(f.touched); n > 0 && f.touched[n-1].key.id == id {
			return f.touched[n-1] // lines of a stream come together
		}
		return f.streams[key{id: id}]
	}
	f.name = f.c.StreamIdentity.AppendLoose(f.name[:0], e)
	return f.streams[key{name: string(f.name)}]
}

func (f *filter) endSegment(e *event.Event) {
	s := f.find(e)
	if s == nil {
		return
	}
	f.close(s)
	if !s.inBatch {
		f.forget(s)
	}
}

// stream returns the stream of an event.
func (f *filter) stream(b *event.Batch, e *event.Event) *stream {
	s := f.find(e)
	if s == nil {
		k := key{id: e.ID.Stream}
		if k.id == 0 {
			k.name = string(f.name)
		}
		s = f.newStream(k)
	}
	if !s.inBatch {
		s.inBatch = true
		f.touched = append(f.touched, s)
	}
	s.touched = b.Now
	return s
}

func (f *filter) newStream(k key) *stream {
	var s *stream
	if n := len(f.free); n > 0 {
		s, f.free = f.free[n-1], f.free[:n-1]
	} else {
		s = &stream{}
	}
	*s = stream{key: k, joiner: multiline.New(f.rule), lines: s.lines}
	f.streams[k] = s
	return s
}

// maxFree bounds the streams that are kept for reuse.
const maxFree = 64

func (f *filter) forget(s *stream) {
	delete(f.streams, s.key)
	if len(f.free) < maxFree && cap(s.lines) <= multiline.DefaultMaxLines {
		f.free = append(f.free, s)
	}
}

// add puts a line in its place.
func (f *filter) add(b *event.Batch, e *event.Event, line string) {
	s := f.stream(b, e)
	last := e.Last
	place := s.joiner.Add(unsafe.Slice(unsafe.StringData(line), len(line)))
	if place == multiline.Joins {
		f.join(b, s, e, line)
	} else {
		f.begin(s, e, line, place)
	}
	switch {
	case last:
		f.close(s)
	case !s.joiner.Open():
		f.finish(s)
	}
}

// begin opens an event.
func (f *filter) begin(s *stream, e *event.Event, line string, place multiline.Place) {
	switch place {
	case multiline.OverLines:
		s.event.Tag(fullLinesTag)
	case multiline.OverBytes:
		s.event.Tag(fullBytesTag)
	}
	if s.event != nil {
		f.finish(s)
	}
	s.event, s.raw = e, e.Raw == line
	s.lines = append(s.lines, line)
	if place.Cut() && (place == multiline.Orphan || f.rule.What == multiline.Previous) {
		e.Tag(cutTag)
	}
}

// join adds a line to the open event.
func (f *filter) join(b *event.Batch, s *stream, e *event.Event, line string) {
	s.joined = true
	s.raw = s.raw && e.Raw == line
	if f.c.AllowDuplicates || !slices.Contains(s.lines, line) {
		s.lines = append(s.lines, line)
	}
	if e.Last {
		s.event.Last = true
	}
	mergeFields(s.event, e, f.c.Source.Name())
	s.event.Match()
	b.Absorb(s.event, e)
}

// close lets go of the open event, if there is one, at a place behind which nothing that belongs to it may be
// joined any more.
func (f *filter) close(s *stream) {
	if s.event != nil {
		if s.joiner.Waiting() {
			s.event.Tag(cutTag)
		}
		f.finish(s)
	}
	s.joiner.Close()
}

// finish completes the open event.
func (f *filter) finish(s *stream) {
	e := s.event
	if s.joined {
		text := strings.Join(s.lines, "\n")
		if err := f.c.Source.Set(e, event.StringOf(text)); err != nil {
			panic("BUG: " + err.Error()) // the line was there
		}
		if s.raw {
			e.Raw = text
		}
		if e.HasID() { // an event that was let go of too early is another one than the whole
			e.ID.Hash = event.HashLine(text)
		}
		e.Tag(joinedTag)
	}
	if s.held {
		f.ready = append(f.ready, e)
	}
	clear(s.lines)
	s.event, s.lines, s.held, s.joined = nil, s.lines[:0], false, false
}

// Flush lets go of held events: on Stop, of those that come again, unhandled; on Idle, of those to which nothing was
// added for max_age.
func (f *filter) Flush(b *event.Batch, reason plugin.Reason, replayable bool) {
	for _, s := range f.inOrder() {
		switch {
		case s.event == nil:
			continue
		case reason == plugin.Stop && replayable:
			s.event.Release()
			if s.held {
				f.ready = append(f.ready, s.event)
			}
			s.event = nil
		case reason != plugin.Idle || b.Now.Sub(s.touched) >= f.c.MaxAge.D():
			f.close(s)
		default:
			continue
		}
		f.forget(s)
	}
	f.emit(b)
}

// inOrder returns the streams in the order in which a line of theirs came last.
func (f *filter) inOrder() []*stream {
	list := make([]*stream, 0, len(f.streams))
	for _, s := range f.streams {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *stream) int {
		if c := a.touched.Compare(b.touched); c != 0 {
			return c
		}
		if a.key.id != b.key.id {
			return cmp.Compare(a.key.id, b.key.id)
		}
		return strings.Compare(a.key.name, b.key.name)
	})
	return list
}
