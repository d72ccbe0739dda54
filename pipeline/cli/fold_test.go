package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// messages lists what was logged: the text, and how often it was repeated.
func messages(t *testing.T, log *bytes.Buffer) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(log.String()) {
		var r struct {
			Msg      string
			Err      string
			Repeated int
			Since    time.Time
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		text := r.Msg
		if r.Err != "" {
			text += ": " + r.Err
		}
		if r.Repeated > 0 {
			text += fmt.Sprintf(" x%d", r.Repeated)
			if r.Since.IsZero() {
				t.Errorf("no time of the first repetition in %s", line)
			}
		}
		all = append(all, text)
	}
	return all
}

func TestFold(t *testing.T) {
	f := func(name string, act func(*slog.Logger, *foldHandler), want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var buf bytes.Buffer
				h := newFoldHandler(slog.NewJSONHandler(&buf, nil))
				act(slog.New(h), h)
				synctest.Wait()
				h.Close()
				if got := messages(t, &buf); strings.Join(got, "\n") != strings.Join(want, "\n") {
					t.Errorf("found\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
	f("infos pass", func(l *slog.Logger, _ *foldHandler) {
		l.Info("a")
		l.Info("a")
	}, "a", "a")
	f("one error", func(l *slog.Logger, _ *foldHandler) { l.Error("a") }, "a")
	f("first, count, last", func(l *slog.Logger, _ *foldHandler) {
		for i := range 5 {
			l.Error("write", "err", fmt.Errorf("dial 10.0.0.%d: refused", i))
			time.Sleep(time.Second)
		}
	}, "write: dial 10.0.0.0: refused", "write: dial 10.0.0.4: refused x4")
	f("other errors are told", func(l *slog.Logger, _ *foldHandler) {
		l.Error("write", "err", "refused")
		l.Error("write", "err", "denied")
		l.Warn("write", "err", "refused")
		l.With("step", "x").Error("write", "err", "refused")
		l.WithGroup("g").Error("write", "err", "refused")
		l.Error("read", "err", "refused")
	}, "write: refused", "write: denied", "write: refused", "write: refused", "write", "read: refused")
	f("each window has its count", func(l *slog.Logger, _ *foldHandler) {
		for range 150 {
			l.Error("a")
			time.Sleep(1100 * time.Millisecond)
		}
	}, "a", "a x54", "a x55", "a x40")
	f("forgotten after a quiet window", func(l *slog.Logger, _ *foldHandler) {
		l.Error("a")
		time.Sleep(foldWindow + time.Second)
		l.Error("a")
		l.Error("a")
		time.Sleep(2*foldWindow + time.Second)
		l.Error("a")
	}, "a", "a", "a x1", "a")
	f("after Close nothing is held", func(l *slog.Logger, h *foldHandler) {
		l.Error("a")
		l.Error("a")
		h.Close()
		l.Error("a")
		l.Error("a")
	}, "a", "a x1", "a", "a")
	var many []string
	for i := range maxFolded + 2 {
		many = append(many, "m"+strings.Repeat("x", i))
	}
	many = append(many, many[maxFolded])
	f("bounded", func(l *slog.Logger, _ *foldHandler) {
		for _, m := range many {
			l.Error(m)
		}
	}, many...)
}

func TestFoldConcurrently(t *testing.T) {
	var buf bytes.Buffer
	var mu sync.Mutex
	h := newFoldHandler(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return buf.Write(p)
	}), nil))
	const each, lanes = 100, 4
	var wg sync.WaitGroup
	for lane := range lanes {
		wg.Go(func() {
			l := slog.New(h).With("lane", "same")
			for i := range each {
				l.Error("write", "err", errors.New("code "+strconv.Itoa(lane*each+i)))
			}
		})
	}
	wg.Wait()
	h.Close()
	got := messages(t, &buf)
	if len(got) != 2 || !strings.HasSuffix(got[1], fmt.Sprintf(" x%d", each*lanes-1)) {
		t.Errorf("found %q", got)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWithoutNumbers(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := withoutNumbers(in); got != want {
			t.Errorf("withoutNumbers(%q) = %q, expected %q", in, got, want)
		}
	}
	f("", "")
	f("dial tcp 10.1.2.3:443: refused", "dial tcp #.#.#.#:#: refused")
	f("request 8f14e45f-ceea failed", "request # failed")
	f("timeout after 1m30s", "timeout after #")
	f("no numbers", "no numbers")
	f("ünï 7", "ünï #")
}
