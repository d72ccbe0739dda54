package localindex

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/internal/json"
)

// index is the documents of one index and its mapping.
type index struct {
	name    string // the backing index's for a data stream
	stream  string // the data stream's name, or ""
	uuid    string
	created time.Time

	mu           sync.RWMutex
	mapping      *mapping
	settings     map[string]node // as given, by full name
	givenAliases []string        // of the definition; read when the index is made
	closed       bool
	docs         map[string]*document // by id; deleted ones stay, as their version goes on
	order        []*document          // as they were written; overwritten ones stay until swept
	live         int
	seq          int64
}

// document is one version of a document. Only gone changes once it stands in an index, under the index's lock.
type document struct {
	id, routing string
	version     int64
	seq         int64
	source      []byte // nil: deleted
	gone        bool   // overwritten or deleted
}

func newIndex(name string) *index {
	return &index{
		name: name, uuid: newID(), created: time.Now(), mapping: newMapping(),
		settings: map[string]node{}, docs: map[string]*document{},
	}
}

// definition is what a request or a template says about a new index.
type definition struct{ settings, mappings, aliases *node }

func definitionOf(n *node) (definition, *apiError) {
	var d definition
	for i := range n.fields {
		name, v := n.fields[i].name, &n.fields[i].value
		switch name {
		case "settings":
			d.settings = v
		case "mappings":
			d.mappings = v
		case "aliases":
			d.aliases = v
		default:
			return d, badRequest("parse_exception", "unknown key ["+name+"] for create index")
		}
	}
	return d, nil
}

func (x *index) define(d definition) *apiError {
	if d.settings != nil {
		if err := x.set(d.settings, ""); err != nil {
			return err
		}
	}
	if d.mappings != nil {
		if err := x.mapping.define(d.mappings); err != nil {
			return err
		}
	}
	if d.aliases != nil {
		for _, f := range d.aliases.fields {
			x.givenAliases = append(x.givenAliases, f.name)
		}
	}
	return nil
}

// set applies settings, nested or with dots. Those that this index knows act; the shard count and the like
// are only shown again; unknown ones are refused.
func (x *index) set(n *node, prefix string) *apiError {
	for i := range n.fields {
		name, v := prefix+n.fields[i].name, n.fields[i].value
		if v.kind == json.Object {
			if err := x.set(&v, name+"."); err != nil {
				return err
			}
			continue
		}
		name = "index." + strings.TrimPrefix(name, "index.")
		switch name {
		case "index.number_of_shards", "index.number_of_replicas", "index.refresh_interval", "index.codec", "index.auto_expand_replicas":
		case "index.blocks.write", "index.blocks.read_only", "index.blocks.read_only_allow_delete":
		case "index.mapping.total_fields.limit":
			limit, err := strconv.Atoi(v.plain())
			if err != nil {
				return badRequest("illegal_argument_exception", "Failed to parse value ["+v.plain()+"] for setting ["+name+"]")
			}
			x.mapping.limit = limit
		default:
			return badRequest("illegal_argument_exception", "unknown setting ["+name+"] please check that any required plugins are installed, or check the breaking changes documentation for removed settings")
		}
		if v.null() {
			delete(x.settings, name)
		} else {
			x.settings[name] = text(v.plain())
		}
	}
	return nil
}

func (x *index) flag(name string) bool {
	v := x.settings[name]
	return v.str == "true"
}

// blocked returns why the index takes no writes, or nil.
func (x *index) blocked() *apiError {
	block := func(status int, why string) *apiError {
		return failure(status, "cluster_block_exception", "index ["+x.name+"] blocked by: ["+why+"];")
	}
	switch {
	case x.closed:
		return badRequest("index_closed_exception", "closed").with("index_uuid", x.uuid).with("index", x.name)
	case x.flag("index.blocks.write"):
		return block(http.StatusForbidden, "FORBIDDEN/8/index write (api)")
	case x.flag("index.blocks.read_only"):
		return block(http.StatusForbidden, "FORBIDDEN/5/index read-only (api)")
	case x.flag("index.blocks.read_only_allow_delete"):
		return block(http.StatusTooManyRequests, "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block")
	}
	return nil
}

// apply carries one operation out.
func (x *index) apply(op *operation) result {
	r := result{action: op.action, index: x.name, id: op.id}
	doc, err := op.parse(x)
	x.mu.Lock()
	defer x.mu.Unlock()
	if blocked := x.blocked(); blocked != nil {
		err = blocked
		r.noID = op.autoID
	}
	if err != nil {
		return r.failed(err)
	}
	switch op.action {
	case actionDelete:
		return x.delete(op, r)
	case actionUpdate:
		return x.update(op, &doc, r)
	default:
		return x.put(op, &doc, op.source, r)
	}
}

