package retry

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestDelayStaysInItsBounds(t *testing.T) {
	b := Backoff{Base: 10 * time.Millisecond, Max: time.Second}
	for attempt := range 100 {
		limit := b.Max
		if attempt < 7 {
			limit = b.Base << attempt
		}
		var longest time.Duration
		for range 200 {
			d := b.Delay(attempt)
			if d < 0 || d > limit {
				t.Fatalf("attempt %d: delay %s is outside of 0 to %s", attempt, d, limit)
			}
			longest = max(longest, d)
		}
		if longest < limit/2 {
			t.Errorf("attempt %d: the longest of 200 delays is %s of %s: no full jitter", attempt, longest, limit)
		}
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := Sleep(ctx, time.Millisecond); err != nil {
			t.Errorf("Sleep: %v", err)
		}
		if err := Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Sleep: %v", err)
		}
		if err := Sleep(t.Context(), -1); err != nil {
			t.Errorf("Sleep of no time: %v", err)
		}
	})
}
