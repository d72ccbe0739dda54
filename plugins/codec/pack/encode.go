package pack

import (
	"fmt"
	"unsafe"

	"github.com/klauspost/compress/zstd"

	"sluice/internal/pack"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// encoder belongs to one lane.
type encoder struct {
	layout layout
	level  zstd.EncoderLevel
	raw    int
	w      *pack.Writer

	first  *event.Event // of the open segment
	prev   *event.Event // the last event added
	shared []byte
	fields []byte
	meta   []byte
}

// AppendEvent appends one event as a body of its own.
func (c *encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	body, _, err := c.AppendBody(dst, event.NewView(0, []*event.Event{e}), 0, maxBody)
	return body, err
}

// maxBody is no limit at all.
const maxBody = 1 << 62

// AppendBody packs the events of v from position from on, until raw_bytes or maxBytes is reached.
func (c *encoder) AppendBody(dst []byte, v *event.View, from, maxBytes int) ([]byte, int, error) {
	if c.w == nil {
		w, err := pack.NewWriter(c.level)
		if err != nil {
			return dst, 0, err
		}
		c.w = w
	}
	start, limit := len(dst), c.raw
	for {
		n := c.fill(v, from, limit)
		raw := c.w.Len()
		dst = c.w.AppendBody(dst[:start])
		size := len(dst) - start
		if size <= maxBytes {
			return dst, n, nil
		}
		if n == 1 {
			return dst[:start], 0, fmt.Errorf("%w: %d bytes packed, a message takes %d", plugin.ErrTooLarge, size, maxBytes)
		}
		// as large as should fit by the ratio seen, with a margin, and at least halved
		limit = min(int(float64(raw)*float64(maxBytes)/float64(size)*fitMargin), raw/2)
	}
}

// fitMargin keeps a body that is cut to a limit below it, since the ratio of compression varies.
const fitMargin = 0.9

// fill writes events until limit raw bytes, at least one, and returns how many.
func (c *encoder) fill(v *event.View, from, limit int) int {
	c.w.Reset()
	c.first, c.prev = nil, nil
	n := 0
	for i := from; i < v.Len() && (n == 0 || c.w.Len() < limit); i++ {
		c.add(v.At(i))
		n++
	}
	c.w.End(c.prev.Last)
	return n
}

func (c *encoder) add(e *event.Event) {
	if c.first == nil || c.first.ID.Stream != e.ID.Stream || c.prev.Last || e.ID.Offset < c.prev.ID.Offset {
		if c.prev != nil {
			c.w.End(c.prev.Last)
		}
		c.first = e
		c.shared = c.appendShared(c.shared[:0], e)
		c.w.Begin(pack.Segment{Stream: e.ID.Stream, Offset: e.ID.Offset, Time: e.Observed.UnixNano(), Shared: c.shared})
	}
	c.prev = e
	f := pack.Frame{Offset: e.ID.Offset, Time: e.Observed.UnixNano(), Text: bytesOf(e.Raw)}
	switch {
	case !c.plain(e):
		f.Kind = pack.Full
		f.Hash, f.Part = e.ID.Hash, e.ID.Part
		if f.HasTime = !e.Time.IsZero(); f.HasTime {
			f.EventTime = e.Time.UnixNano()
		}
		c.fields = e.Fields.AppendJSON(c.fields[:0])
		f.Fields, f.Meta = c.fields, nil
		if len(e.Meta) > 0 {
			c.meta = e.Meta.AppendJSON(c.meta[:0])
			f.Meta = c.meta
		}
	case event.HashLine(e.Raw) != e.ID.Hash:
		f.Kind, f.Hash = pack.Hashed, e.ID.Hash
	}
	c.w.Add(&f)
}

// bytesOf is s as bytes that are only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// plain reports whether the event is nothing but its line and what its segment shares.
func (c *encoder) plain(e *event.Event) bool {
	if e.ID.Part != 0 || len(e.Meta) > 0 || !e.HasID() || !e.Time.Equal(e.Observed) {
		return false
	}
	if len(e.Fields) != len(c.first.Fields) || len(e.Fields) == 0 || e.Fields[0].Name != event.MessageField {
		return false
	}
	text, ok := e.Fields[0].Value.AsString()
	if !ok || text != e.Raw {
		return false
	}
	n := len(e.Fields)
	if !c.layout.ecs { // the identity stands last, where the decoder puts it
		if n -= 2; n < 1 || e.Fields[n].Name != streamField || e.Fields[n+1].Name != offsetField ||
			!isIdentity(e, &e.Fields[n], &c.first.Fields[n]) || !isIdentity(e, &e.Fields[n+1], &c.first.Fields[n+1]) {
			return false
		}
	}
	for i := 1; i < n; i++ {
		if !c.layout.same(&e.Fields[i], &c.first.Fields[i]) {
			return false
		}
	}
	return true
}

// isIdentity reports whether f is what the reader will make of the event's id; first is the field of the
// segment's first event.
func isIdentity(e *event.Event, f, first *event.Field) bool {
	switch {
	case f.Name != first.Name:
		return false
	case f.Name == offsetField:
		return f.Value.Kind() == event.Int && f.Value.Int() == e.ID.Offset
	case f.Value.Same(first.Value) && f != first:
		return true
	}
	return f.Value.Str() == streamName(e.ID.Stream)
}

// streamName is a stream as a field shows it: 16 hexadecimal digits.
func streamName(stream uint64) string { return fmt.Sprintf("%016x", stream) }

// appendShared appends the fields of e, without its message and identity, as JSON.
func (c *encoder) appendShared(dst []byte, e *event.Event) []byte {
	var shared event.Fields
	for _, f := range e.Fields {
		if f.Name == event.MessageField || c.layout.identity(f.Name) {
			continue
		}
		if m := f.Value.Map(); c.layout.ecs && f.Name == logField && m != nil {
			clean := c.layout.withoutIdentity(*m)
			f.Value = event.MapOf(&clean)
		}
		shared = append(shared, f)
	}
	return shared.AppendJSON(dst)
}
