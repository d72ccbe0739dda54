// Package lane is for inputs that have one source and therefore use but one of their lanes: the others wait
// for its end.
package lane

import (
	"context"
	"io"
	"sync"
	"time"
)

// Gate keeps lanes waiting until End. Make one with NewGate; it may be used concurrently.
type Gate struct {
	ended chan struct{}
	once  sync.Once
}

// NewGate returns a gate for an input that has not ended.
func NewGate() *Gate { return &Gate{ended: make(chan struct{})} }

// End says that the input has ended. It may be called more than once.
func (g *Gate) End() { g.once.Do(func() { close(g.ended) }) }

// Read is the Read of a lane that has nothing to read: it returns io.EOF once the input has ended, nil after
// wait, or ctx's error.
func (g *Gate) Read(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-g.ended:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
