package tail

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The records of the state log; docs/state.md specifies them.
const (
	recHeader = 1 // format and machine
	recStream = 2 // all that is known of a stream but its notes; replaces what was known
	recNote   = 3 // a span was given out
	recOffset = 4 // everything before an offset is acknowledged
	recForget = 5 // the stream is known no more
)

// stateFormat is the version of the records' format.
const stateFormat = 1

const flagEnded = 1 // of a stream: its data is gone

var errShortRecord = errors.New("a record of the state is too short")

func headerRecord(machine uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{recHeader, stateFormat}, machine)
}

func forgetRecord(id uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{recForget}, id)
}

func appendDigest(b []byte, d digest) []byte {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(b, uint64(d.n)), d.sum)
}

func (e *Entry) record() []byte {
	b := make([]byte, 0, 96+len(e.Path))
	b = binary.LittleEndian.AppendUint64(append(b, recStream), e.ID)
	b = binary.AppendUvarint(b, e.key.dev)
	b = binary.AppendUvarint(b, e.key.ino)
	b = binary.AppendVarint(b, e.born)
	b = appendDigest(b, e.head)
	b = binary.AppendUvarint(b, uint64(e.Offset))
	b = appendDigest(b, e.check)
	b = binary.AppendVarint(b, e.seen)
	flags := byte(0)
	if e.ended {
		flags = flagEnded
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(len(e.Path)))
	return append(b, e.Path...)
}

func (e *Entry) offsetRecord() []byte {
	b := make([]byte, 0, 64)
	b = binary.LittleEndian.AppendUint64(append(b, recOffset), e.ID)
	b = binary.AppendUvarint(b, uint64(e.Offset))
	b = appendDigest(b, e.check)
	b = appendDigest(b, e.head)
	return binary.AppendVarint(b, e.seen)
}

func noteRecord(id uint64, n *Note) []byte {
	b := make([]byte, 0, 48+4*len(n.Cuts))
	b = binary.LittleEndian.AppendUint64(append(b, recNote), id)
	b = binary.AppendUvarint(b, uint64(n.Start))
	b = binary.AppendUvarint(b, uint64(n.End-n.Start))
	b = binary.AppendVarint(b, n.Observed)
	b = append(b, byte(n.Why))
	b = binary.AppendUvarint(b, uint64(len(n.Cuts)))
	at := 0
	for _, c := range n.Cuts {
		b = binary.AppendUvarint(b, uint64(c.At-at))
		b = append(b, byte(c.Why))
		at = c.At
	}
	return b
}

// reader takes a record apart; after the first field that is missing it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail() {
	r.b, r.err = nil, errShortRecord
}

func (r *reader) fixed() uint64 {
	if len(r.b) < 8 {
		r.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// length reads an offset or a length.
func (r *reader) length() int64 {
	v := int64(r.uvarint())
	if v < 0 {
		r.fail()
		return 0
	}
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail()
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) digest() digest {
	return digest{int(r.length()), r.fixed()}
}

func (r *reader) stream() Entry {
	e := Entry{ID: r.fixed()}
	e.key = fileKey{r.uvarint(), r.uvarint()}
	e.born = r.varint()
	e.head = r.digest()
	e.Offset = r.length()
	e.check = r.digest()
	e.seen = r.varint()
	e.ended = r.byte()&flagEnded != 0
	n := r.length()
	if n > int64(len(r.b)) {
		r.fail()
		return e
	}
	e.Path = string(r.b[:n])
	return e
}

func (r *reader) note() Note {
	n := Note{Start: r.length()}
	n.End = n.Start + r.length()
	n.Observed = r.varint()
	n.Why = Why(r.byte())
	cuts := r.length()
	for at := 0; cuts > 0 && r.err == nil; cuts-- {
		at += int(r.length())
		n.Cuts = append(n.Cuts, Cut{at, Why(r.byte())})
	}
	return n
}

// apply takes one record of the log into the state.
func (s *State) apply(rec []byte) error {
	r := reader{b: rec}
	kind := r.byte()
	if s.foreign && kind != recHeader {
		return nil
	}
	switch kind {
	case recHeader:
		if v := r.byte(); r.err == nil && v != stateFormat {
			return fmt.Errorf("found format %d, expected %d: the state was written by another version", v, stateFormat)
		}
		m := r.fixed()
		s.foreign = m != 0 && s.machine != 0 && m != s.machine
	case recStream:
		if e := r.stream(); r.err == nil {
			s.put(&e)
		}
	case recNote:
		id, n := r.fixed(), r.note()
		if e := s.streams[id]; e != nil && r.err == nil {
			e.addNote(n)
		}
	case recOffset:
		id, off, check, head, seen := r.fixed(), r.length(), r.digest(), r.digest(), r.varint()
		if e := s.streams[id]; e != nil && r.err == nil {
			e.advance(off, check, head, seen)
		}
	case recForget:
		if id := r.fixed(); r.err == nil {
			s.drop(id)
		}
	default:
		return fmt.Errorf("found a record of type %d: the state was written by another version", kind)
	}
	return r.err
}
