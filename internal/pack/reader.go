package pack

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// MaxRaw is the largest payload that a Reader inflates: a message of 1 MiB cannot hold more of real logs, and
// what claims to is a bomb.
const MaxRaw = 256 << 20

// Errors of a body that is not in the format.
var (
	ErrNotPacked = errors.New("not a packed message")
	errCut       = errors.New("the message ends too early")
)

// Reader reads message bodies.
type Reader struct {
	dec *zstd.Decoder
	buf []byte // of base64
}

// NewReader returns a reader.
func NewReader() (*Reader, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxRaw))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &Reader{dec: dec}, nil
}

// IsPacked reports whether a body is in this format.
func IsPacked(body string) bool { return strings.HasPrefix(body, Magic) }

// RawSize returns how many bytes Open will allocate for a body, from its header alone, so that they can be
// reserved first.
func RawSize(body string) (int64, error) {
	if !IsPacked(body) {
		return 0, ErrNotPacked
	}
	text := body[len(Magic):]
	var head [headerMax + 3]byte
	n, err := base64.StdEncoding.Decode(head[:], []byte(text[:min(len(text)&^3, 16)]))
	if err != nil {
		return 0, fmt.Errorf("decode base64: %w", err)
	}
	_, size, _, err := header(head[:n])
	return size, err
}

// header returns the flags, the raw size and the rest.
func header(b []byte) (flags byte, size int64, rest []byte, err error) {
	if len(b) < 3 {
		return 0, 0, nil, errCut
	}
	if b[0] != version {
		return 0, 0, nil, fmt.Errorf("message version %d, expected %d: a newer shipper wrote it", b[0], version)
	}
	n, k := binary.Uvarint(b[2:])
	if k <= 0 || n > MaxRaw {
		return 0, 0, nil, fmt.Errorf("message claims %d raw bytes, expected at most %d", n, MaxRaw)
	}
	return b[1], int64(n), b[2+k:], nil //nolint:gosec // checked
}

// Open inflates a body into memory of its own, which the frames point into and nothing reuses.
func (r *Reader) Open(body string) (*Message, error) {
	if !IsPacked(body) {
		return nil, ErrNotPacked
	}
	bin, err := base64.StdEncoding.AppendDecode(r.buf[:0], []byte(body[len(Magic):]))
	r.buf = bin
	if err != nil {
		return nil, fmt.Errorf("decode base64: %w", err)
	}
	flags, size, rest, err := header(bin)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if flags&flagZstd != 0 {
		if raw, err = r.dec.DecodeAll(rest, make([]byte, 0, size)); err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
	} else {
		raw = append(raw, rest...)
	}
	if int64(len(raw)) != size {
		return nil, fmt.Errorf("message has %d raw bytes, its header says %d", len(raw), size)
	}
	return &Message{rest: raw}, nil
}

// Message is an inflated message: segments, each read to its end with Next before the next one.
type Message struct {
	rest   []byte
	seg    Segment
	frames cursor
	left   uint64
	next   int64
	time   int64
}

// Segment moves to the next segment; ok is false at the end.
func (m *Message) Segment() (s Segment, ok bool, err error) {
	if len(m.rest) == 0 {
		return Segment{}, false, nil
	}
	c := cursor{b: m.rest}
	s.Stream = c.uint64()
	s.Last = c.byte()&1 != 0
	s.Offset = int64(c.uvarint()) //nolint:gosec // checked below
	s.Time = c.varint()
	s.Shared = c.block()
	m.left = c.uvarint()
	frames := c.block()
	if c.bad || s.Offset < 0 {
		return Segment{}, false, fmt.Errorf("segment header: %w", errCut)
	}
	m.rest, m.frames = c.b, cursor{b: frames}
	m.seg, m.next, m.time = s, s.Offset, s.Time
	return s, true, nil
}

// Next reads the next frame of the segment into f; ok is false at its end.
func (m *Message) Next(f *Frame) (ok bool, err error) {
	if m.left == 0 {
		if len(m.frames.b) > 0 {
			return false, fmt.Errorf("segment has %d bytes behind its last frame", len(m.frames.b))
		}
		return false, nil
	}
	m.left--
	c := &m.frames
	head := c.uvarint()
	kind := Kind(head & (1<<frameShift - 1))
	if kind > Full {
		return false, fmt.Errorf("frame of unknown kind %d", kind)
	}
	*f = Frame{Kind: kind}
	f.Offset = m.next + c.varint()
	f.Time = m.time + c.varint()
	f.Text = c.bytes(head >> frameShift)
	if kind != Line {
		f.Hash = c.uint32()
	}
	if kind == Full {
		f.Part = uint32(c.uvarint()) //nolint:gosec // a part number
		if f.HasTime = c.byte() == 1; f.HasTime {
			f.EventTime = f.Time + c.varint()
		}
		f.Fields, f.Meta = c.block(), c.block()
	}
	if c.bad || f.Offset < 0 {
		return false, fmt.Errorf("frame: %w", errCut)
	}
	m.next, m.time = f.Offset+int64(len(f.Text))+1, f.Time
	return true, nil
}

// Left returns how many frames of the segment are still to come.
func (m *Message) Left() int { return int(m.left) } //nolint:gosec // bounded by the payload's length

// cursor reads numbers and blocks; bad is set at the first that is not there.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) bytes(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.bad, c.b = true, nil
		return nil
	}
	b := c.b[:n:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) block() []byte { return c.bytes(c.uvarint()) }

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uint32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if b := c.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}

func (c *cursor) varint() int64 {
	v, n := binary.Varint(c.b)
	if n <= 0 {
		c.bad, c.b = true, nil
		return 0
	}
	c.b = c.b[n:]
	return v
}
