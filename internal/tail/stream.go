package tail

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// Stream is one generation of one file.
type Stream struct {
	ID   uint64 // random; 0 while the file is empty
	Name string // ID as 16 hexadecimal digits
	Path string // where the file was first seen

	seq  int
	lane int

	// Of whoever has taken the stream (busy).
	file  *os.File // nil: closed, or not opened yet
	pos   int64    // what is before it was given out
	check []byte   // the bytes just before pos
	head  digest
	born  int64
	saved bool      // the id survives the end of the machine
	plan  []Note    // spans that were given out before a crash
	look  time.Time // when a large unfinished event was last looked at

	// Under Follower.mu.
	key       fileKey
	path      string // where the file is now
	queued    bool
	busy      bool
	again     bool      // something happened while it was busy
	dead      bool      // nothing more is read of it
	failed    bool      // its last read failed
	later     bool      // is to be looked at again at the next turn
	finished  bool      // ending: read to its limit
	entered   bool      // has an identity
	atStart   bool      // was there, and not empty, when the follower started
	gone      bool      // no longer at a path that is followed
	flush     bool      // what waits for further lines is to be given out
	flushed   bool      // that was done, or there was nothing whole to give out
	final     bool      // the end of the file is the end of its last line
	complete  bool      // Options.Finish: Completed was called
	readAny   bool      // something was given out by this follower
	size      int64     // as last seen
	links     uint64    // as last seen
	mtime     time.Time // as last seen
	limited   bool      // ending: limit is set
	limit     int64     // nothing behind it is read
	changed   time.Time // when it was last seen to have grown
	pending   int64     // bytes of an unfinished line or event at the end
	given     int64     // pos, for those who have not taken the stream
	committed int64
	inflight  []*Span // given out and not acknowledged, in order, and acknowledged ones behind such
	redo      []*Span // of inflight, to be read again
}

// Room gives out memory for blocks.
type Room interface {
	// Take takes n bytes, ErrNoRoom where there are none now, or returns a context's error.
	Take(n int64) error
	// Free gives n bytes back.
	Free(n int64)
}

// view is what a read has to know of a stream at one moment.
type view struct {
	size, end    int64 // end: of what may be read
	final, flush bool
}

// Reasons for reading a stream no further.
var (
	errChanged  = errors.New("the file is another one, or was rewritten")
	errReplaced = errors.New("the path leads to another file")
)

// read takes the next span. The caller has taken the stream. more says that there may be another.
func (f *Follower) read(st *Stream, room Room) (sp *Span, more bool, err error) {
	if err := f.openHandle(st); err != nil {
		return f.replaced(st, err)
	}
	info, err := statFile(st.file)
	if err != nil {
		return nil, false, fmt.Errorf("stat: %w", err)
	}
	v := f.saw(st, info)
	if st.ID == 0 {
		if err := f.enter(st, info); err != nil {
			return nil, false, err
		}
		if st.ID == 0 {
			f.atEnd(st, 0, v)
			return nil, false, nil
		}
	}
	if !st.saved { // before anything of it is given out
		if err := f.state.sync(); err != nil {
			return nil, false, err
		}
		st.saved = true
	}
	if redo := f.takeRedo(st); redo != nil {
		return f.readAgain(st, redo, room)
	}
	if info.size < st.pos {
		return f.replaced(st, errChanged)
	}
	sp, err = f.readNext(st, v, room)
	switch {
	case errors.Is(err, ErrNoRoom):
		return nil, true, err
	case errors.Is(err, errChanged):
		return f.replaced(st, err)
	case err != nil || sp == nil:
		return nil, false, err
	}
	f.gave(st, sp)
	return sp, st.pos < v.end || v.flush || v.final, nil
}

// replaced begins a new generation when a file turns out to be another one.
func (f *Follower) replaced(st *Stream, err error) (*Span, bool, error) {
	switch {
	case errors.Is(err, errChanged):
		f.renew(st)
		return nil, false, nil
	case errors.Is(err, errReplaced):
		f.mu.Lock()
		f.markGone(st)
		st.finished = f.ending
		f.mu.Unlock()
		return nil, false, nil
	}
	return nil, false, err
}

