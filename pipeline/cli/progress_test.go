package cli

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/pipeline"
)

func TestProgressLine(t *testing.T) {
	f := func(s pipeline.Stats, after time.Duration, want string) {
		t.Helper()
		start := time.Unix(0, 0)
		p := progress{start: start, stats: func() pipeline.Stats { return s }}
		if got := p.line(start.Add(after)); got != want {
			t.Errorf("found %q, expected %q", got, want)
		}
	}
	f(pipeline.Stats{}, 0, "0 lines  0 lines/s  0.0 B/s")
	f(pipeline.Stats{In: 1234567, Bytes: 200 << 20}, 10*time.Second, "1,234,567 lines  123,456 lines/s  20.0 MiB/s")
	f(pipeline.Stats{In: 999, Bytes: 1000, Left: 3000, LeftKnown: true}, 2*time.Second, "999 lines  499 lines/s  500.0 B/s  ETA 6s")
	f(pipeline.Stats{In: 1000, Bytes: 4000, LeftKnown: true}, time.Second, "1,000 lines  1,000 lines/s  3.9 KiB/s  ETA 0s")
}

func TestProgressGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var buf bytes.Buffer
		s := &screen{w: &buf}
		p := &progress{to: s, start: time.Now(), stats: func() pipeline.Stats { return pipeline.Stats{In: 7} }}
		done := make(chan struct{})
		go p.watch(done)
		time.Sleep(progressEvery + time.Millisecond)
		synctest.Wait()
		if _, err := s.Write([]byte("a log line\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(progressEvery)
		synctest.Wait()
		close(done)
		synctest.Wait()
		got := strings.ReplaceAll(buf.String(), carriageReturn, "<")
		if want := "7 lines  14 lines/s  0.0 B/s<a log line\n7 lines  7 lines/s  0.0 B/s<"; got != want {
			t.Errorf("found %q, expected %q", got, want)
		}
	})
}
