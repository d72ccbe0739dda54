package multiline

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/internal/multiline"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func TestCases(t *testing.T) { plugintest.Files(t, Plugin(), "testdata/*.txtar") }

func newFilter(tb testing.TB, c Config) *filter {
	tb.Helper()
	def := *Plugin().Defaults().(*Config)
	def.Pattern, def.What, def.Negate = c.Pattern, c.What, c.Negate
	if c.MaxLines > 0 {
		def.MaxLines = c.MaxLines
	}
	var p plugin.Problems
	b, err := build(def, plugin.Env{Problems: &p})
	if err != nil || p.Failed() {
		tb.Fatal(err, p.List)
	}
	return b.New().(*filter)
}

// feed is a filter with batches of lines.
type feed struct {
	t       testing.TB
	f       *filter
	b       event.Batch
	settled []string // how lines ended, by their text
	out     []string // events in the order in which they came out
}

// line appends a line of a stream; last ends its segment.
func (d *feed) line(stream uint64, offset int64, text string, last bool) {
	a := event.NewAck(func(s event.Status) { d.settled = append(d.settled, text+" "+s.String()) })
	e := d.b.Append(a)
	a.Seal()
	e.SetLine([]byte(text))
	e.ID = event.ID{Stream: stream, Offset: offset, Hash: event.HashLine(text)}
	e.Last = last
}

// run processes the batch and delivers what comes out.
func (d *feed) run() {
	if err := d.f.Process(context.Background(), &d.b); err != nil {
		d.t.Fatal(err)
	}
	d.deliver()
}

func (d *feed) flush(r plugin.Reason, replayable bool) {
	d.f.Flush(&d.b, r, replayable)
	d.deliver()
}

func (d *feed) deliver() {
	d.b.Compact(func(*event.Event) { d.t.Fatal("an event was rejected") })
	for e := range d.b.All() {
		v, _ := e.Fields.Get("message")
		tags, _ := e.Fields.Get("tags")
		d.out = append(d.out, fmt.Sprintf("%d:%d:%s%s", e.ID.Stream, e.ID.Offset, v.Str(), tags.AppendText(nil)))
		if e.Raw != v.Str() {
			d.t.Errorf("raw is %q, the message %q", e.Raw, v.Str())
		}
	}
	d.b.Settle(event.Delivered)
}

func (d *feed) expect(want ...string) {
	d.t.Helper()
	if !slices.Equal(d.out, want) {
		d.t.Errorf("got  %q\nwant %q", d.out, want)
	}
	d.out = nil
}

func TestHeldAcrossBatches(t *testing.T) {
	d := &feed{t: t, f: newFilter(t, Config{Pattern: "^ ", What: "previous"})}
	start := time.Unix(1_700_000_000, 0)
	d.b.Now = start
	d.line(1, 0, "a", false)
	d.line(2, 0, "b", false)
	d.run()
	d.expect()
	if d.b.Held != 2 || len(d.settled) > 0 {
		t.Errorf("%d held, settled %q", d.b.Held, d.settled)
	}
	d.b.Now = start.Add(4 * time.Second)
	d.line(1, 2, " a2", false)
	d.run()
	d.b.Now = start.Add(5 * time.Second)
	d.flush(plugin.Idle, true) // b has waited for max_age, a has not
	d.expect("2:0:b")
	d.line(1, 6, "c", false)
	d.line(2, 2, " b2", false) // too late for b
	d.run()
	d.expect("1:0:a\n a2multiline")
	d.flush(plugin.Stop, true)
	d.expect()
	if want := []string{"b delivered", "a delivered", " a2 delivered", "c released", " b2 released"}; !slices.Equal(d.settled, want) {
		t.Errorf("settled %q\nwant %q", d.settled, want)
	}
	d.line(1, 6, "c", false)
	d.run()
	d.flush(plugin.Stop, false)
	d.expect("1:6:c")
	if d.b.Held != 0 || len(d.f.streams) != 0 {
		t.Errorf("%d held, %d streams left", d.b.Held, len(d.f.streams))
	}
}

func TestSegments(t *testing.T) {
	d := &feed{t: t, f: newFilter(t, Config{Pattern: "^ ", What: "previous"})}
	d.line(1, 0, "a", false)
	d.line(1, 2, " b", true)
	d.line(1, 5, " c", false) // of the next segment: it was cut from its event
	d.line(1, 8, " d", true)
	d.run()
	d.expect("1:0:a\n bmultiline", "1:5: c\n d_multiline_cut,multiline")
	if d.b.Held != 0 || len(d.f.streams) != 0 {
		t.Errorf("%d held, %d streams left", d.b.Held, len(d.f.streams))
	}
	d = &feed{t: t, f: newFilter(t, Config{Pattern: "\\\\$", What: "next"})}
	d.line(1, 0, "a\\", true)
	d.line(1, 3, "b", true)
	d.run()
	d.expect("1:0:a\\_multiline_cut", "1:3:b")
}

// TestIDs checks that an event that was let go of too early is another one than the whole: "already there" must not
// hide the lines that came later.
func TestIDs(t *testing.T) {
	id := func(lines ...string) string {
		d := &feed{t: t, f: newFilter(t, Config{Pattern: "^ ", What: "previous"})}
		for i, l := range lines {
			d.line(1, int64(i), l, i == len(lines)-1)
		}
		if err := d.f.Process(t.Context(), &d.b); err != nil {
			t.Fatal(err)
		}
		defer d.b.Settle(event.Delivered)
		for e := range d.b.All() {
			return string(e.AppendID(nil))
		}
		return ""
	}
	ids := []string{id("a"), id("a", " b"), id("a", " b", " c"), id("a", " x")}
	slices.Sort(ids)
	again := id("a", " b")
	if len(slices.Compact(ids)) != 4 || !slices.Contains(ids, again) {
		t.Errorf("ids are not those of the content: %q", ids)
	}
}

// TestInterleaved mixes the lines of many streams into batches of random sizes: every stream is joined as if it were
// alone, and every line is settled once.
func TestInterleaved(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		c := Config{Pattern: "^ ", What: []string{"previous", "next"}[seed%2], MaxLines: 1 + r.IntN(6)}
		d := &feed{t: t, f: newFilter(t, c)}
		var lines, segments [8][]string
		var offsets [8]int64
		total := 0
		for range 1 + r.IntN(10) {
			for range r.IntN(60) {
				s := r.IntN(len(lines))
				text := fmt.Sprintf("%s%d", strings.Repeat(" ", r.IntN(2)), r.IntN(100))
				last := r.IntN(10) == 0
				d.line(uint64(s+1), offsets[s], text, last)
				offsets[s]++
				total++
				lines[s] = append(lines[s], text)
				if last {
					segments[s] = append(segments[s], alone(c, lines[s])...)
					lines[s] = nil
				}
			}
			d.run()
		}
		d.flush(plugin.End, false)
		got := map[byte][]string{}
		slices.SortStableFunc(d.out, func(a, b string) int { return strings.Compare(key2(a), key2(b)) })
		for _, o := range d.out {
			_, text, _ := strings.Cut(o[2:], ":")
			got[o[0]] = append(got[o[0]], strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz_,"))
		}
		for s := range lines {
			want := slices.Concat(segments[s], alone(c, lines[s]))
			if g := got['1'+byte(s)]; !slices.Equal(g, want) {
				t.Fatalf("seed %d, stream %d:\ngot  %q\nwant %q", seed, s+1, g, want)
			}
		}
		if len(d.settled) != total || d.b.Held != 0 {
			t.Fatalf("seed %d: %d of %d lines were settled, %d are held", seed, len(d.settled), total, d.b.Held)
		}
	}
}

// key2 sorts events by stream and offset.
func key2(o string) string {
	p := strings.SplitN(o, ":", 3)
	return p[0] + fmt.Sprintf("%08s", p[1])
}

// alone joins the lines of one segment.
func alone(c Config, lines []string) []string {
	rule := &multiline.Rule{Match: func(l []byte) bool { return len(l) > 0 && l[0] == ' ' }, MaxLines: c.MaxLines}
	if c.What == "next" {
		rule.What = multiline.Next
	}
	j := multiline.New(rule)
	var out []string
	for _, l := range lines {
		if j.Add([]byte(l)) == multiline.Joins {
			out[len(out)-1] += "\n" + l
		} else {
			out = append(out, l)
		}
	}
	return out
}

func TestAllocations(t *testing.T) {
	d := newFilter(t, Config{Pattern: "^ ", What: "previous"})
	d.rule.Match = func(l []byte) bool { return l[0] == ' ' } // regexp's pool forgets under the race detector
	var b event.Batch
	a := event.NewAck(func(event.Status) {})
	line := []byte("2026-11-24 13:19:19 INFO nothing to see here")
	allocs := testing.AllocsPerRun(100, func() {
		for range 1000 {
			b.Append(a).SetLine(line)
		}
		for e := range b.All() {
			e.ID.Stream = 1
		}
		_ = d.Process(t.Context(), &b)
		b.Compact(nil)
		b.Settle(event.Delivered)
	})
	if allocs > 3 { // one event crosses the batches' edge
		t.Errorf("%v allocations for 1,000 lines that are not joined", allocs)
	}
	d.Flush(&b, plugin.End, false)
	b.Settle(event.Delivered)
	a.Seal()
}

func BenchmarkProcess(b *testing.B) {
	for _, every := range []int{0, 10} {
		b.Run(fmt.Sprintf("joined every %d", every), func(b *testing.B) {
			f := newFilter(b, Config{Pattern: "^( |Traceback|AssertionError)", What: "previous"})
			line, more := []byte(strings.Repeat("x", 120)), []byte("  File \"/srv/app/main.py\", line 17, in handle")
			var batch event.Batch
			a := event.NewAck(func(event.Status) {})
			const lines = 1000
			b.SetBytes(lines * int64(len(line)))
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				for i := range lines {
					e := batch.Append(a)
					if every > 0 && i%every == 1 {
						e.SetLine(more)
					} else {
						e.SetLine(line)
					}
					e.ID.Stream = 1
				}
				_ = f.Process(b.Context(), &batch)
				batch.Compact(nil)
				batch.Settle(event.Delivered)
			}
			cpu.Report(lines)
			f.Flush(&batch, plugin.End, false)
			batch.Settle(event.Delivered)
			a.Seal()
		})
	}
}
