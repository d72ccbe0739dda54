package file

import (
	"fmt"
	"os"
	"testing"

	"sluice/pipeline/event"
)

// BenchmarkWrite is one Write of 1,000 events of 200 bytes to one file, with and without the sync.
func BenchmarkWrite(b *testing.B) {
	line := `93.180.71.3 - - [17/May/2015:08:05:32 +0000] "GET /downloads/product_1 HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"`
	messages := make([]string, 1000)
	for i := range messages {
		messages[i] = fmt.Sprintf("%s %d", line, i*7919)
	}
	for _, c := range []struct {
		name, path string
		zip, sync  bool
	}{
		{"one", "/a.log", false, true},
		{"dated", "/x/%{+yyyy.MM.dd}.log", false, true},
		{"nosync", "/a.log", false, false},
		{"gzip", "/a.gz", true, false},
	} {
		b.Run(c.name, func(b *testing.B) {
			out := open(b, 1, b.TempDir()+c.path, func(conf *Config) { conf.Gzip = c.zip })
			if !c.sync {
				out.store.flush = 1
			}
			list := texts(messages...)
			v := event.NewView(0, list)
			b.SetBytes(int64(len(messages) * (len(line) + 5)))
			b.ReportAllocs()
			for b.Loop() {
				if err := out.Write(b.Context(), v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReopen is looking at the end of a gzip file of 10,000 members.
func BenchmarkReopen(b *testing.B) {
	var all []byte
	for i := range 10_000 {
		all = appended(b, all, fmt.Appendf(nil, "line %d\n", i))
	}
	path := b.TempDir() + "/a.gz"
	if err := os.WriteFile(path, all, 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() }) // it was only read
	for b.Loop() {
		if end, err := endOfMembers(f, int64(len(all))); err != nil || end != int64(len(all)) {
			b.Fatal(end, err)
		}
	}
}

// TestAllocations holds Write to a few allocations, none for each event.
func TestAllocations(t *testing.T) {
	const n = 200
	list := make([]string, n)
	for i := range list {
		list[i] = "line"
	}
	out := open(t, 1, t.TempDir()+"/x/%{+yyyy.MM.dd}.log", nil)
	v := event.NewView(0, texts(list...))
	got := testing.AllocsPerRun(5, func() {
		if err := out.Write(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	})
	if got > 20 { // of the Write and its file
		t.Errorf("%v allocations for %d events", got, n)
	}
}
