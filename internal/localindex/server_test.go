package localindex

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// send makes a request to the handler itself.
func send(h http.Handler, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-ndjson")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func zipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestBodies checks what es-replies of real servers say about bodies: gzip, its damages, and too much.
func TestBodies(t *testing.T) {
	s := New(Options{MaxBody: 1000})
	f := func(body, encoding string, status int, part string) {
		t.Helper()
		w := send(s, "POST", "/_bulk", body, "Content-Encoding", encoding)
		if w.Code != status || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%.40q: got %d %s, want %d %s", body, w.Code, w.Body, status, part)
		}
	}
	const one = "{\"create\":{\"_index\":\"a\"}}\n{\"n\":1}\n"
	f(one, "", 200, `"errors":false`)
	f(zipped(t, one), "gzip", 200, `"errors":false`)
	f(one, "gzip", 400, "request body is required")
	f("", "", 400, "request body is required")
	f(zipped(t, one)[:30], "gzip", 400, "")
	f(strings.TrimSuffix(one, "\n"), "", 400, `must be terminated by a newline [\\n]`)
	f(strings.Repeat(one, 100), "", 413, "")
	f(zipped(t, strings.Repeat(one, 100)), "gzip", 413, "")
	if w := send(s, "POST", "/_bulk", one, "Content-Type", "text/plain"); w.Code != 406 {
		t.Errorf("text/plain: got %d", w.Code)
	}
	if w := send(s, "POST", "/_bulk", strings.Repeat(one, 100)); w.Body.Len() > 0 || w.Header().Get("X-Elastic-Product") != "" {
		t.Errorf("a 413 has a body or the product's header: %v %s", w.Header(), w.Body)
	}
}

// TestTwice writes the same documents from several sides at once, with create: each stands once.
func TestTwice(t *testing.T) {
	s := New(Options{})
	var created sync.Map
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				var body strings.Builder
				for j := range 20 {
					fmt.Fprintf(&body, "{\"create\":{\"_index\":\"d-%d\",\"_id\":\"%d\"}}\n{\"n\":%d,\"f%d\":\"x\"}\n", j%3, i*20+j, j, j)
				}
				w := send(s, "POST", "/_bulk?filter_path=items.*.status", body.String())
				for j, part := range strings.Split(w.Body.String(), `"status":`)[1:] {
					if strings.HasPrefix(part, "201") {
						if _, twice := created.LoadOrStore(i*20+j, true); twice {
							t.Errorf("document %d was created twice", i*20+j)
						}
					}
				}
				send(s, "POST", "/d-*/_search", `{"query":{"term":{"f1":"x"}},"sort":["n"]}`)
			}
		})
	}
	wg.Wait()
	if got := len(s.Documents("d-*")); got != 1000 {
		t.Errorf("%d documents, want 1000", got)
	}
	if got := s.Indices(""); len(got) != 3 {
		t.Errorf("indices: %v", got)
	}
}

// TestOverwrite writes documents again and again: the order is that of the last writes, and old versions go.
func TestOverwrite(t *testing.T) {
	s := New(Options{})
	for i := range 5000 {
		send(s, "POST", "/_bulk", fmt.Sprintf("{\"index\":{\"_index\":\"a\",\"_id\":\"%d\"}}\n{\"n\":%d}\n", i%10, i))
	}
	docs := s.Documents("a")
	if len(docs) != 10 || string(docs[0].Source) != `{"n":4990}` || string(docs[9].Source) != `{"n":4999}` {
		t.Errorf("%d documents, first %s", len(docs), docs[0].Source)
	}
	if n := len(s.indices["a"].order); n > 2048 {
		t.Errorf("%d versions are kept of 10 documents", n)
	}
}

