package localindex

import (
	"net/http"
	"strconv"
)

// apiError is an error as the API shows it.
type apiError struct {
	status       int
	typ, reason  string
	cause        *apiError
	about        [][2]string // further members: index, index_uuid, shard
	plain        string      // when set, the whole error is this text
	searchFailed bool        // the error of a search, which is wrapped once more
}

func failure(status int, typ, reason string) *apiError {
	return &apiError{status: status, typ: typ, reason: reason}
}

func badRequest(typ, reason string) *apiError { return failure(http.StatusBadRequest, typ, reason) }

// with adds a member.
func (e *apiError) with(name, value string) *apiError {
	e.about = append(e.about, [2]string{name, value})
	return e
}

func (e *apiError) causedBy(c *apiError) *apiError {
	e.cause = c
	return e
}

// Error makes an apiError an error, for logs.
func (e *apiError) Error() string { return e.typ + ": " + e.reason }

// object returns the error as it stands in a bulk item.
func (e *apiError) object() node {
	n := object().add("type", text(e.typ)).add("reason", text(e.reason))
	for _, kv := range e.about {
		n.add(kv[0], text(kv[1]))
	}
	if e.cause != nil {
		n.add("caused_by", *e.cause.object().ptr())
	}
	return *n
}

// body returns the error as the body of a reply.
func (e *apiError) body() node {
	if e.plain != "" {
		return *object().add("error", text(e.plain)).add("status", number(int64(e.status)))
	}
	root := e.object()
	outer := object().add("root_cause", list(root))
	if e.searchFailed {
		outer.add("type", text("search_phase_execution_exception")).add("reason", text("all shards failed")).
			add("phase", text("query")).add("grouped", boolean(true))
	} else {
		outer.fields = append(outer.fields, root.fields...)
	}
	return *object().add("error", *outer).add("status", number(int64(e.status)))
}

func noSuchIndex(name string) *apiError {
	return failure(http.StatusNotFound, "index_not_found_exception", "no such index ["+name+"]").
		with("resource.type", "index_or_alias").with("resource.id", name).with("index_uuid", "_na_").with("index", name)
}

func itoa(n int) string { return strconv.Itoa(n) }
