package localindex

import (
	"errors"

	"sluice/internal/json"
)

// The actions of a bulk request.
const (
	actionIndex  = "index"
	actionCreate = "create"
	actionUpdate = "update"
	actionDelete = "delete"
)

// The version types that a write may name; "" stands for internal.
const (
	versionExternal    = "external"
	versionExternalGTE = "external_gte"
)

// maxIDBytes is the longest _id.
// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/mapping-id-field.html
const maxIDBytes = 512

// operation is one write.
type operation struct {
	action      string
	index       string
	hasIndex    bool
	id          string
	hasID       bool // an _id was given, perhaps an empty one
	autoID      bool // the id was made here
	routing     string
	pipeline    string
	version     int64
	hasVersion  bool
	versionType string
	source      []byte
}

// result is what became of an operation.
type result struct {
	action  string
	index   string
	id      string
	noID    bool // shown as null
	result  string
	version int64
	seq     int64
	status  int
	err     *apiError
}

func (r result) failed(err *apiError) result {
	r.err, r.status = err, err.status
	return r
}

// parse reads the source, for all but delete.
func (op *operation) parse(x *index) (node, *apiError) {
	if op.action == actionDelete {
		return node{}, nil
	}
	if op.hasID && op.id == "" {
		return node{}, badRequest("illegal_argument_exception", "if _id is specified it must not be empty")
	}
	if x.stream != "" && op.action != actionCreate {
		return node{}, badRequest("illegal_argument_exception", "only write ops with an op_type of create are allowed in data streams")
	}
	if len(op.source) == 0 {
		return node{}, badRequest("document_parsing_exception", "failed to parse, document is empty")
	}
	doc, err := parseNode(op.source)
	if err != nil {
		return node{}, unparsable(err)
	}
	if doc.kind != json.Object {
		return node{}, badRequest("document_parsing_exception", "Malformed content, must start with an object")
	}
	if op.action == actionUpdate && doc.get("script") != nil {
		return node{}, badRequest("illegal_argument_exception", "failed to execute script").
			causedBy(badRequest("illegal_argument_exception", "script_lang not supported [painless]"))
	}
	if x.stream != "" {
		if t := doc.get("@timestamp"); t == nil || t.null() {
			why := "data stream timestamp field [@timestamp] is missing"
			return node{}, badRequest("document_parsing_exception", "failed to parse: "+why).
				causedBy(badRequest("illegal_argument_exception", why))
		}
	}
	return doc, nil
}

// unparsable is the error of a source that is no JSON.
func unparsable(err error) *apiError {
	typ := "x_content_parse_exception"
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Found == "end of text" {
		typ = "x_content_e_o_f_exception"
	}
	cause := badRequest(typ, err.Error())
	if _, ok := errors.AsType[*duplicateKey](err); !ok {
		cause.cause = badRequest("json_parse_exception", err.Error())
	}
	return badRequest("document_parsing_exception", "failed to parse: "+err.Error()).causedBy(cause)
}

// validate returns what is wrong with an operation so that the whole request is refused, or "".
func (op *operation) validate() string {
	switch {
	case !op.hasIndex:
		return "index is missing"
	case (op.action == actionUpdate || op.action == actionDelete) && op.id == "":
		return "id is missing"
	case len(op.id) > maxIDBytes:
		return "id [" + op.id + "] is too long, must be no longer than 512 bytes but was: " + itoa(len(op.id))
	case op.action == actionCreate && (op.hasVersion || op.versionType != ""):
		return "create operations only support internal versioning. use index instead"
	case op.hasVersion && op.versionType == "":
		return "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead"
	case op.versionType != "" && !op.hasVersion:
		return "illegal version value [-3] for version type [" + op.versionType + "]"
	}
	return ""
}

// run carries an operation out where it belongs. deletes and updates of a missing index differ: only an
// update makes it.
func (s *Server) run(op *operation) result {
	r := result{action: op.action, index: op.index, id: op.id, noID: op.id == ""}
	if op.pipeline != "" && op.pipeline != "_none" {
		return r.failed(badRequest("illegal_argument_exception", "pipeline with id ["+op.pipeline+"] does not exist"))
	}
	x, err := s.writable(op.index, op.action != actionDelete || op.versionType != "")
	if err != nil {
		r.noID = !op.hasID
		return r.failed(err)
	}
	if !op.hasID {
		op.id, op.autoID = newID(), true
	}
	return x.apply(op)
}

// item returns the result as it stands in a bulk reply.
func (r *result) item() node {
	n := object().add("_index", text(r.index))
	if r.noID {
		n.add("_id", node{})
	} else {
		n.add("_id", text(r.id))
	}
	if r.err == nil {
		r.describe(n)
		n.add("status", number(int64(r.status)))
	} else {
		n.add("status", number(int64(r.status))).add("error", r.err.object())
	}
	return *object().add(r.action, *n)
}

func (r *result) describe(n *node) {
	n.add("_version", number(r.version)).add("result", text(r.result)).
		add("_shards", *object().add("total", number(replicas+1)).add("successful", number(1)).add("failed", number(0))).
		add("_seq_no", number(r.seq)).add("_primary_term", number(1))
}

// document is the reply to a request for one document.
func (r *result) document() (int, node) {
	if r.err != nil {
		return r.status, r.err.body()
	}
	n := object().add("_index", text(r.index)).add("_id", text(r.id))
	r.describe(n)
	return r.status, *n
}

const replicas = 1 // what an index has by default
