package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Queue is one queue of a server that speaks SQS's JSON protocol.
type Queue struct {
	Name     string
	Endpoint string // of the server
	URL      string // by which requests name the queue
}

// NewQueue makes a queue whose messages come back after visibility seconds.
func NewQueue(ctx context.Context, endpoint, name string, visibility int) (*Queue, error) {
	q := &Queue{Name: name, Endpoint: endpoint}
	var made struct{ QueueUrl string } //nolint:revive // SQS's spelling
	err := q.call(ctx, "CreateQueue", map[string]any{
		"QueueName":  name,
		"Attributes": map[string]string{"VisibilityTimeout": strconv.Itoa(visibility)},
	}, &made)
	q.URL = made.QueueUrl
	return q, err
}

// Counts are a queue's messages.
type Counts struct{ Visible, InFlight, Delayed int }

// Sum is all of them.
func (c Counts) Sum() int { return c.Visible + c.InFlight + c.Delayed }

// String shows the three.
func (c Counts) String() string {
	return fmt.Sprintf("visible %d, in flight %d, delayed %d", c.Visible, c.InFlight, c.Delayed)
}

// Counts asks for the queue's counts.
func (q *Queue) Counts(ctx context.Context) (Counts, error) {
	var reply struct{ Attributes map[string]string }
	err := q.call(ctx, "GetQueueAttributes", map[string]any{"QueueUrl": q.URL, "AttributeNames": []string{"All"}}, &reply)
	if err != nil {
		return Counts{}, err
	}
	var c Counts
	for name, to := range map[string]*int{
		"ApproximateNumberOfMessages":           &c.Visible,
		"ApproximateNumberOfMessagesNotVisible": &c.InFlight,
		"ApproximateNumberOfMessagesDelayed":    &c.Delayed,
	} {
		if *to, err = strconv.Atoi(reply.Attributes[name]); err != nil {
			return Counts{}, fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return c, nil
}

// Send puts a message into the queue with the attributes that it had when it was sent first.
func (q *Queue) Send(ctx context.Context, m Message) error {
	m["QueueUrl"] = q.URL
	return q.call(ctx, "SendMessage", m, nil)
}

// call makes one request. Stand-ins and ElasticMQ do not check the signature, so there is none.
func (q *Queue) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.Endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	return do(req, out)
}

// do makes a request and decodes a reply of JSON.
func do(req *http.Request, out any) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL, resp.Status, body)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}
