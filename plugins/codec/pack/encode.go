package pack

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unsafe"

	"sluice/internal/pack"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// encoder belongs to one lane.
type encoder struct {
	level string
	raw   int // raw_bytes
	fit   int // raw bytes that will fit a message, once one did not; 0 is unknown
	w     *pack.Writer

	order   []*event.Event // of a message, its streams one after the other
	streams []uint64       // of a message

	// Of the open segment.
	begun    bool
	stream   uint64
	name     string // of the stream
	shape    shape
	served   int // events that had the shape
	misses   int // events in a row that had not
	patience int // misses after which another shape is tried

	template []pack.Field
	json     []byte
	fields   []byte
	meta     []byte
}

var _ plugin.BatchEncoder = (*encoder)(nil)

// AppendEvent appends one event as a message body of its own.
func (c *encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	body, _, err := c.AppendBody(dst, event.NewView(0, []*event.Event{e}), 0, math.MaxInt)
	return body, err
}

// fitMargin keeps a message that is cut to fit below its limit, since the ratio of compression varies.
const fitMargin = 0.95

// AppendBody packs the events of v from position from on into one body, until raw_bytes or maxBytes is
// reached, and returns how many those are. Where events say at which places nothing is cut apart (Last), the
// body ends at such a place. Events of several streams are put stream after stream; each keeps its order.
func (c *encoder) AppendBody(dst []byte, v *event.View, from, maxBytes int) ([]byte, int, error) {
	if err := c.ready(v.At(from)); err != nil {
		return dst, 0, err
	}
	limit, most := c.raw, v.Len()-from
	if c.fit > 0 {
		limit = min(limit, c.fit)
	}
	for {
		n := c.take(v, from, most, limit)
		c.fill()
		raw := c.w.Len()
		body, err := c.w.AppendBody(dst)
		size := len(body) - len(dst)
		if err == nil && size <= maxBytes {
			if c.fit > 0 && raw >= c.fit/2 {
				c.fit = share(raw, maxBytes, size)
			}
			return body, n, nil
		}
		if n == 1 {
			if err == nil {
				err = fmt.Errorf("it has %d bytes when packed, %d are allowed", size, maxBytes)
			}
			return dst, 0, fmt.Errorf("%w: %w", plugin.ErrTooLarge, err)
		}
		if limit = raw / 2; err == nil {
			limit = share(raw, maxBytes, size)
		}
		c.fit, most = max(limit, 1), n-1
	}
}

// share is the part of raw bytes that makes a body of maxBytes when all of them make one of size.
func share(raw, maxBytes, size int) int {
	return int(min(float64(raw)*float64(maxBytes)/float64(size)*fitMargin, pack.MaxRaw))
}

// ready makes the writer, and checks what cannot be written.
func (c *encoder) ready(first *event.Event) error {
	if first.ID.Offset < 0 {
		return fmt.Errorf("pack event: its offset is %d, expected 0 or more", first.ID.Offset)
	}
	if c.w == nil {
		w, err := pack.NewWriter(c.level)
		if err != nil {
			return err
		}
		c.w = w
	}
	return nil
}

// frameOverhead is about what a line costs beside its bytes.
const frameOverhead = 4

// estimate is about how many raw bytes an event will take.
func estimate(e *event.Event) int {
	if v, ok := e.Fields.Get(event.MessageField); ok && v.Same(event.StringOf(e.Raw)) {
		return len(e.Raw) + frameOverhead
	}
	return e.Size()
}

// take puts up to most events of about limit raw bytes, at least one, into c.order and returns how many.
func (c *encoder) take(v *event.View, from, most, limit int) int {
	c.order, c.streams = c.order[:0], c.streams[:0]
	sum, apart := 0, false
	for i := from; i < from+most; i++ {
		e := v.At(i)
		size := estimate(e)
		if len(c.order) > 0 && (sum+size > limit || e.ID.Offset < 0) {
			break
		}
		sum += size
		if n := len(c.order); n == 0 || c.order[n-1].ID.Stream != e.ID.Stream {
			if slices.Contains(c.streams, e.ID.Stream) {
				apart = true
			} else {
				c.streams = append(c.streams, e.ID.Stream)
			}
		}
		c.order = append(c.order, e)
	}
	if n := len(c.order); from+n < v.Len() && v.At(from+n).ID.Stream == c.order[n-1].ID.Stream {
		c.order = c.order[:c.cut()]
	}
	n := len(c.order)
	if apart {
		slices.SortStableFunc(c.order, func(a, b *event.Event) int {
			return slices.Index(c.streams, a.ID.Stream) - slices.Index(c.streams, b.ID.Stream)
		})
	}
	return n
}

