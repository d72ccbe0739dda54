package cli

import (
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"sluice/pipeline"
)

// progressEvery is how often the progress line is written anew.
const progressEvery = 500 * time.Millisecond

const (
	carriageReturn = "\r\x1b[K" // to the beginning of the line, and clear it
	kib            = 1 << 10
)

// screen is a stream of lines under which a progress line may stand. Safe for concurrent use.
type screen struct {
	w io.Writer

	mu    sync.Mutex
	shown bool // a progress line stands there
}

// Write writes whole lines in place of the progress line.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.clear(); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}

// show writes the progress line anew; "" takes it away.
func (s *screen) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clear() != nil || line == "" { // a terminal that is gone needs no progress
		return
	}
	_, _ = io.WriteString(s.w, line)
	s.shown = true
}

func (s *screen) clear() error {
	if !s.shown {
		return nil
	}
	s.shown = false
	_, err := io.WriteString(s.w, carriageReturn)
	return err
}

// IsTerminal tells what the stream below is.
func (s *screen) IsTerminal() bool { return isTerminal(s.w) }

// progress writes one line that tells how far a run is. It belongs to one goroutine.
type progress struct {
	to    *screen
	start time.Time
	stats func() pipeline.Stats
}

// watch writes the line until done is closed, and clears it.
func (p *progress) watch(done <-chan struct{}) {
	t := time.NewTicker(progressEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.to.show(p.line(time.Now()))
		case <-done:
			p.to.show("")
			return
		}
	}
}

// line tells lines read, rates since the start and, where the inputs know what is left, the time to the end.
func (p *progress) line(now time.Time) string {
	s := p.stats()
	took := max(now.Sub(p.start), time.Millisecond).Seconds()
	line := fmt.Sprintf("%s lines  %s lines/s  %s/s", thousands(s.In), thousands(int64(float64(s.In)/took)), bytesText(float64(s.Bytes)/took))
	if s.LeftKnown && s.Bytes > 0 {
		left := time.Duration(float64(s.Left) / float64(s.Bytes) * took * float64(time.Second))
		line += "  ETA " + left.Round(time.Second).String()
	}
	return line
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText writes a number of bytes with one decimal and a unit.
func bytesText(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for n >= kib && i < len(units)-1 {
		n /= kib
		i++
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}
