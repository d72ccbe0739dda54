package sqs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/budget"
	"sluice/internal/faults"
	"sluice/internal/localqueue"
	"sluice/internal/sqs"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// watch notes what goes through a server: which body a receipt stands for, and what is deleted.
type watch struct {
	h http.Handler

	mu       sync.Mutex
	body     map[string]string // of a receipt
	received map[string]int    // by body
	calls    map[string]int    // by action
	deleted  func(body string)
}

func newWatch(h http.Handler) *watch {
	return &watch{h: h, body: map[string]string{}, received: map[string]int{}, calls: map[string]int{}, deleted: func(string) {}}
}

func (w *watch) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	in, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(in))
	rec := httptest.NewRecorder()
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	w.mu.Lock()
	w.calls[action]++
	if action == "DeleteMessageBatch" {
		var req struct {
			Entries []struct{ ReceiptHandle string }
		}
		_ = json.Unmarshal(in, &req)
		for _, e := range req.Entries {
			w.deleted(w.body[e.ReceiptHandle])
		}
	}
	w.mu.Unlock()
	w.h.ServeHTTP(rec, r)
	if action == "ReceiveMessage" {
		var out struct {
			Messages []struct{ ReceiptHandle, Body string }
		}
		_ = json.Unmarshal(rec.Body.Bytes(), &out)
		w.mu.Lock()
		for _, m := range out.Messages {
			w.body[m.ReceiptHandle] = m.Body
			w.received[m.Body]++
		}
		w.mu.Unlock()
	}
	maps.Copy(rw.Header(), rec.Header())
	rw.WriteHeader(rec.Code)
	_, _ = rw.Write(rec.Body.Bytes())
}

func (w *watch) count(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[action]
}

// bubble is a service in memory, with options for an input of it. wrap may be nil.
type bubble struct {
	srv   *localqueue.Server
	watch *watch
	c     Config
	q     *sqs.Queue // the test's own client
}

func newBubble(t *testing.T, attrs map[string]string, wrap func(http.Handler) http.Handler) *bubble {
	t.Helper()
	s := &bubble{srv: localqueue.New()}
	if err := s.srv.Create("logs", attrs); err != nil {
		t.Fatal(err)
	}
	s.watch = newWatch(s.srv)
	var h http.Handler = s.watch
	if wrap != nil {
		h = wrap(h)
	}
	o := sqs.Options{Queue: "logs", Region: "local", Endpoint: "http://memory", AccessKey: "x", SecretKey: "y", HTTP: faults.Direct{Handler: s.srv}}
	s.q = sqs.New(o)
	s.c = defaults()
	s.c.Queue, s.c.Region, s.c.Endpoint, s.c.AccessKeyID, s.c.SecretKey, s.c.http = o.Queue, o.Region, o.Endpoint, "x", "y", faults.Direct{Handler: h}
	s.c.Codec = plugin.Codec{Name: "lines", Built: &plugin.BuiltCodec{NewDecoder: func() plugin.Decoder { return lines{} }}}
	return s
}