// cut returns how many of the events taken stay when their stream goes on in the next message: up to the
// last that says that nothing belonging to it follows, unless that is less than half.
func (c *encoder) cut() int {
	for n := len(c.order); n > len(c.order)/2; n-- {
		if c.order[n-1].Last {
			return n
		}
	}
	return len(c.order)
}

// fill writes the events of c.order.
func (c *encoder) fill() {
	c.w.Reset()
	c.begun = false
	goesOn := false
	for i, e := range c.order {
		joins := goesOn
		goesOn = i+1 < len(c.order) && follows(e, c.order[i+1])
		c.add(e, joins, e.Last && goesOn)
	}
	clear(c.order) // they are the view's
	clear(c.shape)
}

// add writes one event: as a line where its fields have the segment's shape, else with its fields. joins says
// that it follows the event before, last that a segment goes on although nothing belongs to this event.
func (c *encoder) add(e *event.Event, joins, last bool) {
	switch {
	case !joins:
		c.begin(e, false)
	case c.shape.fits(e.Fields, e):
		c.misses = 0
		c.served++
	case c.misses >= c.patience: // the shape is out of date
		if c.served > 1 {
			c.patience = 1
		} else {
			c.patience *= 2
		}
		c.begin(e, true)
	default:
		c.misses++
		c.fields = e.Fields.AppendJSON(c.fields[:0])
		c.write(e, c.fields, last)
		return
	}
	c.write(e, nil, last)
}

// gapFactor is by how much the bytes of a line in its file may exceed those of its text: UTF-32 has four for one.
const gapFactor, gapSlack = 4, 64

// follows reports whether e goes on with the stream of prev. Where so much of the file lies between them that
// they are not of the same block, what was read in between went another way, and nothing can be joined across.
func follows(prev, e *event.Event) bool {
	if e.ID.Stream != prev.ID.Stream {
		return false
	}
	between := e.ID.Offset - prev.ID.Offset
	return !e.HasID() || between >= 0 && between <= int64(gapFactor*len(prev.Raw)+gapSlack)
}

// begin opens a segment whose shape is that of e. joined says that it goes on with the one before.
func (c *encoder) begin(e *event.Event, joined bool) {
	if !c.begun || e.ID.Stream != c.stream {
		c.stream, c.name = e.ID.Stream, streamName(e.ID.Stream)
	}
	if !joined {
		c.patience = 1
	}
	c.begun, c.served, c.misses = true, 1, 0
	c.shape = c.shape[:0].shapeOf(e.Fields, e, c.name, 0)
	c.template, c.json = c.shape.template(c.template[:0], c.json[:0])
	c.w.Begin(&pack.Segment{Stream: e.ID.Stream, Offset: e.ID.Offset, Time: nanos(e.Observed), Fields: c.template, Joined: joined})
}

// write adds the event's frame. fields is nil where the segment's shape says them.
func (c *encoder) write(e *event.Event, fields []byte, last bool) {
	f := pack.Frame{
		Text: bytesOf(e.Raw), Offset: e.ID.Offset, Time: nanos(e.Observed), Last: last, Part: e.ID.Part, Fields: fields,
	}
	if e.HasID() && e.ID.Hash != event.HashLine(firstLine(e.Raw)) {
		f.HasHash, f.Hash = true, e.ID.Hash
	}
	switch {
	case e.Time.IsZero():
		f.When = pack.WhenNone
	case f.Time == 0 || !e.Time.Equal(e.Observed):
		f.When, f.Seconds, f.Nanos = pack.WhenOwn, e.Time.Unix(), uint32(e.Time.Nanosecond())
	}
	if len(e.Meta) > 0 {
		c.meta = e.Meta.AppendJSON(c.meta[:0])
		f.Meta = c.meta
	}
	c.w.Add(&f)
}

// Times that fit 64 bits of nanoseconds since 1970, in seconds, with a margin.
const minSeconds, maxSeconds = math.MinInt64/int64(time.Second) + 1, math.MaxInt64/int64(time.Second) - 1

// nanos returns t in nanoseconds since 1970, 0 where that cannot be said.
func nanos(t time.Time) int64 {
	if s := t.Unix(); s < minSeconds || s > maxSeconds {
		return 0
	}
	return t.UnixNano()
}

// firstLine is the text up to its first newline.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// bytesOf is s as bytes that are only read.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
