package localqueue

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The defaults and limits of Amazon SQS (its developer guide, "Quotas").
const (
	defaultVisibility = 30 * time.Second
	maxVisibility     = 12 * time.Hour
	maxMessageSize    = 1 << 20
	defaultRetention  = 4 * 24 * time.Hour
	dedupWindow       = 5 * time.Minute
	maxEntries        = 10
	maxWait           = 20 * time.Second
	maxDelay          = 900 * time.Second
	maxEntryID        = 80
)

// queue is one queue. It is guarded by the server's lock.
type queue struct {
	name       string
	fifo       bool
	created    time.Time
	visibility time.Duration
	delay      time.Duration
	wait       time.Duration
	retention  time.Duration
	maxSize    int
	target     string // of the redrive policy: a queue's name
	maxReceive int
	content    bool // deduplicate by content
	extra      map[string]string
	messages   []*message
	dedup      map[string]sent
	sequence   uint64
}

// sent is what a deduplication id stands for.
type sent struct {
	at time.Time
	id string
}

// message is one message. receipt is that of its last receive.
type message struct {
	id, body, md5       string
	attrs               map[string]attribute
	attrsMD5            string
	group, dedup        string
	sequence            uint64
	sentAt, visible     time.Time
	firstReceived       time.Time
	receives            int
	receipt             string
	deadLetterSourceARN string
}

func newQueue(name string) *queue {
	return &queue{
		name: name, fifo: strings.HasSuffix(name, ".fifo"), created: time.Now(), visibility: defaultVisibility,
		retention: defaultRetention, maxSize: maxMessageSize, extra: map[string]string{}, dedup: map[string]sent{},
	}
}

func newID() string { return strings.ToLower(rand.Text()) }

func (q *queue) arn() string { return "arn:aws:sqs:local:" + account + ":" + q.name }

// set changes attributes.
func (q *queue) set(attrs map[string]string) error {
	for name, v := range attrs {
		if err := q.setOne(name, v); err != nil {
			return err
		}
	}
	return nil
}

func (q *queue) setOne(name, v string) error {
	seconds, err := strconv.Atoi(v)
	d := time.Duration(seconds) * time.Second
	invalid := bad("InvalidAttributeValue", "attribute %s: invalid value %q", name, v)
	within := func(dst *time.Duration, lo, hi time.Duration) error {
		if err != nil || d < lo || d > hi {
			return invalid
		}
		*dst = d
		return nil
	}
	switch name {
	case "VisibilityTimeout":
		return within(&q.visibility, 0, maxVisibility)
	case "DelaySeconds":
		return within(&q.delay, 0, maxDelay)
	case "ReceiveMessageWaitTimeSeconds":
		return within(&q.wait, 0, maxWait)
	case "MessageRetentionPeriod":
		return within(&q.retention, time.Minute, 14*24*time.Hour)
	case "MaximumMessageSize":
		if err != nil || seconds < 1024 || seconds > maxMessageSize {
			return invalid
		}
		q.maxSize = seconds
	case "RedrivePolicy":
		return q.redrive(v)
	case "FifoQueue":
		if (v == "true") != q.fifo {
			return invalid
		}
	case "ContentBasedDeduplication":
		q.content = v == "true"
	default:
		q.extra[name] = v
	}
	return nil
}

func (q *queue) redrive(v string) error {
	var policy struct {
		DeadLetterTargetArn string `json:"deadLetterTargetArn"` //nolint:revive // the protocol's name
		MaxReceiveCount     any    `json:"maxReceiveCount"`
	}
	if v == "" {
		q.target = ""
		return nil
	}
	if err := json.Unmarshal([]byte(v), &policy); err != nil {
		return bad("InvalidAttributeValue", "RedrivePolicy: %v", err)
	}
	switch n := policy.MaxReceiveCount.(type) {
	case float64:
		q.maxReceive = int(n)
	case string:
		q.maxReceive, _ = strconv.Atoi(n) // 0 is refused below
	}
	q.target = policy.DeadLetterTargetArn[strings.LastIndexByte(policy.DeadLetterTargetArn, ':')+1:]
	if q.maxReceive < 1 || q.target == "" {
		return bad("InvalidAttributeValue", "RedrivePolicy: expected deadLetterTargetArn and maxReceiveCount")
	}
	return nil
}

