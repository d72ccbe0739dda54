package localqueue

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// Server is the service: an http.Handler that holds any number of queues. Safe for concurrent use.
type Server struct {
	mu      sync.Mutex
	queues  map[string]*queue
	changed chan struct{} // closed and replaced when a message may have become visible
}

// New returns a server without queues.
func New() *Server {
	return &Server{queues: map[string]*queue{}, changed: make(chan struct{})}
}

// apiError is an error as SQS gives it.
type apiError struct {
	code, text string
	status     int
}

func (e *apiError) Error() string { return e.code + ": " + e.text }

func bad(code, format string, args ...any) *apiError {
	return &apiError{code, fmt.Sprintf(format, args...), http.StatusBadRequest}
}

// maxRequest bounds what is read of a request: ten messages of 1 MiB in total, escaped as JSON.
const maxRequest = 16 << 20

// account is the account whose queues these are.
const account = "000000000000"

// action returns the call of the name behind AmazonSQS. in X-Amz-Target, nil for one that the server has not.
func (s *Server) action(name string) func(*http.Request, []byte) (any, error) {
	switch name {
	case "CreateQueue":
		return s.createQueue
	case "GetQueueUrl":
		return s.queueURL
	case "GetQueueAttributes":
		return s.attributes
	case "SetQueueAttributes":
		return s.setAttributes
	case "ListQueues":
		return s.listQueues
	case "DeleteQueue":
		return s.deleteQueue
	case "PurgeQueue":
		return s.purge
	case "SendMessage":
		return s.send
	case "SendMessageBatch":
		return s.sendBatch
	case "ReceiveMessage":
		return s.receive
	case "DeleteMessage":
		return s.deleteMessage
	case "DeleteMessageBatch":
		return s.deleteBatch
	case "ChangeMessageVisibility":
		return s.changeVisibility
	case "ChangeMessageVisibilityBatch":
		return s.changeVisibilityBatch
	}
	return nil
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		reply(w, nil, bad("InvalidParameterValue", "read request: %v", err))
		return
	}
	do := s.action(name)
	if do == nil {
		reply(w, nil, bad("InvalidAction", "unknown action %q", name))
		return
	}
	out, err := do(r, body)
	reply(w, out, err)
}

// queryCode is the name that an error has in the header, where it may differ from that in the body: the older
// protocol's, which clients still look at.
func queryCode(code string) string {
	switch code {
	case "QueueDoesNotExist":
		return "AWS.SimpleQueueService.NonExistentQueue"
	case "QueueNameExists":
		return "QueueAlreadyExists"
	}
	return code
}

func reply(w http.ResponseWriter, out any, err error) {
	var api *apiError
	switch {
	case err == nil:
		if out == nil {
			out = struct{}{}
		}
		send(w, http.StatusOK, out)
	case errors.As(err, &api):
		w.Header().Set("X-Amzn-Query-Error", queryCode(api.code)+";Sender")
		send(w, api.status, map[string]string{"__type": "com.amazonaws.sqs#" + strings.TrimPrefix(api.code, "AWS.SimpleQueueService."), "message": api.text})
	default:
		send(w, http.StatusInternalServerError, map[string]string{"__type": "com.amazonaws.sqs#InternalFailure", "message": err.Error()})
	}
}

// send writes one reply.
func send(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out) // the client is gone: nothing to do
}

func decode[T any](body []byte) (T, error) {
	var in T
	if err := json.Unmarshal(body, &in); err != nil {
		return in, bad("InvalidParameterValue", "read request: %v", err)
	}
	return in, nil
}

// find returns the queue of a URL or name. The caller holds the lock.
func (s *Server) find(url string) (*queue, error) {
	name := url[strings.LastIndexByte(url, '/')+1:]
	q := s.queues[name]
	if q == nil {
		return nil, bad("QueueDoesNotExist", "the queue %q does not exist", name)
	}
	return q, nil
}

// wake tells waiting receives to look again. The caller holds the lock.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

type nameRequest struct {
	QueueName       string
	QueueNamePrefix string
	QueueUrl        string //nolint:revive // the protocol's name
	Attributes      map[string]string
	AttributeNames  []string
}

type urlReply struct {
	QueueUrl string //nolint:revive // the protocol's name
}

func (s *Server) createQueue(r *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.QueueName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := newQueue(in.QueueName)
	if err := q.set(in.Attributes); err != nil {
		return nil, err
	}
	if before := s.queues[in.QueueName]; before == nil {
		s.queues[in.QueueName] = q
	} else if !before.agrees(in.Attributes, q) {
		return nil, bad("QueueNameExists", "the queue %q exists with other attributes", in.QueueName)
	}
	return urlReply{urlOf(r, in.QueueName)}, nil
}

// maxName is the longest name of a queue.
const maxName = 80

func checkName(name string) error {
	plain := strings.TrimSuffix(name, ".fifo")
	if name == "" || len(name) > maxName || strings.Trim(plain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return bad("InvalidParameterValue", "queue name %q: expected 1 to 80 letters, digits, hyphens and underscores", name)
	}
	return nil
}

func urlOf(r *http.Request, name string) string {
	return "http://" + r.Host + "/" + account + "/" + name
}

func (s *Server) queueURL(r *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(in.QueueName); err != nil {
		return nil, err
	}
	return urlReply{urlOf(r, in.QueueName)}, nil
}

func (s *Server) listQueues(r *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	urls := []string{}
	for name := range s.queues {
		if strings.HasPrefix(name, in.QueueNamePrefix) {
			urls = append(urls, urlOf(r, name))
		}
	}
	sort.Strings(urls)
	return map[string][]string{"QueueUrls": urls}, nil
}

// withQueue runs f on the queue that a request names, under the lock.
func (s *Server) withQueue(url string, f func(*queue) (any, error)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(url)
	if err != nil {
		return nil, err
	}
	return f(q)
}

func (s *Server) attributes(_ *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		return map[string]any{"Attributes": q.attributes(in.AttributeNames)}, nil
	})
}

func (s *Server) setAttributes(_ *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) { return nil, q.set(in.Attributes) })
}

func (s *Server) deleteQueue(_ *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		delete(s.queues, q.name)
		return nil, nil
	})
}

func (s *Server) purge(_ *http.Request, body []byte) (any, error) {
	in, err := decode[nameRequest](body)
	if err != nil {
		return nil, err
	}
	return s.withQueue(in.QueueUrl, func(q *queue) (any, error) {
		q.clear()
		return nil, nil
	})
}

// Create makes a queue, for a program that serves it itself.
func (s *Server) Create(name string, attrs map[string]string) error {
	if err := checkName(name); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := newQueue(name)
	if err := q.set(attrs); err != nil {
		return err
	}
	s.queues[name] = q
	return nil
}

// Len returns the number of messages in a queue, visible or not.
func (s *Server) Len(name string) int {
	visible, hidden, delayed := s.counts(name)
	return visible + hidden + delayed
}

// Visible returns the number of messages that a receive would find.
func (s *Server) Visible(name string) int {
	visible, _, _ := s.counts(name)
	return visible
}

func (s *Server) counts(name string) (visible, hidden, delayed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[name]; q != nil {
		return q.count(time.Now())
	}
	return 0, 0, 0
}
