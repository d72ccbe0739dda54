package elasticsearch

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/localindex"
)

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(8)
		epochs := make([]int, 8)
		for i := range epochs {
			var err error
			if epochs[i], err = l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a ninth request: %v", err)
		}
		for _, epoch := range epochs { // all are refused at once: that counts once
			l.release(epoch, true, false)
		}
		if got := l.current(); got != 4 {
			t.Errorf("the bound is %v after one overload, want 4", got)
		}
		for range 10 {
			epoch, err := l.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l.release(epoch, true, false)
		}
		if got := l.current(); got != 1 {
			t.Errorf("the bound is %v after many overloads, want 1", got)
		}
		for range 50 {
			epoch, err := l.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			l.release(epoch, false, true)
		}
		if got := l.current(); got != 8 {
			t.Errorf("the bound is %v after many successes, want 8", got)
		}
	})
}

// TestLimiterBound never has more requests under way than the bound, and lets everybody through in the end.
func TestLimiterBound(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(6)
			var mu sync.Mutex
			rng := rand.New(rand.NewPCG(seed, 3))
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					for range 100 {
						epoch, err := l.acquire(t.Context())
						if err != nil {
							t.Error(err)
							return
						}
						l.mu.Lock()
						running := l.running
						l.mu.Unlock()
						if running > 6 {
							t.Errorf("%d requests are under way", running)
						}
						mu.Lock()
						pause, bad := time.Duration(rng.IntN(100))*time.Millisecond, rng.IntN(4) == 0
						mu.Unlock()
						time.Sleep(pause)
						l.release(epoch, bad, !bad)
					}
				})
			}
			wg.Wait()
			if l.running != 0 {
				t.Errorf("%d slots were not given back", l.running)
			}
		})
	}
}

// TestOverload shrinks the bound by what the cluster answers, for whole requests and for items.
func TestOverload(t *testing.T) {
	item := `{"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue"}}}`
	for _, answer := range []struct {
		status int
		body   string
	}{
		{http.StatusTooManyRequests, ""},
		{http.StatusServiceUnavailable, ""},
		{http.StatusOK, `{"errors":true,"items":[` + item + "," + item + `]}`},
	} {
		url := always(t, answer.status, answer.body)
		out := start(t, 8, func(c *Config) { c.Hosts = []string{url} }).(*output)
		if told := outcomes(t, out, events(2, nil)); count(told, "retry") != 2 {
			t.Errorf("got %q", told)
		}
		if got := out.limit.current(); got != 4 {
			t.Errorf("%d %s: the bound is %v, want 4", answer.status, answer.body, got)
		}
	}
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 8, c.config(nil)).(*output)
	if told := outcomes(t, out, events(2, nil)); strings.Join(told, " ") != "done done" || out.limit.current() != 8 {
		t.Errorf("got %q with the bound %v", told, out.limit.current())
	}
}
