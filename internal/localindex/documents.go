package localindex

import (
	"encoding/json"
	"net/http"
	"strings"
)

// oneDocument answers /INDEX/_doc/ID and /INDEX/_create/ID.
func (s *Server) oneDocument(q *request, word string) {
	switch q.r.Method {
	case http.MethodGet, http.MethodHead:
		s.getDocument(q)
		return
	}
	if err := q.allow("refresh", "routing", "timeout", "op_type", "pipeline", "version", "version_type"); err != nil {
		q.fail(err)
		return
	}
	op := operation{
		action: actionIndex, index: q.name, hasIndex: true, id: q.rest, hasID: q.rest != "",
		routing: q.params.Get("routing"), pipeline: q.params.Get("pipeline"), source: q.body,
	}
	switch {
	case q.r.Method == http.MethodDelete:
		op.action = actionDelete
	case word == "_create" || q.params.Get("op_type") == "create":
		op.action = actionCreate
	}
	if why := op.validate(); why != "" {
		q.fail(badRequest("action_request_validation_exception", "Validation Failed: 1: "+why+";"))
		return
	}
	r := s.run(&op)
	status, n := r.document()
	q.reply(status, n)
}

func (s *Server) getDocument(q *request) {
	found, err := s.resolve(q.name)
	if err == nil && len(found) != 1 {
		err = badRequest("illegal_argument_exception", "alias ["+q.name+"] has more than one index associated with it, can't execute a single index op")
	}
	if err != nil {
		q.fail(err)
		return
	}
	x := found[0]
	x.mu.RLock()
	d, _ := x.find(q.rest)
	x.mu.RUnlock()
	n := object().add("_index", text(x.name)).add("_id", text(q.rest))
	if d == nil {
		q.reply(http.StatusNotFound, *n.add("found", boolean(false)))
		return
	}
	n.add("_version", number(d.version)).add("_seq_no", number(d.seq)).add("_primary_term", number(1))
	if d.routing != "" {
		n.add("_routing", text(d.routing))
	}
	src, _ := (*sourceFilter)(nil).apply(d.source)
	q.reply(http.StatusOK, *n.add("found", boolean(true)).add("_source", src))
}

// Document is one document of an index.
type Document struct {
	Index   string // the backing index's name for a data stream
	ID      string
	Routing string
	Source  json.RawMessage // as it was sent; not to be changed
}

// Documents returns the live documents of the indices that an expression names (wildcards, aliases; "" is
// all), index by index in the order in which they were written. An expression that names nothing gives none.
func (s *Server) Documents(expr string) []Document {
	found, err := s.resolve(expr)
	if err != nil {
		return nil
	}
	var all []Document
	for _, x := range found {
		for _, d := range x.snapshot() {
			all = append(all, Document{x.name, d.id, d.routing, d.source})
		}
	}
	return all
}

// Indices returns the names of the indices that an expression names, sorted.
func (s *Server) Indices(expr string) []string {
	found, err := s.resolve(expr)
	if err != nil {
		return nil
	}
	names := make([]string, len(found))
	for i, x := range found {
		names[i] = strings.Clone(x.name)
	}
	return names
}
