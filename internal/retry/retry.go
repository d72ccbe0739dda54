// Package retry computes back-off delays: exponential, with full jitter, so that many clients that failed
// together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
//
// Its functions may be called concurrently.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a schedule of delays.
type Backoff struct {
	Base time.Duration // upper bound of the first delay
	Max  time.Duration // upper bound of all delays
}

// Delay returns a random delay between 0 and Base·2^attempt, at most Max; attempts count from 0.
func (b Backoff) Delay(attempt int) time.Duration {
	limit := b.Max
	if attempt < 32 {
		if d := b.Base << attempt; d > 0 && d < limit {
			limit = d
		}
	}
	return time.Duration(rand.Int64N(int64(limit) + 1)) //nolint:gosec // jitter needs no secrecy
}

// Sleep waits for d, or until ctx is done, whose error it returns then.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
