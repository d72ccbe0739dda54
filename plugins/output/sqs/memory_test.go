package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/faults"
	"sluice/internal/localqueue"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/pack"
)

// inMemory is an output of a queue in memory, behind wrap, and a client of it for the test.
func inMemory(t *testing.T, queue, yaml string, wrap func(http.Handler) http.Handler) (*output, *sqs.Queue) {
	t.Helper()
	srv := localqueue.New()
	attrs := map[string]string{"MaximumMessageSize": "4096"}
	if isFIFO(queue) {
		attrs["FifoQueue"] = "true"
	}
	if err := srv.Create(queue, attrs); err != nil {
		t.Fatal(err)
	}
	c := defaults()
	c.Queue, c.Region, c.Endpoint, c.AccessKeyID, c.SecretKey = queue, "local", "http://memory", "x", "y"
	c.http = faults.Direct{Handler: wrap(srv)}
	c.Codec.Built = plugintest.Build[*plugin.BuiltCodec](t, pack.Plugin(), yaml, plugin.Env{})
	o, err := start(c, plugin.Env{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return o, sqs.New(sqs.Options{Queue: queue, Region: "local", Endpoint: "http://memory", AccessKey: "x", SecretKey: "y", HTTP: faults.Direct{Handler: srv}})
}

// drainQueue receives, decodes and deletes all messages, and returns the events of each.
func drainQueue(t *testing.T, q *sqs.Queue) [][]*event.Event {
	t.Helper()
	dec := plugintest.Build[*plugin.BuiltCodec](t, pack.Plugin(), "", plugin.Env{}).NewDecoder()
	var messages [][]*event.Event
	for {
		got, err := q.Receive(t.Context(), 10, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			return messages
		}
		for _, m := range got {
			a := event.NewAck(func(event.Status) {})
			b := &event.Batch{}
			if err := dec.Decode([]byte(m.Body), b, a); err != nil {
				t.Fatal(err)
			}
			messages = append(messages, slices.Collect(b.All()))
			if outcomes, err := q.Delete(t.Context(), []string{m.Receipt}); err != nil || outcomes[0] != nil {
				t.Fatal(outcomes, err)
			}
		}
	}
}

// logLines are events of one stream with lines that cannot be compressed much.
func logLines(dice *rand.Rand, n, size int) []*event.Event {
	var list []*event.Event
	id, offset := dice.Uint64()|1, int64(0)
	for range n {
		line := make([]byte, size)
		for i := range line {
			line[i] = byte(' ' + dice.IntN(95))
		}
		e := &event.Event{Observed: time.Now().UTC(), Time: time.Now().UTC()}
		e.SetLine(line)
		e.ID = event.ID{Stream: id, Offset: offset, Hash: event.HashLine(e.Raw)}
		e.Fields.Add("group", event.StringOf(fmt.Sprint("g", dice.IntN(3))))
		offset += int64(size) + 1
		list = append(list, e)
	}
	return list
}

// deliver writes events until all are delivered, as the engine does, and returns how many tries it took.
func deliver(t *testing.T, o *output, list []*event.Event) (tries int) {
	t.Helper()
	for len(list) > 0 {
		if tries++; tries > 500 {
			t.Fatalf("%d events are not delivered after %d tries", len(list), tries)
		}
		v := event.NewView(0, list)
		err := o.Write(t.Context(), v)
		var left []*event.Event
		for i, e := range v.All() {
			switch out := v.Outcome(i, err); out.Kind {
			case event.Done:
			case event.ToRetry:
				left = append(left, e)
			default:
				t.Fatalf("outcome %+v", out)
			}
		}
		list = left
	}
	return tries
}

// TestFaults lets the service fail now and then: every event is delivered, none is called delivered that is
// not, and on a FIFO queue none is there twice.
func TestFaults(t *testing.T) {
	rates := localqueue.Rates{
		Rates: faults.Rates{Delay: 0.2, MaxDelay: time.Second, Throttle: 0.1, Fail: 0.1, Cut: 0.1, Lost: 0.2, Half: 0.1},
		Entry: 0.2, Silent: 0.2,
	}
	for seed := range uint64(16) {
		synctest.Test(t, func(t *testing.T) {
			queue := []string{"logs", "logs.fifo"}[seed%2]
			o, q := inMemory(t, queue, "raw_bytes: 2KiB", localqueue.Faults(seed, rates))
			if isFIFO(queue) {
				group, err := event.ParseTemplate("%{group}", nil)
				if err != nil {
					t.Fatal(err)
				}
				o.c.MessageGroupID = &group
			}
			list := logLines(rand.New(rand.NewPCG(seed, 0)), 300, 90)
			if tries := deliver(t, o, list); tries < 2 {
				t.Errorf("seed %d: %d tries: nothing has failed", seed, tries)
			}
			times := map[string]int{}
			for _, message := range drainQueue(t, q) {
				groups := map[string]bool{}
				for _, e := range message {
					times[string(e.AppendID(nil))]++
					g, _ := e.Fields.Get("group")
					groups[g.Str()] = true
				}
				if isFIFO(queue) && len(groups) != 1 {
					t.Errorf("seed %d: a message has events of the groups %v", seed, groups)
				}
			}
			for _, e := range list {
				if n := times[string(e.AppendID(nil))]; n == 0 || n > 1 && isFIFO(queue) {
					t.Errorf("seed %d: event %s is there %d times", seed, e.AppendID(nil), n)
				}
			}
		})
	}
}

// refuse lets the entries of send requests fail for which f gives a code.
func refuse(f func(request, entry int) (code string, sender bool)) func(http.Handler) http.Handler {
	requests := 0
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SendMessageBatch") {
				h.ServeHTTP(w, r)
				return
			}
			var in struct {
				QueueUrl string //nolint:revive // the protocol's name
				Entries  []map[string]any
			}
			_ = json.NewDecoder(r.Body).Decode(&in)
			good, failed := []any{}, []any{}
			for i, e := range in.Entries {
				if code, sender := f(requests, i); code != "" {
					failed = append(failed, map[string]any{"Id": e["Id"], "Code": code, "SenderFault": sender})
					continue
				}
				e["QueueUrl"] = in.QueueUrl
				body, _ := json.Marshal(e)
				req := r.Clone(r.Context())
				req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
				req.Body = io.NopCloser(strings.NewReader(string(body)))
				rec := newRecorder()
				h.ServeHTTP(rec, req)
				var out map[string]any
				_ = json.Unmarshal(rec.body, &out)
				out["Id"] = e["Id"]
				good = append(good, out)
			}
			requests++
			_ = json.NewEncoder(w).Encode(map[string]any{"Successful": good, "Failed": failed})
		})
	}
}

