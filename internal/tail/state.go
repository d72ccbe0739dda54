package tail

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"sluice/internal/statelog"
)

// When the log is replaced by a snapshot: it has grown by this factor over the last one, and by so many bytes.
const (
	snapshotFactor = 4
	snapshotGrowth = 1 << 20
)

// syncEvery is how often offsets are made to survive the end of the machine; they survive the end of the process
// at once.
const syncEvery = time.Second

// Entry is what the state knows of one generation of a file.
type Entry struct {
	ID     uint64
	Path   string // where the file was first seen
	Offset int64  // everything before it is acknowledged

	key   fileKey
	born  int64 // nanoseconds since 1970, 0: unknown
	head  digest
	check digest // of the bytes just before Offset
	seen  int64  // seconds since 1970: when something of it was last given out or acknowledged
	ended bool   // the file was truncated or replaced: its data is gone, or is in a copy
	notes []Note // of spans behind Offset, in order
}

// Why says what set the end of a span, or a cut in it.
type Why uint8

// What can set a boundary. All but Natural would not be found again in the bytes.
const (
	Natural   Why = iota // the rules: the end of a line, of an event
	LineCut              // the line is longer than a line may be
	OverLines            // the event has as many lines as one may have
	OverBytes            // the event has as many bytes as one may have
	Flushed              // nothing was added to the event for long
	Ended                // the end of the file
)

// Note is what a re-read could not find out again about a span.
type Note struct {
	Start, End int64
	Observed   int64 // when it was first read, in nanoseconds since 1970
	Why        Why   // what set End
	Cuts       []Cut // boundaries within it that are not natural
}

// Cut is a boundary within a span.
type Cut struct {
	At  int // relative to the span's start
	Why Why
}

// addNote puts a note in its place; a note of the same start replaces it. Spans before Offset need none.
func (e *Entry) addNote(n Note) {
	if n.End <= e.Offset {
		return
	}
	i, found := slices.BinarySearchFunc(e.notes, n.Start, func(x Note, at int64) int { return cmp.Compare(x.Start, at) })
	if found {
		e.notes[i] = n
		return
	}
	e.notes = slices.Insert(e.notes, i, n)
}

// advance moves the offset, never back, and forgets the notes that it has passed.
func (e *Entry) advance(off int64, check, head digest, seen int64) bool {
	if off < e.Offset {
		return false
	}
	e.Offset, e.check, e.seen = off, check, seen
	if head.n > e.head.n {
		e.head = head
	}
	n := 0
	for n < len(e.notes) && e.notes[n].End <= off {
		n++
	}
	e.notes = slices.Delete(e.notes, 0, n)
	return true
}

// noted returns how far the spans reach that were given out.
func (e *Entry) noted() int64 {
	if n := len(e.notes); n > 0 {
		return e.notes[n-1].End
	}
	return e.Offset
}

// State remembers the generations of files in one folder. Its methods may be called concurrently; several
// followers of a process may share one.
type State struct {
	log     *slog.Logger
	machine uint64
	fresh   bool
	foreign bool // while loading: the records are another machine's

	syncMu sync.Mutex // held while the log's file is synced or replaced

	mu       sync.Mutex
	file     *statelog.Log
	streams  map[uint64]*Entry
	byFile   map[fileKey]*Entry // of the generations that have not ended
	owners   map[fileKey]any
	snapshot int64 // size of the log after the last snapshot
	unsynced bool
	synced   time.Time
	failed   bool // the last write failed
}

// OpenState opens or makes the state in a folder. It fails when another process uses the folder, and when a newer
// version wrote it. Damage does not make it fail: what is damaged is set aside and said in the log.
func OpenState(dir string, log *slog.Logger) (*State, error) {
	return openState(dir, log, machineID())
}

func openState(dir string, log *slog.Logger, machine uint64) (*State, error) {
	s := &State{
		log: log, machine: machine, streams: map[uint64]*Entry{}, byFile: map[fileKey]*Entry{},
		owners: map[fileKey]any{}, synced: time.Now(),
	}
	file, rep, err := statelog.Open(dir, s.apply)
	if errors.Is(err, statelog.ErrLocked) {
		return nil, fmt.Errorf("%w: another process, or an input with a state_path of its own, follows files with it", err)
	}
	if err != nil {
		return nil, err
	}
	s.file, s.fresh = file, rep.Fresh
	if rep.Lost > 0 {
		log.Warn("the state was damaged; what was good is used, and some lines may be read again",
			"folder", dir, "records", rep.Records, "lost_bytes", rep.Lost, "set_aside", rep.Aside, "err", rep.Err)
	}
	if s.foreign {
		aside, err := file.SetAside("foreign")
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		log.Warn("the state was written on another machine; it is set aside, and all files are read from their beginning as new ones",
			"folder", dir, "set_aside", aside)
	}
	if err := s.compact(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// put replaces what is known of a stream, but for its notes.
func (s *State) put(e *Entry) {
	if old := s.streams[e.ID]; old != nil {
		e.notes = old.notes
		s.unindex(old)
	}
	s.streams[e.ID] = e
	if e.ended {
		return
	}
	if before := s.byFile[e.key]; before != nil && before.ID != e.ID {
		before.ended = true // the file is another one now
	}
	s.byFile[e.key] = e
}

func (s *State) unindex(e *Entry) {
	if s.byFile[e.key] == e {
		delete(s.byFile, e.key)
	}
}

func (s *State) drop(id uint64) {
	if e := s.streams[id]; e != nil {
		s.unindex(e)
		delete(s.streams, id)
	}
}

// Fresh reports whether there was no state at all when it was opened: this is the first start.
func (s *State) Fresh() bool { return s.fresh }

// claim makes owner the only one to follow a file, and reports whether it is.
func (s *State) claim(key fileKey, owner any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.owners[key]; o != nil && o != owner {
		return false
	}
	s.owners[key] = owner
	return true
}

func (s *State) unclaim(key fileKey, owner any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owners[key] == owner {
		delete(s.owners, key)
	}
}

// lookup returns a copy of what is known of a file.
func (s *State) lookup(key fileKey) (Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byFile[key]
	if e == nil {
		return Entry{}, false
	}
	return e.clone(), true
}

func (e *Entry) clone() Entry {
	c := *e
	c.notes = slices.Clone(e.notes)
	return c
}

// Entries returns copies of all that is known, in no particular order.
func (s *State) Entries() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Entry, 0, len(s.streams))
	for _, e := range s.streams {
		list = append(list, e.clone())
	}
	return list
}

