package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"sluice/internal/faults"
	"sluice/internal/localqueue"
)

func options(h http.Handler) Options {
	return Options{Queue: "logs", Region: "local", Endpoint: "http://memory", AccessKey: "x", SecretKey: "y", HTTP: faults.Direct{Handler: h}}
}

// service is a server with a queue, behind what refuse says of an action: an error code, or "" to carry it out.
type service struct {
	*localqueue.Server
	refuse func(action string) string
	calls  map[string]int
}

func newService(t *testing.T, attrs map[string]string) *service {
	t.Helper()
	s := &service{Server: localqueue.New(), refuse: func(string) string { return "" }, calls: map[string]int{}}
	if err := s.Create("logs", attrs); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	s.calls[action]++
	if code := s.refuse(action); code != "" {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": "no"})
		return
	}
	s.Server.ServeHTTP(w, r)
}

func TestPlace(t *testing.T) {
	f := func(o Options, region, endpoint string) {
		t.Helper()
		if r, e := New(o).place(); r != region || e != endpoint {
			t.Errorf("%+v: region %q, endpoint %q, want %q and %q", o, r, e, region, endpoint)
		}
	}
	f(Options{Queue: "logs"}, "", "")
	f(Options{Queue: "logs", Region: "eu-west-1"}, "eu-west-1", "")
	f(Options{Queue: "https://sqs.eu-west-1.amazonaws.com/123/logs"}, "eu-west-1", "https://sqs.eu-west-1.amazonaws.com")
	f(Options{Queue: "https://sqs.cn-north-1.amazonaws.com.cn/123/logs"}, "cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn")
	f(Options{Queue: "https://sqs.eu-west-1.amazonaws.com/123/logs", Region: "x", Endpoint: "http://y"}, "x", "http://y")
	f(Options{Queue: "http://localhost:9324/000000000000/logs"}, "", "http://localhost:9324")
}

func TestCheckQueue(t *testing.T) {
	f := func(queue, want string) {
		t.Helper()
		got := ""
		if err := CheckQueue(queue); err != nil {
			got = err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", queue, got, want)
		}
	}
	f("logs", "")
	f("logs_2-x.fifo", "")
	f("https://sqs.eu-west-1.amazonaws.com/123/logs.fifo", "")
	f("http://localhost:9324/000000000000/logs", "")
	f("", "expected the name of a queue")
	f("a b", `found "a b"`)
	f("logs.txt", "expected the name of a queue")
	f("arn:aws:sqs:eu-west-1:123:logs", "expected the name of a queue")
	f("https://sqs.eu-west-1.amazonaws.com/", "expected one that ends in the name of a queue")
	f("http:///logs", "expected one that ends in the name of a queue")
}

// TestAttributesAreRead reads them once, and again when they are old.
func TestAttributesAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, map[string]string{"VisibilityTimeout": "7", "MaximumMessageSize": "2048"})
		q := New(options(s))
		read := func(calls int) {
			t.Helper()
			a, err := q.Attributes(t.Context())
			if err != nil || a.Visibility != 7*time.Second || a.MaxMessage != 2048 || a.Assumed != nil {
				t.Errorf("attributes %+v, %v", a, err)
			}
			if n := s.calls["GetQueueAttributes"]; n != calls {
				t.Errorf("attributes were asked for %d times, want %d", n, calls)
			}
		}
		read(1)
		read(1)
		time.Sleep(attrsAge + time.Second)
		read(2)
		s.refuse = func(string) string { return "InternalError" }
		time.Sleep(attrsAge + time.Second)
		read(3) // the old ones hold
		read(3)
		time.Sleep(attrsRetry + time.Second)
		read(4)
	})
}