// saw takes note of what a stat told, and returns what may be read now.
func (f *Follower) saw(st *Stream, info fileInfo) view {
	f.mu.Lock()
	defer f.mu.Unlock()
	st.failed = false
	st.links, st.mtime = info.links, info.changed
	if info.size != st.size {
		st.size, st.changed = info.size, time.Now()
		st.flushed, st.flush, st.final, st.complete = false, false, false, false
	}
	if f.ending && !st.limited {
		st.limited, st.limit = true, info.size
	}
	v := view{size: info.size, end: info.size, final: st.final, flush: st.flush}
	if f.o.Finish && !v.final {
		v.final = time.Since(info.changed) >= goneFlush // else it may be being written
		st.later = st.later || !v.final
	}
	if st.limited {
		v.end = min(v.end, st.limit)
		v.final = v.final || f.o.Once
	}
	return v
}

// atEnd takes note that nothing can be given out now, with so many bytes of something unfinished.
func (f *Follower) atEnd(st *Stream, pending int64, v view) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st.pending = pending
	st.finished = f.ending
	if v.flush {
		st.flush, st.flushed = false, true
	}
}

// gave takes note of a span that is given out.
func (f *Follower) gave(st *Stream, sp *Span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	st.pending, st.readAny, st.flushed = 0, true, false
	st.given = st.pos
	if sp.Why == Flushed {
		st.flush = false
	}
	st.inflight = append(st.inflight, sp)
}

// takeRedo returns a span that is due to be read again.
func (f *Follower) takeRedo(st *Stream) *Span {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(st.redo) == 0 || f.ending || time.Now().Before(st.redo[0].due) {
		return nil
	}
	sp := st.redo[0]
	st.redo = st.redo[1:]
	return sp
}

// readAgain reads a span that was given back. When its data is gone, it is counted as lost and comes back
// as acknowledged.
func (f *Follower) readAgain(st *Stream, sp *Span, room Room) (*Span, bool, error) {
	at := min(sp.Start, sp.End()-int64(sp.check.n))
	size := sp.End() - at
	err := room.Take(size)
	var b []byte
	if err == nil {
		if b, err = readAt(st.file, at, int(size)); err != nil {
			room.Free(size)
		}
	}
	if err != nil {
		f.mu.Lock()
		st.redo = append([]*Span{sp}, st.redo...)
		f.mu.Unlock()
		return nil, true, err
	}
	if int64(len(b)) < size || digestOf(b[len(b)-sp.check.n:]) != sp.check {
		room.Free(size)
		f.lose(st, sp)
		return sp, true, nil
	}
	sp.Data, sp.Reserved = b[sp.Start-at:], size
	return sp, true, nil
}

// readNext reads what comes next: a span that was given out before a crash, or what has been added.
func (f *Follower) readNext(st *Stream, v view, room Room) (*Span, error) {
	for len(st.plan) > 0 && (st.plan[0].Start < st.pos || st.plan[0].End > v.size) {
		st.plan = st.plan[1:] // the file has lost its end with the machine
	}
	if len(st.plan) > 0 {
		n := st.plan[0]
		if n.End > v.end {
			f.atEnd(st, v.end-st.pos, v)
			return nil, nil //nolint:nilnil // it is read after the next start
		}
		if n.Start == st.pos {
			return f.readNoted(st, n, room)
		}
		sp, err := f.readFresh(st, view{size: v.size, end: n.Start, final: true}, room) // its note was not written
		if sp != nil && sp.Why == Ended {
			sp.Why = Natural // nothing says more
		}
		return sp, err
	}
	return f.readFresh(st, v, room)
}

