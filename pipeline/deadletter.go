package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// letter is an event and why it is dead-lettered.
type letter struct {
	Event    *event.Event
	Step     string // id of the filter or output
	Plugin   string
	Err      error
	Attempts int
	Output   *plugin.OutputStep // nil for a filter
}

// record is one line of a dead-letter file.
type record struct {
	Time     string            `json:"@timestamp"`
	Pipeline string            `json:"pipeline"`
	Step     string            `json:"step"`
	Plugin   string            `json:"plugin"`
	Error    string            `json:"error"`
	Attempts int               `json:"attempts"`
	ID       string            `json:"id,omitempty"`
	Target   map[string]string `json:"target,omitempty"` // index, id, path: as the output names them
	Raw      string            `json:"raw,omitempty"`
	Stream   string            `json:"stream,omitempty"`
	Offset   int64             `json:"offset,omitempty"`
	Document json.RawMessage   `json:"document"`
	Metadata json.RawMessage   `json:"metadata,omitempty"`
}

// deadLetters appends dead letters to one file per day in a folder: one JSON object a line, on disk before
// write returns. Safe for concurrent use, also by several processes that share the folder.
type deadLetters struct {
	dir, pipeline string

	mu   sync.Mutex
	file *os.File
}

// The modes of the dead-letter folder and its files: letters hold log lines, which may be confidential.
const (
	letterDirMode  = 0o750
	letterFileMode = 0o640
)

func newDeadLetters(dir, pipeline string) *deadLetters {
	return &deadLetters{dir: dir, pipeline: pipeline}
}

// write appends dead letters and returns when all are safe on disk; on an error none counts.
func (d *deadLetters) write(letters []letter) error {
	var lines []byte
	for i := range letters {
		var err error
		if lines, err = d.appendLine(lines, &letters[i]); err != nil {
			return fmt.Errorf("encode dead letter: %w", err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.lock(filepath.Join(d.dir, d.pipeline+"-"+time.Now().UTC().Format("2006-01-02")+".ndjson")); err != nil {
		return fmt.Errorf("open dead letters: %w", err)
	}
	err := appendSynced(d.file, lines)
	if uerr := flock(d.file, syscall.LOCK_UN); err == nil {
		err = uerr
	}
	if err != nil {
		return fmt.Errorf("write dead letters: %w", err)
	}
	return nil
}

// appendSynced writes behind the last line of a locked file; where that fails, nothing of it stays.
func appendSynced(f *os.File, lines []byte) error {
	end, err := endOfLines(f)
	if err != nil {
		return err
	}
	if _, err = f.WriteAt(lines, end); err == nil {
		err = f.Sync()
	}
	if err != nil {
		if terr := f.Truncate(end); terr != nil {
			err = fmt.Errorf("%w (and cut off what was written: %w)", err, terr)
		}
	}
	return err
}

// lock opens the file, where it is not the one that is open, and waits until no other process writes to
// it. A file that was removed or renamed, by whoever rotates them, is left alone: a new one is made.
func (d *deadLetters) lock(name string) error {
	for {
		if d.file == nil {
			if err := d.open(name); err != nil {
				return err
			}
		}
		if err := flock(d.file, syscall.LOCK_EX); err != nil {
			return err
		}
		ours, err := d.file.Stat()
		if err != nil {
			return errors.Join(err, d.closeFile())
		}
		if there, err := os.Stat(name); err == nil && os.SameFile(ours, there) {
			return nil
		}
		if err := d.closeFile(); err != nil {
			return err
		}
	}
}

// flock locks a file or lets it go. A closed file is let go, too; so is that of a killed process.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (d *deadLetters) appendLine(dst []byte, l *letter) ([]byte, error) {
	e := l.Event
	r := record{
		Time: time.Now().UTC().Format(time.RFC3339Nano), Pipeline: d.pipeline, Step: l.Step, Plugin: l.Plugin,
		Error: l.Err.Error(), Attempts: l.Attempts, Raw: e.Raw, Document: e.AppendJSON(nil),
	}
	if e.HasID() {
		r.ID, r.Stream, r.Offset = string(e.AppendID(nil)), fmt.Sprintf("%016x", e.ID.Stream), e.ID.Offset
	}
	if len(e.Meta) > 0 {
		r.Metadata = e.Meta.AppendJSON(nil)
	}
	if l.Output != nil && l.Output.Built.Preview != nil {
		if target, err := l.Output.Built.Preview(e); err == nil {
			r.Target = target
		}
	}
	b, err := json.Marshal(r)
	return append(append(dst, b...), '\n'), err
}

// open opens or makes the file.
func (d *deadLetters) open(name string) error {
	if err := os.MkdirAll(d.dir, letterDirMode); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, letterFileMode)
	if err != nil {
		return err
	}
	d.file = f
	return syncDir(d.dir)
}

// endOfLines returns where to append: behind the last byte. A torn last line of a crash is ended first, so that it
// spoils no other.
func endOfLines(f *os.File) (int64, error) {
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return 0, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, st.Size()-1); err != nil {
		return 0, err
	}
	if last[0] == '\n' {
		return st.Size(), nil
	}
	_, err = f.WriteAt([]byte{'\n'}, st.Size())
	return st.Size() + 1, err
}

func (d *deadLetters) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closeFile()
}

func (d *deadLetters) closeFile() error {
	if d.file == nil {
		return nil
	}
	f := d.file
	d.file = nil
	return f.Close()
}

// syncDir makes a new file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}
