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
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Limits of the service (SQS developer guide, "Quotas").
const (
	MaxEntries      = 10
	MaxRequestBytes = 1 << 20
	MaxWait         = 20 * time.Second
	MaxHold         = 12 * time.Hour // in all, counted from the receive
)

// Options say which queue and how to reach it. Empty options are left to the standard provider chain.
type Options struct {
	Queue       string // name or URL
	Owner       string // account that owns the queue
	Region      string
	Endpoint    string
	AccessKey   string
	SecretKey   string
	Session     string
	Profile     string
	RoleARN     string
	RoleSession string
	TokenFile   string         // web identity, with RoleARN
	HTTP        aws.HTTPClient // for tests; nil is the SDK's
}

// Queue is one queue.
type Queue struct {
	o Options

	mu     sync.Mutex
	client *sqs.Client
	url    string
	attrs  Attributes
	known  time.Time // when attrs were read
}

// Attributes are the queue's settings that matter here.
type Attributes struct {
	Visibility time.Duration
	MaxMessage int // bytes
	Visible    int // about so many messages are waiting
	InFlight   int
}

// New returns a queue; nothing is asked yet.
func New(o Options) *Queue { return &Queue{o: o} }

// attrsAge is how old attributes may be before they are asked for again.
const attrsAge = 5 * time.Minute

// connect returns the client, the URL and the attributes, asking for what is not known.
func (q *Queue) connect(ctx context.Context) (*sqs.Client, string, Attributes, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.client == nil {
		cfg, err := q.load(ctx)
		if err != nil {
			return nil, "", Attributes{}, fmt.Errorf("load AWS configuration: %w", err)
		}
		q.client = sqs.NewFromConfig(cfg, func(o *sqs.Options) {
			if q.o.Endpoint != "" {
				o.BaseEndpoint = &q.o.Endpoint
			}
		})
	}
	if q.url == "" {
		if err := q.resolve(ctx); err != nil {
			return nil, "", Attributes{}, err
		}
	}
	if time.Since(q.known) > attrsAge {
		if err := q.refresh(ctx); err != nil {
			return nil, "", Attributes{}, err
		}
	}
	return q.client, q.url, q.attrs, nil
}

func (q *Queue) load(ctx context.Context) (aws.Config, error) {
	opts := []func(*config.LoadOptions) error{
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	}
	if q.o.Region != "" {
		opts = append(opts, config.WithRegion(q.o.Region))
	}
	if q.o.Profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(q.o.Profile))
	}
	if q.o.AccessKey != "" {
		opts = append(opts, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(q.o.AccessKey, q.o.SecretKey, q.o.Session)))
	}
	if q.o.HTTP != nil {
		opts = append(opts, config.WithHTTPClient(q.o.HTTP))
	}
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil || q.o.RoleARN == "" {
		return cfg, err
	}
	client := sts.NewFromConfig(cfg)
	var p aws.CredentialsProvider
	if q.o.TokenFile != "" {
		p = stscreds.NewWebIdentityRoleProvider(client, q.o.RoleARN, stscreds.IdentityTokenFile(q.o.TokenFile), func(o *stscreds.WebIdentityRoleOptions) {
			o.RoleSessionName = q.o.RoleSession
		})
	} else {
		p = stscreds.NewAssumeRoleProvider(client, q.o.RoleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = q.o.RoleSession })
	}
	cfg.Credentials = aws.NewCredentialsCache(p)
	return cfg, nil
}

func (q *Queue) resolve(ctx context.Context) error {
	if strings.HasPrefix(q.o.Queue, "http://") || strings.HasPrefix(q.o.Queue, "https://") {
		q.url = q.o.Queue
		return nil
	}
	in := &sqs.GetQueueUrlInput{QueueName: &q.o.Queue}
	if q.o.Owner != "" {
		in.QueueOwnerAWSAccountId = &q.o.Owner
	}
	out, err := q.client.GetQueueUrl(ctx, in)
	if err != nil {
		return fmt.Errorf("find queue %q: %w", q.o.Queue, err)
	}
	q.url = aws.ToString(out.QueueUrl)
	return nil
}

func (q *Queue) refresh(ctx context.Context) error {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return fmt.Errorf("read attributes of queue %q: %w", q.o.Queue, err)
	}
	number := func(name types.QueueAttributeName, def int) int {
		n, err := strconv.Atoi(out.Attributes[string(name)])
		if err != nil {
			return def
		}
		return n
	}
	q.attrs = Attributes{
		Visibility: time.Duration(number(types.QueueAttributeNameVisibilityTimeout, 30)) * time.Second,
		MaxMessage: number(types.QueueAttributeNameMaximumMessageSize, MaxRequestBytes),
		Visible:    number(types.QueueAttributeNameApproximateNumberOfMessages, 0),
		InFlight:   number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible, 0),
	}
	q.known = time.Now()
	return nil
}