func TestAttributesMayNotBeRead(t *testing.T) {
	s := newService(t, nil)
	s.refuse = func(action string) string {
		if action == "GetQueueAttributes" {
			return "AccessDeniedException"
		}
		return ""
	}
	q := New(options(s))
	a, err := q.Attributes(t.Context())
	if err != nil || a.Assumed == nil || a.Visibility != defaultVisibility || a.MaxMessage != defaultMaxMessage {
		t.Errorf("attributes %+v, %v", a, err)
	}
	if _, err := q.Send(t.Context(), []Entry{{Body: "a"}}); err != nil {
		t.Error(err)
	}
	if m, err := q.Receive(t.Context(), 1, 0); err != nil || len(m) != 1 || m[0].Hidden != defaultVisibility {
		t.Errorf("messages %+v, %v", m, err)
	}
}

// TestQueueThatIsMadeAnew finds a queue again that was deleted.
func TestQueueThatIsMadeAnew(t *testing.T) {
	s := newService(t, nil)
	s.refuse = func(string) string { return "QueueDoesNotExist" }
	q := New(options(s))
	var missing *types.QueueDoesNotExist
	if _, err := q.Attributes(t.Context()); !errors.As(err, &missing) || !strings.Contains(err.Error(), `find queue "logs"`) {
		t.Errorf("error %v", err)
	}
	s.refuse = func(string) string { return "" }
	if _, err := q.Attributes(t.Context()); err != nil {
		t.Error(err)
	}
	s.refuse = func(action string) string {
		if action == "ReceiveMessage" {
			return "QueueDoesNotExist"
		}
		return ""
	}
	if _, err := q.Receive(t.Context(), 1, 0); !errors.As(err, &missing) {
		t.Errorf("error %v", err)
	}
	before := s.calls["GetQueueUrl"]
	s.refuse = func(string) string { return "" }
	if _, err := q.Receive(t.Context(), 1, 0); err != nil || s.calls["GetQueueUrl"] != before+1 {
		t.Errorf("the queue was not looked for again: %v", err)
	}
}

// TestCallsThatHangEnd has the service never answer.
func TestCallsThatHangEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, nil)
		q := New(options(s))
		if _, err := q.Attributes(t.Context()); err != nil {
			t.Fatal(err)
		}
		q.s.client = nil // the next call makes one that hangs
		q.o.HTTP = faults.Direct{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}
		f := func(want time.Duration, call func() error) {
			t.Helper()
			begin := time.Now()
			if err := call(); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != want {
				t.Errorf("after %s, want %s: %v", time.Since(begin), want, err)
			}
		}
		f(callTimeout, func() error { _, err := q.Send(t.Context(), []Entry{{Body: "a"}}); return err })
		f(callTimeout+MaxWait, func() error { _, err := q.Receive(t.Context(), 1, time.Hour); return err })
		f(callTimeout, func() error { _, err := q.Delete(t.Context(), []string{"a"}); return err })
		f(callTimeout, func() error { _, err := q.Hide(t.Context(), []Visibility{{Receipt: "a"}}); return err })
	})
}

func TestReceiveWaitsInWholeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(options(newService(t, nil)))
		f := func(wait, want time.Duration) {
			t.Helper()
			begin := time.Now()
			if m, err := q.Receive(t.Context(), 99, wait); err != nil || len(m) != 0 || time.Since(begin) != want {
				t.Errorf("wait %s took %s, want %s: %v", wait, time.Since(begin), want, err)
			}
		}
		f(-time.Second, 0)
		f(0, 0)
		f(time.Nanosecond, time.Second)
		f(1500*time.Millisecond, 2*time.Second)
		f(time.Hour, MaxWait)
	})
}

// TestQueueThatHidesNothing receives from a queue whose visibility timeout is 0.
func TestQueueThatHidesNothing(t *testing.T) {
	s := newService(t, map[string]string{"VisibilityTimeout": "0"})
	q := New(options(s))
	if _, err := q.Send(t.Context(), []Entry{{Body: "a"}}); err != nil {
		t.Fatal(err)
	}
	m, err := q.Receive(t.Context(), 1, 0)
	if err != nil || len(m) != 1 || m[0].Hidden != defaultVisibility || s.Visible("logs") != 0 {
		t.Errorf("messages %+v, %d are visible, %v", m, s.Visible("logs"), err)
	}
}
