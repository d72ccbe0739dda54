// Package statelog keeps records in an append-only file that survives crashes: every record has a
// checksum, a snapshot replaces the whole file at once, and a damaged end is set aside while the good
// beginning is used. docs/state.md specifies the bytes. One process at a time may have a folder open.
package statelog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Names in the folder, and the beginning of the file.
const (
	logName    = "state.log"
	newName    = "state.log.new"
	asideName  = "state.log.%s-%s"
	lockName   = "lock"
	magic      = "SluiceL1" // format 1
	headSize   = 8          // of a record: length and checksum
	maxRecord  = 1 << 24    // a longer length is damage
	dirPerm    = 0o750
	filePerm   = 0o640
	asideStamp = "20060102T150405.000000000Z"
)

// MaxRecord is the largest size of a record in bytes.
const MaxRecord = maxRecord

// ErrLocked says that another process, or another part of this one, has the folder open.
var ErrLocked = errors.New("the folder is in use")

// file is what a Log needs of an *os.File; tests put faults in between.
type file interface {
	io.Closer
	io.WriterAt
	Sync() error
	Truncate(size int64) error
}

// Log is an open log. It belongs to one goroutine at a time, but Sync may be called beside Append.
type Log struct {
	dir  string
	lock *os.File
	file file
	size int64 // of the good records
	torn bool  // a failed write may have left bytes beyond size
	buf  []byte
	open func(name string) (file, error) // makes or empties a file
}

// Report says what Open found.
type Report struct {
	Fresh   bool   // there was no log, not even a damaged one
	Records int    // that were read
	Lost    int64  // bytes after the last good record
	Aside   string // where a copy of the damaged file is, "" where there is none
	Err     error  // why there is no copy although bytes were lost
}

// Open opens the log in dir, which is made where needed, and calls apply with each record in order; apply
// must not keep the bytes, and its error ends Open. The folder is locked until Close: ErrLocked says that it is
// in use.
func Open(dir string, apply func(record []byte) error) (*Log, Report, error) {
	return openWith(dir, apply, createFile)
}

func createFile(name string) (file, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, filePerm)
}

func openWith(dir string, apply func([]byte) error, open func(string) (file, error)) (*Log, Report, error) {
	if err := os.MkdirAll(dir, dirPerm); err != nil {
		return nil, Report{}, fmt.Errorf("make state folder: %w", err)
	}
	lock, err := lockFolder(filepath.Join(dir, lockName))
	if err != nil {
		return nil, Report{}, fmt.Errorf("lock state folder %q: %w", dir, err)
	}
	l := &Log{dir: dir, lock: lock, open: open}
	rep, err := l.load(apply)
	if err != nil {
		_ = l.Close() // nothing was written
		return nil, rep, err
	}
	return l, rep, nil
}

func (l *Log) load(apply func([]byte) error) (Report, error) {
	name := filepath.Join(l.dir, logName)
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return Report{Fresh: true}, l.Rewrite(func(func([]byte)) {})
	}
	if err != nil {
		return Report{}, fmt.Errorf("read state: %w", err)
	}
	var rep Report
	good, err := scan(data, func(rec []byte) error {
		rep.Records++
		return apply(rec)
	})
	if err != nil {
		return rep, fmt.Errorf("read state: %w", err)
	}
	rep.Lost = int64(len(data) - good)
	if rep.Lost > 0 {
		rep.Aside, rep.Err = l.setAside("damaged", data)
	}
	if good == 0 { // not even the beginning of the file is good
		return rep, l.Rewrite(func(func([]byte)) {})
	}
	f, err := os.OpenFile(name, os.O_RDWR, filePerm)
	if err != nil {
		return rep, fmt.Errorf("open state: %w", err)
	}
	l.file, l.size, l.torn = f, int64(good), rep.Lost > 0
	return rep, l.mend()
}

