package cli

import (
	"context"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Bounds of folding.
const (
	foldWindow = time.Minute // how often a repeated message is written
	maxFolded  = 1000        // distinct messages remembered; more are written as they come
)

// foldHandler passes records on to another handler, but of a warning or error that repeats only the first and,
// once in a window, the last with the number of repetitions ("repeated") and the time of the first of them
// ("since"). Messages are the same when level, text and attributes are, numbers in them aside. Close writes
// what is held back. Safe for concurrent use.
type foldHandler struct {
	next slog.Handler
	seed uint64 // a hash of what WithAttrs and WithGroup added
	m    *folded
}

// folded is shared by a handler and those derived from it.
type folded struct {
	seed maphash.Seed

	mu   sync.Mutex
	open map[uint64]*fold
	done bool
}

// fold is a message that was written and may come again.
type fold struct {
	next  slog.Handler
	timer *time.Timer
	last  slog.Record
	since time.Time
	count int
}

func newFoldHandler(next slog.Handler) *foldHandler {
	return &foldHandler{next: next, m: &folded{seed: maphash.MakeSeed(), open: map[uint64]*fold{}}}
}

// Enabled asks the next handler.
func (h *foldHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs returns a handler that adds attributes.
func (h *foldHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	seed := h.seed
	for _, a := range attrs {
		seed = h.m.hash(seed, a.Key, a.Value.String())
	}
	return &foldHandler{h.next.WithAttrs(attrs), seed, h.m}
}

// WithGroup returns a handler that puts attributes into a group.
func (h *foldHandler) WithGroup(name string) slog.Handler {
	return &foldHandler{h.next.WithGroup(name), h.m.hash(h.seed, "group", name), h.m}
}

// Handle writes the record, or keeps it when it is a repetition.
func (h *foldHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && h.m.keep(h, r) { //nolint:contextcheck // what is held back outlives the caller's context
		return nil
	}
	return h.next.Handle(ctx, r)
}

// keep reports whether a record is a repetition, and remembers it.
func (m *folded) keep(h *foldHandler, r slog.Record) bool {
	key := m.hash(h.seed, r.Level.String(), r.Message)
	r.Attrs(func(a slog.Attr) bool {
		key = m.hash(key, a.Key, withoutNumbers(a.Value.String()))
		return true
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := m.open[key]; f != nil {
		if f.count == 0 {
			f.since = r.Time
		}
		f.count++
		f.last = r.Clone()
		return true
	}
	if !m.done && len(m.open) < maxFolded {
		f := &fold{next: h.next}
		m.open[key] = f
		f.timer = time.AfterFunc(foldWindow, func() { m.expire(key) })
	}
	return false
}

// expire ends a message's window: what was repeated is written and may repeat on; what was not is forgotten.
func (m *folded) expire(key uint64) {
	m.mu.Lock()
	f := m.open[key]
	if f == nil {
		m.mu.Unlock()
		return
	}
	if f.count == 0 {
		delete(m.open, key)
		m.mu.Unlock()
		return
	}
	next, r := f.next, f.take()
	f.timer.Reset(foldWindow)
	m.mu.Unlock()
	_ = next.Handle(context.Background(), r) // a log that cannot be written cannot be reported either
}

// take returns the record that stands for the repetitions, and forgets them.
func (f *fold) take() slog.Record {
	r := f.last
	r.AddAttrs(slog.Int("repeated", f.count), slog.Time("since", f.since))
	f.count, f.last = 0, slog.Record{}
	return r
}

// Close writes what is held back, oldest first, and ends the folding.
func (h *foldHandler) Close() {
	type held struct {
		next slog.Handler
		r    slog.Record
	}
	var left []held
	h.m.mu.Lock()
	h.m.done = true
	for key, f := range h.m.open {
		f.timer.Stop()
		if f.count > 0 {
			left = append(left, held{f.next, f.take()})
		}
		delete(h.m.open, key)
	}
	h.m.mu.Unlock()
	slices.SortFunc(left, func(a, b held) int { return a.r.Time.Compare(b.r.Time) })
	for _, l := range left {
		_ = l.next.Handle(context.Background(), l.r)
	}
}

// hash mixes two texts into a hash.
func (m *folded) hash(seed uint64, a, b string) uint64 {
	return maphash.Comparable(m.seed, struct {
		seed uint64
		a, b string
	}{seed, a, b})
}

// comparedBytes is how much of an attribute tells messages apart.
const comparedBytes = 256

// withoutNumbers replaces each word that holds a digit (ids, addresses, counts) by "#", so that messages
// that differ in nothing else are the same.
func withoutNumbers(s string) string {
	s = s[:min(len(s), comparedBytes)]
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		j, digits := i, false
		for j < len(s) && isWord(s[j]) {
			digits = digits || s[j]-'0' <= 9
			j++
		}
		switch {
		case j == i:
			out = append(out, s[i])
			i++
			continue
		case digits:
			out = append(out, '#')
		default:
			out = append(out, s[i:j]...)
		}
		i = j
	}
	return string(out)
}

func isWord(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' < 26 || c == '-' || c == '_'
}
