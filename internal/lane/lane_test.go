package lane

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate()
		start := time.Now()
		if err := g.Read(t.Context(), time.Minute); err != nil || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want nil after the wait", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Read(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the context's error", err)
		}
		time.AfterFunc(time.Second, g.End)
		if err := g.Read(t.Context(), time.Hour); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want EOF", err)
		}
		g.End()
		if err := g.Read(t.Context(), time.Hour); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want EOF again", err)
		}
	})
}
