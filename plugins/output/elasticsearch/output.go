package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"

	"sluice/internal/metrics"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

const (
	defaultLevel = 1 // of gzip

	// firstRead is read of a reply before it is known whether the rest matters; maxReplyBytes bounds what is
	// read of one with errors (each may repeat a value of 32 KiB), drainBytes what is read only to use the
	// connection again.
	firstRead     = 4 << 10
	maxReplyBytes = 128 << 20
	drainBytes    = 4 << 20
	failureBytes  = 256 << 10 // of the reply to a request that was refused

	contentType = "application/x-ndjson"
)

// filterPath leaves of a reply what is needed to judge each document.
var filterPath = []string{"errors", "items.*.status", "items.*.error"} //nolint:gochecknoglobals // a table

// startEnv is what an output is started with.
type startEnv struct {
	plugin.Env
	lanes int
}

// output is a running elasticsearch output. Its lanes share the connections and the limiter.
type output struct {
	client    *elastictransport.Client
	transport *http.Transport
	conn      *connection
	template  *template
	timeout   time.Duration
	lanes     []*lane
	limit     *limiter
	maxBody   atomic.Int64
	isPaused  atomic.Bool
	closed    atomic.Bool
	log       *slog.Logger

	overloads, splits metrics.Counter
}

func newOutput(c *Config, t *target, conn *connection, tmpl *template, env startEnv) (*output, error) {
	level := defaultLevel
	switch {
	case c.CompressionLevel != nil:
		level = *c.CompressionLevel
	case conn.local:
		level = 0
	}
	client, transport, err := conn.open(env.lanes, level > 0)
	if err != nil {
		return nil, err
	}
	o := &output{
		client: client, transport: transport, conn: conn, template: tmpl, timeout: c.Timeout.D(),
		limit: newLimiter(env.lanes), log: env.Log(),
		overloads: env.Metrics.Counter("elasticsearch_overloads_total", "Bulk requests that the cluster refused, wholly or in part, as too much."),
		splits:    env.Metrics.Counter("elasticsearch_splits_total", "Bulk requests that were halved because they were too large or one document was at fault."),
	}
	env.Metrics.GaugeFunc("elasticsearch_requests_bound", "How many bulk requests may be under way at once.", o.limit.current)
	o.maxBody.Store(int64(c.BulkMaxBytes))
	o.lanes = make([]*lane, env.lanes)
	for i := range o.lanes {
		o.lanes[i] = newLane(t, level)
	}
	return o, nil
}

var errClosed = errors.New("the output is closed")

// Write sends the view's events in one bulk request, or in several when they are too many bytes, and marks
// those that were not simply delivered.
func (o *output) Write(ctx context.Context, v *event.View) error {
	if v.Len() == 0 {
		return nil
	}
	if o.closed.Load() {
		return errClosed
	}
	epoch, err := o.limit.acquire(ctx)
	if err != nil {
		return err
	}
	w := &writing{o: o, l: o.lanes[v.Lane], v: v}
	if err = o.template.install(ctx, o); err == nil {
		err = w.run(ctx)
	}
	w.l.forget()
	o.limit.release(epoch, w.overloaded, err == nil)
	if w.overloaded {
		o.overloads.Inc()
	}
	return err
}

// Close lets the connections go. What Write called delivered is in the index.
func (o *output) Close(ctx context.Context) error {
	if o.closed.Swap(true) {
		return nil
	}
	err := o.client.Close(ctx)
	o.transport.CloseIdleConnections()
	return wrap("close the client", err)
}

// writing is one Write.
type writing struct {
	o          *output
	l          *lane
	v          *event.View
	overloaded bool
	paused     bool
}

// run encodes the events and sends what has come together. When a request fails as a whole it stops: what
// was delivered before is marked, and the error stands for the rest.
func (w *writing) run(ctx context.Context) error {
	l := w.l
	l.reset()
	for i, e := range w.v.All() {
		if err := l.add(i, e); err != nil {
			w.v.Reject(i, err)
			continue
		}
		if len(l.items) > 1 && int64(len(l.body)) > w.o.maxBody.Load() {
			if err := w.send(ctx, 0, len(l.items)-1); err != nil {
				return err
			}
			l.move()
		}
	}
	if len(l.items) == 0 {
		return nil
	}
	return w.send(ctx, 0, len(l.items))
}

// send sends items from to to-1 and marks their events. On an error nothing is known about them: everything
// before them that has no mark was delivered, and gets one.
func (w *writing) send(ctx context.Context, from, to int) error {
	first, last := w.l.items[from], w.l.items[to-1]
	size := int64(last.end - first.start)
	if from+1 < to && size > w.o.maxBody.Load() {
		return w.halves(ctx, from, to)
	}
	what, err := w.post(ctx, from, to)
	switch {
	case what == halve && to-from == 1:
		w.v.Reject(first.at, err)
		return nil
	case what == halve:
		w.o.splits.Inc()
		return w.halves(ctx, from, to)
	case what == delivered:
		if !w.paused {
			w.o.resume()
		}
		return nil
	}
	for i := range first.at {
		if !w.v.Marked(i) {
			w.v.Done(i)
		}
	}
	if what == overload {
		w.overloaded = true
	}
	if what == paused {
		err = w.o.pause(err)
	}
	return err
}

