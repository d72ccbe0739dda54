package sqs

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/budget"
	"sluice/internal/localqueue"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// lines is a codec for tests: each line of a message is an event, and a line that says so breaks it.
type lines struct{}

func (lines) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	for s := range strings.SplitSeq(event.BytesOf(src).Str(), "\n") {
		if s == "damaged" {
			return errors.New("damaged line")
		}
		e := b.Append(a)
		e.Raw = s
		e.Fields.Add(event.MessageField, event.StringOf(s))
	}
	return nil
}

// service is a queue service with one queue, and a client of it for the test's own calls.
func service(t *testing.T, attrs map[string]string) (*localqueue.Server, Config, *sqs.Queue) {
	t.Helper()
	srv := localqueue.New()
	web := httptest.NewServer(srv)
	t.Cleanup(web.Close)
	if err := srv.Create("logs", attrs); err != nil {
		t.Fatal(err)
	}
	c := defaults()
	c.Queue, c.Region, c.Endpoint, c.AccessKeyID, c.SecretKey = "logs", "local", web.URL, "x", "y"
	c.Codec = plugin.Codec{Name: "lines", Built: &plugin.BuiltCodec{NewDecoder: func() plugin.Decoder { return lines{} }}}
	c.Polling = 0
	client := sqs.New(sqs.Options{Queue: "logs", Region: "local", Endpoint: web.URL, AccessKey: "x", SecretKey: "y"})
	return srv, c, client
}

func send(t *testing.T, q *sqs.Queue, bodies ...string) {
	t.Helper()
	for chunk := range slices.Chunk(bodies, sqs.MaxEntries) {
		var entries []sqs.Entry
		for _, b := range chunk {
			entries = append(entries, sqs.Entry{Body: b})
		}
		outcomes, err := q.Send(t.Context(), entries)
		if err = errors.Join(append(outcomes, err)...); err != nil {
			t.Fatal(err)
		}
	}
}

// readAll reads until the input ends and settles each batch with the status that f gives.
func readAll(t *testing.T, in plugin.Input, f func(e *event.Event) event.Status) []string {
	t.Helper()
	var got []string
	var b event.Batch
	for {
		b.Now = time.Now()
		err := in.Read(t.Context(), 0, &b, 100*time.Millisecond)
		var status event.Status
		for e := range b.All() {
			v, _ := e.Fields.Get(event.MessageField)
			got = append(got, v.Str())
			status = max(status, f(e))
		}
		b.Compact(func(e *event.Event) {
			got = append(got, "rejected: "+e.Err().Error())
			e.Settle(event.DeadLettered)
		})
		b.Settle(status)
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func delivered(*event.Event) event.Status { return event.Delivered }

func TestEachMessageOnceAndDeleted(t *testing.T) {
	srv, c, q := service(t, nil)
	var want []string
	for i := range 57 {
		s := strconv.Itoa(i)
		want = append(want, s, s+"b")
		send(t, q, s+"\n"+s+"b")
	}
	lim := budget.New(1 << 20)
	in, err := start(t.Context(), c, plugin.Env{Budget: lim}, plugin.StartOptions{Lanes: 1, Once: true})
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, in, delivered)
	if err := errors.Join(in.Close(t.Context()), in.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %d events, want %d", len(got), len(want))
	}
	if n := srv.Len("logs"); n != 0 || lim.Used() != 0 {
		t.Errorf("%d messages and %d bytes of the budget are left", n, lim.Used())
	}
}

func TestReleasedMessagesComeAgainWithTheSameIDs(t *testing.T) {
	_, c, q := service(t, nil)
	send(t, q, "a\nb", "c")
	in, err := start(t.Context(), c, plugin.Env{}, plugin.StartOptions{Lanes: 1, Once: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string][]string{}
	readAll(t, in, func(e *event.Event) event.Status {
		ids[e.Raw] = append(ids[e.Raw], string(e.AppendID(nil)))
		if len(ids[e.Raw]) < 3 {
			return event.Released
		}
		return event.Delivered
	})
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for line, list := range ids {
		if n := len(list); n < 3 || len(slices.Compact(list)) != 1 {
			t.Errorf("line %s was read %d times with the ids %v", line, n, list)
		}
	}
}

func TestPoisonIsRejectedWithItsBody(t *testing.T) {
	srv, c, q := service(t, nil)
	c.MaxReceives = 2
	send(t, q, "often received")
	for range 2 {
		m, err := q.Receive(t.Context(), 1, 0)
		if err != nil || len(m) != 1 {
			t.Fatalf("%d messages, %v", len(m), err)
		}
		outcomes, err := q.Hide(t.Context(), []sqs.Visibility{{Receipt: m[0].Receipt}})
		if err = errors.Join(append(outcomes, err)...); err != nil {
			t.Fatal(err)
		}
	}
	send(t, q, "good\ndamaged")
	in, err := start(t.Context(), c, plugin.Env{}, plugin.StartOptions{Lanes: 1, Once: true})
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, in, delivered)
	if len(got) != 3 || !strings.Contains(got[0], "was received 3 times") || !strings.Contains(got[1], "damaged line") || got[1] != got[2] {
		t.Errorf("got %q", got)
	}
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := srv.Len("logs"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}

func TestDrainGivesBackWhatWasNotStarted(t *testing.T) {
	srv, c, q := service(t, map[string]string{"VisibilityTimeout": "600"})
	send(t, q, "1", "2", "3", "4", "5")
	in, err := start(t.Context(), c, plugin.Env{}, plugin.StartOptions{Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
		t.Fatalf("%d events, %v", b.Len(), err)
	}
	in.Drain()
	if err := in.Read(t.Context(), 0, &b, time.Second); !errors.Is(err, io.EOF) {
		t.Errorf("Read after Drain: %v", err)
	}
	b.Settle(event.Delivered)
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if visible := srv.Visible("logs"); visible != 4 {
		t.Errorf("%d messages are visible, want the 4 that were not started", visible)
	}
}

func TestHeldMessagesAreExtended(t *testing.T) {
	srv, c, q := service(t, map[string]string{"VisibilityTimeout": "1"})
	send(t, q, "slow")
	in, err := start(t.Context(), c, plugin.Env{}, plugin.StartOptions{Lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	var b event.Batch
	if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
		t.Fatalf("%d events, %v", b.Len(), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if again, err := q.Receive(ctx, 1, 2*time.Second); err != nil || len(again) > 0 {
		t.Errorf("the message was received again while it was held (%v)", err)
	}
	b.Settle(event.Delivered)
	if err := in.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := srv.Len("logs"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
}
