package multiline

import (
	"context"
	"slices"
	"time"
	"unsafe"

	"sluice/internal/multiline"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// The tags that say what happened to an event. cutTag marks the rest of an event whose beginning is not at hand:
// the lines before it came in another segment.
const (
	joinedTag = "multiline"
	linesTag  = "multiline_max_lines_reached"
	bytesTag  = "multiline_max_bytes_reached"
	cutTag    = "_multiline_cut"
)

// key tells streams apart: by their id, or by stream_identity where events have none.
type key struct {
	id   uint64
	name string
}

// stream is what is open of one stream.
type stream struct {
	joiner multiline.Joiner
	first  *event.Event // the event that is open, nil for none
	held   bool         // first is not in the batch
	text   []byte       // of the lines so far, once there are two
	raw    []byte
	seen   time.Time // when its last line came
}

// filter joins the lines of the streams of one worker.
type filter struct {
	c       *Config
	rule    *multiline.Rule
	streams map[key]*stream
	ready   []*event.Event // were held, and are complete
	name    []byte
}

// Process joins what belongs together. What may still be continued is held back at the end of the batch,
// unless its segment has ended.
func (f *filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		v, ok := f.c.Source.Get(e)
		line, isText := v.AsString()
		if !ok || !isText {
			continue // nothing to join: it passes between the lines
		}
		k := f.key(e)
		s := f.streams[k]
		if s == nil {
			s = &stream{joiner: multiline.New(f.rule)}
			f.streams[k] = s
		}
		f.add(b, s, e, line)
		if e.Last {
			f.finish(s)
			delete(f.streams, k)
		}
	}
	f.hold(b)
	f.emit(b)
	return nil
}

// emit puts what was held and is complete in front of the batch.
func (f *filter) emit(b *event.Batch) {
	b.AttachFirst(f.ready...)
	clear(f.ready)
	f.ready = f.ready[:0]
}

// key returns the stream of e. A name is made only for events without identity.
func (f *filter) key(e *event.Event) key {
	if e.HasID() {
		return key{id: e.ID.Stream}
	}
	f.name = f.c.StreamIdentity.AppendLoose(f.name[:0], e)
	return key{name: string(f.name)}
}

// add gives a line its place.
func (f *filter) add(b *event.Batch, s *stream, e *event.Event, line string) {
	e.Match()
	s.seen = b.Now
	place := s.joiner.Add(unsafe.Slice(unsafe.StringData(line), len(line))) // read only
	if place == multiline.Joins && s.first != nil {
		f.join(b, s, e, line)
		return
	}
	f.finish(s)
	s.first = e
	switch place {
	case multiline.Orphan:
		e.Tag(cutTag)
	case multiline.OverLines:
		e.Tag(linesTag)
	case multiline.OverBytes:
		e.Tag(bytesTag)
	}
}

// join appends a line to the open event, which takes over its acknowledgement.
func (f *filter) join(b *event.Batch, s *stream, e *event.Event, line string) {
	first := s.first
	if len(s.text) == 0 {
		v, _ := f.c.Source.Get(first)
		s.text = append(s.text, v.Str()...)
		s.raw = append(s.raw, first.Raw...)
	}
	s.text = append(append(s.text, '\n'), line...)
	s.raw = append(append(s.raw, '\n'), e.Raw...)
	f.merge(first, e)
	first.Last = first.Last || e.Last
	b.Absorb(first, e)
}

// merge adds the fields of a further line to the first one's: what differs becomes a list, as in Logstash.
// What only says where the line stood is the first line's.
func (f *filter) merge(first, e *event.Event) {
	for i := range e.Fields {
		x := &e.Fields[i]
		if x.Name == f.c.Source.Name() || x.Name == "offset" || x.Name == "log" {
			continue
		}
		old, ok := first.Fields.Get(x.Name)
		switch {
		case !ok:
			first.Fields.Add(x.Name, x.Value)
		case old.Same(x.Value) || old.Equal(x.Value):
		default:
			first.Fields.Set(x.Name, f.union(old, x.Value))
		}
	}
}

// union is both values in a list, each value once unless duplicates are kept.
func (f *filter) union(a, b event.Value) event.Value {
	items := slices.Clone(elements(a))
	for _, v := range elements(b) {
		if f.c.AllowDuplicates || !slices.ContainsFunc(items, v.Equal) {
			items = append(items, v)
		}
	}
	return event.ListOf(items...)
}

func elements(v event.Value) []event.Value {
	if v.Kind() == event.List {
		return v.List()
	}
	return []event.Value{v}
}

// finish completes the open event and lets it go.
func (f *filter) finish(s *stream) {
	e := s.first
	if e == nil {
		return
	}
	if len(s.text) > 0 {
		if err := f.c.Source.Set(e, event.StringOf(string(s.text))); err != nil {
			e.Tag("_multiline_failure")
		}
		e.Raw = string(s.raw)
		e.Tag(joinedTag)
	}
	if s.held {
		f.ready = append(f.ready, e)
	}
	s.first, s.held = nil, false
	s.text, s.raw = s.text[:0], s.raw[:0]
	if cap(s.text) > maxKept {
		s.text, s.raw = nil, nil
	}
}

// maxKept is how large the scratch space of a stream may stay.
const maxKept = 64 << 10

// hold takes the events that may still be continued out of the batch.
func (f *filter) hold(b *event.Batch) {
	for k, s := range f.streams {
		switch {
		case s.first == nil:
			delete(f.streams, k)
		case !s.joiner.Open():
			f.finish(s)
		case !s.held:
			b.Detach(s.first)
			s.held = true
		}
	}
}

// Flush lets go of what has waited long enough, or of everything.
func (f *filter) Flush(b *event.Batch, reason plugin.Reason, replayable bool) {
	for k, s := range f.streams {
		if reason == plugin.Idle && b.Now.Sub(s.seen) < f.c.MaxAge.D() {
			continue
		}
		e := s.first
		f.finish(s)
		if e != nil && reason == plugin.Stop && replayable {
			e.Release() // its lines are read again and joined then
		}
		delete(f.streams, k)
	}
	f.emit(b)
}