func (w *writing) halves(ctx context.Context, from, to int) error {
	mid := from + (to-from)/2
	if err := w.send(ctx, from, mid); err != nil {
		return err
	}
	return w.send(ctx, mid, to)
}

// post makes one request of the items and returns what became of it; delivered means that each item has
// been judged.
func (w *writing) post(ctx context.Context, from, to int) (verdict, error) {
	ctx, cancel := w.o.limited(ctx)
	defer cancel()
	body := w.l.body[w.l.items[from].start:w.l.items[to-1].end]
	sent, err := w.l.compress(body)
	if err != nil {
		return again, err
	}
	p := &poster{o: w.o, body: sent, readers: w.l.shared, zipped: w.l.level > 0}
	res, err := esapi.BulkRequest{FilterPath: filterPath, Header: p.header()}.Do(ctx, p)
	if err != nil {
		return again, fmt.Errorf("send a bulk request: %w", causeOf(ctx, err))
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, res.Body, drainBytes) // only so that the connection can be used again
		_ = res.Body.Close()                              // everything that matters was read
	}()
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return w.judge(res.Body, from, to)
	}
	what, err := failed(res)
	if res.StatusCode == http.StatusRequestEntityTooLarge && to-from > 1 {
		w.o.learn(int64(len(body)))
	}
	return what, err
}

// limited returns ctx with the time that a request may take.
func (o *output) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("no reply within %s", o.timeout))
}

// causeOf returns why ctx has ended, where that explains err.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// failed decides about a request that was refused as a whole.
func failed(res *esapi.Response) (verdict, error) {
	b, err := io.ReadAll(io.LimitReader(res.Body, failureBytes))
	it, readable := wholeFailure(b)
	if err != nil || !readable {
		it, readable = replyItem{}, false
		if s := strings.TrimSpace(string(b[:min(len(b), quoteBytes)])); s != "" {
			it.reason = []byte(s)
		}
	}
	it.status = res.StatusCode
	return judgeRequest(&it, readable), newReplyError(&it)
}

// learn remembers that a body was too large, so that the next ones are made smaller at once.
func (o *output) learn(size int64) {
	for {
		old := o.maxBody.Load()
		now := max(size/2, 1)
		if now >= old || o.maxBody.CompareAndSwap(old, now) {
			return
		}
	}
}

// pause says once that the cluster lets nobody in, and returns the error to show.
func (o *output) pause(err error) error {
	err = fmt.Errorf("paused until Elasticsearch accepts the credentials again: %w", err)
	if !o.isPaused.Swap(true) {
		o.log.Error("elasticsearch refuses the credentials or lacks a privilege; writing is paused", "err", err)
	}
	return err
}

func (o *output) resume() {
	if o.isPaused.Load() && o.isPaused.Swap(false) {
		o.log.Info("elasticsearch accepts the credentials again")
	}
}

// judge reads a reply as far as it must and marks the events.
func (w *writing) judge(r io.Reader, from, to int) (verdict, error) {
	reply, done, err := w.read(r)
	if done {
		return delivered, nil
	}
	if err == nil && head(reply) == headBad {
		return again, fmt.Errorf("read the bulk reply: %w: %s", errBad, quote(string(reply[:min(len(reply), quoteBytes)])))
	}
	n := to - from
	got, scanErr := eachItem(reply, func(i int, it *replyItem) bool {
		if i == n {
			return false
		}
		w.mark(&w.l.items[from+i], it)
		return true
	})
	switch {
	case got > n: // the reply is not ours: believe none of it
		err = fmt.Errorf("read the bulk reply: it has more items than the %d that were sent", n)
		got = 0
	case got == n:
		return delivered, nil
	case err == nil:
		if err = scanErr; err == nil {
			err = errCut
		}
		err = fmt.Errorf("read the bulk reply: %d of %d items: %w", got, n, err)
	}
	for _, it := range w.l.items[from+got : to] {
		w.v.Retry(it.at, err)
	}
	return delivered, nil
}

// read reads a reply; done says that every document was taken and nothing more has to be looked at.
func (w *writing) read(r io.Reader) (reply []byte, done bool, err error) {
	b := w.l.reply[:0]
	if cap(b) < firstRead {
		b = make([]byte, 0, 8*firstRead)
	}
	r = io.LimitReader(r, maxReplyBytes)
	known := false
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if !known && n > 0 {
			switch head(b) {
			case headClean:
				w.l.reply = b
				return b, true, nil
			case headErrors, headBad:
				known = true
			case headCut:
			}
		}
		if err != nil {
			w.l.reply = b
			if errors.Is(err, io.EOF) {
				return b, false, nil
			}
			return b, false, fmt.Errorf("read the bulk reply: %w", err)
		}
	}
}

// mark gives one event its outcome.
func (w *writing) mark(sent *item, it *replyItem) {
	switch what := judgeItem(sent, it); what {
	case delivered:
	case duplicate:
		w.v.Duplicate(sent.at)
	case refused, halve:
		w.v.Reject(sent.at, newReplyError(it))
	case overload:
		w.overloaded = true
		w.v.Retry(sent.at, newReplyError(it))
	case paused:
		w.paused = true
		w.v.Retry(sent.at, w.o.pause(newReplyError(it)))
	case again:
		w.v.Retry(sent.at, newReplyError(it))
	}
}
