package cli

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"sluice/pipeline"
)

// progressEvery is how often the progress line is written anew.
const progressEvery = 500 * time.Millisecond

const (
	carriageReturn = "\r\x1b[K" // to the beginning of the line, and clear it
	kib            = 1 << 10
)

// progress writes one line that tells how far a run is. It belongs to one goroutine.
type progress struct {
	w     io.Writer
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
			_, _ = io.WriteString(p.w, carriageReturn+p.line(time.Now())) // a terminal that is gone needs no progress
		case <-done:
			_, _ = io.WriteString(p.w, carriageReturn)
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
