package localindex

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"sluice/internal/json"
)

// bulk answers POST /_bulk and POST /INDEX/_bulk: every line is read before the first is carried out.
func (s *Server) bulk(q *request) {
	if err := q.allow("refresh", "timeout", "pipeline", "routing", "wait_for_active_shards"); err != nil {
		q.fail(err)
		return
	}
	start := time.Now()
	ops, err := q.operations()
	if err != nil {
		q.fail(err)
		return
	}
	items := make([]node, 0, len(ops))
	failed := false
	for i := range ops {
		r := s.run(&ops[i])
		failed = failed || r.err != nil
		items = append(items, r.item())
	}
	reply := object().add("errors", boolean(failed)).add("took", number(time.Since(start).Milliseconds())).add("items", list(items...))
	q.reply(http.StatusOK, *reply)
}

// operations reads the lines of a bulk body.
func (q *request) operations() ([]operation, *apiError) {
	body := q.body
	switch {
	case len(body) == 0:
		return nil, badRequest("parse_exception", "request body is required")
	case body[len(body)-1] != '\n':
		return nil, badRequest("illegal_argument_exception", `The bulk request must be terminated by a newline [\n]`)
	}
	var ops []operation
	var wrong strings.Builder
	next := func() []byte {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		return bytes.TrimSuffix(line, []byte{'\r'})
	}
	for n := 1; len(body) > 0; n++ {
		line := next()
		if len(line) == 0 {
			continue
		}
		op, err := q.action(line, n)
		if err != nil {
			return nil, err
		}
		if op.action != actionDelete {
			if len(body) == 0 {
				break // a last action without its document is not a request at all
			}
			op.source = bytes.Clone(next())
			n++
		}
		if op.action == actionUpdate {
			if err := checkUpdate(op.source); err != nil {
				return nil, err
			}
		}
		if why := op.validate(); why != "" {
			wrong.WriteString(" " + itoa(strings.Count(wrong.String(), ";")+1) + ": " + why + ";")
		}
		ops = append(ops, op)
	}
	if len(ops) == 0 {
		wrong.WriteString(" 1: no requests added;")
	}
	if wrong.Len() > 0 {
		return nil, badRequest("action_request_validation_exception", "Validation Failed:"+wrong.String())
	}
	return ops, nil
}

// action reads an action line: {"create":{"_index":"a","_id":"1"}}.
func (q *request) action(line []byte, n int) (operation, *apiError) {
	op := operation{index: q.name, hasIndex: q.name != "", pipeline: q.params.Get("pipeline"), routing: q.params.Get("routing")}
	parsed, err := parseNode(line)
	if err != nil {
		return op, badRequest("x_content_parse_exception", err.Error()).causedBy(badRequest("json_parse_exception", err.Error()))
	}
	malformed := func(why string) *apiError {
		return badRequest("illegal_argument_exception", "Malformed action/metadata line ["+itoa(n)+"], "+why)
	}
	if parsed.kind != json.Object || len(parsed.fields) == 0 {
		return op, malformed("expected START_OBJECT or END_OBJECT but found [" + token(&parsed) + "]")
	}
	op.action = parsed.fields[0].name
	switch op.action {
	case actionIndex, actionCreate, actionUpdate, actionDelete:
	default:
		return op, malformed("expected field [create], [delete], [index] or [update] but found [" + op.action + "]")
	}
	meta := &parsed.fields[0].value
	if meta.kind != json.Object || len(parsed.fields) > 1 {
		return op, malformed("expected START_OBJECT but found [" + token(meta) + "]")
	}
	for i := range meta.fields {
		if !op.set(meta.fields[i].name, &meta.fields[i].value) {
			return op, badRequest("illegal_argument_exception",
				"Action/metadata line ["+itoa(n)+"] contains an unknown parameter ["+meta.fields[i].name+"]")
		}
	}
	return op, nil
}

// set takes one parameter of an action line.
func (op *operation) set(name string, v *node) bool {
	switch name {
	case "_index":
		op.index, op.hasIndex = v.plain(), true
	case "_id":
		if !v.null() {
			op.id, op.hasID = v.plain(), true
		}
	case "routing":
		op.routing = v.plain()
	case "pipeline":
		op.pipeline = v.plain()
	case "version":
		op.version, op.hasVersion = v.int, true
	case "version_type":
		op.setVersionType(v.plain())
	case "retry_on_conflict", "require_alias": // there are no concurrent changes between the read and the write of an update
	default:
		return false
	}
	return true
}

func (op *operation) setVersionType(t string) {
	switch t {
	case versionExternalGTE:
		op.versionType = versionExternalGTE
	case versionExternal, "external_gt":
		op.versionType = versionExternal
	}
}

// checkUpdate returns the error of an update body that has unknown members.
func checkUpdate(source []byte) *apiError {
	n, err := parseNode(source)
	if err != nil {
		return badRequest("x_content_parse_exception", err.Error())
	}
	for _, f := range n.fields {
		switch f.name {
		case "doc", "upsert", "doc_as_upsert", "script", "scripted_upsert", "detect_noop":
		default:
			return badRequest("x_content_parse_exception", "[UpdateRequest] unknown field ["+f.name+"]")
		}
	}
	if n.get("doc") == nil && n.get("script") == nil {
		return badRequest("action_request_validation_exception", "Validation Failed: 1: script or doc is missing;")
	}
	return nil
}