func (s *bubble) start(t *testing.T, env plugin.Env, o plugin.StartOptions) *input {
	t.Helper()
	in, err := start(t.Context(), s.c, env, o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func closeNow(t *testing.T, in *input) {
	t.Helper()
	if err := in.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// ledger is what the workers of a test have seen.
type ledger struct {
	t  *testing.T
	mu sync.Mutex

	ids  map[string][]string // of a line
	done map[string]bool     // lines delivered
}

// read takes note of the events of a batch.
func (l *ledger) read(b *event.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range b.All() {
		id := string(e.AppendID(nil))
		if !slices.Contains(l.ids[e.Raw], id) {
			l.ids[e.Raw] = append(l.ids[e.Raw], id)
		}
	}
}

// deliver takes note that the events of a batch are delivered.
func (l *ledger) deliver(b *event.Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range b.All() {
		l.done[e.Raw] = true
	}
}

// deletable fails the test for a message that is deleted before all its lines are delivered.
func (l *ledger) deletable(body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.SplitSeq(body, "\n") {
		if !l.done[line] {
			l.t.Errorf("the message of line %q was deleted before it was delivered", line)
		}
	}
}

// work reads, holds and settles until the input ends.
func work(t *testing.T, in *input, lane int, dice *faults.Dice, l *ledger) {
	var b event.Batch
	for {
		b.Now = time.Now()
		err := in.Read(t.Context(), lane, &b, 5*time.Second)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && b.Len() < 8 && b.Len() > 0 && dice.Hit(0.7) {
			continue // fill the batch
		}
		l.read(&b)
		if err != nil || dice.Hit(0.3) {
			time.Sleep(12 * time.Second) // longer than the visibility timeout
		}
		status := event.Delivered
		if dice.Hit(0.2) {
			status = []event.Status{event.Released, event.Deferred}[b.Len()%2]
		} else {
			l.deliver(&b)
		}
		b.Settle(status)
	}
}

// TestFaults lets everything fail now and then: each line is delivered, with one id, and no message is deleted
// before that or left behind.
func TestFaults(t *testing.T) {
	rates := localqueue.Rates{
		Rates: faults.Rates{Delay: 0.2, MaxDelay: 3 * time.Second, Throttle: 0.05, Fail: 0.05, Cut: 0.05, Lost: 0.05, Half: 0.05},
		Entry: 0.1, Silent: 0.1, Duplicate: 0.1,
	}
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			s := newBubble(t, map[string]string{"VisibilityTimeout": "10"}, localqueue.Faults(seed, rates))
			s.c.MaxReceives = 0
			var bodies []string
			size := rand.New(rand.NewPCG(seed, 1))
			for i := range 60 {
				var list []string
				for k := range 1 + size.IntN(3) {
					list = append(list, fmt.Sprintf("%d-%d", i, k))
				}
				bodies = append(bodies, strings.Join(list, "\n"))
			}
			send(t, s.q, bodies...)
			l := &ledger{t: t, ids: map[string][]string{}, done: map[string]bool{}}
			s.watch.deleted = l.deletable
			acks := event.WatchAcks()
			limit := budget.New(1 << 20)
			in := s.start(t, plugin.Env{Budget: limit}, plugin.StartOptions{Lanes: 3, Once: true})
			var wg sync.WaitGroup
			for lane := range 3 {
				wg.Go(func() { work(t, in, lane, faults.NewDice(seed*10+uint64(lane)), l) })
			}
			wg.Wait()
			closeNow(t, in)
			for _, body := range bodies {
				for line := range strings.SplitSeq(body, "\n") {
					if !l.done[line] || len(l.ids[line]) != 1 {
						t.Errorf("seed %d: line %q: delivered %v, ids %q", seed, line, l.done[line], l.ids[line])
					}
				}
			}
			if left := acks.Stop(); len(left) > 0 || limit.Used() != 0 {
				t.Errorf("seed %d: %d acks and %d bytes of the budget are left", seed, len(left), limit.Used())
			}
			// A message whose delete was lost with its lease is visible again; it is known by its id.
			for range 20 {
				got, err := s.q.Receive(t.Context(), 10, 20*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range got {
					l.deletable(m.Body)
					if _, err := s.q.Delete(t.Context(), []string{m.Receipt}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if n := s.srv.Len("logs"); n != 0 {
				t.Errorf("seed %d: %d messages are left", seed, n)
			}
		})
	}
}

// TestHeldForLong holds messages, read and unread ones, for twelve times their visibility timeout.
func TestHeldForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubble(t, map[string]string{"VisibilityTimeout": "5"}, nil)
		var bodies []string
		for i := range 10 {
			bodies = append(bodies, strconv.Itoa(i))
		}
		send(t, s.q, bodies...)
		in := s.start(t, plugin.Env{}, plugin.StartOptions{Lanes: 1})
		var b event.Batch
		if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
			t.Fatalf("%d events, %v", b.Len(), err)
		}
		for range 60 {
			time.Sleep(time.Second)
			if n := s.srv.Visible("logs"); n != 0 {
				t.Fatalf("%d messages are visible while they are held", n)
			}
		}
		for b.Len() < 10 {
			if err := in.Read(t.Context(), 0, &b, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		b.Settle(event.Delivered)
		closeNow(t, in)
		for _, body := range bodies {
			if n := s.watch.received[body]; n != 1 {
				t.Errorf("message %s was received %d times", body, n)
			}
		}
		if n := s.srv.Len("logs"); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

// TestHeldForTooLong reaches the service's cap.
func TestHeldForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubble(t, map[string]string{"VisibilityTimeout": "600"}, nil)
		send(t, s.q, "slow")
		in := s.start(t, plugin.Env{}, plugin.StartOptions{Lanes: 1})
		var b event.Batch
		if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
			t.Fatalf("%d events, %v", b.Len(), err)
		}
		time.Sleep(11*time.Hour + 45*time.Minute)
		if n := s.srv.Visible("logs"); n != 0 {
			t.Error("the message is visible before twelve hours are over")
		}
		time.Sleep(20 * time.Minute)
		calls := s.watch.count("ChangeMessageVisibilityBatch")
		if n := s.srv.Visible("logs"); n != 1 {
			t.Error("the message is held for longer than twelve hours")
		}
		time.Sleep(time.Hour)
		if n := s.watch.count("ChangeMessageVisibilityBatch"); n != calls {
			t.Errorf("%d extensions after the cap", n-calls)
		}
		b.Settle(event.Delivered)
		closeNow(t, in)
	})
}

// TestInvalidReceipt has someone else delete a message that is held.
func TestInvalidReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var receipt string
		s := newBubble(t, map[string]string{"VisibilityTimeout": "10"}, nil)
		send(t, s.q, "a")
		in := s.start(t, plugin.Env{}, plugin.StartOptions{Lanes: 1})
		var b event.Batch
		if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
			t.Fatalf("%d events, %v", b.Len(), err)
		}
		for r := range s.watch.body {
			receipt = r
		}
		if _, err := s.q.Delete(t.Context(), []string{receipt}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := s.watch.count("ChangeMessageVisibilityBatch"); n != 1 {
			t.Errorf("%d extensions of a receipt that is not good", n)
		}
		b.Settle(event.Delivered)
		closeNow(t, in)
	})
}

