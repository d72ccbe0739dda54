package localqueue

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

type receiveRequest struct {
	QueueUrl                    string //nolint:revive // the protocol's name
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type received struct {
	MessageId              string //nolint:revive // the protocol's name
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	MD5OfMessageAttributes string               `json:",omitempty"`
	Attributes             map[string]string    `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

func sequenceText(n uint64) string { return fmt.Sprintf("%020d", n) }

func (s *Server) receive(r *http.Request, body []byte) (any, error) {
	in, err := decode[receiveRequest](body)
	if err != nil {
		return nil, err
	}
	n := 1
	if in.MaxNumberOfMessages != nil {
		n = *in.MaxNumberOfMessages
	}
	if n < 1 || n > maxEntries {
		return nil, bad("InvalidParameterValue", "MaxNumberOfMessages %d: expected 1 to 10", n)
	}
	var deadline time.Time
	for {
		out, until, err := s.tryReceive(&in, n, &deadline)
		if err != nil || len(out) > 0 || until.next <= 0 {
			return map[string]any{"Messages": out}, err
		}
		t := time.NewTimer(until.next)
		select {
		case <-until.changed:
		case <-t.C:
		case <-r.Context().Done():
			t.Stop()
			return nil, r.Context().Err()
		}
		t.Stop()
	}
}

// pause is until when a receive that found nothing waits: for a change, or so long.
type pause struct {
	changed <-chan struct{}
	next    time.Duration
}

// tryReceive takes what is visible now, or returns how long to wait before looking again.
func (s *Server) tryReceive(in *receiveRequest, n int, deadline *time.Time) ([]received, pause, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, pause{}, err
	}
	now := time.Now()
	if deadline.IsZero() {
		wait := q.wait
		if in.WaitTimeSeconds != nil {
			wait = time.Duration(*in.WaitTimeSeconds) * time.Second
		}
		if wait < 0 || wait > maxWait {
			return nil, pause{}, bad("InvalidParameterValue", "WaitTimeSeconds: expected 0 to 20")
		}
		*deadline = now.Add(wait)
	}
	hide, err := visibility(in.VisibilityTimeout, q.visibility)
	if err != nil {
		return nil, pause{}, err
	}
	if q.overLimit(now) {
		return nil, pause{}, bad("OverLimit", "%d messages are in flight", maxInFlight)
	}
	var out []received
	for _, m := range q.take(n, hide, func(name string) *queue { return s.queues[name] }) {
		out = append(out, m.show(in))
	}
	next := deadline.Sub(now)
	if d, ok := q.nextVisible(now); ok && d < next {
		next = d
	}
	return out, pause{s.changed, next}, nil
}

func visibility(seconds *int, def time.Duration) (time.Duration, error) {
	if seconds == nil {
		return def, nil
	}
	d := time.Duration(*seconds) * time.Second
	if d < 0 || d > maxVisibility {
		return 0, bad("InvalidParameterValue", "VisibilityTimeout %d: expected 0 to 43200", *seconds)
	}
	return d, nil
}

func (m *message) show(in *receiveRequest) received {
	out := received{MessageId: m.id, ReceiptHandle: m.receipt, Body: m.body, MD5OfBody: m.md5}
	millis := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	all := map[string]string{
		"SenderId": account, "SentTimestamp": millis(m.sentAt), "ApproximateReceiveCount": strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": millis(m.firstReceived),
	}
	if m.group != "" {
		all["MessageGroupId"] = m.group
	}
	if m.sequence > 0 {
		all["SequenceNumber"], all["MessageDeduplicationId"] = sequenceText(m.sequence), m.dedup
	}
	if m.deadLetterSourceARN != "" {
		all["DeadLetterQueueSourceArn"] = m.deadLetterSourceARN
	}
	names := slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)
	for n, v := range all {
		if slices.Contains(names, n) || slices.Contains(names, "All") {
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			out.Attributes[n] = v
		}
	}
	shown := map[string]attribute{}
	for n, a := range m.attrs {
		if slices.Contains(in.MessageAttributeNames, n) || slices.Contains(in.MessageAttributeNames, "All") || slices.Contains(in.MessageAttributeNames, ".*") {
			shown[n] = a
		}
	}
	if len(shown) > 0 {
		out.MessageAttributes, out.MD5OfMessageAttributes = shown, attributesMD5(shown)
	}
	return out
}

type handle struct {
	Id                string //nolint:revive // the protocol's name
	ReceiptHandle     string
	VisibilityTimeout *int
}

type handleRequest struct {
	QueueUrl string //nolint:revive // the protocol's name
	Entries  []handle
	handle
}

func (s *Server) deleteMessage(_ *http.Request, body []byte) (any, error) {
	in, err := decode[handleRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		q.remove(in.ReceiptHandle)
		s.wake() // a FIFO group may go on
		return nil, nil
	})
}

func (s *Server) deleteBatch(_ *http.Request, body []byte) (any, error) {
	return s.handles(body, func(q *queue, h *handle) *apiError {
		q.remove(h.ReceiptHandle)
		return nil
	})
}

func (s *Server) changeVisibility(_ *http.Request, body []byte) (any, error) {
	in, err := decode[handleRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		defer s.wake()
		if err := q.hide(&in.handle); err != nil {
			return nil, err
		}
		return nil, nil
	})
}

func (s *Server) changeVisibilityBatch(_ *http.Request, body []byte) (any, error) {
	return s.handles(body, (*queue).hide)
}

// hide changes when a message in flight becomes visible.
func (q *queue) hide(h *handle) *apiError {
	m := q.byReceipt(h.ReceiptHandle)
	if m == nil {
		return bad("ReceiptHandleIsInvalid", "the receipt handle is not valid")
	}
	now := time.Now()
	if !m.visible.After(now) {
		return bad("AWS.SimpleQueueService.MessageNotInflight", "the message is not in flight")
	}
	if h.VisibilityTimeout == nil {
		return bad("MissingParameter", "VisibilityTimeout is missing")
	}
	d := time.Duration(*h.VisibilityTimeout) * time.Second
	if d < 0 || d > maxVisibility {
		return bad("InvalidParameterValue", "VisibilityTimeout %d: expected 0 to 43200", *h.VisibilityTimeout)
	}
	if now.Add(d).After(m.received.Add(maxVisibility)) {
		return bad("InvalidParameterValue", "VisibilityTimeout %d: a message is hidden for 43200 seconds at most, counted from its receive", *h.VisibilityTimeout)
	}
	m.visible = now.Add(d)
	return nil
}

// handles runs do on each entry of a batch.
func (s *Server) handles(body []byte, do func(*queue, *handle) *apiError) (any, error) {
	in, err := decode[handleRequest](body)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(in.Entries))
	for i := range in.Entries {
		ids = append(ids, in.Entries[i].Id)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		good, failed := []map[string]string{}, []failure{}
		for i := range in.Entries {
			if err := do(q, &in.Entries[i]); err != nil {
				failed = append(failed, fail(in.Entries[i].Id, err))
				continue
			}
			good = append(good, map[string]string{"Id": in.Entries[i].Id})
		}
		s.wake()
		return map[string]any{"Successful": good, "Failed": failed}, nil
	})
}