// attributes returns the attributes asked for; none or All: all.
func (q *queue) attributes(names []string) map[string]string {
	visible, hidden, delayed := q.count(time.Now())
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	all := map[string]string{
		"ApproximateNumberOfMessages": strconv.Itoa(visible), "ApproximateNumberOfMessagesNotVisible": strconv.Itoa(hidden),
		"ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed), "VisibilityTimeout": seconds(q.visibility),
		"DelaySeconds": seconds(q.delay), "ReceiveMessageWaitTimeSeconds": seconds(q.wait),
		"MessageRetentionPeriod": seconds(q.retention), "MaximumMessageSize": strconv.Itoa(q.maxSize), "QueueArn": q.arn(),
		"CreatedTimestamp": strconv.FormatInt(q.created.Unix(), 10),
	}
	if q.fifo {
		all["FifoQueue"], all["ContentBasedDeduplication"] = "true", strconv.FormatBool(q.content)
	}
	if q.target != "" {
		all["RedrivePolicy"] = `{"deadLetterTargetArn":"arn:aws:sqs:local:` + account + ":" + q.target + `","maxReceiveCount":` + strconv.Itoa(q.maxReceive) + "}"
	}
	for n, v := range q.extra {
		all[n] = v
	}
	if len(names) == 0 || slices.Contains(names, "All") {
		return all
	}
	some := map[string]string{}
	for _, n := range names {
		if v, ok := all[n]; ok {
			some[n] = v
		}
	}
	return some
}

func (q *queue) count(now time.Time) (visible, hidden, delayed int) {
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives > 0:
			hidden++
		default:
			delayed++
		}
	}
	return visible, hidden, delayed
}

// take returns up to n visible messages and hides them. Messages received too often move to the dead-letter
// queue, which deadLetter returns.
func (q *queue) take(n int, hide time.Duration, deadLetter func(string) *queue) []*message {
	now := time.Now()
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return now.Sub(m.sentAt) > q.retention })
	busy := map[string]bool{} // groups with a message in flight
	if q.fifo {
		for _, m := range q.messages {
			busy[m.group] = busy[m.group] || m.visible.After(now)
		}
	}
	var got []*message
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool {
		if len(got) == n || m.visible.After(now) || busy[m.group] && q.fifo {
			return false
		}
		if q.target != "" && m.receives >= q.maxReceive {
			if dlq := deadLetter(q.target); dlq != nil {
				m.deadLetterSourceARN, m.receives, m.receipt = q.arn(), 0, ""
				dlq.messages = append(dlq.messages, m)
				return true
			}
		}
		if m.receives++; m.receives == 1 {
			m.firstReceived = now
		}
		m.receipt, m.visible = newID(), now.Add(hide)
		got = append(got, m)
		return false
	})
	return got
}

// byReceipt returns the message of a receipt handle, nil when it is gone or was received again.
func (q *queue) byReceipt(handle string) *message {
	for _, m := range q.messages {
		if m.receipt == handle && handle != "" {
			return m
		}
	}
	return nil
}

// remove deletes a message by its receipt handle: a stale one deletes nothing and succeeds, as in SQS.
func (q *queue) remove(handle string) {
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.receipt == handle && handle != "" })
}

// nextVisible returns how long until a hidden message may become visible; ok is false for none.
func (q *queue) nextVisible(now time.Time) (d time.Duration, ok bool) {
	for _, m := range q.messages {
		if w := m.visible.Sub(now); w > 0 && (!ok || w < d) {
			d, ok = w, true
		}
	}
	return d, ok
}
