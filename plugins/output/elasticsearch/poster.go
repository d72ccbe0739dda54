package elasticsearch

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// poster is the transport of one bulk request. It gives the request its body with its length, which esapi
// would send in chunks, and counts who reads it.
type poster struct {
	o       *output
	body    []byte
	readers *atomic.Int32
	zipped  bool
}

func (p *poster) header() http.Header {
	h := http.Header{"Content-Type": {contentType}}
	if p.zipped {
		h.Set("Content-Encoding", "gzip")
	}
	return h
}

// Perform sends the request (esapi.Transport).
func (p *poster) Perform(r *http.Request) (*http.Response, error) {
	r.ContentLength = int64(len(p.body))
	r.Body = p.reader()
	r.GetBody = func() (io.ReadCloser, error) { return p.reader(), nil } // for a connection that was closed while idle
	if path := p.o.conn.bulkPath; path != "" {
		r.URL.Path = "/" + strings.TrimLeft(path, "/")
	}
	return p.o.Perform(r)
}

// Perform sends any request, with the configured parameters (esapi.Transport).
func (o *output) Perform(r *http.Request) (*http.Response, error) {
	if q := o.conn.query; q != "" {
		if r.URL.RawQuery != "" {
			q = r.URL.RawQuery + "&" + q
		}
		r.URL.RawQuery = q
	}
	return o.client.Perform(r)
}

// bodyReader reads a body that the lane wants to use again. The HTTP transport may go on reading after the
// request has been answered or has failed; when it is done it closes the reader. A Close may come while a
// piece is being read: then the end of that read counts.
type bodyReader struct {
	rest    []byte
	readers *atomic.Int32
	state   atomic.Int32
}

// The states of a bodyReader are sums of these.
const (
	busyState   = 1
	closedState = 2
)

func (p *poster) reader() *bodyReader {
	p.readers.Add(1)
	return &bodyReader{rest: p.body, readers: p.readers}
}

// enter reports whether the body may be read; leave must follow.
func (b *bodyReader) enter() bool { return b.state.CompareAndSwap(0, busyState) }

func (b *bodyReader) leave() {
	if !b.state.CompareAndSwap(busyState, 0) { // closed meanwhile
		b.state.Store(closedState)
		b.readers.Add(-1)
	}
}

// Read reads a piece of the body.
func (b *bodyReader) Read(dst []byte) (int, error) {
	if !b.enter() {
		return 0, io.EOF
	}
	defer b.leave()
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Close says that nothing more is read.
func (b *bodyReader) Close() error {
	for {
		switch s := b.state.Load(); {
		case s&closedState != 0:
			return nil
		case s == busyState: // the read that is under way counts itself out
			if b.state.CompareAndSwap(busyState, busyState+closedState) {
				return nil
			}
		default:
			if b.state.CompareAndSwap(0, closedState) {
				b.readers.Add(-1)
				return nil
			}
		}
	}
}
