// Package pack is the format of the messages between shipper and reader: many lines of log files in one
// compressed body of text that Amazon SQS takes. docs/wire.md specifies every byte.
//
// A Writer and a Reader belong to one goroutine each. The package knows lines, streams and names; what an
// event is, only its callers know.
package pack

import (
	"errors"
	"fmt"
	"strings"
)

// The text before the base64 of a body: a name, the version of the format in decimal digits, a colon.
const (
	name    = "sluice"
	version = "1"
	magic   = name + version + ":"
)

// MaxRaw is the largest payload: the most that a reader has to reserve for one message, in bytes. A message
// of 1 MiB that claims more is taken for a bomb; real logs shrink 8 to 11 times.
const MaxRaw = 32 << 20

// MaxFields is how many fields the events of a message may get from templates, in all: a template is short, but
// every event of its segment gets all of it.
const MaxFields = 4 << 20

// Flags of the binary header. All others must be zero.
const flagZstd = 1

// Flags of a segment. All others must be zero.
const segmentJoined = 1 // goes on with the stream of the segment before

// Flags of a frame, in the low bits of its first number. The rest of that number is the length of the text.
const (
	frameLast  = 1 << iota // nothing that belongs to the event follows
	frameHash              // the hash follows
	frameMore              // a byte of further flags follows
	frameShift = iota
)

// Further flags of a frame. All others must be zero.
const (
	moreTime   = 1 << iota // the event's time follows
	moreNoTime             // the event has no time
	morePart               // the part number follows
	moreFields             // the fields follow
	moreMeta               // the metadata follows
	moreKnown  = 1<<iota - 1
)

// maxDepth is how deep the fields of a template may be nested: deeper than any naming scheme.
const maxDepth = 16

// ErrNotPacked is the error of a body that is not in this format.
var ErrNotPacked = errors.New("not a packed message")

// IsPacked reports whether a body says of itself that it is in this format, of whatever version.
func IsPacked(body string) bool {
	_, _, ok := prefix(body)
	return ok
}

// prefix splits a body into its version and what follows the colon.
func prefix(body string) (v, rest string, ok bool) {
	rest, ok = strings.CutPrefix(body, name)
	if !ok {
		return "", "", false
	}
	n := 0
	for n < len(rest) && n < 4 && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	if n == 0 || n == len(rest) || rest[n] != ':' {
		return "", "", false
	}
	return rest[:n], rest[n+1:], true
}

// payload returns the base64 of a body of this version.
func payload(body string) (string, error) {
	v, rest, ok := prefix(body)
	switch {
	case !ok:
		return "", ErrNotPacked
	case v != version:
		return "", fmt.Errorf("packed message of version %s: this program reads version %s", v, version)
	}
	return rest, nil
}

// Slot says what the reader puts into a field of an event.
type Slot uint8

// The slots.
const (
	Value  Slot = iota // the same value for all events of the segment
	Text               // the event's text
	Stream             // the stream, as 16 hexadecimal digits
	Offset             // the event's offset, a number
	Map                // a map of fields
	slots
)

// Field is a field of a segment's template.
type Field struct {
	Name string
	Slot Slot
	JSON []byte  // of a Value: the value as JSON
	Map  []Field // of a Map: its fields
}

// Segment is the head of consecutive events of one stream.
type Segment struct {
	Stream uint64
	Offset int64   // of the first event
	Time   int64   // when its first line was read, nanoseconds since 1970
	Fields []Field // the template of the events' fields
	Joined bool    // it goes on with the stream of the segment before: only the template is another
}

// Frame is one event.
type Frame struct {
	Text   []byte // the line, without its delimiter
	Offset int64  // of its first byte in the stream
	Time   int64  // when its line was first read, nanoseconds since 1970; 0 is unknown
	Last   bool   // nothing that belongs to it follows

	HasHash bool   // else the hash is that of the text up to its first newline
	Hash    uint32 // of the first line

	When    When   // which time the event has
	Seconds int64  // of its own time, since 1970
	Nanos   uint32 // of the second
	Part    uint32 // number of the part of an event that was split, 0 for a whole one

	Fields []byte // a JSON object that replaces the template, nil for none
	Meta   []byte // a JSON object, nil for none
}

// When says which time an event has.
type When uint8

// The times that an event may have.
const (
	WhenRead When = iota // the time at which its line was read
	WhenOwn              // one of its own: Seconds and Nanos
	WhenNone
)