type recorder struct {
	header http.Header
	body   []byte
}

func newRecorder() *recorder                    { return &recorder{header: http.Header{}} }
func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { r.body = append(r.body, b...); return len(b), nil }

// TestMessagesThatAreSentAgainKeepTheirEnds lets every other message fail once. When those are sent again, no
// message holds lines of two of them: lines between them are in other messages.
func TestMessagesThatAreSentAgainKeepTheirEnds(t *testing.T) {
	o, q := inMemory(t, "logs", "raw_bytes: 1KiB", refuse(func(request, entry int) (string, bool) {
		if request == 0 && entry%2 == 1 {
			return "InternalError", false
		}
		return "", false
	}))
	list := logLines(rand.New(rand.NewPCG(1, 0)), 80, 90)
	if tries := deliver(t, o, list); tries != 2 {
		t.Fatalf("%d tries, want 2", tries)
	}
	if n := len(o.lanes[0].starts); n != 0 {
		t.Errorf("%d messages are still noted as failed", n)
	}
	seen := 0
	for _, message := range drainQueue(t, q) {
		seen += len(message)
		for i, e := range message[1:] {
			if before := message[i]; e.ID.Offset != before.ID.Offset+int64(len(before.Raw))+1 && !before.Last {
				t.Errorf("offset %d follows %d in one segment", e.ID.Offset, before.ID.Offset)
			}
		}
	}
	if seen != len(list) {
		t.Errorf("%d events are in the queue, want %d", seen, len(list))
	}
}

// bigEvent has a message of n bytes that cannot be compressed much.
func bigEvent(n int) *event.Event {
	e := logLines(rand.New(rand.NewPCG(9, 9)), 1, n)[0]
	e.Last = true
	return e
}