func TestDataStream(t *testing.T) {
	s := New(Options{})
	send(s, "PUT", "/_index_template/logs", `{"index_patterns":["logs-*"],"data_stream":{},"priority":5}`)
	w := send(s, "POST", "/_bulk", `{"create":{"_index":"logs-a-b","_id":"1"}}
{"@timestamp":"2026-01-01T00:00:00Z","m":"x"}
{"index":{"_index":"logs-a-b","_id":"2"}}
{"@timestamp":"2026-01-01T00:00:00Z"}
{"create":{"_index":"logs-a-b","_id":"3"}}
{"m":"x"}
`)
	for _, part := range []string{`"_index":".ds-logs-a-b-`, "only write ops with an op_type of create", "data stream timestamp field [@timestamp] is missing"} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%q is not in %s", part, w.Body)
		}
	}
	if w := send(s, "GET", "/logs-*/_count", ""); !strings.Contains(w.Body.String(), `"count":1,`) {
		t.Errorf("count: %s", w.Body)
	}
}

func TestFilterPath(t *testing.T) {
	n, err := parseNode([]byte(`{"took":1,"errors":true,"items":[{"create":{"status":201}},{"index":{"status":400,"error":{"type":"x","reason":"y"}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f := func(paths, want string) {
		t.Helper()
		got := filter(n, paths)
		if s := string(got.appendJSON(nil)); s != want {
			t.Errorf("%s: got %s, want %s", paths, s, want)
		}
	}
	f("errors", `{"errors":true}`)
	f("errors,items.*.error.type", `{"errors":true,"items":[{"index":{"error":{"type":"x"}}}]}`)
	f("items.*.status", `{"items":[{"create":{"status":201}},{"index":{"status":400}}]}`)
	f("**.type", `{"items":[{"index":{"error":{"type":"x"}}}]}`)
	f("it*.cr*.*", `{"items":[{"create":{"status":201}}]}`)
	f("nothing", `{}`)
	f("-items", `{"took":1,"errors":true}`)
	f("items,-items.*.status", `{"items":[{"create":{}},{"index":{"error":{"type":"x","reason":"y"}}}]}`)
}

func TestFits(t *testing.T) {
	f := func(pattern, name string, want bool) {
		t.Helper()
		if fits(pattern, name) != want {
			t.Errorf("fits(%q, %q) is not %v", pattern, name, want)
		}
	}
	f("a", "a", true)
	f("a", "ab", false)
	f("*", "", true)
	f("a*", "a", true)
	f("a*c", "abc", true)
	f("a*c", "ac", true)
	f("a*c", "a", false)
	f("a*b*c", "a1b2c", true)
	f("a*b*c", "a1c", false)
	f("*-*", "a-b", true)
	f("*b", "ab", true)
	f("*aab", "aaab", true)
}

// FuzzRequests sends anything anywhere: no request may break the server, and every JSON answer is JSON.
func FuzzRequests(f *testing.F) {
	f.Add("POST", "/_bulk", "{\"create\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"n\":1}\n")
	f.Add("POST", "/a/_search?size=1", `{"query":{"bool":{"must":[{"range":{"n":{"gte":"x"}}}]}},"sort":[{"n":"desc"}],"search_after":[null]}`)
	f.Add("PUT", "/b", `{"settings":{"index.mapping.total_fields.limit":"x"},"mappings":{"properties":{"d":{"type":"date","format":"x"}}}}`)
	f.Add("PUT", "/_index_template/x", `{"index_patterns":"*","data_stream":{}}`)
	f.Add("POST", "/_aliases", `{"actions":[{"add":{"index":"a","alias":"b"}}]}`)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		s := New(Options{})
		send(s, "POST", "/_bulk", "{\"create\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"n\":1,\"d\":\"2026-01-01\",\"s\":\"x y\",\"o\":{\"p\":[1.5]}}\n")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Header().Get("Content-Type") != "application/json" {
			return
		}
		if _, err := parseNode(w.Body.Bytes()); err != nil && method != http.MethodHead {
			t.Errorf("%s %s: %v: %s", method, path, err, w.Body)
		}
	})
}

func BenchmarkBulk(b *testing.B) {
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, `{"create":{"_index":"logs-2026.01.01"}}
{"@timestamp":"2026-01-01T00:00:00.000Z","message":"10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 12","clientip":"10.0.0.1","verb":"GET","request":"/","response":200,"bytes":12,"n":%d}
`, i)
	}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	s := New(Options{})
	for b.Loop() {
		send(s, "POST", "/_bulk?filter_path=errors,items.*.status,items.*.error", body.String())
	}
}