// readNoted reads a span again as its note says.
func (f *Follower) readNoted(st *Stream, n Note, room Room) (*Span, error) {
	size := n.End - st.pos
	if err := room.Take(size); err != nil {
		return nil, err
	}
	data, err := f.block(st, int(size))
	if err == nil && int64(len(data)) < size {
		err = errChanged
	}
	if err != nil {
		room.Free(size)
		return nil, err
	}
	st.plan = st.plan[1:]
	sp := f.span(st, data, n.Why)
	sp.Observed, sp.Cuts, sp.replay, sp.Reserved = time.Unix(0, n.Observed).UTC(), n.Cuts, true, size
	return sp, nil
}

// readFresh reads a block, and more while it holds no whole event.
func (f *Follower) readFresh(st *Stream, v view, room Room) (*Span, error) {
	s := &f.o.Split
	if f.tooSoon(st, v) {
		return nil, nil //nolint:nilnil // later
	}
	for want := int64(blockSize); ; want *= 2 {
		size := min(want, v.end-st.pos)
		if size <= 0 {
			f.atEnd(st, 0, v)
			return nil, st.verify(v.size) // it may have been rewritten to the same size
		}
		if err := room.Take(size); err != nil {
			return nil, err
		}
		data, err := f.block(st, int(size))
		if err != nil {
			room.Free(size)
			return nil, err
		}
		n, why := s.cut(data)
		atEnd := st.pos+int64(len(data)) >= v.end || int64(len(data)) < size
		if n == 0 && atEnd {
			n, why = s.rest(data, v)
		}
		if n > 0 {
			sp := f.span(st, data[:n:n], why)
			sp.Observed, sp.Reserved = time.Unix(0, time.Now().UnixNano()).UTC(), size
			return sp, nil
		}
		room.Free(size)
		if atEnd {
			st.look = time.Now()
			f.atEnd(st, int64(len(data)), v)
			return nil, nil //nolint:nilnil // unfinished
		}
	}
}

// rest returns how much of an unfinished event at the end is to be given out.
func (s *Splitter) rest(data []byte, v view) (int, Why) {
	switch {
	case v.final:
		return len(data), Ended
	case v.flush:
		return s.whole(data), Flushed
	}
	return 0, Natural
}

// tooSoon spaces the looks at an unfinished event that is larger than a block: each reads all of it.
func (f *Follower) tooSoon(st *Stream, v view) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if st.pending <= blockSize || v.final || v.flush || f.ending || time.Since(st.look) >= f.o.StatInterval {
		return false
	}
	st.later = true
	return true
}

// block reads up to n bytes from the stream's position into memory of their own. errChanged says that the
// bytes before the position are not those that were there.
func (f *Follower) block(st *Stream, n int) ([]byte, error) {
	k := len(st.check)
	b, err := readAt(st.file, st.pos-int64(k), k+n)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if len(b) < k || !bytes.Equal(b[:k], st.check) {
		return nil, errChanged
	}
	if err := st.growHead(); err != nil {
		return nil, err
	}
	return b[k:], nil
}

// growHead hashes more of the head as the file grows.
func (st *Stream) growHead() error {
	if st.head.n >= maxHead || st.pos <= int64(st.head.n) {
		return nil
	}
	b, err := readAt(st.file, 0, int(min(st.pos, maxHead)))
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	if len(b) < st.head.n || digestOf(b[:st.head.n]) != st.head {
		return errChanged
	}
	st.head = digestOf(b)
	return nil
}

// span makes a span of the bytes at the stream's position and moves the position behind them.
func (f *Follower) span(st *Stream, data []byte, why Why) *Span {
	sp := &Span{
		Stream: st, Start: st.pos, Data: data, Why: why, split: &f.o.Split, length: int64(len(data)),
		within: st.pos > 0 && !bytes.HasSuffix(st.check, f.o.Split.Delimiter),
	}
	st.pos += int64(len(data))
	st.check = lastBytes(st.check, data)
	sp.check, sp.head = digestOf(st.check), st.head
	return sp
}

// lastBytes returns the last bytes of before and data, in memory of their own.
func lastBytes(before, data []byte) []byte {
	if n := len(data) - maxCheck; n >= 0 {
		return bytes.Clone(data[n:])
	}
	b := append(bytes.Clone(before), data...)
	return b[max(len(b)-maxCheck, 0):]
}
