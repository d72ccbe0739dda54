package file

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

const benchLine = `203.0.113.9 - bob [24/Nov/2026:13:19:19 +0100] "GET /app/x?y=1 HTTP/1.1" 200 4321 "https://example.org/some/page" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"`

// benchInput reads a file of 16 MiB to its end, in batches as the engine makes them.
func benchInput(b *testing.B, c func(*Config)) {
	dir := b.TempDir()
	name := filepath.Join(dir, "a.log")
	text := strings.Repeat(benchLine+"\n  more of it\n", 16<<20/(len(benchLine)+14))
	write(b, name, text)
	def := *Plugin().Defaults().(*Config)
	def.Path = []string{name}
	c(&def)
	shared := &states{open: map[string]*sharedState{}}
	lines := 2 * strings.Count(text, benchLine)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n, cpu := 0, cputime.Start(b)
	for b.Loop() {
		n++
		built, err := build(def, plugin.Env{DataDir: filepath.Join(dir, fmt.Sprint("state", n))}, shared)
		if err != nil {
			b.Fatal(err)
		}
		in, err := built.Start(b.Context(), plugin.StartOptions{Lanes: 1, Once: true})
		if err != nil {
			b.Fatal(err)
		}
		var batch event.Batch
		for err == nil {
			err = in.Read(b.Context(), 0, &batch, time.Hour)
			if batch.Len() >= 2000 || batch.Bytes >= 1<<20 || err != nil {
				batch.Settle(event.Delivered)
			}
		}
		if !errors.Is(err, io.EOF) {
			b.Fatal(err)
		}
		if err := in.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	cpu.Report(lines) // what the clock shows here is mostly waiting for the state's fsyncs
}

func BenchmarkLines(b *testing.B) { benchInput(b, func(*Config) {}) }

func BenchmarkMultiline(b *testing.B) {
	benchInput(b, func(c *Config) { c.Multiline = &Multiline{Pattern: `^( |Traceback|AssertionError)`, What: "previous"} })
}

func BenchmarkEventStart(b *testing.B) {
	benchInput(b, func(c *Config) { c.EventStart = `^\d+\.\d+\.\d+\.\d+ ` })
}
