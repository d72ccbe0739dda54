package harness

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Event is what must become one document: one line of a file, or several that are joined.
type Event struct {
	Offset int64  // of its first byte
	Text   string // lines joined by "\n", without the last delimiter
}

// ReadEvents reads a log as it must be read: lines for which continues says so are joined to the line before.
// A nil continues joins nothing. Bytes after the last newline are no event yet.
func ReadEvents(file string, continues func(line string) bool) ([]Event, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var events []Event
	offset := int64(0)
	for line := range strings.Lines(string(b)) {
		text, whole := strings.CutSuffix(line, "\n")
		if !whole {
			break
		}
		if continues != nil && continues(text) && len(events) > 0 {
			events[len(events)-1].Text += "\n" + text
		} else {
			events = append(events, Event{offset, text})
		}
		offset += int64(len(line))
	}
	return events, nil
}

// Generations returns the files into which a log has been rotated: the log itself and NAME.1, NAME.2, ...
func Generations(log string) ([]string, error) {
	rotated, err := filepath.Glob(log + ".[0-9]*")
	return append([]string{log}, rotated...), err
}

// Sample is a log of e2e/testdata that is written into a file bit by bit.
type Sample struct {
	lines []string // with their delimiters
	to    string
}

// OpenSample reads e2e/testdata/NAME, to be written to a file; limit is how many lines at most, 0 for all.
func OpenSample(ctx context.Context, name, to string, limit int) (*Sample, error) {
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(root, "e2e", "testdata", name))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
	lines[len(lines)-1] += "\n"
	if limit > 0 && limit < len(lines) {
		lines = lines[:limit]
	}
	return &Sample{lines, to}, nil
}

// Left is how many lines are not written yet.
func (s *Sample) Left() int { return len(s.lines) }

// Write appends the next n lines to the file, in one write.
func (s *Sample) Write(n int) error {
	n = min(n, len(s.lines))
	text := strings.Join(s.lines[:n], "")
	s.lines = s.lines[n:]
	return Append(s.to, text)
}

// Append appends text to a file, which it makes where it is not there.
func Append(file, text string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// Syslog makes lines as a syslog daemon writes them, with the times of now.
func Syslog(first, n int) string {
	programs := []string{
		"sshd[%d]: Accepted publickey for deploy from 203.0.113.7 port %d ssh2", "kernel: [%d.%06d] eth0: link up",
		"CRON[%d]: (root) CMD (run-parts /etc/cron.hourly) #%d", "systemd[%d]: Started session-%d.scope.",
	}
	var b strings.Builder
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "%s web1 "+programs[i%len(programs)]+"\n", time.Now().UTC().Format(time.Stamp), 1000+i, i)
	}
	return b.String()
}

// Tracebacks makes what the application of e2e/testdata logs, without Python.
func Tracebacks(n int) string {
	var b strings.Builder
	for i := range n {
		at := time.Now().UTC().Format("2006-01-02 15:04:05,000")
		if i%7 != 3 {
			fmt.Fprintf(&b, "%s INFO root: order %d took %d ms\n", at, i, i%250)
			continue
		}
		fmt.Fprintf(&b, "%s ERROR root: order %d refused\nTraceback (most recent call last):\n  File \"app.py\", line 18, in handle\n"+
			"    check(order)\nAssertionError: order %d: total %d\n", at, i, i, i+101)
	}
	return b.String()
}

// PythonContinues is the pattern by which configs/reader.yaml joins tracebacks, by other means.
func PythonContinues(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "Traceback") || strings.HasPrefix(line, "AssertionError")
}

// KafkaContinues is the pattern of e2e/testdata/kafka-reader.yaml.
func KafkaContinues(line string) bool { return !strings.HasPrefix(line, "[") }

// CountEvents counts the events in the files of all sources; a log that is not written yet has none.
func CountEvents(sources []Source) (int, error) {
	n := 0
	for _, s := range sources {
		files, err := Generations(s.Log)
		if err != nil {
			return 0, err
		}
		for _, file := range files {
			events, err := ReadEvents(file, s.Continues)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, err
			}
			n += len(events)
		}
	}
	return n, nil
}

// App is the Python application of e2e/testdata, which logs what it is told to.
type App struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Reader
}

// StartApp starts the application; it logs into file.
func StartApp(ctx context.Context, file string) (*App, error) {
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "python3", filepath.Join(root, "e2e", "testdata", "app.py"), file)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the application: %w", err)
	}
	return &App{cmd, in, bufio.NewReader(out)}, nil
}

// Write makes the application log n events and returns when they are in its file.
func (a *App) Write(n int) error {
	if _, err := fmt.Fprintln(a.in, n); err != nil {
		return err
	}
	_, err := a.answers.ReadString('\n')
	return err
}

// Close ends the application.
func (a *App) Close() error {
	return errors.Join(a.in.Close(), a.cmd.Wait())
}
