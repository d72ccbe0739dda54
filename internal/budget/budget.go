// Package budget counts the bytes that a process holds, under one limit (max_memory).
//
// All methods may be called concurrently.
package budget

import (
	"context"
	"sync"
)

// Budget is a number of bytes that can be taken and given back. The nil Budget has no limit.
type Budget struct {
	mu    sync.Mutex
	limit int64
	used  int64
	freed chan struct{} // closed and replaced when bytes come back and someone waits
}

// New returns a budget of limit bytes.
func New(limit int64) *Budget { return &Budget{limit: limit} }

// SetLimit changes the limit; what is taken stays taken.
func (b *Budget) SetLimit(limit int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = limit
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// TryAcquire takes n bytes if they are free. A request larger than the whole limit succeeds when nothing
// else is taken, so that one oversized message cannot block a lane for ever.
func (b *Budget) TryAcquire(n int64) bool {
	if b == nil {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.take(n)
}

func (b *Budget) take(n int64) bool {
	if b.used > 0 && b.used+n > b.limit {
		return false
	}
	b.used += n
	return true
}

// Acquire waits until n bytes are free and takes them, or returns ctx's error.
// A lane may call it only while it holds nothing itself, or it could wait for itself.
func (b *Budget) Acquire(ctx context.Context, n int64) error {
	if b == nil {
		return ctx.Err()
	}
	for {
		b.mu.Lock()
		if b.take(n) {
			b.mu.Unlock()
			return nil
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Force takes n bytes even beyond the limit, for memory that is held already.
func (b *Budget) Force(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	b.used += n
	b.mu.Unlock()
}

// Release gives n bytes back.
func (b *Budget) Release(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used -= n; b.used < 0 {
		panic("BUG: more bytes released than taken")
	}
	if b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// Used returns the bytes taken.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Limit returns the limit, 0 for none.
func (b *Budget) Limit() int64 {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit
}
