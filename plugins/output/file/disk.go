package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// fileSystem is what the output needs of an operating system; tests put faults into it.
type fileSystem interface {
	// open opens a file for reading and appending; create says whether to make it when it is not there.
	open(path string, create bool, perm fs.FileMode) (handle, error)
	stat(path string) (fs.FileInfo, error)
	mkdir(path string, perm fs.FileMode) error
	rename(from, to string) error
	remove(path string) error
	syncDir(path string) error
}

// handle is an open file.
type handle interface {
	io.ReaderAt
	io.Writer
	io.Closer
	Stat() (fs.FileInfo, error)
	Sync() error
	Truncate(size int64) error
	Chmod(mode fs.FileMode) error
	lock() error
}

// disk is the operating system's file system.
type disk struct{}

type osFile struct{ *os.File }

// errLocked says that another process writes the file.
var errLocked = errors.New("another process writes it; give each writer a file of its own")

// lock keeps other processes of ours from writing the file; it ends with the handle.
func (f osFile) lock() error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

func (disk) open(path string, create bool, perm fs.FileMode) (handle, error) {
	flags := os.O_RDWR | os.O_APPEND
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (disk) stat(path string) (fs.FileInfo, error)     { return os.Stat(path) }
func (disk) mkdir(path string, perm fs.FileMode) error { return os.Mkdir(path, perm) }
func (disk) rename(from, to string) error              { return os.Rename(from, to) }
func (disk) remove(path string) error                  { return os.Remove(path) }

// syncDir makes the names in a folder last.
func (disk) syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// The modes of files and folders where none are set: the umask takes its share.
const (
	openFileMode = 0o666
	openDirMode  = 0o777
)

// folders makes a folder and those above it, so that they last: each is synced into the one above.
func (s *storing) folders(path string) error {
	st, err := s.fs.stat(path)
	switch {
	case err == nil && !st.IsDir():
		return fmt.Errorf("%q is a file, expected a folder: %w", path, syscall.ENOTDIR)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if err := s.folders(parent); err != nil {
		return err
	}
	perm := fs.FileMode(openDirMode)
	if s.dirMode != nil {
		perm = fs.FileMode(*s.dirMode)
	}
	if err := s.fs.mkdir(path, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.fs.syncDir(parent)
}

// open opens a file for appending, made where it is not there, and returns whether it was made now.
func (s *storing) open(path string) (h handle, made bool, err error) {
	perm := fs.FileMode(openFileMode)
	if s.fileMode != nil {
		perm = fs.FileMode(*s.fileMode)
	}
	h, err = s.fs.open(path, false, perm)
	if errors.Is(err, fs.ErrNotExist) {
		if !s.create {
			return nil, false, errDeleted
		}
		made = true
		if err = s.folders(filepath.Dir(path)); err != nil {
			return nil, false, fmt.Errorf("make the folder: %w", err)
		}
		h, err = s.fs.open(path, true, perm)
	}
	if err != nil {
		return nil, false, err
	}
	if err := s.prepare(h, path, made); err != nil {
		return nil, false, errors.Join(err, h.Close())
	}
	return h, made, nil
}

// errDeleted says that a file is not there and must not be made.
var errDeleted = errors.New("the file is not there, and create_if_deleted is false")

func (s *storing) prepare(h handle, path string, made bool) error {
	st, err := h.Stat()
	if err != nil {
		return err
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("it is %w", errIrregular)
	}
	if err := h.lock(); err != nil {
		return err
	}
	if !made {
		return nil
	}
	if s.fileMode != nil {
		if err := h.Chmod(fs.FileMode(*s.fileMode)); err != nil {
			return err
		}
	}
	return s.fs.syncDir(filepath.Dir(path))
}

// errIrregular says that a path is a device, a pipe or the like.
var errIrregular = errors.New("no regular file")

// hopeless reports whether a path can never be opened, whatever is done about the disk.
func hopeless(err error) bool {
	for _, never := range []error{errDeleted, syscall.ENAMETOOLONG, syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP, syscall.EINVAL, errIrregular} {
		if errors.Is(err, never) {
			return true
		}
	}
	return false
}
