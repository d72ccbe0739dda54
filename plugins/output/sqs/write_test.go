package sqs

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/internal/localqueue"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// each encodes the message alone.
type each struct{}

func (each) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	v, _ := e.Fields.Get(event.MessageField)
	return append(dst, v.Str()...), nil
}

// pairs puts two messages into one body.
type pairs struct{ each }

func (pairs) AppendBody(dst []byte, v *event.View, from, maxBytes int) ([]byte, int, error) {
	n := min(2, v.Len()-from)
	for i := from; i < from+n; i++ {
		t, _ := v.At(i).Fields.Get(event.MessageField)
		dst = append(append(dst, t.Str()...), '\n')
	}
	if len(dst) > maxBytes {
		return nil, 0, plugin.ErrTooLarge
	}
	return dst, n, nil
}

// setup serves a queue behind wrap and returns an output for it and a client for the test.
func setup(t *testing.T, enc plugin.Encoder, wrap func(http.Handler) http.Handler) (*output, *sqs.Queue) {
	t.Helper()
	srv := localqueue.New()
	if err := srv.Create("logs", map[string]string{"MaximumMessageSize": "2048"}); err != nil {
		t.Fatal(err)
	}
	direct := httptest.NewServer(srv)
	t.Cleanup(direct.Close)
	web := httptest.NewServer(wrap(srv))
	t.Cleanup(web.Close)
	c := defaults()
	c.Queue, c.Region, c.Endpoint, c.AccessKeyID, c.SecretKey = "logs", "local", web.URL, "x", "y"
	c.Codec = plugin.Codec{Name: "test", Built: &plugin.BuiltCodec{NewEncoder: func() plugin.Encoder { return enc }}}
	o, err := start(c, plugin.Env{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return o, sqs.New(sqs.Options{Queue: "logs", Region: "local", Endpoint: direct.URL, AccessKey: "x", SecretKey: "y"})
}

func plain(h http.Handler) http.Handler { return h }

func viewOf(messages ...string) *event.View {
	v := event.NewView(0, nil)
	for _, m := range messages {
		v.Add(&event.Event{Fields: event.Fields{{Name: event.MessageField, Value: event.StringOf(m)}}})
	}
	return v
}

// bodies receives everything that is in the queue.
func bodies(t *testing.T, q *sqs.Queue) string {
	t.Helper()
	var all []string
	for {
		got, err := q.Receive(t.Context(), 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			return strings.Join(all, "|")
		}
		for _, m := range got {
			all = append(all, m.Body)
		}
	}
}

func TestWriteKeepsTheLimitsOfARequest(t *testing.T) {
	requests := 0
	o, q := setup(t, pairs{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SendMessageBatch") {
				requests++
			}
			h.ServeHTTP(w, r)
		})
	})
	var messages []string
	for range 41 {
		messages = append(messages, "m")
	}
	v := viewOf(messages...)
	if err := o.Write(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	for i := range v.Len() {
		if k := v.Outcome(i, nil).Kind; k != event.Done {
			t.Errorf("event %d: outcome %d", i, k)
		}
	}
	if got := strings.Count(bodies(t, q), "m"); got != 41 || requests != 3 {
		t.Errorf("%d messages in %d requests, want 41 in 3", got, requests)
	}
}

func TestOversizedEventIsRejectedOrCut(t *testing.T) {
	long := strings.Repeat("é", 5000)
	o, q := setup(t, each{}, plain)
	o.c.Oversize = rejectOversize
	v := viewOf("a", long, "b")
	if err := o.Write(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if out := v.Outcome(1, nil); out.Kind != event.Refused || !errors.Is(out.Err, plugin.ErrTooLarge) {
		t.Errorf("outcome %+v", out)
	}
	if got := bodies(t, q); got != "a|b" {
		t.Errorf("queue holds %q", got)
	}
	o, q = setup(t, each{}, plain)
	o.c.Oversize = "truncate"
	v = viewOf(long)
	if err := o.Write(t.Context(), v); err != nil || v.Outcome(0, nil).Kind != event.Done {
		t.Fatalf("%v, %+v", err, v.Outcome(0, nil))
	}
	if got := bodies(t, q); len(got) < 1000 || len(got) > 2048 || strings.Trim(got, "é") != "" {
		t.Errorf("queue holds %d bytes", len(got))
	}
	if text, _ := v.At(0).Fields.Get(event.MessageField); text.Str() != long || v.At(0).Fields.Has("tags") {
		t.Error("the output changed the event")
	}
}

func TestForbiddenCharactersAreReplaced(t *testing.T) {
	o, q := setup(t, each{}, plain)
	v := viewOf("a\x00b\x1b[31m\xff\uFFFFtab\t")
	if err := o.Write(t.Context(), v); err != nil || v.Outcome(0, nil).Kind != event.Done {
		t.Fatalf("%v, %+v", err, v.Outcome(0, nil))
	}
	if got := bodies(t, q); got != "a\uFFFDb\uFFFD[31m\uFFFD\uFFFDtab\t" {
		t.Errorf("queue holds %q", got)
	}
}

// TestEachEntryHasItsOutcome lets the service take only some entries of a request.
func TestEachEntryHasItsOutcome(t *testing.T) {
	o, q := setup(t, each{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SendMessageBatch") {
				h.ServeHTTP(w, r)
				return
			}
			var in map[string]any
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				t.Error(err)
			}
			entries := in["Entries"].([]any)
			in["Entries"] = entries[:1]
			body, err := json.Marshal(in)
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			var out map[string]any
			if err := json.NewDecoder(rec.Body).Decode(&out); err != nil {
				t.Error(err)
			}
			out["Failed"] = []any{
				map[string]any{"Id": "1", "Code": "InternalError", "SenderFault": false},
				map[string]any{"Id": "2", "Code": "InvalidMessageContents", "SenderFault": true},
			}
			if err := json.NewEncoder(w).Encode(out); err != nil {
				t.Error(err)
			}
		})
	})
	v := viewOf("good", "later", "never", "unnamed")
	if err := o.Write(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	want := []event.OutcomeKind{event.Done, event.ToRetry, event.Refused, event.ToRetry}
	for i, k := range want {
		if got := v.Outcome(i, nil); got.Kind != k {
			t.Errorf("event %d: outcome %+v, want %d", i, got, k)
		}
	}
	if got := bodies(t, q); got != "good" {
		t.Errorf("queue holds %q", got)
	}
}

func TestServiceAwayIsAnError(t *testing.T) {
	o, _ := setup(t, each{}, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	})
	v := viewOf("a")
	if err := o.Write(t.Context(), v); err == nil || v.Outcome(0, err).Kind != event.ToRetry {
		t.Errorf("error %v, outcome %+v", err, v.Outcome(0, err))
	}
}