func TestSplit(t *testing.T) {
	o, q := inMemory(t, "logs", "", func(h http.Handler) http.Handler { return h })
	e := bigEvent(20_000)
	small := logLines(rand.New(rand.NewPCG(2, 2)), 1, 10)[0]
	v := event.NewView(0, []*event.Event{small, e, small})
	if err := o.Write(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	ids := map[string]bool{}
	parts := uint32(0)
	for _, message := range drainQueue(t, q) {
		for _, x := range message {
			if x.ID.Stream != e.ID.Stream {
				continue
			}
			parts++
			tags, _ := x.Fields.Get(event.TagsField)
			if x.ID.Part != parts || len(tags.List()) != 1 || tags.List()[0].Str() != splitTag {
				t.Errorf("part %d: %+v, tags %s", parts, x.ID, tags.AppendJSON(nil))
			}
			text.WriteString(x.Raw)
			ids[string(x.AppendID(nil))] = true
		}
	}
	if text.String() != e.Raw || len(ids) != int(parts) || parts < 5 {
		t.Errorf("%d parts with %d ids hold %d bytes, want %d", parts, len(ids), text.Len(), len(e.Raw))
	}
	for i := range v.Len() {
		if k := v.Outcome(i, nil).Kind; k != event.Done {
			t.Errorf("event %d: outcome %d", i, k)
		}
	}
}

// TestSplitEventHasOneOutcome lets one part of a split event fail: the event is delivered only when all are.
func TestSplitEventHasOneOutcome(t *testing.T) {
	f := func(code string, sender bool, want event.OutcomeKind) {
		t.Helper()
		for failing := range 3 {
			o, _ := inMemory(t, "logs", "", refuse(func(request, entry int) (string, bool) {
				if request == failing && entry == 1 {
					return code, sender
				}
				return "", false
			}))
			o.c.BatchEvents = 3
			v := event.NewView(0, []*event.Event{bigEvent(20_000)})
			if err := o.Write(t.Context(), v); err != nil {
				t.Fatal(err)
			}
			if got := v.Outcome(0, nil); got.Kind != want {
				t.Errorf("part of request %d fails with %s: outcome %+v, want %d", failing, code, got, want)
			}
		}
	}
	f("InternalError", false, event.ToRetry)
	f("InvalidMessageContents", true, event.Refused)
	f("RequestThrottled", true, event.ToRetry)
}

// TestSplitEventOfARequestThatFails loses the second request of a split event's parts.
func TestSplitEventOfARequestThatFails(t *testing.T) {
	requests := 0
	o, _ := inMemory(t, "logs", "", func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SendMessageBatch") {
				if requests++; requests == 2 {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
			}
			h.ServeHTTP(w, r)
		})
	})
	o.c.BatchEvents = 3
	small := logLines(rand.New(rand.NewPCG(2, 2)), 1, 10)[0]
	v := event.NewView(0, []*event.Event{small, bigEvent(20_000), small})
	err := o.Write(t.Context(), v)
	want := []event.OutcomeKind{event.Done, event.ToRetry, event.ToRetry}
	for i, k := range want {
		if got := v.Outcome(i, err); got.Kind != k {
			t.Errorf("event %d: outcome %+v, want %d", i, got, k)
		}
	}
	if err == nil {
		t.Error("Write: no error")
	}
}

func TestTruncateUsesTheRoom(t *testing.T) {
	o, q := inMemory(t, "logs", "level: none", func(h http.Handler) http.Handler { return h })
	o.c.Oversize = truncateOversize
	e := bigEvent(20_000)
	if err := o.Write(t.Context(), event.NewView(0, []*event.Event{e})); err != nil {
		t.Fatal(err)
	}
	messages := drainQueue(t, q)
	if len(messages) != 1 {
		t.Fatalf("%d messages", len(messages))
	}
	x := messages[0][0]
	tags, _ := x.Fields.Get(event.TagsField)
	// 4096 bytes of base64 are 3072; the tags make it an event with fields of its own, so its text is there once more
	if !strings.HasPrefix(e.Raw, x.Raw) || len(x.Raw) < 1300 || tags.List()[0].Str() != truncatedTag || x.ID != e.ID {
		t.Errorf("%d bytes are left, tags %s, id %+v", len(x.Raw), tags.AppendJSON(nil), x.ID)
	}
}

func TestTooLargeBesideItsMessage(t *testing.T) {
	for _, choice := range []string{splitOversize, truncateOversize, rejectOversize} {
		o, q := inMemory(t, "logs", "level: none", func(h http.Handler) http.Handler { return h })
		o.c.Oversize = choice
		e, none := bigEvent(50), bigEvent(20_000)
		e.Fields.Set("huge", event.StringOf(strings.Repeat("x", 20_000)))
		none.Fields.Remove(event.MessageField)
		v := event.NewView(0, []*event.Event{e, none})
		if err := o.Write(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		for i := range v.Len() {
			if got := v.Outcome(i, nil); got.Kind != event.Refused || !strings.Contains(got.Err.Error(), plugin.ErrTooLarge.Error()) {
				t.Errorf("%s, event %d: outcome %+v", choice, i, got)
			}
		}
		if n := len(drainQueue(t, q)); n != 0 {
			t.Errorf("%s: %d messages were sent", choice, n)
		}
	}
}

// TestFewRequests fills messages and requests to their limits.
func TestFewRequests(t *testing.T) {
	requests := 0
	o, q := inMemory(t, "logs", "raw_bytes: 1MiB", func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "SendMessageBatch") {
				requests++
			}
			h.ServeHTTP(w, r)
		})
	})
	list := logLines(rand.New(rand.NewPCG(1, 0)), 800, 90)
	deliver(t, o, list)
	messages := drainQueue(t, q)
	// 800 lines of 94 bytes, which zstd leaves as they are in so small blocks, are 100,000 bytes of base64: 25 full
	// messages of 4,096, or 29 of which each is filled to 85 %.
	if len(messages) > 29 || requests != 3 {
		t.Errorf("%d messages in %d requests, want at most 29 in 3", len(messages), requests)
	}
}

func TestCancelledWrite(t *testing.T) {
	o, _ := inMemory(t, "logs", "", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := event.NewView(0, logLines(rand.New(rand.NewPCG(1, 0)), 3, 10))
	if err := o.Write(ctx, v); err == nil || v.Outcome(2, err).Kind != event.ToRetry {
		t.Errorf("error %v, outcome %+v", err, v.Outcome(2, err))
	}
}
