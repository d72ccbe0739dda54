package tail

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/multiline"
)

// noLimit is a Room without limit that counts what is taken.
type noLimit struct{ taken int64 }

func (r *noLimit) Take(n int64) error { r.taken += n; return nil }
func (r *noLimit) Free(n int64)       { r.taken -= n }

// world is a folder of logs, what was written to it, and what came out of followers.
type world struct {
	t    *testing.T
	seed uint64
	r    *rand.Rand
	dir  string
	o    Options

	state    *State
	follower *Follower
	held     []*Span
	file     *os.File
	size     int64
	line     int
	partial  bool
	rotated  int

	written []string
	events  map[string]string // by stream and offset: text, marks and time
	seen    map[string]bool   // lines
	damaged bool              // the state was: ids may be new
	mu      sync.Mutex
	history []string
}

// did takes note of a step, to be told when the test fails.
func (w *world) did(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.history = append(w.history, fmt.Sprintf(format, args...))
}

func newWorld(t *testing.T, seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 99))
	w := &world{t: t, seed: seed, r: r, dir: t.TempDir(), events: map[string]string{}, seen: map[string]bool{}}
	glob := "app.log"
	if seed%2 == 0 {
		glob = "app.log*"
	}
	w.o = Options{
		Paths: []string{filepath.Join(w.dir, glob)}, Lanes: 1 + r.IntN(3), Ordered: seed%3 == 0, Poll: true,
		StatInterval: time.Second, DiscoverEvery: 3, CloseOlder: time.Minute, CleanAfter: time.Hour, FlushAfter: 5 * time.Second,
		Log: slog.New(histHandler{w}), MaxOpen: 1 + r.IntN(8),
		Split: Splitter{Delimiter: []byte("\n"), MaxLine: 40},
	}
	if seed%2 == 1 {
		// A file that is closed, replaced under its inode, and renamed out of sight while nobody reads cannot be
		// told from a stranger's.
		w.o.MaxOpen, w.o.CloseOlder = DefaultMaxOpen, 24*time.Hour
	}
	switch seed % 5 {
	case 1:
		w.o.Split.Rule = joinRule(multiline.Previous, false, 4, 200)
	case 2:
		w.o.Split.Rule = joinRule(multiline.Next, false, 4, 200)
	case 3:
		w.o.Split.Rule = joinRule(multiline.Previous, false, 4, 200)
		w.o.Split.Lines = true
	}
	return w
}

func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	if w.follower != nil {
		_ = w.follower.Close() // the bubble must not keep its goroutine
	}
	w.t.Fatalf("seed %d: "+format+"\n%s", append(append([]any{w.seed}, args...), strings.Join(w.history, "\n"))...)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.fatalf("%v", err)
	}
}

func (w *world) path() string { return filepath.Join(w.dir, "app.log") }