// find returns the live document of an id, and its last version even when it was deleted.
func (x *index) find(id string) (d *document, version int64) {
	d = x.docs[id]
	if d == nil {
		return nil, 0
	}
	if d.source == nil {
		return nil, d.version
	}
	return d, d.version
}

func (x *index) conflict(id, why string) *apiError {
	return failure(http.StatusConflict, "version_conflict_engine_exception", "["+id+"]: version conflict, "+why).
		with("index_uuid", x.uuid).with("shard", "0").with("index", x.name)
}

// nextVersion returns the version that a write gets, or a conflict.
func (x *index) nextVersion(op *operation) (int64, *apiError) {
	old, version := x.find(op.id)
	current := strconv.FormatInt(version, 10)
	given := strconv.FormatInt(op.version, 10)
	switch {
	case op.action == actionCreate && old != nil:
		return 0, x.conflict(op.id, "document already exists (current version ["+current+"])")
	case op.versionType == "":
		return version + 1, nil
	case op.versionType == versionExternal && version >= op.version:
		return 0, x.conflict(op.id, "current version ["+current+"] is higher or equal to the one provided ["+given+"]")
	case version > op.version:
		return 0, x.conflict(op.id, "current version ["+current+"] is higher than the one provided ["+given+"]")
	}
	return op.version, nil
}

// put writes a whole document.
func (x *index) put(op *operation, doc *node, source []byte, r result) result {
	version, err := x.nextVersion(op)
	if err == nil {
		err = x.mapping.admit(doc, op.id)
	}
	if err != nil {
		return r.failed(err)
	}
	r.result, r.status = "created", http.StatusCreated
	if old, _ := x.find(op.id); old != nil {
		r.result, r.status = "updated", http.StatusOK
	}
	return x.store(op, version, source, r)
}

// store keeps a version of a document; a nil source deletes it.
func (x *index) store(op *operation, version int64, source []byte, r result) result {
	if old := x.docs[op.id]; old != nil && !old.gone {
		old.gone = true
		x.live--
	}
	d := &document{id: op.id, routing: op.routing, version: version, seq: x.seq, source: source, gone: source == nil}
	x.seq++
	x.docs[op.id] = d
	if source != nil {
		x.order = append(x.order, d)
		x.live++
	}
	x.sweep()
	r.version, r.seq = version, d.seq
	return r
}

// sweep forgets overwritten versions once they are the most.
func (x *index) sweep() {
	const few = 1024
	if len(x.order) < few || x.live > len(x.order)/2 {
		return
	}
	keep := make([]*document, 0, x.live)
	for _, d := range x.order {
		if !d.gone {
			keep = append(keep, d)
		}
	}
	x.order = keep
}

func (x *index) delete(op *operation, r result) result {
	version, err := x.nextVersion(op)
	if err != nil {
		return r.failed(err)
	}
	r.result, r.status = "deleted", http.StatusOK
	if old, _ := x.find(op.id); old == nil {
		r.result, r.status = "not_found", http.StatusNotFound
	}
	return x.store(op, version, nil, r)
}

// update merges a partial document, or writes the upsert document where there is none.
func (x *index) update(op *operation, req *node, r result) result {
	old, version := x.find(op.id)
	part, upsert := req.get("doc"), req.get("upsert")
	asUpsert := req.get("doc_as_upsert")
	if old == nil {
		switch {
		case asUpsert != nil && asUpsert.bool && part != nil:
			return x.put(op, part, part.appendJSON(nil), r)
		case upsert != nil:
			return x.put(op, upsert, upsert.appendJSON(nil), r)
		}
		return r.failed(failure(http.StatusNotFound, "document_missing_exception", "["+op.id+"]: document missing").
			with("index_uuid", x.uuid).with("shard", "0").with("index", x.name))
	}
	before, err := parseNode(old.source)
	after, err2 := parseNode(old.source)
	if err != nil || err2 != nil {
		panic("BUG: a stored document cannot be read")
	}
	if after.merge(part); after.equal(&before) {
		r.result, r.status, r.version, r.seq = "noop", http.StatusOK, version, old.seq
		return r
	}
	return x.put(op, &after, after.appendJSON(nil), r)
}

// snapshot returns the live documents in the order in which they were written.
func (x *index) snapshot() []*document {
	x.mu.RLock()
	defer x.mu.RUnlock()
	docs := make([]*document, 0, x.live)
	for _, d := range x.order {
		if !d.gone {
			docs = append(docs, d)
		}
	}
	return docs
}

func (x *index) count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.live
}

// title is the name that stands in replies about data: of the data stream, where there is one, in errors.
func (x *index) title() string {
	if x.stream != "" {
		return x.stream
	}
	return x.name
}
