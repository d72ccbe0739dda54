package tail

import "sluice/internal/metrics"

// counters are what a follower shows.
type counters struct {
	lines, long, full, generations, rotations, lost, unread, errors metrics.Counter
}

func newCounters(m *metrics.Scope) counters {
	return counters{
		lines:       m.Counter("input_file_lines_total", "Lines read, before they are joined."),
		long:        m.Counter("input_file_long_lines_total", "Parts of lines that are longer than max_line_bytes."),
		full:        m.Counter("input_file_full_events_total", "Joined events that were closed because they reached max_lines or max_bytes."),
		generations: m.Counter("input_file_generations_total", "Files that began anew: truncated, rewritten, or with the inode of a file that is gone."),
		rotations:   m.Counter("input_file_rotations_total", "Files that were renamed or deleted while they were followed."),
		lost:        m.Counter("input_file_lost_bytes_total", "Bytes that are known to be gone before they were delivered: a lower bound."),
		unread:      m.Counter("input_file_unread_bytes_at_close_total", "Bytes that were not read yet when the input was closed."),
		errors:      m.Counter("input_file_errors_total", "Failures to open or read a file."),
	}
}

// gauges shows what changes both ways.
func (c *counters) gauges(m *metrics.Scope, f *Follower) {
	gauge := func(name, help string, of func() int64) {
		m.GaugeFunc(name, help, func() float64 { return float64(of()) })
	}
	gauge("input_file_bytes_behind", "Bytes that are in the files and not acknowledged.", f.behind)
	gauge("input_file_files", "Files that are followed.", func() int64 {
		f.mu.Lock()
		defer f.mu.Unlock()
		return int64(len(f.streams))
	})
	gauge("input_file_open_files", "File handles that are open.", func() int64 {
		f.mu.Lock()
		defer f.mu.Unlock()
		return int64(f.open)
	})
}

// count adds a span that is given out for the first time.
func (c *counters) count(sp *Span) {
	c.lines.Add(float64(sp.lines))
	for i := range sp.Pieces {
		m := sp.Pieces[i].Marks
		if m == 0 {
			continue
		}
		if m&PartOfLine != 0 {
			c.long.Inc()
		}
		if m&(FullLines|FullBytes) != 0 {
			c.full.Inc()
		}
	}
}
