// Package sqs is what shipper and reader need of Amazon SQS: a queue that finds its URL, attributes and
// credentials when it is first used, and batches whose every entry has an outcome. Retries and back-off are the
// caller's.
//
// A Queue may be used concurrently.
package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Limits of the service (SQS developer guide, "Quotas").
const (
	MaxEntries      = 10
	MaxRequestBytes = 1 << 20
	MaxWait         = 20 * time.Second
	MaxHold         = 12 * time.Hour // in all, counted from the receive
)

// Queue is one queue.
type Queue struct {
	o    Options
	lock chan struct{} // held by who reads or changes what is below; a channel, so that waiting ends with a context

	s         session
	http      *http.Client
	refreshAt time.Time // when the attributes are too old; zero: never read
}

// New returns a queue; nothing is asked yet.
func New(o Options) *Queue { return &Queue{o: o, lock: make(chan struct{}, 1)} }

// Close closes the connections that are idle. The queue can be used further.
func (q *Queue) Close() {
	q.lock <- struct{}{}
	defer func() { <-q.lock }()
	if q.http != nil {
		q.http.CloseIdleConnections()
	}
}

// Attributes returns the queue's settings, at most a few minutes old.
func (q *Queue) Attributes(ctx context.Context) (Attributes, error) {
	s, err := q.connect(ctx)
	return s.attrs, err
}

// Entry is a message to send.
type Entry struct {
	Body, Group, Dedup string
}

// EntryError is why one entry of a batch failed.
type EntryError struct {
	Code, Text string
	Sender     bool // the entry itself is at fault: it can never succeed
}

// Error gives the code and text.
func (e *EntryError) Error() string { return e.Code + ": " + e.Text }

// errNoReply is the outcome of an entry that the reply does not name.
var errNoReply = errors.New("the reply does not name the entry")

// Send sends up to MaxEntries messages of up to MaxRequestBytes in all. The outcomes are those of the entries: nil
// for what was taken, an *EntryError or another error for what was not. err is about the whole request.
func (q *Queue) Send(ctx context.Context, entries []Entry) (outcomes []error, err error) {
	s, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: &s.url}
	for i := range entries {
		e := types.SendMessageBatchRequestEntry{Id: entryID(i), MessageBody: &entries[i].Body}
		if entries[i].Group != "" {
			e.MessageGroupId = &entries[i].Group
		}
		if entries[i].Dedup != "" {
			e.MessageDeduplicationId = &entries[i].Dedup
		}
		in.Entries = append(in.Entries, e)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.client.SendMessageBatch(ctx, in)
	if err != nil {
		q.forget(err)
		return nil, fmt.Errorf("send messages: %w", err)
	}
	good := make([]*string, len(out.Successful))
	for i := range out.Successful {
		good[i] = out.Successful[i].Id
	}
	return outcomesOf(len(entries), good, out.Failed), nil
}

func entryID(i int) *string {
	id := strconv.Itoa(i)
	return &id
}

// outcomesOf puts the two lists of a batch reply into the order of its entries.
func outcomesOf(n int, good []*string, failed []types.BatchResultErrorEntry) []error {
	outcomes := make([]error, n)
	for i := range outcomes {
		outcomes[i] = errNoReply
	}
	set := func(id *string, err error) {
		if i, convErr := strconv.Atoi(aws.ToString(id)); convErr == nil && i >= 0 && i < n {
			outcomes[i] = err
		}
	}
	for _, id := range good {
		set(id, nil)
	}
	for _, f := range failed {
		set(f.Id, &EntryError{aws.ToString(f.Code), aws.ToString(f.Message), f.SenderFault})
	}
	return outcomes
}

// Message is a message received.
type Message struct {
	ID, Body, Receipt, MD5 string

	Sent     time.Time     // by its sender; zero when the service does not say
	Receives int           // this one included; 0 when the service does not say
	Received time.Time     // before the receive: the time that it may be held begins here or later
	Hidden   time.Duration // how long it is hidden from then on
}

// Receive waits up to wait (rounded up to seconds, at most MaxWait) for up to n messages. It hides them for as
// long as the queue's attributes say, at least a second.
func (q *Queue) Receive(ctx context.Context, n int, wait time.Duration) ([]Message, error) {
	s, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	wait = min(max(wait, 0), MaxWait)
	hidden := s.attrs.Visibility
	if hidden < time.Second {
		hidden = defaultVisibility // a queue that hides nothing would give each message to every lane
	}
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	before := time.Now()
	out, err := s.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &s.url, MaxNumberOfMessages: int32(min(n, MaxEntries)), VisibilityTimeout: int32(hidden / time.Second),
		WaitTimeSeconds: int32((wait + time.Second - 1) / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameSentTimestamp, types.MessageSystemAttributeNameApproximateReceiveCount,
		},
	})
	if err != nil {
		q.forget(err)
		return nil, fmt.Errorf("receive messages: %w", err)
	}
	messages := make([]Message, len(out.Messages))
	for i := range out.Messages {
		messages[i] = messageOf(&out.Messages[i])
		messages[i].Hidden = hidden
		// A long poll hides a message when it answers, so that the reply's time, less the time of a request,
		// is the right one; the poll's begin is only a bound.
		messages[i].Received = later(before, time.Now().Add(-requestTime))
	}
	return messages, nil
}

// requestTime is longer than a reply is on its way, in all but strange cases.
const requestTime = time.Second

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func messageOf(m *types.Message) Message {
	got := Message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), Receipt: aws.ToString(m.ReceiptHandle), MD5: aws.ToString(m.MD5OfBody)}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		got.Sent = time.UnixMilli(ms).UTC()
	}
	if n, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]); err == nil {
		got.Receives = n
	}
	return got
}

// Delete deletes up to MaxEntries messages by their receipts; outcomes as for Send.
func (q *Queue) Delete(ctx context.Context, receipts []string) (outcomes []error, err error) {
	s, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &s.url}
	for i := range receipts {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: entryID(i), ReceiptHandle: &receipts[i]})
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.client.DeleteMessageBatch(ctx, in)
	if err != nil {
		q.forget(err)
		return nil, fmt.Errorf("delete messages: %w", err)
	}
	good := make([]*string, len(out.Successful))
	for i := range out.Successful {
		good[i] = out.Successful[i].Id
	}
	return outcomesOf(len(receipts), good, out.Failed), nil
}

// Visibility is a message by its receipt, and for how long it is to be hidden from now on.
type Visibility struct {
	Receipt string
	Hidden  time.Duration // whole seconds; 0: visible at once
}

// Hide changes when up to MaxEntries messages become visible; outcomes as for Send.
func (q *Queue) Hide(ctx context.Context, list []Visibility) (outcomes []error, err error) {
	s, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &s.url}
	for i := range list {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: entryID(i), ReceiptHandle: &list[i].Receipt, VisibilityTimeout: int32(list[i].Hidden / time.Second),
		})
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.client.ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		q.forget(err)
		return nil, fmt.Errorf("change visibility: %w", err)
	}
	good := make([]*string, len(out.Successful))
	for i := range out.Successful {
		good[i] = out.Successful[i].Id
	}
	return outcomesOf(len(list), good, out.Failed), nil
}

// Gone reports whether an outcome says that the receipt is no longer good: the message was deleted, or its
// time ran out and someone else may have it.
func Gone(err error) bool {
	var e *EntryError
	if !errors.As(err, &e) {
		return false
	}
	for _, code := range []string{"ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue"} {
		if strings.Contains(e.Code, code) {
			return true
		}
	}
	return false
}
