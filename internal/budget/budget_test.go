package budget

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
)

func TestLimitHoldsAndWaitersGetTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(100)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				dice := rand.New(rand.NewPCG(1, uint64(i)))
				for range 200 {
					n := int64(1 + dice.IntN(100))
					if err := b.Acquire(t.Context(), n); err != nil {
						t.Error(err)
						return
					}
					if used := b.Used(); used > 100 {
						t.Errorf("used %d of 100", used)
					}
					b.Release(n)
				}
			})
		}
		wg.Wait()
		if b.Used() != 0 {
			t.Errorf("%d bytes are left", b.Used())
		}
	})
}

func TestOversizedRequestPassesAlone(t *testing.T) {
	b := New(10)
	if !b.TryAcquire(50) {
		t.Fatal("a request beyond the limit must pass when nothing is taken")
	}
	if b.TryAcquire(1) {
		t.Error("nothing may be taken beside it")
	}
	b.Release(50)
	b.Force(30)
	if b.TryAcquire(1) || b.Used() != 30 {
		t.Error("forced bytes count")
	}
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(10)
		b.Force(10)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Acquire(ctx, 1) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Acquire: %v", err)
		}
	})
}

func TestNilHasNoLimit(t *testing.T) {
	var b *Budget
	if !b.TryAcquire(1<<40) || b.Acquire(t.Context(), 1) != nil || b.Limit() != 0 || b.Used() != 0 {
		t.Error("the nil budget must take everything")
	}
	b.Force(1)
	b.Release(1)
}

func TestReleasingTooMuchIsABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	New(10).Release(1)
}
