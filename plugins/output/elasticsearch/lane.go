package elasticsearch

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"unsafe"

	"github.com/klauspost/compress/gzip"

	"sluice/internal/json"
	"sluice/pipeline/event"
)

// maxKeptBytes is how large a buffer of a lane may be to be kept for the next request.
const maxKeptBytes = 16 << 20

// lane is the scratch space of one worker. Calls of one lane never overlap.
type lane struct {
	t     *target
	names names

	body  []byte // the documents of this Write with their action lines
	items []item
	reply []byte

	level  int // of gzip; 0 is off
	zip    *gzip.Writer
	zipped bytes.Buffer
	shared *atomic.Int32 // how many readers the HTTP transport still has on the bytes that are sent

	scratch []byte
	doc     event.Event  // an altered copy of an event
	fields  event.Fields // its fields
}

// item is one document of the body.
type item struct {
	at         int // of the event in the view
	start, end int // of its bytes in the body
	action     action
	external   bool // it has a version of its own
}

func newLane(t *target, level int) *lane {
	return &lane{t: t, names: names{t: t}, level: level, shared: &atomic.Int32{}}
}

// reset empties the lane for the next Write. When the transport still reads what was sent (a request that
// was cancelled, or answered early), it keeps those bytes and the lane gets new ones.
func (l *lane) reset() {
	if l.shared.Load() != 0 {
		l.body, l.zipped, l.shared = nil, bytes.Buffer{}, &atomic.Int32{}
	}
	if cap(l.body) > maxKeptBytes {
		l.body = nil
	}
	if cap(l.reply) > maxKeptBytes {
		l.reply = nil
	}
	l.body, l.items = l.body[:0], l.items[:0]
}

// move makes the last item the first of an empty body, after those before it were sent.
func (l *lane) move() {
	last := l.items[len(l.items)-1]
	old := l.body[last.start:last.end]
	if l.shared.Load() != 0 {
		old = bytes.Clone(old)
		l.reset()
	}
	l.body = append(l.body[:0], old...)
	last.start, last.end = 0, len(l.body)
	l.items = append(l.items[:0], last)
}

// add appends the document of event e, which is event i of the view. An error is about the event: it can
// never be sent; the body is as before.
func (l *lane) add(i int, e *event.Event) error {
	start := len(l.body)
	it := item{at: i, start: start}
	err := l.encode(&it, e)
	if err != nil {
		l.body = l.body[:start]
		return err
	}
	it.end = len(l.body)
	l.items = append(l.items, it)
	return nil
}

func (l *lane) encode(it *item, e *event.Event) error {
	name, quarantined, err := l.names.index(e)
	if err != nil {
		return err
	}
	if it.action, err = l.t.actionOf(e); err != nil {
		return err
	}
	b := append(l.body, actionHeads[it.action]...) //nolint:gocritic // the body goes back into the lane below
	b = append(b, name...)
	b = append(b, '"')
	if b, err = l.identify(b, it, e); err != nil {
		return err
	}
	b = append(b, "}}\n"...)
	if it.action == remove {
		l.body = b
		return nil
	}
	doc := e
	if quarantined || l.t.stream != nil && l.t.stream.sync && !l.t.stream.says(e) {
		if doc, err = l.altered(e, quarantined); err != nil {
			return err
		}
	}
	if it.action == update {
		b, err = l.t.body.append(b, doc)
	} else {
		b = doc.AppendJSON(b)
	}
	b = append(b, '\n')
	l.body = b
	return err
}

// actionHeads are the beginnings of action lines.
var actionHeads = [...]string{ //nolint:gochecknoglobals // a table
	create: `{"create":{"_index":"`,
	index:  `{"index":{"_index":"`,
	update: `{"update":{"_index":"`,
	remove: `{"delete":{"_index":"`,
}