// TestDrainWaitsForThePoll stops while a long poll is under way: what it brings is given back at once.
func TestDrainWaitsForThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubble(t, map[string]string{"VisibilityTimeout": "600"}, nil)
		in := s.start(t, plugin.Env{}, plugin.StartOptions{Lanes: 1})
		var sender sync.WaitGroup
		defer sender.Wait() // the poll may end before the sender has its reply
		sender.Go(func() {
			time.Sleep(2 * time.Second)
			in.Drain()
			time.Sleep(2 * time.Second)
			send(t, s.q, "late")
		})
		var b event.Batch
		if err := in.Read(t.Context(), 0, &b, 20*time.Second); !errors.Is(err, io.EOF) || b.Len() != 0 {
			t.Errorf("Read: %d events, %v", b.Len(), err)
		}
		closeNow(t, in)
		if n := s.srv.Visible("logs"); n != 1 {
			t.Errorf("%d messages are visible, want the one that came after the stop", n)
		}
	})
}

// TestBudget lets lanes wait for memory: none waits longer than it was told, or while it holds events.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubble(t, nil, nil)
		send(t, s.q, "one", "two")
		limit := budget.New(1000)
		in := s.start(t, plugin.Env{Budget: limit}, plugin.StartOptions{Lanes: 1})
		var first, second event.Batch
		read := func(b *event.Batch, want int, took time.Duration) {
			t.Helper()
			begin := time.Now()
			if err := in.Read(t.Context(), 0, b, 3*time.Second); err != nil || b.Len() != want || time.Since(begin) != took {
				t.Errorf("%d events after %s, want %d after %s: %v", b.Len(), time.Since(begin), want, took, err)
			}
		}
		read(&first, 1, 0)
		read(&first, 1, 0)              // it holds events: no wait
		read(&second, 0, 3*time.Second) // it does not
		first.Settle(event.Delivered)
		read(&second, 1, 0)
		second.Settle(event.Delivered)
		closeNow(t, in)
		if limit.Used() != 0 {
			t.Errorf("%d bytes of the budget are left", limit.Used())
		}
	})
}

// TestCloseKeepsItsDeadline closes while the service does not answer.
func TestCloseKeepsItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubble(t, nil, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DeleteMessageBatch") {
					<-r.Context().Done()
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		send(t, s.q, "a")
		in := s.start(t, plugin.Env{}, plugin.StartOptions{Lanes: 1})
		var b event.Batch
		if err := in.Read(t.Context(), 0, &b, time.Second); err != nil || b.Len() != 1 {
			t.Fatalf("%d events, %v", b.Len(), err)
		}
		b.Settle(event.Delivered)
		time.Sleep(3 * time.Second) // the delete hangs
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		if err := in.Close(ctx); err == nil || time.Since(begin) != 5*time.Second {
			t.Errorf("Close after %s: %v", time.Since(begin), err)
		}
	})
}