// append writes lines; the last one may lack its end.
func (w *world) append() {
	if w.file == nil {
		f, err := os.OpenFile(w.path(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		w.must(err)
		w.file = f
	}
	var b strings.Builder
	for range 1 + w.r.IntN(6) {
		if w.partial {
			b.WriteByte('\n')
			w.partial = false
			continue
		}
		text := fmt.Sprintf("%sline %d%s", strings.Repeat(" ", w.r.IntN(2)), w.line, strings.Repeat(".", w.r.IntN(12)))
		w.line++
		w.written = append(w.written, text)
		b.WriteString(text + "\n")
	}
	text := b.String()
	if w.r.IntN(4) == 0 {
		text, w.partial = text[:len(text)-1], true
	}
	w.did("append %q at %d", text, w.size)
	_, err := w.file.WriteString(text)
	w.must(err)
	w.size += int64(len(text))
}

func (w *world) endLine() {
	if w.partial {
		_, err := w.file.WriteString("\n")
		w.must(err)
		w.partial = false
		w.size++
	}
}

// rotate renames the file; a writer that is late goes on for a while in the old one.
func (w *world) rotate() {
	if w.file == nil {
		return
	}
	w.rotated++
	w.did("rotate to %d", w.rotated)
	w.must(os.Rename(w.path(), fmt.Sprintf("%s.%d", w.path(), w.rotated)))
	if w.partial || w.r.IntN(2) == 0 {
		w.append()
	}
	if w.seed%2 == 0 {
		w.endLine() // in a file that matches under its new name too, a last line waits for its end
	}
	w.must(w.file.Close())
	w.file, w.size, w.partial = nil, 0, false
	w.append()
}

func (w *world) start() {
	w.did("start")
	var err error
	w.state, err = openState(filepath.Join(w.dir, "state"), w.o.Log, 1)
	w.must(err)
	w.follower, err = Start(w.state, w.o)
	w.must(err)
}

// stop ends the follower as a kill does: what is held is not acknowledged.
func (w *world) stop() {
	w.did("stop")
	w.must(w.follower.Close())
	w.must(w.state.Close())
	w.follower, w.held = nil, nil
}

// read takes what comes within a while, from random lanes.
func (w *world) read(spans int) (got int) {
	for range spans {
		sp, err := w.follower.Next(w.t.Context(), w.r.IntN(w.o.Lanes), time.Duration(w.r.IntN(3000))*time.Millisecond, &noLimit{})
		w.must(err)
		if sp == nil {
			continue
		}
		got++
		w.take(sp)
		w.held = append(w.held, sp)
	}
	return got
}

// take checks that what came before comes again as it was.
func (w *world) take(sp *Span) {
	w.t.Helper()
	w.did("got %s:%d %q", sp.Stream.Name, sp.Start, sp.Data)
	for i := range sp.Pieces {
		p := &sp.Pieces[i]
		text := string(sp.Line(p))
		key := fmt.Sprintf("%s:%d", sp.Stream.Name, sp.Start+int64(p.Start))
		is := fmt.Sprintf("%q marks %d at %d", text, p.Marks, sp.Observed.UnixNano())
		if was, ok := w.events[key]; ok && was != is && !w.damaged {
			w.fatalf("event %s was %s, now it is %s", key, was, is)
		}
		w.events[key] = is
		for l := range strings.SplitSeq(text, "\n") {
			w.seen[l] = true
		}
	}
}

// settle ends some of the held spans, in any order.
func (w *world) settle(all bool) {
	w.r.Shuffle(len(w.held), func(i, j int) { w.held[i], w.held[j] = w.held[j], w.held[i] })
	for len(w.held) > 0 && (all || w.r.IntN(3) > 0) {
		sp := w.held[0]
		w.held = w.held[1:]
		if !all && w.r.IntN(4) == 0 {
			w.did("again %s:%d", sp.Stream.Name, sp.Start)
			w.follower.Again(sp)
		} else {
			w.did("done %s:%d", sp.Stream.Name, sp.Start)
			w.follower.Done(sp)
		}
	}
}

// drain reads and acknowledges until nothing has come for long.
func (w *world) drain() {
	for last := time.Now(); time.Since(last) < 40*time.Second; {
		for lane := range w.o.Lanes {
			sp, err := w.follower.Next(w.t.Context(), lane, 2*time.Second, &noLimit{})
			w.must(err)
			if sp != nil {
				last = time.Now()
				w.take(sp)
				w.held = append(w.held, sp)
			}
		}
		w.settle(true)
	}
}

func (w *world) step() {
	switch w.r.IntN(12) {
	case 0, 1, 2, 3:
		w.append()
	case 4, 5, 6:
		w.read(1 + w.r.IntN(4))
	case 7, 8:
		w.settle(false)
	case 9:
		time.Sleep(4 * time.Second) // of the bubble: a turn or two
		w.rotate()
		time.Sleep(4 * time.Second)
	case 10:
		time.Sleep(4 * time.Second) // a file that is never seen under its name cannot be followed
		w.stop()
		known := w.file != nil
		if w.damaged = w.damaged || w.seed%14 == 6 && w.r.IntN(2) == 0; w.damaged {
			w.damage()
		}
		if w.r.IntN(2) == 0 {
			w.append()
		}
		if known && w.r.IntN(3) == 0 {
			w.rotate()
		}
		w.start()
	case 11:
		w.drain()
		w.beginAnew()
	}
}

// beginAnew truncates the file, or deletes it and makes another, when nothing in it is outstanding but an unfinished
// line, which is gone then.
func (w *world) beginAnew() {
	if w.file == nil || w.partial {
		return
	}
	stopped := w.r.IntN(2) == 0
	if stopped {
		w.stop()
	}
	if w.r.IntN(2) == 0 {
		w.did("truncate")
		w.must(w.file.Truncate(0))
	} else {
		w.did("delete")
		w.must(w.file.Close())
		w.must(os.Remove(w.path()))
		w.file = nil
	}
	w.size = 0
	if w.r.IntN(2) == 0 {
		w.append()
	}
	if stopped {
		w.start()
	}
}

// damage cuts or flips the state somewhere.
func (w *world) damage() {
	name := filepath.Join(w.dir, "state", "state.log")
	b, err := os.ReadFile(name)
	w.must(err)
	if at := w.r.IntN(len(b)); w.r.IntN(2) == 0 {
		b = b[:at]
	} else {
		b[at] ^= 0x10
	}
	w.must(os.WriteFile(name, b, 0o600))
}

// finish reads everything and checks that nothing is missing.
func (w *world) finish() {
	w.endLine()
	w.drain()
	for _, l := range w.written {
		whole := len(l) <= w.o.Split.MaxLine
		if whole && !w.seen[l] {
			w.fatalf("line %q never came", l)
		}
	}
	if n := w.follower.behind(); n != 0 {
		w.fatalf("%d bytes are not acknowledged", n)
	}
	w.stop()
	w.start()
	if sp, err := w.follower.Next(w.t.Context(), 0, 20*time.Second, &noLimit{}); err != nil || sp != nil {
		w.fatalf("after everything was acknowledged: %v, %v", sp, err)
	}
	w.stop()
}

// TestWorld lets a writer append, rotate, truncate and delete at random while spans are acknowledged, given back or
// forgotten by a kill: every line comes, and what comes again is what it was. SLUICE_SEEDS asks for more worlds.
func TestWorld(t *testing.T) {
	seeds := uint64(60)
	if n, err := strconv.ParseUint(os.Getenv("SLUICE_SEEDS"), 10, 64); err == nil {
		seeds = n
	}
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, seed)
			w.start()
			for range 60 {
				w.step()
			}
			w.finish()
			if w.file != nil {
				w.must(w.file.Close())
			}
		})
	}
}

// histHandler writes what a follower says into the history of its world.
type histHandler struct{ w *world }

func (h histHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h histHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h histHandler) WithGroup(string) slog.Handler            { return h }
func (h histHandler) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	h.w.did("log: %s", text)
	return nil
}
