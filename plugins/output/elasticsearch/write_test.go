package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/faults"
	"sluice/internal/localindex"
	"sluice/pipeline/event"
)

func TestWriteAndAgain(t *testing.T) {
	for _, level := range []int{0, 1} {
		c := newCluster(t, localindex.Options{}, nil)
		out := start(t, 1, c.config(func(conf *Config) { conf.CompressionLevel = &level }))
		list := events(1500, nil)
		if told := outcomes(t, out, list); count(told, "done") != 1500 {
			t.Errorf("first time: %v", told[0])
		}
		if told := outcomes(t, out, list); count(told, "duplicate") != 1500 {
			t.Errorf("second time: %v", told[0])
		}
		docs := c.Documents("logstash-2026.03.01")
		if len(docs) != 1500 {
			t.Fatalf("%d documents in %v", len(docs), c.Indices(""))
		}
		want := `{"@timestamp":"2026-03-01T12:00:00.000Z","message":"line 3","n":3}`
		if id := string(list[3].AppendID(nil)); docs[3].ID != id || string(docs[3].Source) != want {
			t.Errorf("document 3: %s %s, want %s %s", docs[3].ID, docs[3].Source, id, want)
		}
	}
}

func TestBadEventsAreRejectedAlone(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(func(conf *Config) {
		conf.Index, conf.DocumentID, conf.Routing = tmpl("logs-%{index}"), tmpl("%{id}"), tmpl("%{routing}")
	}))
	f := func(want string, fields ...string) {
		t.Helper()
		list := events(3, func(i int, e *event.Event) {
			for _, name := range []string{"index", "id", "routing"} {
				e.Fields.Set(name, event.StringOf(fmt.Sprint("ok", i)))
			}
			if i == 1 {
				e.Fields.Remove(fields[0])
				if len(fields) > 1 {
					e.Fields.Set(fields[0], event.StringOf(fields[1]))
				}
			}
		})
		told := outcomes(t, out, list)
		if !strings.HasPrefix(told[1], "reject") || !strings.Contains(told[1], want) || strings.HasPrefix(told[0], "reject") || strings.HasPrefix(told[2], "reject") {
			t.Errorf("got %q, want a reject that says %q", told, want)
		}
	}
	f("missing field: %{index}", "index")
	f("missing field: %{id}", "id")
	f("missing field: %{routing}", "routing")
	f("must be in lower case", "index", "Logs")
	f("must be in lower case", "index", "Ärger")
	f("must not contain ' '", "index", "a b")
	f("must not contain '*'", "index", "*")
	f("must not contain '\\n'", "index", "a\nb")
	f("must not contain ':'", "index", "é:")
	f("valid UTF-8", "index", "\xff")
	f("longer than 255 bytes", "index", strings.Repeat("x", 251))
	f("is empty", "id", "")
	f("513 bytes long", "id", strings.Repeat("x", 513))
	if names := c.Indices(""); len(names) != 2 {
		t.Errorf("indices: %v", names)
	}
}

func TestDateWindow(t *testing.T) {
	for _, test := range []struct {
		shift      time.Duration
		quarantine bool
	}{
		{0, false},
		{-30 * 24 * time.Hour, false},
		{-30*24*time.Hour - time.Millisecond, true},
		{24 * time.Hour, false},
		{24*time.Hour + time.Millisecond, true},
		{-50 * 365 * 24 * time.Hour, true},
	} {
		c := newCluster(t, localindex.Options{}, nil)
		out := start(t, 1, c.config(nil))
		list := events(1, func(_ int, e *event.Event) {
			e.Time = day.Add(test.shift)
			e.Fields.Add("tags", event.ListOf(event.StringOf("old")))
		})
		outcomes(t, out, list)
		docs := c.Documents(defaultQuarantine)
		if (len(docs) == 1) != test.quarantine {
			t.Errorf("%v: indices %v", test.shift, c.Indices(""))
		}
		if len(docs) == 1 && !strings.Contains(string(docs[0].Source), `"tags":["old","_date_outside_window"]`) {
			t.Errorf("quarantined document: %s", docs[0].Source)
		}
		if tags, _ := list[0].Fields.Get("tags"); len(tags.List()) != 1 {
			t.Error("the event was changed")
		}
	}
	// An index without a date has no window.
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(func(conf *Config) { conf.Index = tmpl("all") }))
	outcomes(t, out, events(1, func(_ int, e *event.Event) { e.Time = day.AddDate(-50, 0, 0) }))
	if len(c.Documents("all")) != 1 {
		t.Errorf("indices: %v", c.Indices(""))
	}
}

