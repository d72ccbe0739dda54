package elasticsearch

import (
	"context"
	"sync"
)

// limiter bounds the requests under way: the bound shrinks when the cluster says that it is too much, and
// grows back one by one while it copes (additive increase, multiplicative decrease, as TCP does).
// Safe for concurrent use.
type limiter struct {
	mu      sync.Mutex
	most    float64 // lanes
	bound   float64
	running int
	epoch   int           // counts decreases: requests of an older epoch do not shrink the bound again
	freed   chan struct{} // closed and replaced when a slot may be free and somebody waits
}

// shrinkTo is what an overload leaves of the bound.
const shrinkTo = 0.5

func newLimiter(lanes int) *limiter {
	return &limiter{most: float64(lanes), bound: float64(lanes)}
}

// acquire waits for a slot and returns the epoch to give back with it, or ctx's error.
func (l *limiter) acquire(ctx context.Context) (epoch int, err error) {
	for {
		l.mu.Lock()
		if l.running == 0 || float64(l.running+1) <= l.bound {
			l.running++
			epoch = l.epoch
			l.mu.Unlock()
			return epoch, nil
		}
		if l.freed == nil {
			l.freed = make(chan struct{})
		}
		freed := l.freed
		l.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// release gives a slot back. overloaded says that the cluster refused something as too much; ok that it
// took everything.
func (l *limiter) release(epoch int, overloaded, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	switch {
	case overloaded && epoch == l.epoch:
		l.bound = max(1, l.bound*shrinkTo)
		l.epoch++
	case ok && !overloaded:
		l.bound = min(l.most, l.bound+1/l.bound)
	}
	if l.freed != nil {
		close(l.freed)
		l.freed = nil
	}
}

// current returns the bound.
func (l *limiter) current() float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bound
}
