package elasticsearch

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
)

// accessEvents are events as the reader has them of an access log: 14 fields.
func accessEvents(n int) []*event.Event {
	return events(n, func(i int, e *event.Event) {
		e.Time = day.Add(time.Duration(i) * time.Millisecond)
		e.Fields = e.Fields[:0]
		for _, f := range [][2]string{
			{"message", `93.180.71.3 - - [17/May/2015:08:05:32 +0000] "GET /downloads/product_1 HTTP/1.1" 304 0 "-" "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"`},
			{"path", "/var/log/nginx/access.log"},
			{"host", "ip-10-0-12-7.eu-west-1.compute.internal"},
			{"stream", "0123456789abcdef"},
			{"clientip", "93.180.71.3"},
			{"ident", "-"},
			{"auth", "-"},
			{"verb", "GET"},
			{"request", "/downloads/product_1"},
			{"httpversion", "1.1"},
			{"referrer", `"-"`},
			{"agent", `"Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"`},
		} {
			e.Fields.Add(f[0], event.StringOf(f[1]))
		}
		e.Fields.Add("response", event.IntOf(304))
		e.Fields.Add("bytes", event.IntOf(int64(i)))
	})
}

func bareTarget(tb testing.TB) *target {
	tb.Helper()
	spec := Plugin()
	c := spec.Defaults().(*Config)
	return newTarget(c, noEnv())
}

// cleanReply and conflictReply are what Elasticsearch answers to n creates, as filter_path cuts it.
func cleanReply(n int) []byte {
	return []byte(`{"errors":false,"items":[` + strings.Repeat(`{"create":{"status":201}},`, n-1) + `{"create":{"status":201}}]}`)
}

func conflictReply(n int) []byte {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"[AAAAAAAAAAcAAAAAAAAAAAAF%d]: version conflict, document already exists (current version [1])","index_uuid":"YSBNbRutTzeWuZPrmpsZ-A","shard":"0","index":"logstash-2026.03.01"}}}`, i)
	}
	return []byte(`{"errors":true,"items":[` + strings.Join(items, ",") + `]}`)
}

// encodeAndJudge does with one batch what Write does, but for the request.
func encodeAndJudge(w *writing, r *bytes.Reader, reply []byte) error {
	w.l.reset()
	for i, e := range w.v.All() {
		if err := w.l.add(i, e); err != nil {
			return err
		}
	}
	r.Reset(reply)
	_, err := w.judge(r, 0, len(w.l.items))
	return err
}

// BenchmarkEncodeAndJudge is one batch of 1,000 events: divide by 1,000 for an event.
func BenchmarkEncodeAndJudge(b *testing.B) {
	const n = 1000
	list := accessEvents(n)
	for _, c := range []struct {
		name  string
		reply []byte
	}{{"clean", cleanReply(n)}, {"conflicts", conflictReply(n)}} {
		b.Run(c.name, func(b *testing.B) {
			w := &writing{l: newLane(bareTarget(b), 0), v: event.NewView(0, list)}
			r := bytes.NewReader(nil)
			if err := encodeAndJudge(w, r, c.reply); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(w.l.body)))
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				if err := encodeAndJudge(w, r, c.reply); err != nil {
					b.Fatal(err)
				}
			}
			cpu.Report(n)
		})
	}
}

// TestNoAllocations holds the hot path to its promise: nothing is allocated for an event.
func TestNoAllocations(t *testing.T) {
	const n = 500
	w := &writing{l: newLane(bareTarget(t), 0), v: event.NewView(0, accessEvents(n))}
	r := bytes.NewReader(nil)
	for _, reply := range [][]byte{cleanReply(n), conflictReply(n)} {
		run := func() {
			if err := encodeAndJudge(w, r, reply); err != nil {
				t.Fatal(err)
			}
		}
		run()
		if got := testing.AllocsPerRun(20, run); got > 5 { // of the batch
			t.Errorf("%v allocations for %d events", got, n)
		}
	}
}

// nullServer takes every bulk request and answers that all is well.
func nullServer(b *testing.B, docs int) string {
	b.Helper()
	reply := cleanReply(docs)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(reply)
	}))
	b.Cleanup(srv.Close)
	return srv.URL
}

// BenchmarkWrite is one Write of 1,000 events to a server in the same process that reads and answers.
func BenchmarkWrite(b *testing.B) {
	const n = 1000
	list := accessEvents(n)
	for _, level := range []int{0, 1} {
		b.Run(fmt.Sprintf("gzip=%d", level), func(b *testing.B) {
			url := nullServer(b, n)
			out := start(b, 1, func(c *Config) { c.Hosts, c.CompressionLevel = []string{url}, &level })
			v := event.NewView(0, list)
			if err := out.Write(b.Context(), v); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(out.(*output).lanes[0].body)))
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				if err := out.Write(b.Context(), v); err != nil {
					b.Fatal(err)
				}
			}
			cpu.Report(n)
		})
	}
}
