// Package frame cuts a stream of bytes at a delimiter, whatever pieces it comes in.
package frame

import (
	"bytes"
	"iter"
	"slices"
	"unicode/utf8"
)

// Splitter cuts a stream into lines. What follows the last delimiter is kept for the next call. Memory that
// was handed in belongs to the lines from then on; only a line that spans calls is copied. It belongs to
// one goroutine.
type Splitter struct {
	delimiter []byte
	limit     int
	rest      []byte // the beginning of a line without a delimiter; its memory is ours beyond len
	cut       bool   // parts of the line that rest belongs to were given already
}

// NewSplitter returns a Splitter for a delimiter that is not empty. A line longer than limit bytes (at least
// 4) is given in parts of at most that many.
func NewSplitter(delimiter string, limit int) *Splitter {
	if delimiter == "" || limit < utf8.UTFMax {
		panic("BUG: a splitter needs a delimiter and a limit")
	}
	return &Splitter{delimiter: []byte(delimiter), limit: limit}
}

// Lines gives the lines that src completes, without their delimiters, and whether each is but a part of a
// line that is too long. The loop must run to its end, or the rest of src is lost.
func (s *Splitter) Lines(src []byte) iter.Seq2[[]byte, bool] {
	src = slices.Clip(src) // what lies beyond is not ours to append to
	return func(yield func([]byte, bool) bool) {
		if len(s.rest) > 0 {
			from := max(len(s.rest)-len(s.delimiter)+1, 0) // a delimiter may begin in the last read
			src = append(s.rest, src...)
			s.rest = nil
			i := bytes.Index(src[from:], s.delimiter)
			if i < 0 {
				s.keep(src, yield)
				return
			}
			if !s.line(src[:from+i], yield) {
				return
			}
			src = src[from+i+len(s.delimiter):]
		}
		for {
			i := s.index(src)
			if i < 0 {
				break
			}
			if !s.line(src[:i:i], yield) {
				return
			}
			src = src[i+len(s.delimiter):]
		}
		s.keep(src, yield)
	}
}

func (s *Splitter) index(src []byte) int {
	if len(s.delimiter) == 1 {
		return bytes.IndexByte(src, s.delimiter[0])
	}
	return bytes.Index(src, s.delimiter)
}

// line gives a whole line, or the last parts of one.
func (s *Splitter) line(b []byte, yield func([]byte, bool) bool) bool {
	b, ok := s.parts(b, yield)
	wasCut := s.cut
	s.cut = false
	if !ok || wasCut && len(b) == 0 {
		return ok
	}
	return yield(slices.Clip(b), wasCut)
}

// keep remembers the beginning of a line.
func (s *Splitter) keep(b []byte, yield func([]byte, bool) bool) {
	b, _ = s.parts(b, yield)
	if len(b) > 0 {
		s.rest = b
	}
}

// parts gives what of b is beyond the limit, and returns the rest. The last bytes that may be the beginning
// of a delimiter are not given.
func (s *Splitter) parts(b []byte, yield func([]byte, bool) bool) ([]byte, bool) {
	for len(b) >= s.limit+len(s.delimiter) {
		n := s.partEnd(b)
		s.cut = true
		if !yield(b[:n:n], true) {
			return nil, false
		}
		b = b[n:]
	}
	return b, true
}

// partEnd returns how many bytes of b, which has more than the limit, make a part: the limit, or up to three
// fewer where a character would be torn. Bytes that are no character are cut anywhere.
func (s *Splitter) partEnd(b []byte) int {
	for n := s.limit; n > s.limit-utf8.UTFMax; n-- {
		if n > 0 && utf8.RuneStart(b[n]) {
			return n
		}
	}
	return s.limit
}

// Rest returns what is kept and forgets it: the last line, when the stream does not end with a delimiter. It
// is nil when nothing is kept. cut says that it is the last part of a line that was too long.
func (s *Splitter) Rest() (line []byte, cut bool) {
	line, cut = s.rest, s.cut
	s.rest, s.cut = nil, false
	return line, cut
}
