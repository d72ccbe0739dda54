// Package faults makes a server fail as networks and services do, by a seed, for tests: answers that are late,
// refused, cut off, or lost after the server did what it was asked.
//
// All functions may be called concurrently; with concurrent requests the seed fixes the faults, not which
// request meets which.
package faults

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Rates are how often each fault strikes, as parts of one. The zero Rates are a server without faults.
type Rates struct {
	Delay    float64       // the request waits for up to MaxDelay first
	MaxDelay time.Duration // 0 is no delay at all
	Throttle float64       // 429, nothing is done
	Fail     float64       // 500, nothing is done
	Cut      float64       // the connection is cut, nothing is done
	Lost     float64       // it is done, and the connection is cut before the reply
	Half     float64       // it is done, and the connection is cut in the middle of the reply
}

// Dice are random numbers by a seed.
type Dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

// NewDice returns dice that always fall the same for the same seed.
func NewDice(seed uint64) *Dice {
	return &Dice{r: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // repeatable, not secret
}

// Hit is true once in 1/rate calls, on average.
func (d *Dice) Hit(rate float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return rate > 0 && d.r.Float64() < rate
}

// upTo returns a length of time below most, which must be positive.
func (d *Dice) upTo(most time.Duration) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.r.Int64N(int64(most)))
}

// Wrap returns what puts a handler behind faults.
func Wrap(seed uint64, r Rates) func(http.Handler) http.Handler {
	dice := NewDice(seed)
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if r.MaxDelay > 0 && dice.Hit(r.Delay) {
				pause(req, dice.upTo(r.MaxDelay))
			}
			switch {
			case dice.Hit(r.Throttle):
				http.Error(w, "injected: too many requests", http.StatusTooManyRequests)
			case dice.Hit(r.Fail):
				http.Error(w, "injected: internal error", http.StatusInternalServerError)
			case dice.Hit(r.Cut):
				panic(http.ErrAbortHandler)
			case dice.Hit(r.Lost):
				h.ServeHTTP(httptest.NewRecorder(), req)
				panic(http.ErrAbortHandler)
			case dice.Hit(r.Half):
				half(h, w, req)
			default:
				h.ServeHTTP(w, req)
			}
		})
	}
}

// pause waits, at most as long as the client does.
func pause(req *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-req.Context().Done():
	}
}

// half sends the headers and one half of the reply.
func half(h http.Handler, w http.ResponseWriter, req *http.Request) {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()[:rec.Body.Len()/2]) // the connection is cut anyway
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	panic(http.ErrAbortHandler)
}
