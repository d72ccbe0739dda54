package event

import (
	"errors"
	"time"

	"github.com/zeebo/xxh3"
)

// Names that Logstash gave to fields of every event.
const (
	TimestampField = "@timestamp"
	MetadataField  = "@metadata"
	TagsField      = "tags"
	MessageField   = "message"
)

// mark says that an event needs no further filters or outputs.
type mark uint8

const (
	markDrop mark = 1 << iota
	markReject
	markRelease
	markGone // was absorbed, or left its batch; the slot is forgotten at the next Compact
)

// ID is an event's identity: the generation of a file and the place in it, or a queue message and the
// position in it. It is the document id (AppendID), so it must be a pure function of the input.
type ID struct {
	Stream uint64 // random id of one generation of one file; 0 means that the event has no identity
	Offset int64  // of the first byte of the event's first line; 48 bits are used
	Hash   uint32 // of the raw first line: equal ids need an equal line too
	Part   uint32 // 0, or the number of the part when a filter split the event
}

// Event is one log line, metric or notice on its way from an input to the outputs.
//
// An event belongs to the goroutine that owns its batch, or to the filter that detached it.
// Outputs must not change it.
type Event struct {
	Time     time.Time // @timestamp, in UTC; zero: the event has none
	Observed time.Time // when the line was first read, in UTC: the reference for dates without a year
	Fields   Fields
	Meta     Fields // Logstash's @metadata: never written by an output
	ID       ID
	Raw      string // the line as it was read, for dead letters; "" where there was none
	Last     bool   // the last event of its segment: nothing that belongs to it follows
	Open     int32  // outputs that still have to settle it; the engine's

	ack     *Ack
	more    []*Ack // after Absorb
	err     error
	mark    mark
	matched bool
	held    bool   // detached
	skip    uint16 // the depth of the condition that hides it; 0 is visible
	joined  int32  // events absorbed
	place   int    // in its batch
}

var errNoReason = errors.New("rejected without a reason")

// Drop takes the event out on purpose: its source counts it as done. The engine counts the step that did it.
func (e *Event) Drop() { e.mark |= markDrop }

// Reject takes the event out because it can never succeed: it goes to the dead letters with err as the reason.
func (e *Event) Reject(err error) {
	if err == nil {
		err = errNoReason
	}
	e.mark |= markReject
	e.err = err
}

// Release gives the event back to its source unhandled, for a filter that must let go of a held event on a stop.
func (e *Event) Release() { e.mark |= markRelease }

// Err returns the reason of a Reject.
func (e *Event) Err() error { return e.err }

// Dropped reports whether Drop was called.
func (e *Event) Dropped() bool { return e.mark&markDrop != 0 }

// Rejected reports whether Reject was called.
func (e *Event) Rejected() bool { return e.mark&markReject != 0 }

// Released reports whether Release was called.
func (e *Event) Released() bool { return e.mark&markRelease != 0 }

// Match says that the filter did its work on this event, so that add_field, add_tag and the like apply.
func (e *Event) Match() { e.matched = true }

// Joined reports how many events it absorbed.
func (e *Event) Joined() int { return int(e.joined) }

// takeOver gives e a reference to a that another event had. One is enough: lines of the same unit, the
// usual case, cost nothing but that.
func (e *Event) takeOver(a *Ack) {
	if a == e.ack || len(e.more) > 0 && e.more[len(e.more)-1] == a {
		a.release(1, Delivered)
		return
	}
	e.more = append(e.more, a)
}

// status is how an event with these marks ends when nobody asked what was to become of it.
func (m mark) status() Status {
	switch {
	case m&(markReject|markRelease) != 0:
		return Released
	case m&markDrop != 0:
		return Dropped
	}
	return Delivered
}

// Tag adds a tag once.
func (e *Event) Tag(tag string) {
	v, ok := e.Fields.Get(TagsField)
	if ok {
		if v.Str() == tag {
			return
		}
		for _, t := range v.List() {
			if t.Str() == tag {
				return
			}
		}
	}
	e.AddTag(tag)
}

// AddTag adds a tag even if the event has it, as Logstash's add_tag does.
func (e *Event) AddTag(tag string) {
	v, ok := e.Fields.Get(TagsField)
	switch {
	case !ok || v.IsNull():
		e.Fields.Set(TagsField, ListOf(StringOf(tag)))
	case v.Kind() == List:
		old := v.List()
		items := make([]Value, 0, len(old)+2)
		e.Fields.Set(TagsField, ListOf(append(append(items, old...), StringOf(tag))...))
	default:
		e.Fields.Set(TagsField, ListOf(v, StringOf(tag)))
	}
}

const idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// HasID reports whether the event has an identity.
func (e *Event) HasID() bool { return e.ID.Stream != 0 }

// AppendID appends the identity as a document id: 24 characters of base64url (64 bits stream, 48 bits
// offset, 32 bits hash), and ".N" for part N of a split event.
func (e *Event) AppendID(dst []byte) []byte {
	s, o, h := e.ID.Stream, uint64(e.ID.Offset), uint64(e.ID.Hash)
	for _, w := range [...]uint64{s >> 40, s >> 16, s<<8 | o>>40&0xff, o >> 16, o<<8 | h>>24, h} {
		dst = append(dst, idAlphabet[w>>18&63], idAlphabet[w>>12&63], idAlphabet[w>>6&63], idAlphabet[w&63])
	}
	if p := e.ID.Part; p != 0 {
		dst = append(dst, '.')
		var digits [10]byte
		i := len(digits)
		for ; p > 0; p /= 10 {
			i--
			digits[i] = byte('0' + p%10)
		}
		dst = append(dst, digits[i:]...)
	}
	return dst
}

// Sizes in memory, in bytes, on 64-bit machines.
const (
	eventBytes = 256
	fieldBytes = 40
	valueBytes = 24
)

// Size estimates the memory that the event holds, in bytes, for the byte budget: fields and text.
func (e *Event) Size() int {
	return eventBytes + len(e.Raw) + e.Fields.size() + e.Meta.size()
}

func (f Fields) size() int {
	n := 0
	for i := range f {
		n += fieldBytes + f[i].Value.size()
	}
	return n
}

// size returns what the value holds beyond itself.
func (v Value) size() int {
	switch v.Kind() {
	case String:
		return len(v.Str())
	case List:
		n := 0
		for _, x := range v.List() {
			n += valueBytes + x.size()
		}
		return n
	case Map:
		return v.Map().size()
	}
	return 0
}

// HashLine returns the hash of a raw line that ID carries.
func HashLine(line string) uint32 {
	return uint32(xxh3.HashString(line))
}

// SetLine makes e, a new event, of one line of text: it becomes the message and the raw line. The event
// keeps line, which must be valid UTF-8 and must not change any more.
func (e *Event) SetLine(line []byte) {
	v := BytesOf(line)
	e.Raw = v.Str()
	e.Fields.Add(MessageField, v)
}