// Attributes returns the queue's settings, at most a few minutes old.
func (q *Queue) Attributes(ctx context.Context) (Attributes, error) {
	_, _, a, err := q.connect(ctx)
	return a, err
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
	client, url, _, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.SendMessageBatchInput{QueueUrl: &url}
	for i := range entries {
		id := strconv.Itoa(i)
		e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &entries[i].Body}
		if entries[i].Group != "" {
			e.MessageGroupId = &entries[i].Group
		}
		if entries[i].Dedup != "" {
			e.MessageDeduplicationId = &entries[i].Dedup
		}
		in.Entries = append(in.Entries, e)
	}
	out, err := client.SendMessageBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("send messages: %w", err)
	}
	good := make([]string, 0, len(out.Successful))
	for _, s := range out.Successful {
		good = append(good, aws.ToString(s.Id))
	}
	return outcomesOf(len(entries), good, out.Failed), nil
}

// outcomesOf puts the two lists of a batch reply into the order of its entries.
func outcomesOf(n int, good []string, failed []types.BatchResultErrorEntry) []error {
	outcomes := make([]error, n)
	for i := range outcomes {
		outcomes[i] = errNoReply
	}
	set := func(id string, err error) {
		if i, convErr := strconv.Atoi(id); convErr == nil && i >= 0 && i < n {
			outcomes[i] = err
		}
	}
	for _, id := range good {
		set(id, nil)
	}
	for _, f := range failed {
		set(aws.ToString(f.Id), &EntryError{aws.ToString(f.Code), aws.ToString(f.Message), f.SenderFault})
	}
	return outcomes
}

// Message is a message received.
type Message struct {
	ID, Body, Receipt, MD5 string

	Sent     time.Time // by its sender
	Receives int
	Received time.Time // begins the time that it may be held
}

// Receive waits up to wait (rounded up to seconds, at most MaxWait) for up to n messages.
func (q *Queue) Receive(ctx context.Context, n int, wait time.Duration) ([]Message, error) {
	client, url, _, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: int32(min(n, MaxEntries)), //nolint:gosec // small
		WaitTimeSeconds:             int32((min(wait, MaxWait) + time.Second - 1) / time.Second), //nolint:gosec // small
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp, types.MessageSystemAttributeNameApproximateReceiveCount},
	})
	if err != nil {
		return nil, fmt.Errorf("receive messages: %w", err)
	}
	now := time.Now()
	messages := make([]Message, 0, len(out.Messages))
	for i := range out.Messages {
		m := &out.Messages[i]
		got := Message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), Receipt: aws.ToString(m.ReceiptHandle), MD5: aws.ToString(m.MD5OfBody), Received: now}
		if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
			got.Sent = time.UnixMilli(ms).UTC()
		}
		got.Receives, _ = strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]) // 0 when the service does not say
		messages = append(messages, got)
	}
	return messages, nil
}

// Delete deletes up to MaxEntries messages by their receipts; outcomes as for Send.
func (q *Queue) Delete(ctx context.Context, receipts []string) (outcomes []error, err error) {
	client, url, _, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
	for i := range receipts {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: &receipts[i]})
	}
	out, err := client.DeleteMessageBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("delete messages: %w", err)
	}
	good := make([]string, 0, len(out.Successful))
	for _, s := range out.Successful {
		good = append(good, aws.ToString(s.Id))
	}
	return outcomesOf(len(receipts), good, out.Failed), nil
}

// Hide makes up to MaxEntries messages visible again after d, 0 for at once; outcomes as for Send.
func (q *Queue) Hide(ctx context.Context, receipts []string, d time.Duration) (outcomes []error, err error) {
	client, url, _, err := q.connect(ctx)
	if err != nil {
		return nil, err
	}
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url}
	for i := range receipts {
		id := strconv.Itoa(i)
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: &id, ReceiptHandle: &receipts[i], VisibilityTimeout: int32(d / time.Second)}) //nolint:gosec // at most 12 hours
	}
	out, err := client.ChangeMessageVisibilityBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("change visibility: %w", err)
	}
	good := make([]string, 0, len(out.Successful))
	for _, s := range out.Successful {
		good = append(good, aws.ToString(s.Id))
	}
	return outcomesOf(len(receipts), good, out.Failed), nil
}

// Gone reports whether an outcome says that the receipt is no longer good: the message was deleted, or its
// time ran out and someone else may have it.
func Gone(err error) bool {
	var e *EntryError
	return errors.As(err, &e) && (strings.Contains(e.Code, "ReceiptHandleIsInvalid") || strings.Contains(e.Code, "MessageNotInflight") || strings.Contains(e.Code, "InvalidParameterValue"))
}
