package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// Message is an entry of SendMessageBatch, or the parameters of SendMessage.
type Message map[string]any

// Faults are what a Proxy does to requests, each with a chance from 0 to 1.
type Faults struct {
	Seed     uint64
	Delay    time.Duration // the longest wait of a request, drawn for each
	LoseCall float64       // the request is not passed on, the connection is cut
	LoseDone float64       // the request is carried out, and its reply is lost
}

// Proxy stands before a server: it makes the time longer in which data is unacknowledged, loses requests and
// replies, and remembers every message sent to a queue through it.
type Proxy struct {
	URL string

	server *httptest.Server
	next   *httputil.ReverseProxy

	mu     sync.Mutex // guards what follows
	rng    *rand.Rand
	faults Faults
	sent   map[string]Message // by body
	lost   int
}

// NewProxy returns a running proxy before the server at target, without faults.
func NewProxy(target string) (*Proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	p := &Proxy{sent: map[string]Message{}}
	p.next = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, fmt.Sprintf("proxy: %v", err), http.StatusBadGateway)
		},
	}
	p.server = httptest.NewServer(p)
	p.URL = p.server.URL
	return p, nil
}

// Close ends the proxy.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// Set sets the faults from now on.
func (p *Proxy) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
	p.rng = rand.New(rand.NewPCG(f.Seed, 1))
}

// Lost is how many requests and replies were lost so far.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

// Sent returns every message that was sent to a queue so far, each once.
func (p *Proxy) Sent() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Message, 0, len(p.sent))
	for _, m := range p.sent {
		list = append(list, m)
	}
	return list
}

// ServeHTTP passes a request on, or loses it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the program that sent it was killed
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	delay, loseCall, loseDone := p.draw()
	Pause(r.Context(), delay)
	if loseCall {
		panic(http.ErrAbortHandler) // the way to cut a connection
	}
	p.remember(r.Header.Get("X-Amz-Target"), body)
	if loseDone {
		p.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	p.next.ServeHTTP(w, r)
}

func (p *Proxy) draw() (delay time.Duration, loseCall, loseDone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rng == nil {
		return 0, false, false
	}
	if p.faults.Delay > 0 {
		delay = time.Duration(p.rng.Int64N(int64(p.faults.Delay)))
	}
	loseCall, loseDone = p.rng.Float64() < p.faults.LoseCall, p.rng.Float64() < p.faults.LoseDone
	if loseCall || loseDone {
		p.lost++
	}
	return delay, loseCall, loseDone
}

func (p *Proxy) remember(target string, body []byte) {
	var batch struct{ Entries []Message }
	switch target {
	case "AmazonSQS.SendMessageBatch":
		if json.Unmarshal(body, &batch) != nil {
			return // the server will refuse it
		}
	case "AmazonSQS.SendMessage":
		var m Message
		if json.Unmarshal(body, &m) != nil {
			return
		}
		batch.Entries = []Message{m}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range batch.Entries {
		delete(m, "Id")
		delete(m, "QueueUrl")
		p.sent[fmt.Sprint(m["MessageBody"])] = m
	}
}
