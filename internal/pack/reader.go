package pack

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Header is what the first bytes of a message say, for a caller that reserves memory before it opens it.
type Header struct {
	Raw    int // bytes that Open will allocate
	Events int

	zstd bool
	size int // of the header itself, in bytes before base64
}

// maxHeader is the longest header: flags and two numbers.
const maxHeader = 1 + 2*binary.MaxVarintLen64

// headerChars is the base64 of the longest header, in whole groups of four.
const headerChars = (maxHeader + 2) / 3 * 4

// ReadHeader reads the header of a body. It allocates nothing that depends on what the header says.
func ReadHeader(body string) (Header, error) {
	text, err := payload(body)
	if err != nil {
		return Header{}, err
	}
	var bin [headerChars]byte
	text = text[:min(len(text)&^3, headerChars)]
	n, err := base64.StdEncoding.Decode(bin[:], []byte(text))
	if err != nil {
		return Header{}, fmt.Errorf("read header: %w", err)
	}
	return readHeader(bin[:n])
}

func readHeader(bin []byte) (Header, error) {
	c := cursor{b: bin}
	flags, raw, events := c.byte(), c.uvarint(), c.uvarint()
	switch {
	case c.bad:
		return Header{}, fmt.Errorf("read header: found %d bytes, expected flags and two numbers", len(bin))
	case flags&^flagZstd != 0:
		return Header{}, fmt.Errorf("read header: unknown flags %#x", flags)
	case raw > MaxRaw:
		return Header{}, fmt.Errorf("read header: found %d raw bytes, expected at most %d", raw, MaxRaw)
	case events > raw/minFrame:
		return Header{}, fmt.Errorf("read header: found %d events in %d bytes, expected at most %d", events, raw, raw/minFrame)
	}
	return Header{Raw: int(raw), Events: int(events), zstd: flags&flagZstd != 0, size: len(bin) - len(c.b)}, nil
}

// minFrame is the shortest frame: three numbers and no text.
const minFrame = 3

// Reader opens messages. Its scratch memory is used again; what a message points into is not.
type Reader struct {
	dec *zstd.Decoder
	bin []byte
}

// NewReader returns a reader.
func NewReader() (*Reader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxRaw), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &Reader{dec: dec}, nil
}

// Open inflates a body into memory of its own, and checks every number and length in it, so that what
// follows cannot fail. Texts and JSON of its frames point into that memory, which nothing changes.
func (r *Reader) Open(body string) (*Message, error) {
	text, err := payload(body)
	if err != nil {
		return nil, err
	}
	if cap(r.bin) > keptScratch {
		r.bin = nil
	}
	bin, err := base64.StdEncoding.AppendDecode(r.bin[:0], bytesOf(text))
	r.bin = bin
	if err != nil {
		return nil, fmt.Errorf("open packed message: %w", err)
	}
	h, err := readHeader(bin)
	if err != nil {
		return nil, err
	}
	raw, err := r.inflate(bin[h.size:], h)
	if err != nil {
		return nil, err
	}
	m := &Message{rest: raw}
	if err := m.check(h.Events); err != nil {
		return nil, fmt.Errorf("read packed message: %w", err)
	}
	return m, nil
}

func (r *Reader) inflate(bin []byte, h Header) ([]byte, error) {
	if !h.zstd {
		if len(bin) != h.Raw {
			return nil, fmt.Errorf("open packed message: found %d raw bytes, expected %d as its header says", len(bin), h.Raw)
		}
		return append(make([]byte, 0, h.Raw), bin...), nil
	}
	raw, err := r.dec.DecodeAll(bin, make([]byte, 0, h.Raw)) // grows no further than that
	if err != nil {
		return nil, fmt.Errorf("inflate packed message of %d bytes into %d: %w", len(bin), h.Raw, err)
	}
	if len(raw) != h.Raw {
		return nil, fmt.Errorf("inflate packed message: found %d raw bytes, expected %d as its header says", len(raw), h.Raw)
	}
	return raw, nil
}

// Message is an open message: call Segment until it returns false, and Next until it returns false after each.
type Message struct {
	rest   []byte // segments to come
	frames cursor // of the segment
	left   int    // frames of the segment to come
	next   int64  // the offset expected of the next frame
	time   int64  // of the last frame
}

// check reads a copy of the message to its end.
func (m Message) check(events int) error {
	var s Segment
	var f Frame
	n, fields := 0, 0
	for at := 0; len(m.rest) > 0; at++ {
		before := s.Stream
		if err := m.segment(&s); err != nil {
			return fmt.Errorf("segment %d: %w", at, err)
		}
		if s.Joined && (at == 0 || s.Stream != before) {
			return fmt.Errorf("segment %d: it goes on with stream %016x, which is not the one before", at, s.Stream)
		}
		wide := countFields(s.Fields)
		for i := 0; m.left > 0; i++ {
			if err := m.frame(&f); err != nil {
				return fmt.Errorf("segment %d, frame %d: %w", at, i, err)
			}
			if f.Fields == nil {
				fields += wide
			}
			n++
		}
		if fields > MaxFields {
			return fmt.Errorf("segment %d: its events have more than %d fields in all", at, MaxFields)
		}
		if len(m.frames.b) > 0 {
			return fmt.Errorf("segment %d: found %d bytes behind its last frame", at, len(m.frames.b))
		}
	}
	if n != events {
		return fmt.Errorf("found %d events, expected %d as the header says", n, events)
	}
	return nil
}