// scan calls apply with each good record and returns how many bytes are good.
func scan(data []byte, apply func([]byte) error) (int, error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return 0, nil
	}
	at := len(magic)
	for len(data)-at >= headSize {
		n := int(binary.LittleEndian.Uint32(data[at:]))
		if n > maxRecord || n > len(data)-at-headSize {
			break
		}
		rec := data[at+headSize : at+headSize+n]
		if binary.LittleEndian.Uint32(data[at+4:]) != checksum(data[at:at+4], rec) {
			break
		}
		if err := apply(rec); err != nil {
			return at, err
		}
		at += headSize + n
	}
	return at, nil
}

// checksum is CRC-32C of a record's length and content, so that zeros are no record.
func checksum(length, rec []byte) uint32 {
	castagnoli := crc32.MakeTable(crc32.Castagnoli) // made once
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, rec)
}

// SetAside copies the log as it is to a file of its own, whose name holds why and the time, and returns that
// name. The caller then rewrites the log.
func (l *Log) SetAside(why string) (string, error) {
	data, err := os.ReadFile(filepath.Join(l.dir, logName))
	if err != nil {
		return "", fmt.Errorf("set state aside: %w", err)
	}
	return l.setAside(why, data)
}

func (l *Log) setAside(why string, data []byte) (string, error) {
	name := filepath.Join(l.dir, fmt.Sprintf(asideName, why, time.Now().UTC().Format(asideStamp)))
	f, err := l.open(name)
	if err != nil {
		return "", fmt.Errorf("set state aside: %w", err)
	}
	_, err = f.WriteAt(data, 0)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(name) // half a copy helps nobody
		return "", fmt.Errorf("set state aside: %w", err)
	}
	return name, nil
}

// Append writes records with one write. They survive the end of the process at once, and that of the machine
// after Sync. When it fails, none of them counts as written.
func (l *Log) Append(records ...[]byte) error {
	if l.file == nil {
		return os.ErrClosed
	}
	if err := l.mend(); err != nil {
		return err
	}
	l.buf = l.buf[:0]
	for _, rec := range records {
		l.buf = appendRecord(l.buf, rec)
	}
	if _, err := l.file.WriteAt(l.buf, l.size); err != nil {
		l.torn = true
		return fmt.Errorf("write state: %w", err)
	}
	l.size += int64(len(l.buf))
	return nil
}

func appendRecord(dst, rec []byte) []byte {
	if len(rec) > maxRecord {
		panic("BUG: a state record is too long")
	}
	at := len(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(rec)))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(dst[at:at+4], rec))
	return append(dst, rec...)
}

// mend cuts off what a failed write, or damage, has left behind the good records.
func (l *Log) mend() error {
	if !l.torn {
		return nil
	}
	if err := l.file.Truncate(l.size); err != nil {
		return fmt.Errorf("cut off damaged state: %w", err)
	}
	l.torn = false
	return nil
}

// Sync makes what was appended before survive the end of the machine.
func (l *Log) Sync() error {
	if l.file == nil {
		return os.ErrClosed
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync state: %w", err)
	}
	return nil
}

// Size returns the bytes of the log.
func (l *Log) Size() int64 { return l.size }

// Rewrite replaces the log by the records that write gives to its argument, at once and durably: after a crash
// either the old or the new log is there, whole.
func (l *Log) Rewrite(write func(add func(record []byte))) error {
	data := []byte(magic)
	write(func(rec []byte) { data = appendRecord(data, rec) })
	name := filepath.Join(l.dir, newName)
	f, err := l.open(name)
	if err != nil {
		return fmt.Errorf("write state snapshot: %w", err)
	}
	if _, err = f.WriteAt(data, 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(name, filepath.Join(l.dir, logName))
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(name)
		return fmt.Errorf("write state snapshot: %w", err)
	}
	old := l.file
	l.file, l.size, l.torn = f, int64(len(data)), false
	if old != nil {
		_ = old.Close() // replaced
	}
	if err := syncFolder(l.dir); err != nil {
		return fmt.Errorf("sync state folder: %w", err)
	}
	return nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close syncs and closes the log and lets go of the folder. It may be called twice.
func (l *Log) Close() error {
	var errs []error
	if l.file != nil {
		errs = append(errs, l.file.Sync(), l.file.Close())
		l.file = nil
	}
	if l.lock != nil {
		errs = append(errs, l.lock.Close())
		l.lock = nil
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}
