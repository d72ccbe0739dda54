package elasticsearch

import (
	"bytes"
	"fmt"
	"net/http"
)

// verdict is what becomes of a document, or of a request.
type verdict uint8

const (
	delivered verdict = iota
	duplicate         // it is there already
	again             // to be tried again
	overload          // to be tried again, and there is too much
	paused            // to be tried again, once somebody has given the right to
	refused           // it can never succeed
	halve             // of a request: one of its documents is at fault, or it is too large
)

// rule names an error that its status alone does not tell.
type rule struct {
	status  int    // 0: any
	typ     string // "": any
	text    string // in the reason or its cause; "": any
	verdict verdict
}

// itemRules are the errors of single documents whose verdict is not that of their status. The first that
// fits decides. They are from real replies: testdata/replies.
var itemRules = [...]rule{ //nolint:gochecknoglobals // a table
	// An over-long term fails for ever, also where it comes as a server error.
	{0, "", "immense term", refused},
	{0, "max_bytes_length_exceeded_exception", "", refused},
	// An index that is closed, blocked or cannot be made says nothing about the document.
	{http.StatusBadRequest, "index_closed_exception", "", again},
	{http.StatusBadRequest, "validation_exception", "shards", again},
	{http.StatusForbidden, "cluster_block_exception", "", again},
	{http.StatusTooManyRequests, "cluster_block_exception", "", again}, // the disk is full: fewer requests do not help
	{http.StatusForbidden, "security_exception", "", paused},
	{http.StatusUnauthorized, "", "", paused},
	{http.StatusTooManyRequests, "", "", overload},
	{http.StatusServiceUnavailable, "", "", overload},
	{http.StatusRequestTimeout, "", "", again},
}

// requestRules are the same for requests that were refused as a whole.
var requestRules = [...]rule{ //nolint:gochecknoglobals // a table
	{http.StatusBadRequest, "index_closed_exception", "", again},
	{http.StatusBadRequest, "validation_exception", "shards", again},
	// The body did not arrive as it was sent.
	{http.StatusBadRequest, "parse_exception", "request body is required", again},
	{http.StatusBadRequest, "illegal_argument_exception", "must be terminated by a newline", again},
	{http.StatusBadRequest, "action_request_validation_exception", "no requests added", again},
	{http.StatusBadRequest, "", "", halve},
	{http.StatusRequestEntityTooLarge, "", "", halve},
	{http.StatusForbidden, "cluster_block_exception", "", again},
	{http.StatusUnauthorized, "", "", paused},
	{http.StatusForbidden, "", "", paused},
	{http.StatusTooManyRequests, "", "", overload},
	{http.StatusServiceUnavailable, "", "", overload},
}

func (r *rule) fits(it *replyItem) bool {
	return (r.status == 0 || r.status == it.status) && (r.typ == "" || r.typ == string(it.typ)) &&
		(r.text == "" || bytes.Contains(it.reason, []byte(r.text)) || bytes.Contains(it.cause, []byte(r.text)))
}

// judgeItem decides about one document.
func judgeItem(sent *item, it *replyItem) verdict {
	switch {
	case it.status >= 200 && it.status < 300:
		return delivered
	case it.status == http.StatusConflict:
		return judgeConflict(sent)
	case it.status == http.StatusNotFound && sent.action == remove:
		return delivered // there is nothing to delete
	}
	for i := range itemRules {
		if itemRules[i].fits(it) {
			return itemRules[i].verdict
		}
	}
	if it.status >= 400 && it.status < 500 {
		return refused
	}
	return again
}

// judgeConflict decides about a version conflict: the document of a create is there, one with a version of
// its own has been overtaken; an update that was overtaken can be tried again.
func judgeConflict(sent *item) verdict {
	switch {
	case sent.action == create, sent.external:
		return duplicate
	case sent.action == update:
		return again
	}
	return refused
}

// judgeRequest decides about a request that was not answered with 2xx. readable says that the reply is an
// error as Elasticsearch writes them; what a proxy says is never the fault of a document, but for its limit
// on the size.
func judgeRequest(it *replyItem, readable bool) verdict {
	for i := range requestRules {
		if r := &requestRules[i]; r.fits(it) {
			if r.status == http.StatusBadRequest && !readable {
				return again
			}
			return r.verdict
		}
	}
	return again
}

// replyError is an error of Elasticsearch, about a document or a request.
type replyError struct {
	status             int
	typ, reason, cause string
}

func newReplyError(it *replyItem) *replyError {
	return &replyError{it.status, unescape(it.typ), unescape(it.reason), unescape(it.cause)}
}

// Error gives status, type, reason and the first cause.
func (e *replyError) Error() string {
	s := fmt.Sprintf("status %d", e.status)
	if text := http.StatusText(e.status); e.typ == "" && text != "" {
		s += " (" + text + ")"
	}
	if e.typ != "" {
		s += " " + e.typ
	}
	if e.reason != "" {
		s += ": " + e.reason
	}
	if e.cause != "" && e.cause != e.reason {
		s += "; caused by: " + e.cause
	}
	return s
}
