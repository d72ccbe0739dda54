package pack

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Magic begins every body; what follows is base64.
const Magic = "sluice1:"

// Format version and flags of the binary header.
const (
	version    = 1
	flagZstd   = 1 << 0
	headerMax  = 2 + binary.MaxVarintLen64
	frameShift = 2 // a frame's first number is length<<frameShift | kind
)

// Kind is the kind of a frame.
type Kind uint8

// The kinds of frames.
const (
	Line   Kind = iota // a raw line whose hash the reader computes
	Hashed             // a raw text whose hash is that of its first line
	Full               // an event with fields of its own
)

// Segment is consecutive events of one stream and the fields that all of them share.
type Segment struct {
	Stream uint64
	Offset int64  // of the first event
	Time   int64  // when its first line was read, nanoseconds since 1970
	Shared []byte // a JSON object
	Last   bool   // nothing that belongs to the last event can follow it
}

// Frame is one event.
type Frame struct {
	Kind   Kind
	Offset int64
	Time   int64  // when its line was first read, nanoseconds since 1970
	Text   []byte // the line, without its newline

	// Of a Full frame only; of a Hashed one Hash.
	Hash      uint32
	Part      uint32
	EventTime int64 // nanoseconds since 1970
	HasTime   bool
	Fields    []byte // a JSON object
	Meta      []byte // a JSON object, or nothing
}

// Writer puts segments together. Its zero value is not usable: NewWriter.
type Writer struct {
	enc  *zstd.Encoder
	raw  []byte // payload
	body []byte // frames of the open segment
	seg  Segment
	n    int // frames of the open segment
	next int64
	time int64
	comp []byte
}

// NewWriter returns an empty writer. level is zstd's (1 to 4 as the library counts them, 0 the fastest).
func NewWriter(level zstd.EncoderLevel) (*Writer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	return &Writer{enc: enc}, nil
}

// Begin opens a segment, and ends the one before.
func (w *Writer) Begin(s Segment) {
	w.End(false)
	w.seg, w.next, w.time = s, s.Offset, s.Time
}

// Add appends a frame to the open segment. The writer keeps none of its bytes.
func (w *Writer) Add(f *Frame) {
	b := binary.AppendUvarint(w.body, uint64(len(f.Text))<<frameShift|uint64(f.Kind))
	b = binary.AppendVarint(b, f.Offset-w.next)
	b = binary.AppendVarint(b, f.Time-w.time)
	b = append(b, f.Text...)
	if f.Kind != Line {
		b = binary.LittleEndian.AppendUint32(b, f.Hash)
	}
	if f.Kind == Full {
		b = binary.AppendUvarint(b, uint64(f.Part))
		if f.HasTime {
			b = append(b, 1)
			b = binary.AppendVarint(b, f.EventTime-f.Time)
		} else {
			b = append(b, 0)
		}
		b = appendBlock(appendBlock(b, f.Fields), f.Meta)
	}
	w.body = b
	w.next, w.time = f.Offset+int64(len(f.Text))+1, f.Time
	w.n++
}

func appendBlock(dst, block []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(block))), block...)
}

// End ends the open segment; last says that nothing that belongs to its last event can follow.
func (w *Writer) End(last bool) {
	if w.n == 0 {
		return
	}
	b := binary.LittleEndian.AppendUint64(w.raw, w.seg.Stream)
	var flags byte
	if last {
		flags = 1
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(w.seg.Offset)) //nolint:gosec // an offset is not negative
	b = binary.AppendVarint(b, w.seg.Time)
	b = appendBlock(b, w.seg.Shared)
	b = binary.AppendUvarint(b, uint64(w.n)) //nolint:gosec // a count is not negative
	b = binary.AppendUvarint(b, uint64(len(w.body)))
	w.raw = append(b, w.body...)
	w.body, w.n = w.body[:0], 0
}

// Len returns the raw bytes written so far.
func (w *Writer) Len() int { return len(w.raw) + len(w.body) }

// AppendBody appends the message body made of all segments and empties the writer.
func (w *Writer) AppendBody(dst []byte) []byte {
	w.End(false)
	comp := append(w.comp[:0], version, flagZstd)
	comp = binary.AppendUvarint(comp, uint64(len(w.raw)))
	comp = w.enc.EncodeAll(w.raw, comp)
	w.comp = comp
	w.raw = w.raw[:0]
	dst = append(dst, Magic...)
	return base64.StdEncoding.AppendEncode(dst, comp)
}

// Reset empties the writer.
func (w *Writer) Reset() { w.raw, w.body, w.n = w.raw[:0], w.body[:0], 0 }
