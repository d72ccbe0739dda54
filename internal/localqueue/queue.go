package localqueue

import (
	"crypto/rand"
	"encoding/json"
	"maps"
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
	maxTag            = 128     // characters of a group or deduplication id
	maxAttributes     = 10      // of a message
	maxInFlight       = 120_000 // messages
	maxRetention      = 14 * 24 * time.Hour
	minRetention      = time.Minute
	minMessageSize    = 1024
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
	messages   []*message          // in the order of their sending, the gone ones until the next compact
	gone       int                 // of them
	receipts   map[string]*message // by the receipt handle of the last receive
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
	received            time.Time // last
	receives            int
	receipt             string
	deadLetterSourceARN string
	gone                bool // deleted, expired, or moved to the dead-letter queue
}

func newQueue(name string) *queue {
	return &queue{
		name: name, fifo: strings.HasSuffix(name, ".fifo"), created: time.Now(), visibility: defaultVisibility,
		retention: defaultRetention, maxSize: maxMessageSize, extra: map[string]string{}, dedup: map[string]sent{},
		receipts: map[string]*message{},
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
		return within(&q.retention, minRetention, maxRetention)
	case "MaximumMessageSize":
		if err != nil || seconds < minMessageSize || seconds > maxMessageSize {
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
		DeadLetterTargetArn string `json:"deadLetterTargetArn"`
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
	maps.Copy(all, q.extra)
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

// agrees reports whether the attributes named in given are in q as they are in o.
func (q *queue) agrees(given map[string]string, o *queue) bool {
	a, b := q.attributes(nil), o.attributes(nil)
	for name := range given {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

func (q *queue) count(now time.Time) (visible, hidden, delayed int) {
	for _, m := range q.messages {
		switch {
		case m.gone:
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

// forget takes a message out of the queue.
func (q *queue) forget(m *message) {
	delete(q.receipts, m.receipt)
	m.gone = true
	q.gone++
	if q.gone > len(q.messages)/2 {
		q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return m.gone })
		q.gone = 0
	}
}

// clear forgets all messages.
func (q *queue) clear() {
	q.messages, q.gone = nil, 0
	clear(q.receipts)
}

// overLimit reports whether so many messages are in flight that a receive is refused.
func (q *queue) overLimit(now time.Time) bool {
	if len(q.messages)-q.gone < maxInFlight {
		return false
	}
	_, hidden, _ := q.count(now)
	return hidden >= maxInFlight
}

// take returns up to n visible messages and hides them. Messages received too often move to the dead-letter
// queue, which deadLetter returns.
func (q *queue) take(n int, hide time.Duration, deadLetter func(string) *queue) []*message {
	now := time.Now()
	busy := q.busyGroups(now)
	var dlq *queue
	if q.target != "" {
		dlq = deadLetter(q.target) // nil when it was deleted: its messages stay here
	}
	var got, over []*message
	for _, m := range q.messages {
		switch {
		case m.gone:
		case now.Sub(m.sentAt) > q.retention, dlq != nil && m.receives >= q.maxReceive && !m.visible.After(now):
			over = append(over, m)
		case m.visible.After(now), q.fifo && busy[m.group]:
		default:
			got = append(got, m)
		}
		if len(got) == n {
			break
		}
	}
	for _, m := range got {
		if m.receives++; m.receives == 1 {
			m.firstReceived = now
		}
		delete(q.receipts, m.receipt)
		m.receipt, m.received, m.visible = newID(), now, now.Add(hide)
		q.receipts[m.receipt] = m
	}
	for _, m := range over {
		q.retire(m, now, dlq)
	}
	return got
}

// busyGroups are the groups of a FIFO queue of which a message is in flight, or late.
func (q *queue) busyGroups(now time.Time) map[string]bool {
	if !q.fifo {
		return nil
	}
	busy := map[string]bool{}
	for _, m := range q.messages {
		if !m.gone && m.visible.After(now) {
			busy[m.group] = true
		}
	}
	return busy
}

// retire takes out a message that is too old, or was received too often: then it goes to the dead letters.
func (q *queue) retire(m *message, now time.Time, dlq *queue) {
	if now.Sub(m.sentAt) <= q.retention {
		moved := *m
		moved.deadLetterSourceARN, moved.receives, moved.receipt = q.arn(), 0, ""
		dlq.messages = append(dlq.messages, &moved)
	}
	q.forget(m)
}

// byReceipt returns the message of a receipt handle, nil when it is gone or was received again.
func (q *queue) byReceipt(handle string) *message { return q.receipts[handle] }

// remove deletes a message by its receipt handle: a stale one deletes nothing and succeeds, as in SQS.
func (q *queue) remove(handle string) {
	if m := q.receipts[handle]; m != nil {
		q.forget(m)
	}
}

// nextVisible returns how long until a hidden message may become visible; ok is false for none.
func (q *queue) nextVisible(now time.Time) (d time.Duration, ok bool) {
	for _, m := range q.messages {
		if w := m.visible.Sub(now); !m.gone && w > 0 && (!ok || w < d) {
			d, ok = w, true
		}
	}
	return d, ok
}

// remember notes a deduplication id, and forgets those that are too old now and then.
func (q *queue) remember(id string, s sent) {
	if len(q.dedup) >= 2*maxEntries && len(q.dedup)&(len(q.dedup)-1) == 0 { // at each doubling
		for old, at := range q.dedup {
			if s.at.Sub(at.at) >= dedupWindow {
				delete(q.dedup, old)
			}
		}
	}
	q.dedup[id] = s
}