// Segment moves to the next segment and fills s; it returns false at the end. What is left of the segment
// before is skipped. s.Fields is used again by the next call with the same s.
func (m *Message) Segment(s *Segment) bool {
	if len(m.rest) == 0 {
		return false
	}
	mustHold(m.segment(s))
	return true
}

// Continues reports whether the next segment goes on with the stream of this one.
func (m *Message) Continues() bool { return len(m.rest) > 0 && m.rest[0]&segmentJoined != 0 }

// Left returns how many frames of the segment are still to come.
func (m *Message) Left() int { return m.left }

// Next fills f with the next frame of the segment; it returns false at its end.
func (m *Message) Next(f *Frame) bool {
	if m.left == 0 {
		return false
	}
	mustHold(m.frame(f))
	return true
}

// mustHold panics for a message that Open has checked and that is not right now.
func mustHold(err error) {
	if err != nil {
		panic("BUG: a packed message was changed after it was opened: " + err.Error())
	}
}

var (
	errCut    = errors.New("the message ends within it")
	errOffset = errors.New("its offset is negative")
)

func (m *Message) segment(s *Segment) error {
	c := cursor{b: m.rest}
	flags := c.byte()
	*s = Segment{
		Joined: flags&segmentJoined != 0, Stream: c.uint64(), Offset: int64(c.uvarint()), Time: c.varint(),
		Fields: s.Fields[:0],
	}
	var err error
	if s.Fields, err = readFields(&c, s.Fields, maxDepth); err != nil {
		return err
	}
	n := c.uvarint()
	frames := c.block()
	switch {
	case c.bad:
		return errCut
	case flags&^segmentJoined != 0:
		return fmt.Errorf("unknown flags %#x", flags)
	case s.Offset < 0:
		return errOffset
	case n == 0 || n > uint64(len(frames))/minFrame:
		return fmt.Errorf("found %d frames in %d bytes, expected 1 to %d", n, len(frames), len(frames)/minFrame)
	}
	m.rest, m.frames, m.left = c.b, cursor{b: frames}, int(n)
	m.next, m.time = s.Offset, s.Time
	return nil
}

// readFields appends a template to dst.
func readFields(c *cursor, dst []Field, depth int) ([]Field, error) {
	if depth == 0 {
		return nil, fmt.Errorf("fields are nested deeper than %d levels", maxDepth)
	}
	for n := c.uvarint(); n > 0; n-- {
		f := Field{Slot: Slot(c.byte()), Name: string(c.block())}
		var err error
		switch {
		case c.bad:
			return nil, errCut
		case f.Slot >= slots:
			return nil, fmt.Errorf("field %.60q has the unknown slot %d", f.Name, f.Slot)
		case f.Slot == Value:
			f.JSON = c.block()
		case f.Slot == Map:
			if f.Map, err = readFields(c, nil, depth-1); err != nil {
				return nil, err
			}
		}
		dst = append(dst, f)
	}
	return dst, nil
}

func (m *Message) frame(f *Frame) error {
	m.left--
	c := &m.frames
	head := c.uvarint()
	*f = Frame{
		Offset: m.next + c.varint(), Time: m.time + c.varint(), Text: c.bytes(head >> frameShift),
		Last: head&frameLast != 0, HasHash: head&frameHash != 0,
	}
	if f.HasHash {
		f.Hash = c.uint32()
	}
	if head&frameMore != 0 {
		if err := f.readMore(c); err != nil {
			return err
		}
	}
	switch {
	case c.bad:
		return errCut
	case f.Offset < 0:
		return errOffset
	}
	m.next, m.time = f.Offset+int64(len(f.Text))+1, f.Time
	return nil
}

// readMore reads what the further flags of a frame announce.
func (f *Frame) readMore(c *cursor) error {
	flags := c.byte()
	switch {
	case flags&^moreKnown != 0:
		return fmt.Errorf("unknown flags %#x", flags)
	case flags&(moreTime|moreNoTime) == moreTime|moreNoTime:
		return errors.New("it has a time and says that it has none")
	case flags&moreNoTime != 0:
		f.When = WhenNone
	case flags&moreTime != 0:
		f.When, f.Seconds = WhenOwn, c.varint()
		nanos := c.uvarint()
		if nanos >= 1e9 {
			return fmt.Errorf("found %d nanoseconds in a second", nanos)
		}
		f.Nanos = uint32(nanos)
	}
	if flags&morePart != 0 {
		part := c.uvarint()
		if part == 0 || part > 1<<32-1 {
			return fmt.Errorf("found part number %d, expected 1 to 2^32-1", part)
		}
		f.Part = uint32(part)
	}
	if flags&moreFields != 0 {
		f.Fields = c.block()
	}
	if flags&moreMeta != 0 {
		f.Meta = c.block()
	}
	if flags&moreFields != 0 && len(f.Fields) == 0 || flags&moreMeta != 0 && len(f.Meta) == 0 {
		return errors.New("it announces fields or metadata and has none")
	}
	return nil
}