func TestEventsWithoutTime(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(nil))
	told := outcomes(t, out, events(2, func(i int, e *event.Event) {
		e.Time = time.Time{}
		if i == 1 {
			e.Observed = time.Time{}
		}
	}))
	if told[0] != "done" || !strings.Contains(told[1], errNoTime.Error()) {
		t.Errorf("got %q", told)
	}
	if docs := c.Documents("logstash-2026.03.01"); len(docs) != 1 || strings.Contains(string(docs[0].Source), "@timestamp") {
		t.Errorf("documents: %v", docs)
	}
}

// TestDayNames compares the names that a lane remembers with those that the template makes, for times in any
// order in zones with clock changes and odd offsets.
func TestDayNames(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, zone := range []string{"UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		index, err := event.ParseTemplate("x-%{+yyyy.MM.dd}", loc)
		if err != nil {
			t.Fatal(err)
		}
		tg := newTarget(&Config{Index: index, QuarantineIndex: "q"}, noEnv())
		n := names{t: tg}
		base := time.Date(2011, 12, 29, 0, 0, 0, 0, loc).Unix()
		for i := range 20_000 {
			e := &event.Event{Time: time.Unix(base+rng.Int64N(15*24*3600)+int64(i/1000)*30*24*3600, 0).UTC()}
			got, _, err := n.index(e)
			want, err2 := index.Append(nil, e)
			if err != nil || err2 != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s %v: got %s, want %s (%v, %v)", zone, e.Time, got, want, err, err2)
			}
		}
	}
}

// TestSplit checks that no request is larger than bulk_max_bytes and each event arrives once.
func TestSplit(t *testing.T) {
	var largest, requests atomic.Int64
	c := newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			largest.Store(max(largest.Load(), r.ContentLength))
			h.ServeHTTP(w, r)
		})
	})
	out := start(t, 1, c.config(func(conf *Config) { conf.BulkMaxBytes = minBulkMaxBytes }))
	list := events(2000, func(i int, e *event.Event) {
		e.Fields.Add("pad", event.StringOf(strings.Repeat("x", i%200)))
	})
	if told := outcomes(t, out, list); count(told, "done") != 2000 {
		t.Errorf("outcomes: %v", told[0])
	}
	if n := len(c.Documents("")); n != 2000 {
		t.Errorf("%d documents", n)
	}
	if largest.Load() > minBulkMaxBytes || requests.Load() < 4 {
		t.Errorf("%d requests, the largest has %d bytes", requests.Load(), largest.Load())
	}
}