// latest returns copies of the entries, for each file that of its last generation, which may have ended.
func (s *State) latest() []Entry {
	list := slices.DeleteFunc(s.Entries(), func(e Entry) bool {
		if !e.ended {
			return false
		}
		_, ok := s.lookup(e.key)
		return ok
	})
	slices.SortFunc(list, func(a, b Entry) int { return -cmp.Compare(a.seen, b.seen) })
	return list
}

// mint gives a new generation its id. It must be synced before anything of the stream is given out.
func (s *State) mint(e Entry) (uint64, error) {
	var random [8]byte
	for e.ID == 0 {
		_, _ = rand.Read(random[:]) // never fails
		e.ID = binary.LittleEndian.Uint64(random[:])
	}
	e.seen = time.Now().Unix()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.append(e.record()); err != nil {
		return 0, fmt.Errorf("save a new stream: %w", err)
	}
	s.put(&e)
	return e.ID, nil
}

// moved records that a stream is found under another device number, as after a reboot.
func (s *State) moved(id uint64, key fileKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.streams[id]; e != nil {
		c := *e
		c.key = key
		s.put(&c)
		_ = s.append(c.record()) // it is found again the same way
	}
}

// note records a span before it is given out. A failure is no reason to stop: the same ids come of a re-read.
func (s *State) note(id uint64, n Note) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.streams[id]; e != nil {
		e.addNote(n)
		_ = s.append(noteRecord(id, &n)) // append has told
	}
}

// commit records that everything before an offset is acknowledged.
func (s *State) commit(id uint64, off int64, check, head digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.streams[id]; e != nil && e.advance(off, check, head, time.Now().Unix()) {
		_ = s.append(e.offsetRecord()) // append has told; the re-read gives the same ids
	}
}

// end records that the data of a stream is gone from where it was.
func (s *State) end(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.streams[id]; e != nil {
		s.unindex(e)
		e.ended = true
		_ = s.append(e.record()) // what is found instead has another identity anyhow
	}
}

// forget drops what is known of a stream.
func (s *State) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
	_ = s.append(forgetRecord(id)) // it would be dropped for its age later
}

// clean forgets streams of which nothing was given out for long, if nobody follows them and their files are
// not where they were.
func (s *State) clean(age time.Duration) {
	limit := time.Now().Add(-age).Unix()
	for _, e := range s.Entries() {
		if e.seen >= limit {
			continue
		}
		if info, err := statPath(e.Path); err == nil && info.key == e.key && !e.ended {
			continue // it has just not grown
		}
		s.mu.Lock()
		if s.owners[e.key] == nil || e.ended {
			s.drop(e.ID)
			_ = s.append(forgetRecord(e.ID)) // the next clean finds it again
		}
		s.mu.Unlock()
	}
}

// append writes a record. A failure is told once until a write succeeds.
func (s *State) append(rec []byte) error {
	err := s.file.Append(rec)
	switch {
	case errors.Is(err, os.ErrClosed):
		return err // an acknowledgement after Close comes again
	case err != nil && !s.failed:
		s.log.Error("the state cannot be written; after a crash, lines may be read again", "err", err)
	case err == nil && s.failed:
		s.log.Info("the state can be written again")
	}
	s.failed = err != nil
	s.unsynced = s.unsynced || err == nil
	return err
}

// sync makes everything written before survive the end of the machine.
func (s *State) sync() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	s.mu.Lock()
	s.unsynced, s.synced = false, time.Now()
	s.mu.Unlock()
	return s.file.Sync()
}

// maintain syncs offsets now and then, and replaces a log that has grown.
func (s *State) maintain() {
	s.mu.Lock()
	grown := s.file.Size() > s.snapshot*snapshotFactor+snapshotGrowth
	due := s.unsynced && time.Since(s.synced) >= syncEvery
	s.mu.Unlock()
	var err error
	switch {
	case grown:
		err = s.compact()
	case due:
		err = s.sync()
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		s.log.Error("the state cannot be saved", "err", err)
	}
}

// compact writes a snapshot.
func (s *State) compact() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.file.Rewrite(func(add func([]byte)) {
		add(headerRecord(s.machine))
		for id, e := range s.streams {
			add(e.record())
			for i := range e.notes {
				add(noteRecord(id, &e.notes[i]))
			}
		}
	})
	s.snapshot = s.file.Size() // also after a failure, so that it is not tried at every turn
	return err
}

// Close saves and closes the state. It may be called twice.
func (s *State) Close() error {
	s.syncMu.Lock()
	defer s.syncMu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file.Close()
}

// lookupMoved returns a copy of what is known of a file with the same inode and path on another device.
func (s *State) lookupMoved(key fileKey, path string) (Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, e := range s.byFile {
		if k.ino == key.ino && e.Path == path && s.owners[k] == nil {
			return e.clone(), true
		}
	}
	return Entry{}, false
}
