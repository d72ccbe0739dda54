package localindex

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sluice/internal/json"

	"github.com/klauspost/compress/gzip"
)

// request is one HTTP request on its way to an answer.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	params url.Values
	name   string // the index expression of the path, or ""
	rest   string // what follows the API's word in the path: a document's id, a template's name
	body   []byte
}

// commonParams are understood by every call. human and error_trace change nothing here.
var commonParams = []string{"filter_path", "pretty", "human", "error_trace", "format"} //nolint:gochecknoglobals // a table

// allow refuses parameters that are neither common nor named.
func (q *request) allow(names ...string) *apiError {
	for p := range q.params {
		if !slices.Contains(commonParams, p) && !slices.Contains(names, p) {
			return badRequest("illegal_argument_exception", "request ["+q.r.URL.Path+"] contains unrecognized parameter: ["+p+"]")
		}
	}
	return nil
}

// read reads the body, inflated, and reports whether it could; otherwise the request has been answered.
func (q *request) read(limit int64) bool {
	var src io.Reader = q.r.Body
	zipped := q.r.Header.Get("Content-Encoding") == "gzip"
	if zipped {
		z, err := gzip.NewReader(q.r.Body)
		if err != nil { // Elasticsearch sees no body then
			return true
		}
		src = z
	}
	body, err := io.ReadAll(io.LimitReader(src, limit+1))
	if int64(len(body)) > limit {
		if zipped {
			q.w.Header().Set("Connection", "close")
		}
		q.w.Header().Del("X-Elastic-Product")
		q.w.WriteHeader(http.StatusRequestEntityTooLarge)
		return false
	}
	if err != nil && !zipped { // the client has gone: nobody reads the answer
		q.fail(badRequest("parse_exception", "read request body: "+err.Error()))
		return false
	}
	q.body = body
	return true
}

// object reads the body as a JSON object; no body is an empty one.
func (q *request) object() (node, *apiError) {
	if len(bytes.TrimSpace(q.body)) == 0 {
		return *object(), nil
	}
	n, err := parseNode(q.body)
	if err != nil {
		return n, badRequest("x_content_parse_exception", err.Error())
	}
	if n.kind != json.Object {
		err := badRequest("parsing_exception", "Expected [START_OBJECT] but found ["+token(&n)+"]")
		return n, err
	}
	return n, nil
}

// reply answers with a JSON value.
func (q *request) reply(status int, n node) {
	if paths := q.params.Get("filter_path"); paths != "" {
		n = filter(n, paths)
	}
	out := n.appendJSON(nil)
	if _, pretty := q.params["pretty"]; pretty && q.params.Get("pretty") != "false" {
		out = append(indent(out), '\n')
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(status)
	q.write(out)
}

// plain answers with text.
func (q *request) plain(s string) {
	q.w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	q.write([]byte(s))
}

func (q *request) write(b []byte) {
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(b) // the client has gone: nobody is left to tell
	}
}

func (q *request) fail(err *apiError) { q.reply(err.status, err.body()) }

// either replies with n, or with the error.
func (q *request) either(n node, err *apiError) {
	if err != nil {
		q.fail(err)
		return
	}
	q.reply(http.StatusOK, n)
}

// route finds the call that a request is for.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	q := &request{w: w, r: r, params: r.URL.Query()}
	parts := strings.SplitN(strings.Trim(r.URL.EscapedPath(), "/"), "/", 3)
	for i := range parts {
		if p, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = p
		}
	}
	if !strings.HasPrefix(parts[0], "_") {
		q.name, parts = parts[0], parts[1:]
	} else if parts[0] == "_all" {
		parts = parts[1:]
	}
	word := ""
	if len(parts) > 0 {
		word, q.rest = parts[0], strings.Join(parts[1:], "/")
	}
	if !q.checkType() || !q.read(s.maxBody) {
		return
	}
	s.call(q, word)
}

// checkType refuses a body that says to be something else than JSON, and reports whether it was fine.
func (q *request) checkType() bool {
	t, _, _ := strings.Cut(q.r.Header.Get("Content-Type"), ";")
	switch t {
	case "application/json", "application/x-ndjson", "application/vnd.elasticsearch+json", "application/vnd.elasticsearch+x-ndjson":
		return true
	case "":
		if q.r.ContentLength == 0 {
			return true
		}
	default:
		if q.r.ContentLength == 0 {
			return true
		}
	}
	q.fail(&apiError{status: http.StatusNotAcceptable, plain: "Content-Type header [" + t + "] is not supported"})
	return false
}

// call answers the request.
func (s *Server) call(q *request, word string) {
	get := q.r.Method == http.MethodGet || q.r.Method == http.MethodHead
	post := q.r.Method == http.MethodPost
	put := q.r.Method == http.MethodPut
	del := q.r.Method == http.MethodDelete
	switch {
	case word == "" && q.name == "" && get:
		s.hello(q)
	case word == "":
		s.wholeIndex(q)
	case word == "_bulk" && (post || put):
		s.bulk(q)
	case word == "_search" && (get || post):
		s.search(q)
	case word == "_count" && (get || post):
		s.count(q)
	case (word == "_refresh" || word == "_flush") && (get || post):
		s.refresh(q)
	case word == "_doc" && (get || put || post || del), word == "_create" && (put || post):
		s.oneDocument(q, word)
	case word == "_cat" && get:
		s.cat(q)
	case word == "_cluster" && get && q.rest == "health":
		s.health(q)
	case word == "_mapping" && (get || put || post):
		s.mappings(q)
	case word == "_settings" && (get || put):
		s.settings(q)
	case (word == "_close" || word == "_open") && post:
		s.closing(q, word == "_close")
	case (word == "_alias" || word == "_aliases") && get, word == "_aliases" && post:
		s.aliasing(q)
	case word == "_index_template" && (get || put || post || del):
		s.templating(q)
	default:
		q.fail(&apiError{status: http.StatusBadRequest, plain: "no handler found for uri [" + q.r.URL.RequestURI() + "] and method [" + q.r.Method + "]"})
	}
}
