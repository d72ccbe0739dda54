package faults

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// outcome makes one request and says what the client saw.
func outcome(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		return "no reply"
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	if _, err := io.ReadAll(resp.Body); err != nil {
		return "cut reply"
	}
	return resp.Status
}

func TestWrap(t *testing.T) {
	f := func(r Rates, wantDone int, want string) {
		t.Helper()
		done := 0
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			done++
			_, _ = io.WriteString(w, "a reply that can be cut in the middle")
		})
		web := httptest.NewServer(Wrap(1, r)(h))
		defer web.Close()
		if got := outcome(t, web.Client(), web.URL); got != want {
			t.Errorf("%+v: found %s, expected %s", r, got, want)
		}
		web.Close()
		if (done > 0) != (wantDone > 0) {
			t.Errorf("%+v: carried out %d times, expected %d", r, done, wantDone)
		}
	}
	f(Rates{}, 1, "200 OK")
	f(Rates{Delay: 1, MaxDelay: time.Millisecond}, 1, "200 OK")
	f(Rates{Throttle: 1}, 0, "429 Too Many Requests")
	f(Rates{Fail: 1}, 0, "500 Internal Server Error")
	f(Rates{Cut: 1}, 0, "no reply")
	f(Rates{Lost: 1}, 1, "no reply")
	f(Rates{Half: 1}, 1, "cut reply")
}

func TestDirect(t *testing.T) {
	f := func(h http.HandlerFunc, want string) {
		t.Helper()
		if got := outcome(t, &http.Client{Transport: Direct{h}}, "http://nowhere/"); got != want {
			t.Errorf("found %s, expected %s", got, want)
		}
	}
	f(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }, "418 I'm a teapot")
	f(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "no reply")
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://nowhere/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Direct{http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
		close(over)
	})}.Do(req)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request: %v", err)
	}
	<-over
}

func TestSeedFixesTheFaults(t *testing.T) {
	roll := func(seed uint64) (hits uint64) {
		d := NewDice(seed)
		for range 64 {
			hits <<= 1
			if d.Hit(0.5) {
				hits |= 1
			}
		}
		return hits
	}
	first, again, other := roll(7), roll(7), roll(8)
	if first != again || first == other {
		t.Error("the same seed gives other faults, or another seed the same")
	}
}
