package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// errTooMany says that as many files are open as may be.
var errTooMany = errors.New("too many open files (max_open_files)")

// openHandle opens the file of a stream that was taken, where it is not open, and checks that it is still the
// same: errReplaced when the path leads elsewhere, errChanged when the content is another.
func (f *Follower) openHandle(st *Stream) error {
	if st.file != nil {
		return nil
	}
	f.mu.Lock()
	path := st.path
	f.mu.Unlock()
	file, info, err := f.openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return errReplaced
	}
	if err != nil {
		return err
	}
	if info.key != st.key {
		f.discard(file)
		return errReplaced
	}
	st.file = file
	return st.verify(info.size)
}

// verify returns errChanged when the file of a stream is not the one that was read so far.
func (st *Stream) verify(size int64) error {
	if st.ID == 0 {
		return nil
	}
	same, err := recognised(st.file, size, bornAt(st.file), &Entry{
		Offset: st.pos, head: st.head, check: digestOf(st.check), born: st.born,
	})
	if err == nil && !same {
		err = errChanged
	}
	return err
}

// enter gives a stream that was taken, whose file is open, its identity: that of its entry in the state, or a new
// one, which is not synced yet. An empty file that the state does not know has none.
func (f *Follower) enter(st *Stream, info fileInfo) error {
	known, ok := f.known(st)
	if ok {
		var err error
		if ok, err = f.resume(st, &known, info); err != nil || ok {
			return err
		}
	}
	if info.size == 0 {
		return nil
	}
	if magic, err := readAt(st.file, 0, len(gzipMagic)); err == nil && string(magic) == gzipMagic {
		return errArchive
	}
	return f.birth(st, f.firstOffset(st, info))
}

// gzipMagic begins every gzip file.
const gzipMagic = "\x1f\x8b"

var errArchive = errors.New("it is a gzip archive, which is not read")

// openFile opens a file, within the limit of open files.
func (f *Follower) openFile(path string) (*os.File, fileInfo, error) {
	if !f.takeSlot() {
		return nil, fileInfo{}, errTooMany
	}
	file, err := os.Open(path)
	if err != nil {
		f.freeSlot()
		return nil, fileInfo{}, err
	}
	info, err := statFile(file)
	if err != nil {
		f.discard(file)
		return nil, fileInfo{}, err
	}
	return file, info, nil
}

// takeSlot makes room for one more open file, if need be by closing one that has nothing to read.
func (f *Follower) takeSlot() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open >= f.o.MaxOpen && !f.closeIdlest() {
		return false
	}
	f.open++
	return true
}

// closeIdlest closes the file that has not changed for the longest of those that can be found again by their
// path. f.mu is held.
func (f *Follower) closeIdlest() bool {
	var idlest *Stream
	for _, st := range f.streams {
		if st.idle() && !st.gone && (idlest == nil || st.changed.Before(idlest.changed)) {
			idlest = st
		}
	}
	if idlest == nil {
		return false
	}
	_ = idlest.file.Close() // only read
	idlest.file = nil
	f.open--
	return true
}

// idle reports whether an open stream is read to its end and all of it is acknowledged. Follower.mu is held, and
// nobody has the stream.
func (st *Stream) idle() bool {
	return !st.busy && !st.queued && !st.dead && !st.later && st.file != nil && len(st.inflight) == 0 &&
		st.given+st.pending >= st.size
}

func (f *Follower) freeSlot() {
	f.mu.Lock()
	f.open--
	f.mu.Unlock()
}

// discard closes a file that was only looked at.
func (f *Follower) discard(file *os.File) {
	_ = file.Close() // only read
	f.freeSlot()
}

// closeHandle closes the file of a stream that was taken.
func (f *Follower) closeHandle(st *Stream) {
	if st.file != nil {
		f.discard(st.file)
		st.file = nil
	}
}

// birth gives a stream that was taken its id and begins it at an offset. It is not synced yet.
func (f *Follower) birth(st *Stream, from int64) error {
	head, err := headOf(st.file)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	check, err := checkAt(st.file, from)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	born := bornAt(st.file)
	id, err := f.state.mint(Entry{Path: st.Path, Offset: from, key: st.key, born: born, head: head, check: digestOf(check)})
	if err != nil {
		return err
	}
	f.begin(st, &Entry{ID: id, Path: st.Path, Offset: from, head: head, born: born}, check)
	return nil
}

// begin puts a stream that was taken at the place that an entry of the state tells.
func (f *Follower) begin(st *Stream, e *Entry, check []byte) {
	st.ID, st.Name = e.ID, fmt.Sprintf("%016x", e.ID)
	st.pos, st.head, st.born, st.check, st.plan = e.Offset, e.head, e.born, check, e.notes
	f.mu.Lock()
	st.Path = e.Path
	st.entered, st.given, st.committed = true, e.Offset, e.Offset
	f.mu.Unlock()
}

// renew ends a stream that was taken, whose file was truncated or rewritten, and begins the next generation from the
// file's beginning with the same handle.
func (f *Follower) renew(st *Stream) {
	f.counters.generations.Inc()
	f.o.Log.Info("file begins anew: it was truncated or replaced", "path", st.Path, "read_to", st.pos)
	next := &Stream{seq: st.seq, lane: st.lane, file: st.file, changed: time.Now()}
	st.file = nil
	f.mu.Lock()
	st.dead = true
	next.Path = st.path
	next.key, next.path, next.gone = st.key, st.path, st.gone
	f.streams[next.key] = next
	if f.byPath[next.path] == st {
		f.byPath[next.path] = next
	}
	lost := st.redo
	st.redo = nil
	f.pushLocked(next)
	f.mu.Unlock()
	if st.ID != 0 {
		f.state.end(st.ID)
	}
	for _, sp := range lost {
		f.lose(st, sp)
	}
}
