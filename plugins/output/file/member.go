package file

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
)

// A gzip file is a row of members (RFC 1952). Each of ours says in its header how long it is, in an extra
// field "SL" of four bytes, so that the last one is found, and seen to be whole, without inflating the file.
const (
	memberHeader = 12               // without the extra field
	extraBytes   = 8                // "SL", 4 0, length
	lengthAt     = memberHeader + 4 // of the length in a member
	gzipLevel    = 3                // of access logs it leaves a tenth for 1 µs a line; 6 leaves a twelfth for 1.5
)

// compressor makes gzip members. It belongs to one goroutine.
type compressor struct {
	z   *gzip.Writer
	out sink
}

// member returns records as one gzip member, good until the next call.
func (c *compressor) member(records []byte) ([]byte, error) {
	if c.z == nil {
		z, err := gzip.NewWriterLevel(&c.out, gzipLevel)
		if err != nil {
			return nil, err
		}
		c.z = z
	}
	if c.out.b = c.out.b[:0]; cap(c.out.b) > maxKeptBytes {
		c.out.b = nil
	}
	c.z.Reset(&c.out)
	c.z.Extra = []byte{'S', 'L', 4, 0, 0, 0, 0, 0}
	if _, err := c.z.Write(records); err != nil {
		return nil, err
	}
	if err := c.z.Close(); err != nil {
		return nil, err
	}
	binary.LittleEndian.PutUint32(c.out.b[lengthAt:], uint32(len(c.out.b))) // a batch is far below 4 GiB
	return c.out.b, nil
}

// sink is an io.Writer that appends.
type sink struct{ b []byte }

// Write appends p.
func (s *sink) Write(p []byte) (int, error) {
	s.b = append(s.b, p...)
	return len(p), nil
}

// endOfMembers returns the end of the last whole member of a gzip file. Members with a length are stepped
// over; the last one, which may be long enough and yet hold nothing after a crash of the machine, and members
// of other programs are inflated.
func endOfMembers(r io.ReaderAt, size int64) (int64, error) {
	for at := int64(0); at < size; {
		n, err := memberLength(r, at)
		if err != nil {
			return 0, err
		}
		if n > 0 && at+n < size {
			at += n
			continue
		}
		end, err := inflate(r, at, size)
		if err != nil || end == at {
			return at, err
		}
		at = end
	}
	return size, nil
}

// memberLength returns the length that the member at a place says to have, 0 when it says none.
func memberLength(r io.ReaderAt, at int64) (int64, error) {
	var h [memberHeader + extraBytes]byte
	if _, err := r.ReadAt(h[:], at); err != nil {
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		return 0, err
	}
	const magic = "\x1f\x8b\x08\x04" // gzip, deflate, an extra field
	if string(h[:4]) != magic || binary.LittleEndian.Uint16(h[10:]) != extraBytes || string(h[12:16]) != "SL\x04\x00" {
		return 0, nil
	}
	n := int64(binary.LittleEndian.Uint32(h[lengthAt:]))
	if n < int64(len(h)) {
		return 0, nil
	}
	return n, nil
}

// inflate reads one member with its checksum and returns the place behind it, or at when it is not whole.
func inflate(r io.ReaderAt, at, size int64) (int64, error) {
	counted := &byteCounter{r: bufio.NewReader(io.NewSectionReader(r, at, size-at))}
	z, err := gzip.NewReader(counted)
	if err == nil {
		z.Multistream(false)
		_, err = io.Copy(io.Discard, z)
	}
	switch {
	case err == nil:
		return at + counted.n, nil
	case errors.As(err, new(*fs.PathError)):
		return 0, fmt.Errorf("read a gzip member: %w", err)
	}
	return at, nil
}

// byteCounter counts the bytes that were taken from a reader. As it is an io.ByteReader, gzip takes no more
// than belong to the member.
type byteCounter struct {
	r *bufio.Reader
	n int64
}

// Read reads and counts.
func (c *byteCounter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte reads and counts one byte.
func (c *byteCounter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}