// TestTooLarge halves what the cluster refuses as too large down to the one document at fault, and makes the
// next requests small enough at once.
func TestTooLarge(t *testing.T) {
	for _, level := range []int{0, 1} {
		const limit = 40_000
		var refusals atomic.Int64
		c := newCluster(t, localindex.Options{MaxBody: limit}, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := &statusRecorder{ResponseWriter: w}
				h.ServeHTTP(rec, r)
				if rec.status == http.StatusRequestEntityTooLarge {
					refusals.Add(1)
				}
			})
		})
		out := start(t, 1, c.config(func(conf *Config) { conf.CompressionLevel = &level }))
		list := events(500, func(i int, e *event.Event) {
			if i == 321 {
				e.Fields.Add("big", event.StringOf(strings.Repeat("x", limit)))
			}
		})
		told := outcomes(t, out, list)
		if count(told, "done") != 499 || !strings.Contains(told[321], "reject: status 413 (Request Entity Too Large)") {
			t.Errorf("outcomes: %d done, the large one: %s", count(told, "done"), told[321])
		}
		if n := len(c.Documents("")); n != 499 {
			t.Errorf("%d documents", n)
		}
		refusals.Store(0)
		told = outcomes(t, out, events(500, func(i int, e *event.Event) { e.ID.Offset += 1e6 }))
		if count(told, "done") != 500 || refusals.Load() > 1 {
			t.Errorf("second time: %d done, %d refusals", count(told, "done"), refusals.Load())
		}
	}
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// TestOnePoisonsAll isolates the documents for which the cluster refuses whole requests.
func TestOnePoisonsAll(t *testing.T) {
	c := newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if bytes.Contains(body, []byte("poison")) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"error":{"root_cause":[],"type":"action_request_validation_exception","reason":"Validation Failed: 1: it is poison;"},"status":400}`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			h.ServeHTTP(w, r)
		})
	})
	out := start(t, 1, c.config(nil))
	told := outcomes(t, out, events(100, func(i int, e *event.Event) {
		if i == 3 || i == 4 || i == 99 {
			e.Fields.Add("x", event.StringOf("poison"))
		}
	}))
	if count(told, "done") != 97 || count(told, "reject: status 400 action_request_validation_exception: Validation Failed: 1: it is poison;") != 3 {
		t.Errorf("outcomes: %q", told)
	}
}

// TestUnreadableReplies retries what it cannot believe.
func TestUnreadableReplies(t *testing.T) {
	ok := `{"create":{"status":201}}`
	f := func(reply string, want ...string) {
		t.Helper()
		url := always(t, 200, reply)
		out := start(t, 1, func(c *Config) { c.Hosts = []string{url} })
		told := outcomes(t, out, events(3, nil))
		for i := range told {
			if !strings.HasPrefix(told[i], want[min(i, len(want)-1)]) {
				t.Errorf("%s: got %q, want %q", reply, told, want)
				return
			}
		}
	}
	f("", "retry")
	f("{}", "retry")
	f("[]", "retry")
	f("<html>", "retry")
	f(`{"took":3}`, "retry")
	f(`{"took":3,"errors":fal`, "retry")
	f(`{"errors":"false"}`, "retry")
	f(`{"errors":true}`, "retry")
	f(`{"errors":true,"items":null}`, "retry")
	f(`{"errors":true,"items":[]}`, "retry")
	f(`{"errors":true,"items":[`+ok+`]}`, "done", "retry")
	f(`{"errors":true,"items":[`+ok+`,`+ok+`,{"create":{"sta`, "done", "done", "retry")
	f(`{"errors":true,"items":[`+ok+`,{"create":{}},`+ok+`]}`, "done", "retry", "retry")
	f(`{"errors":true,"items":[`+ok+`,`+ok+`,`+ok+`,`+ok+`]}`, "retry")
	f(`{"errors":true,"items":[`+ok+`,`+ok+`,`+ok+`]}`, "done")
	f(`{"items":[`+ok+`,`+ok+`,`+ok+`],"errors":false}`, "done")
	f(`{"took":1,"ingest_took":[{"x":"}"}],"errors":false,`, "done")
	f(`{"errors":true,"items":[`+ok+`,{"create":{"status":0}},`+ok+`]}`, "done", "retry", "retry")
	f(`{"errors":true,"items":[{"create":{"error":"old style","status":400}},`+ok+`,`+ok+`]}`, "reject: status 400 (Bad Request): old style", "done")
}

// TestRequestsThatFail checks the errors of whole requests that are no document's fault.
func TestRequestsThatFail(t *testing.T) {
	f := func(status int, body, want string) {
		t.Helper()
		url := always(t, status, body)
		out := start(t, 1, func(c *Config) { c.Hosts = []string{url} })
		v := event.NewView(0, events(2, nil))
		err := out.Write(t.Context(), v)
		if err == nil || !strings.Contains(err.Error(), want) || v.Marked(0) {
			t.Errorf("%d: got %v, want %q", status, err, want)
		}
	}
	f(502, "<html>bad gateway</html>", "status 502 (Bad Gateway): <html>bad gateway")
	f(503, "", "status 503")
	f(400, "<html>", "status 400 (Bad Request): <html>")
	f(404, `{"error":"no handler found for uri [/_bulk]"}`, "no handler found")
	f(405, "", "status 405")
	f(301, "", "status 301")
	f(500, `{"error":{"type":"x","reason":"y","caused_by":{"type":"z","reason":"w"}},"status":500}`, "status 500 x: y; caused by: w")
}

func TestNobodyListens(t *testing.T) {
	srv := httptest.NewServer(nil)
	url := srv.URL
	srv.Close()
	out := start(t, 1, func(c *Config) { c.Hosts = []string{url} })
	if err := out.Write(t.Context(), event.NewView(0, events(2, nil))); err == nil || !strings.Contains(err.Error(), "send a bulk request") {
		t.Errorf("got %v", err)
	}
}

// TestHangingServer checks that neither a server that hangs nor a stop is waited for.
func TestHangingServer(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	defer srv.Close()
	defer close(release)
	out := start(t, 1, func(c *Config) { c.Hosts, c.Timeout = []string{srv.URL}, 1 })
	if err := out.Write(t.Context(), event.NewView(0, events(2, nil))); err == nil || !strings.Contains(err.Error(), "no reply within 1ns") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := out.Write(ctx, event.NewView(0, events(2, nil))); err == nil {
		t.Error("no error although the context was cancelled")
	}
}

// TestSeveralHosts goes on with the hosts that live.
func TestSeveralHosts(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	dead := httptest.NewServer(nil)
	deadURL := dead.URL
	dead.Close()
	out := start(t, 1, func(conf *Config) { conf.Hosts = []string{deadURL, c.url} })
	failed := 0
	for i := range 10 {
		list := events(5, func(_ int, e *event.Event) { e.ID.Stream = uint64(i + 1) })
		if count(outcomes(t, out, list), "done") != 5 {
			failed++
		}
	}
	if failed > 1 || len(c.Documents("")) < 45 {
		t.Errorf("%d of 10 writes failed, %d documents", failed, len(c.Documents("")))
	}
}

// TestEarlyAnswer has a server that answers before it has read: the lane's buffer may still be read from
// when the next Write begins, and must not be changed under the reader.
func TestEarlyAnswer(t *testing.T) {
	var n atomic.Int64
	c := newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%2 == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	off := 0
	out := start(t, 1, c.config(func(conf *Config) { conf.CompressionLevel = &off }))
	pad := strings.Repeat("x", 2000)
	for i := range 6 {
		list := events(1000, func(_ int, e *event.Event) {
			e.ID.Stream = uint64(i + 1)
			e.Fields.Add("pad", event.StringOf(pad))
		})
		for count(outcomes(t, out, list), "done") != 1000 {
			continue
		}
	}
	if docs := c.Documents(""); len(docs) != 6000 {
		t.Errorf("%d documents", len(docs))
	}
}

// TestFaults writes from several lanes to a cluster that refuses, cuts and loses answers, and tries again
// what is to be tried again: every event is there once, in its index, and none is rejected.
func TestFaults(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			c := newCluster(t, localindex.Options{MaxBody: 30_000}, func(h http.Handler) http.Handler {
				return faults.Wrap(seed, faults.Rates{Fail: 0.1, Throttle: 0.15, Lost: 0.15, Cut: 0.1, Half: 0.1})(h)
			})
			const lanes, batches, size = 3, 5, 300
			out := start(t, lanes, c.config(func(conf *Config) { conf.BulkMaxBytes = minBulkMaxBytes }))
			var wg sync.WaitGroup
			for lane := range lanes {
				wg.Go(func() {
					for b := range batches {
						list := events(size, func(i int, e *event.Event) {
							e.ID.Stream = uint64(1 + lane*batches + b)
							e.Time = day.AddDate(0, 0, i%3)
							e.Observed = e.Time
						})
						writeAll(t, out, lane, list)
					}
				})
			}
			wg.Wait()
			if got := len(c.Documents("logstash-*")); got != lanes*batches*size {
				t.Errorf("%d documents, want %d", got, lanes*batches*size)
			}
			if names := c.Indices(""); len(names) != 3 {
				t.Errorf("indices: %v", names)
			}
		})
	}
}

// writeAll does what the engine does: it writes again what is to be tried again.
func writeAll(t *testing.T, out interface {
	Write(context.Context, *event.View) error
}, lane int, list []*event.Event,
) {
	t.Helper()
	for range 1000 {
		v := event.NewView(lane, list)
		err := out.Write(t.Context(), v)
		var left []*event.Event
		for i, e := range v.All() {
			switch o := v.Outcome(i, err); o.Kind {
			case event.ToRetry:
				left = append(left, e)
			case event.Refused:
				t.Errorf("rejected: %v", o.Err)
			default:
			}
		}
		if list = left; len(list) == 0 {
			return
		}
	}
	t.Errorf("%d events could not be written", len(list))
}
