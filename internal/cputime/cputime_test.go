package cputime

import (
	"testing"
	"time"
)

// spin uses CPU time until the process has used more than so much of it.
func spin(tb testing.TB, d time.Duration) {
	tb.Helper()
	for end := Used(tb) + d; Used(tb) <= end; {
	}
}

func TestUsedGrows(t *testing.T) {
	before := Used(t)
	spin(t, time.Millisecond)
	if after := Used(t); after <= before {
		t.Errorf("%v, then %v", before, after)
	}
}

func TestPerEvent(t *testing.T) {
	if got := perEvent(3*time.Microsecond, 10, 100); got != 3 {
		t.Errorf("3 µs for 10 rounds of 100 events are %v ns an event", got)
	}
}
