package file

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// storing is how files are kept. Read-only.
type storing struct {
	zip       bool
	lines     bool // every record ends with a newline
	create    bool
	overwrite bool
	flush     time.Duration
	idle      time.Duration
	most      int
	dirMode   *uint32
	fileMode  *uint32
	fs        fileSystem
}

// store is the files that are open. Safe for concurrent use. A lock is never taken while another is held.
type store struct {
	storing
	log *slog.Logger

	mu    sync.Mutex // guards the three below, and users, takes and used of each file
	files map[string]*openFile
	order *list.List // of *openFile, the most recently used first
	sweep int64      // how many times idle files were closed
}

// openFile is one file. Its lock is held while it is written, opened and closed.
type openFile struct {
	path  string
	users int   // who has it now; it is not forgotten under them
	takes int64 // how often it was taken
	used  int64 // the sweep at its last use
	place *list.Element

	mu     sync.Mutex
	handle handle // nil: closed, or never opened
	unsafe bool   // written, but not synced
}

func newStore(s storing, log *slog.Logger) *store {
	return &store{storing: s, log: log, files: map[string]*openFile{}, order: list.New()}
}

// take returns the entry of a path, which give must be called with.
func (s *store) take(path string) *openFile {
	s.mu.Lock()
	f := s.files[path]
	if f == nil {
		f = &openFile{path: path}
		s.files[path] = f
		f.place = s.order.PushFront(f)
	} else {
		s.order.MoveToFront(f.place)
	}
	f.users++
	f.takes++
	f.used = s.sweep
	old := s.excess()
	s.mu.Unlock()
	s.retire(old)
	return f
}

func (s *store) give(f *openFile) {
	s.mu.Lock()
	f.users--
	s.mu.Unlock()
}

// retired is a file that is to be closed, unless somebody takes it meanwhile.
type retired struct {
	*openFile
	takes int64
}

// excess picks the files that are too many. The caller holds the lock.
func (s *store) excess() []retired {
	var old []retired
	for e := s.order.Back(); e != nil && len(s.files)-len(old) > s.most; e = e.Prev() {
		if f, _ := e.Value.(*openFile); f.users == 0 {
			f.users++
			old = append(old, retired{f, f.takes})
		}
	}
	return old
}

// closeIdle closes the files without an event since the last time.
func (s *store) closeIdle() {
	s.mu.Lock()
	s.sweep++
	var old []retired
	for _, f := range s.files {
		if f.users == 0 && f.used < s.sweep-1 {
			f.users++
			old = append(old, retired{f, f.takes})
		}
	}
	s.mu.Unlock()
	s.retire(old)
}

// retire closes files and forgets them. A file that was taken meanwhile is opened again by who took it, and
// stays.
func (s *store) retire(old []retired) {
	for _, f := range old {
		if err := s.closeFile(f.openFile); err != nil {
			s.log.Error("a file could not be closed properly", "path", f.path, "err", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range old {
		if f.users--; f.users == 0 && f.openFile.takes == f.takes {
			delete(s.files, f.path)
			s.order.Remove(f.place)
		}
	}
}

// close closes all files. No Write runs any more.
func (s *store) close() error {
	s.mu.Lock()
	all := s.files
	s.files = map[string]*openFile{}
	s.order.Init()
	s.mu.Unlock()
	errs := make([]error, 0, len(all))
	for _, f := range all {
		errs = append(errs, s.closeFile(f))
	}
	return errors.Join(errs...)
}

func (s *store) closeFile(f *openFile) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handle == nil {
		return nil
	}
	err := f.sync()
	err = errors.Join(err, f.handle.Close())
	f.handle = nil
	if err != nil {
		return fmt.Errorf("close %s: %w", quote(f.path), err)
	}
	return nil
}

// syncAll syncs what was written since the last time, for flush_interval.
func (s *store) syncAll() {
	s.mu.Lock()
	all := make([]*openFile, 0, len(s.files))
	for _, f := range s.files {
		all = append(all, f)
	}
	s.mu.Unlock()
	for _, f := range all {
		f.mu.Lock()
		err := f.sync()
		f.mu.Unlock()
		if err != nil {
			s.log.Error("a file could not be synced: what was written since the last time may be lost", "path", f.path, "err", err)
		}
	}
}

// sync makes what was written last. The caller holds the lock. After a failure the handle is closed: the
// system may have forgotten which pages it has still to write, so another sync would prove nothing.
func (f *openFile) sync() error {
	if !f.unsafe || f.handle == nil {
		return nil
	}
	f.unsafe = false
	if err := f.handle.Sync(); err != nil {
		err = errors.Join(err, f.handle.Close())
		f.handle = nil
		return err
	}
	return nil
}

// append appends the records of one Write to a file. After an error the file is as it was.
func (s *store) append(f *openFile, records []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := s.ready(f); err != nil {
		return fmt.Errorf("open %s: %w", quote(f.path), err)
	}
	st, err := f.handle.Stat()
	if err != nil {
		return fmt.Errorf("write %s: %w", quote(f.path), err)
	}
	good := st.Size()
	_, err = f.handle.Write(records)
	if f.unsafe = true; err == nil && s.flush == 0 {
		err = f.handle.Sync()
		f.unsafe = err != nil
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", quote(f.path), s.undo(f, good, err))
	}
	return nil
}

// undo cuts a file back to its good part and closes it, so that it is looked at anew when it is opened
// again, also when cutting fails.
func (s *store) undo(f *openFile, good int64, cause error) error {
	err := f.handle.Truncate(good)
	if err == nil {
		err = f.handle.Sync()
	}
	err = errors.Join(cause, err, f.handle.Close())
	f.handle, f.unsafe = nil, false
	return err
}

// ready opens the file if it is not open, or is not the one that its path means any more: somebody deleted
// or moved it. The caller holds the lock.
func (s *store) ready(f *openFile) error {
	if f.handle != nil {
		same, err := s.same(f)
		if same || err != nil {
			return err
		}
		err = errors.Join(f.sync(), closeHandle(f))
		if err != nil {
			s.log.Error("a file that was moved away could not be closed properly", "path", f.path, "err", err)
		}
	}
	h, made, err := s.open(f.path)
	if err != nil {
		return err
	}
	if !made {
		if err := s.repair(h, f.path); err != nil {
			return errors.Join(err, h.Close())
		}
	}
	f.handle = h
	return nil
}

func closeHandle(f *openFile) error {
	if f.handle == nil {
		return nil
	}
	err := f.handle.Close()
	f.handle = nil
	return err
}

// same reports whether the handle is the file that stands at its path.
func (s *store) same(f *openFile) (bool, error) {
	there, err := s.fs.stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	own, err := f.handle.Stat()
	if err != nil {
		return false, err
	}
	return os.SameFile(there, own), nil
}

// replace makes records the whole content of a file: the old content stays until the new one is safe.
func (s *store) replace(f *openFile, records []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !s.create {
		if _, err := s.fs.stat(f.path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("open %s: %w", quote(f.path), errDeleted)
		}
	}
	if err := s.replaceWith(f.path, records); err != nil {
		return fmt.Errorf("replace %s: %w", quote(f.path), err)
	}
	return nil
}
