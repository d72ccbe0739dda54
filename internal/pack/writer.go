package pack

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Levels are the names of the compression levels, from the fastest to the smallest.
func Levels() []string { return []string{"none", "fastest", "default", "better", "best"} }

// Writer puts a message together. Its memory is used again for the next one.
type Writer struct {
	enc  *zstd.Encoder // nil: no compression
	raw  []byte        // segments that are complete
	open []byte        // frames of the open segment
	seg  []byte        // header of the open segment
	n    int           // frames of the open segment
	all  int           // frames of the message
	wide int           // fields of the open segment's template
	got  int           // fields that the events of the message get from templates
	next int64         // the offset expected of the next frame
	time int64         // of the last frame
	bin  []byte        // the message before base64
}

// window is how far back zstd looks for what it has seen: 1 MiB of access logs gets no larger than with eight times
// as much, and an encoder keeps 1 MB of memory instead of 4.6 MB.
const window = 512 << 10

// NewWriter returns an empty writer with one of the Levels.
func NewWriter(level string) (*Writer, error) {
	if level == "none" {
		return &Writer{}, nil
	}
	ok, l := zstd.EncoderLevelFromString(level)
	if !ok {
		return nil, fmt.Errorf("compression level %q: expected one of %q", level, Levels())
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	return &Writer{enc: enc}, nil
}

// Begin opens a segment, and ends the one before. The writer keeps nothing of s.
func (w *Writer) Begin(s *Segment) {
	w.end()
	var flags byte
	if s.Joined {
		flags |= segmentJoined
	}
	b := binary.LittleEndian.AppendUint64(append(w.seg[:0], flags), s.Stream)
	b = binary.AppendUvarint(b, uint64(s.Offset))
	b = binary.AppendVarint(b, s.Time)
	w.seg = appendFields(b, s.Fields)
	w.wide = countFields(s.Fields)
	w.next, w.time = s.Offset, s.Time
}

// countFields returns the fields of a template, those of maps included.
func countFields(fields []Field) int {
	n := len(fields)
	for i := range fields {
		n += countFields(fields[i].Map)
	}
	return n
}

// appendFields appends a template.
func appendFields(dst []byte, fields []Field) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(fields)))
	for i := range fields {
		f := &fields[i]
		dst = appendBlock(append(dst, byte(f.Slot)), f.Name)
		switch f.Slot {
		case Value:
			dst = appendBlock(dst, f.JSON)
		case Map:
			dst = appendFields(dst, f.Map)
		default:
		}
	}
	return dst
}

func appendBlock[T string | []byte](dst []byte, block T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(block))), block...)
}

// Add appends a frame to the open segment; there must be one. The writer keeps nothing of f.
func (w *Writer) Add(f *Frame) {
	more := f.more()
	head := uint64(len(f.Text)) << frameShift
	if f.Last {
		head |= frameLast
	}
	if f.HasHash {
		head |= frameHash
	}
	if more != 0 {
		head |= frameMore
	}
	b := binary.AppendUvarint(w.open, head)
	b = binary.AppendVarint(b, f.Offset-w.next)
	b = binary.AppendVarint(b, f.Time-w.time)
	b = append(b, f.Text...)
	if f.HasHash {
		b = binary.LittleEndian.AppendUint32(b, f.Hash)
	}
	if more != 0 {
		b = f.appendMore(append(b, more))
	}
	w.open = b
	if f.Fields == nil {
		w.got += w.wide
	}
	w.next, w.time = f.Offset+int64(len(f.Text))+1, f.Time
	w.n++
}

// more returns the further flags of the frame.
func (f *Frame) more() (flags byte) {
	switch f.When {
	case WhenOwn:
		flags |= moreTime
	case WhenNone:
		flags |= moreNoTime
	case WhenRead:
	}
	if f.Part != 0 {
		flags |= morePart
	}
	if f.Fields != nil {
		flags |= moreFields
	}
	if f.Meta != nil {
		flags |= moreMeta
	}
	return flags
}

func (f *Frame) appendMore(b []byte) []byte {
	if f.When == WhenOwn {
		b = binary.AppendVarint(b, f.Seconds)
		b = binary.AppendUvarint(b, uint64(f.Nanos))
	}
	if f.Part != 0 {
		b = binary.AppendUvarint(b, uint64(f.Part))
	}
	if f.Fields != nil {
		b = appendBlock(b, f.Fields)
	}
	if f.Meta != nil {
		b = appendBlock(b, f.Meta)
	}
	return b
}

// end completes the open segment. A segment without frames is not written.
func (w *Writer) end() {
	if w.n > 0 {
		w.raw = append(w.raw, w.seg...)
		w.raw = binary.AppendUvarint(w.raw, uint64(w.n))
		w.raw = appendBlock(w.raw, w.open)
		w.all += w.n
	}
	w.open, w.seg, w.n = w.open[:0], w.seg[:0], 0
}

// Len returns about how many raw bytes the message has so far.
func (w *Writer) Len() int { return len(w.raw) + len(w.seg) + len(w.open) }

// AppendBody appends the message made of all segments to dst, and keeps them, so that the caller may look at
// the size and go on or begin anew with Reset. A message of more than MaxRaw bytes or MaxFields fields is an
// error.
func (w *Writer) AppendBody(dst []byte) ([]byte, error) {
	w.end()
	if len(w.raw) > MaxRaw {
		return dst, fmt.Errorf("packed message would have %d raw bytes, at most %d are allowed", len(w.raw), MaxRaw)
	}
	if w.got > MaxFields {
		return dst, fmt.Errorf("packed message would have %d fields, at most %d are allowed", w.got, MaxFields)
	}
	var flags byte
	if w.enc != nil {
		flags |= flagZstd
	}
	b := binary.AppendUvarint(append(w.bin[:0], flags), uint64(len(w.raw)))
	b = binary.AppendUvarint(b, uint64(w.all))
	if w.enc != nil {
		b = w.enc.EncodeAll(w.raw, b)
	} else {
		b = append(b, w.raw...)
	}
	w.bin = b
	return base64.StdEncoding.AppendEncode(append(dst, magic...), b), nil
}

// keptScratch is the most memory, in bytes, that a buffer keeps for the next message.
const keptScratch = 4 << 20

// Reset empties the writer.
func (w *Writer) Reset() {
	for _, b := range []*[]byte{&w.raw, &w.open, &w.seg, &w.bin} {
		if cap(*b) > keptScratch {
			*b = nil
		}
		*b = (*b)[:0]
	}
	w.n, w.all, w.got = 0, 0, 0
}