// identify appends the members of an action line that follow the index.
func (l *lane) identify(b []byte, it *item, e *event.Event) ([]byte, error) {
	t := l.t
	if !t.id.set && len(e.Meta) == 0 && (it.action == create || it.action == index) {
		if e.HasID() { // the usual case: 24 characters that need no escape
			b = append(e.AppendID(append(b, `,"_id":"`...)), '"')
		}
	} else {
		id, ok, err := t.appendID(l.scratch[:0], e, it.action)
		if l.scratch = id; err != nil {
			return b, err
		}
		if ok {
			b = json.AppendString(append(b, `,"_id":`...), textOf(id))
		}
	}
	if t.routing.set || t.pipeline.set || t.version.set || len(e.Meta) > 0 {
		var err error
		if b, err = l.optional(b, it, e); err != nil {
			return b, err
		}
	}
	if it.action == update && t.body.retries > 0 {
		b = strconv.AppendInt(append(b, `,"retry_on_conflict":`...), int64(t.body.retries), 10)
	}
	return b, nil
}

// optional appends routing, pipeline and version.
func (l *lane) optional(b []byte, it *item, e *event.Event) ([]byte, error) {
	text, ok, err := l.t.routing.get(l.scratch[:0], e)
	if l.scratch = text; err != nil {
		return b, fmt.Errorf("find the routing: %w", err)
	}
	if ok && len(text) > 0 {
		b = json.AppendString(append(b, `,"routing":`...), textOf(text))
	}
	if it.action == create || it.action == index {
		text, ok, err = l.t.pipeline.get(l.scratch[:0], e)
		if l.scratch = text; err != nil {
			return b, fmt.Errorf("find the pipeline: %w", err)
		}
		if ok && len(text) > 0 {
			b = json.AppendString(append(b, `,"pipeline":`...), textOf(text))
		}
	}
	if it.action == create || it.action == update {
		return b, nil
	}
	text, ok, err = l.t.version.get(l.scratch[:0], e)
	if l.scratch = text; err != nil || !ok {
		return b, wrap("find the version", err)
	}
	v, err := strconv.ParseInt(textOf(text), 10, 64)
	if err != nil || v < 0 {
		return b, fmt.Errorf("version %s, expected a whole number from 0", quote(string(text)))
	}
	typ := l.t.versionType
	if typ == "" {
		if typ, err = l.t.versionTypeOf(e); err != nil {
			return b, err
		}
	}
	it.external = true
	b = strconv.AppendInt(append(b, `,"version":`...), v, 10)
	return append(append(append(b, `,"version_type":"`...), typ...), '"'), nil
}

// versionTypeOf returns the version type that an event's metadata names.
func (t *target) versionTypeOf(e *event.Event) (string, error) {
	v, _ := t.versionMeta.Get(e)
	switch s := v.Str(); s {
	case "external", "external_gt", "external_gte":
		return s, nil
	default:
		return "", fmt.Errorf("version type %s, expected external, external_gt or external_gte", quote(s))
	}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// altered returns a copy of the event with what its document needs beside its fields. The event itself
// belongs to other outputs too.
func (l *lane) altered(e *event.Event, quarantined bool) (*event.Event, error) {
	l.fields = append(l.fields[:0], e.Fields...)
	l.doc = event.Event{Time: e.Time, Fields: l.fields}
	if quarantined {
		l.doc.Tag(windowTag)
	}
	if d := l.t.stream; d != nil && d.sync {
		if err := d.stamp(&l.doc.Fields, e); err != nil {
			return nil, err
		}
	}
	l.fields = l.doc.Fields
	return &l.doc, nil
}

// forget drops what a copy of an event points to.
func (l *lane) forget() {
	clear(l.fields)
	l.fields, l.doc = l.fields[:0], event.Event{}
}

// compress returns the bytes to send for a part of the body.
func (l *lane) compress(part []byte) ([]byte, error) {
	if l.level == 0 {
		return part, nil
	}
	if l.shared.Load() != 0 {
		l.zipped, l.shared = bytes.Buffer{}, &atomic.Int32{}
	}
	l.zipped.Reset()
	if l.zip == nil {
		z, err := gzip.NewWriterLevel(&l.zipped, l.level)
		if err != nil {
			return nil, err
		}
		l.zip = z
	}
	l.zip.Reset(&l.zipped)
	if _, err := l.zip.Write(part); err != nil {
		return nil, fmt.Errorf("compress a bulk request: %w", err)
	}
	if err := l.zip.Close(); err != nil {
		return nil, fmt.Errorf("compress a bulk request: %w", err)
	}
	return l.zipped.Bytes(), nil
}

// textOf returns bytes as text without copying; it is good until they change.
func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
