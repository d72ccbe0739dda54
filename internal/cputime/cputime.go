// Package cputime measures the CPU time of this process: what a benchmark reports where the clock would count
// the machine's other work, too.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Used returns the user and system time that all threads of the process have used since its start.
func Used(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatalf("read the CPU time: %v", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Meter is a measurement that goes on. It belongs to one benchmark.
type Meter struct {
	b     *testing.B
	start time.Duration
	spent time.Duration
}

// Start begins to measure. Call it right before the loop of b.
func Start(b *testing.B) *Meter {
	b.Helper()
	return &Meter{b: b, start: Used(b)}
}

// Pause leaves out what follows, until Resume, as StopTimer does for the clock.
func (m *Meter) Pause() {
	m.b.StopTimer()
	m.spent += Used(m.b) - m.start
}

// Resume ends a Pause.
func (m *Meter) Resume() {
	m.start = Used(m.b)
	m.b.StartTimer()
}

// Report ends the measurement: CPU time for one of the events of which each of the loop's b.N rounds handled
// so many, as cpu-ns/event.
func (m *Meter) Report(events int) {
	m.b.Helper()
	m.spent += Used(m.b) - m.start
	m.b.ReportMetric(perEvent(m.spent, m.b.N, events), "cpu-ns/event")
}

func perEvent(spent time.Duration, rounds, events int) float64 {
	return float64(spent.Nanoseconds()) / float64(rounds) / float64(events)
}
