package event

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// AckWatch records every ack made while it is on, so that a test can fail for one that is never settled.
type AckWatch struct {
	mu   sync.Mutex
	open map[*Ack]string
}

var watcher atomic.Pointer[AckWatch] //nolint:gochecknoglobals // a test sees the acks of all packages by it

// WatchAcks starts recording; for tests, which must not run in parallel with others that watch.
func WatchAcks() *AckWatch {
	w := &AckWatch{open: map[*Ack]string{}}
	watcher.Store(w)
	return w
}

// Stop ends the recording and returns where each ack that is still open was made.
func (w *AckWatch) Stop() []string {
	watcher.CompareAndSwap(w, nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	left := make([]string, 0, len(w.open))
	for _, at := range w.open {
		left = append(left, at)
	}
	return left
}

func watch(a *Ack) {
	w := watcher.Load()
	if w == nil {
		return
	}
	_, file, line, _ := runtime.Caller(2)
	w.mu.Lock()
	w.open[a] = fmt.Sprintf("%s:%d", file, line)
	w.mu.Unlock()
}

func unwatch(a *Ack) {
	if w := watcher.Load(); w != nil {
		w.mu.Lock()
		delete(w.open, a)
		w.mu.Unlock()
	}
}
