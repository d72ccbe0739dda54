package faults

import (
	"errors"
	"net/http"
	"net/http/httptest"
)

// Direct makes requests of a handler without a network, so that a test can run by a clock of its own
// (testing/synctest). A handler that panics, as one does to cut a connection, gives the client an error. It may
// be used concurrently, as an http.RoundTripper and as the client of an SDK.
type Direct struct{ Handler http.Handler }

var errCut = errors.New("the connection was cut")

// RoundTrip has the handler answer the request, and returns its reply, or the error of the request's context.
func (d Direct) RoundTrip(req *http.Request) (*http.Response, error) {
	replies := make(chan *http.Response, 1)
	go func() {
		defer close(replies)
		defer func() { _ = recover() }() // the closed channel tells
		rec := httptest.NewRecorder()
		d.Handler.ServeHTTP(rec, req)
		resp := rec.Result()
		resp.Request = req
		replies <- resp
	}()
	select {
	case resp, ok := <-replies:
		if !ok {
			return nil, errCut
		}
		return resp, nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// Do is RoundTrip.
func (d Direct) Do(req *http.Request) (*http.Response, error) { return d.RoundTrip(req) }
