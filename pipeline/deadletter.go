package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
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
// write returns. Safe for concurrent use.
type deadLetters struct {
	dir, pipeline string

	mu   sync.Mutex
	file *os.File
	day  string
	size int64 // of the good part of the file
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
	if err := d.open(time.Now().UTC().Format("2006-01-02")); err != nil {
		return fmt.Errorf("open dead letters: %w", err)
	}
	if _, err := d.file.WriteAt(lines, d.size); err != nil {
		return fmt.Errorf("write dead letters: %w", err)
	}
	if err := d.file.Sync(); err != nil {
		return fmt.Errorf("write dead letters: %w", err)
	}
	d.size += int64(len(lines))
	return nil
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

// open opens the file of the day; a torn last line of a crash is ended first, so that it spoils no other.
func (d *deadLetters) open(day string) error {
	if d.file != nil && d.day == day {
		return nil
	}
	if err := d.closeFile(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, letterDirMode); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.dir, d.pipeline+"-"+day+".ndjson"), os.O_RDWR|os.O_CREATE, letterFileMode)
	if err != nil {
		return err
	}
	size, err := endOfLines(f)
	if err != nil {
		return joinClose(err, f)
	}
	d.file, d.day, d.size = f, day, size
	return syncDir(d.dir)
}

// endOfLines returns where to append: behind the last byte, and behind a newline.
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

func joinClose(err error, f *os.File) error {
	if cerr := f.Close(); cerr != nil {
		return fmt.Errorf("%w (and close: %w)", err, cerr)
	}
	return err
}

// syncDir makes a new file's name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		return joinClose(err, d)
	}
	return d.Close()
}
