package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"
)

// tornSuffix marks what a crash has left half-written, cut off from the file of that name.
const tornSuffix = ".torn-"

// repair looks at the end of a file that was written before, and sets aside what is half-written there.
func (s *store) repair(h handle, path string) error {
	st, err := h.Stat()
	if err != nil || st.Size() == 0 {
		return err
	}
	good := st.Size()
	switch {
	case s.zip:
		good, err = endOfMembers(h, st.Size())
	case s.lines:
		good, err = endOfLines(h, st.Size())
	}
	if err != nil {
		return fmt.Errorf("look for a torn end: %w", err)
	}
	if good == st.Size() {
		return nil
	}
	if err := s.setAside(h, path, good, st.Size()); err != nil {
		return fmt.Errorf("set a torn end aside: %w", err)
	}
	return nil
}

// setAside copies the bytes from good on to a file beside it and cuts them off.
func (s *store) setAside(h handle, path string, good, size int64) error {
	aside := path + tornSuffix + time.Now().UTC().Format("20060102T150405.000000000")
	to, err := s.fs.open(aside, true, openFileMode)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(h, good, size-good))
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err != nil {
		return errors.Join(err, s.fs.remove(aside))
	}
	if err := s.fs.syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := h.Truncate(good); err != nil {
		return err
	}
	s.log.Warn("a file ended in the middle of a record, as after a crash; the torn end was set aside",
		"path", path, "aside", aside, "bytes", size-good)
	return h.Sync()
}

// lookBack is how much of a file is read at once in search of its last newline.
const lookBack = 64 << 10

// endOfLines returns the place behind the last newline.
func endOfLines(r io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, min(lookBack, size))
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		part := buf[:end-start]
		if _, err := r.ReadAt(part, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

// replaceWith writes a file beside path and puts it in its place.
func (s *store) replaceWith(path string, records []byte) error {
	next := path + ".new"
	if err := s.fs.remove(next); err != nil && !notThere(err) { // of a crash
		return err
	}
	to := s.storing
	to.create = true
	h, _, err := to.open(next)
	if err != nil {
		return err
	}
	_, err = h.Write(records)
	if err == nil {
		err = h.Sync()
	}
	if err = errors.Join(err, h.Close()); err != nil {
		return errors.Join(err, s.fs.remove(next))
	}
	if err := s.fs.rename(next, path); err != nil {
		return errors.Join(err, s.fs.remove(next))
	}
	return s.fs.syncDir(filepath.Dir(path))
}
