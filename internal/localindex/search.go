package localindex

import (
	"math"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"sluice/internal/json"
)

const (
	defaultSize   = 10
	defaultTotals = 10_000 // hits are counted up to here unless track_total_hits says otherwise

	// maxWindow is index.max_result_window: from + size.
	// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/index-modules.html
	maxWindow = 10_000
)

// searchBody is a search as it was asked for.
type searchBody struct {
	query    query
	from     int
	size     int
	sort     []sortKey
	after    []node
	totals   int // how far hits are counted
	noTotals bool
	source   *sourceFilter
}

// hit is a document that a search found.
type hit struct {
	x    *index
	doc  *document
	tree *node
	keys []node
}

// search answers _search.
func (s *Server) search(q *request) {
	start := time.Now()
	body, found, err := s.searchRequest(q)
	if err != nil {
		q.fail(err)
		return
	}
	hits, total, err := body.run(found)
	if err != nil {
		q.fail(err)
		return
	}
	reply := object().add("took", number(time.Since(start).Milliseconds())).add("timed_out", boolean(false)).add("_shards", shards(len(found)))
	q.reply(http.StatusOK, *reply.add("hits", body.hits(hits, total, len(found))))
}

func (s *Server) searchRequest(q *request) (*searchBody, []*index, *apiError) {
	if err := q.allow("size", "from", "sort", "track_total_hits", "ignore_unavailable", "allow_no_indices", "_source", "rest_total_hits_as_int"); err != nil {
		return nil, nil, err
	}
	n, err := q.object()
	if err != nil {
		return nil, nil, err
	}
	found, err := s.open(q)
	if err != nil {
		return nil, nil, err
	}
	body, err := parseSearch(&n, q)
	return body, found, err
}

// open returns the indices that a search reads.
func (s *Server) open(q *request) ([]*index, *apiError) {
	found, err := s.resolve(q.name)
	if err != nil {
		if q.params.Get("ignore_unavailable") == "true" {
			return nil, nil
		}
		return nil, err
	}
	for _, x := range found {
		x.mu.RLock()
		closed := x.closed
		x.mu.RUnlock()
		if closed {
			return nil, badRequest("index_closed_exception", "closed").with("index_uuid", x.uuid).with("index", x.name)
		}
	}
	return found, nil
}

func parseSearch(n *node, q *request) (*searchBody, *apiError) {
	b := &searchBody{query: matchAll{}, size: defaultSize, totals: defaultTotals}
	for i := range n.fields {
		name, v := n.fields[i].name, &n.fields[i].value
		var err *apiError
		switch name {
		case "query":
			b.query, err = parseQuery(v)
		case "from":
			b.from = int(v.int)
		case "size":
			b.size = int(v.int)
		case "sort":
			b.sort, err = parseSort(v)
		case "search_after":
			b.after = v.items
		case "track_total_hits":
			b.track(v)
		case "_source":
			b.source = parseSource(v)
		case "timeout", "track_scores", "version", "seq_no_primary_term": // change nothing that this index shows
		default:
			err = badRequest("parsing_exception", "this index does not support ["+name+"] in a search")
		}
		if err != nil {
			return nil, err
		}
	}
	err := b.parameters(q)
	return b, err
}

func (b *searchBody) track(v *node) {
	switch {
	case v.kind == json.Bool && v.bool:
		b.totals = math.MaxInt
	case v.kind == json.Bool:
		b.noTotals = true
	case v.kind == json.Int:
		b.totals = int(v.int)
	}
}

// parameters applies those of the URL and checks the limits.
func (b *searchBody) parameters(q *request) *apiError {
	for _, p := range []struct {
		name string
		to   *int
	}{{"size", &b.size}, {"from", &b.from}} {
		if s := q.params.Get(p.name); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				return badRequest("illegal_argument_exception", "Failed to parse int parameter ["+p.name+"] with value ["+s+"]")
			}
			*p.to = n
		}
	}
	if s := q.params.Get("track_total_hits"); s == "true" || s == "false" {
		b.track(&node{kind: json.Bool, bool: s == "true"})
	}
	if s := q.params.Get("_source"); s == "false" {
		b.source = &sourceFilter{none: true}
	}
	if s := q.params.Get("sort"); s != "" {
		for one := range strings.SplitSeq(s, ",") {
			name, order, _ := strings.Cut(one, ":")
			b.sort = append(b.sort, sortKey{path: name, desc: order == "desc"})
		}
	}
	switch {
	case b.from < 0 || b.size < 0:
		return badRequest("illegal_argument_exception", "[from] and [size] must not be negative")
	case b.from+b.size > maxWindow:
		err := badRequest("illegal_argument_exception", "Result window is too large, from + size must be less than or equal to: [10000] but was ["+itoa(b.from+b.size)+"]")
		err.searchFailed = true
		return err
	case b.after != nil && len(b.after) != len(b.sort):
		return badRequest("illegal_argument_exception", "search_after has "+itoa(len(b.after))+" value(s) but sort has "+itoa(len(b.sort))+".")
	}
	return nil
}

// run finds the hits of the page and how many there are in all.
func (b *searchBody) run(found []*index) (page []hit, total int, err *apiError) {
	var hits []hit
	for _, x := range found {
		part, err := b.inIndex(x)
		if err != nil {
			return nil, 0, err
		}
		hits = append(hits, part...)
	}
	total = len(hits)
	if len(b.sort) > 0 {
		sort.SliceStable(hits, func(i, j int) bool { return b.compare(hits[i].keys, hits[j].keys) < 0 })
		if b.after != nil {
			first := sort.Search(len(hits), func(i int) bool { return b.compare(hits[i].keys, b.after) > 0 })
			hits = hits[first:]
		}
	}
	hits = hits[min(b.from, len(hits)):]
	return hits[:min(b.size, len(hits))], total, nil
}

// inIndex returns the hits in one index with their sort keys.
func (b *searchBody) inIndex(x *index) ([]hit, *apiError) {
	docs := x.snapshot()
	x.mu.RLock()
	m := x.mapping.copy()
	x.mu.RUnlock()
	keys := make([]sortKey, len(b.sort))
	for i, k := range b.sort {
		var err *apiError
		if keys[i], err = k.bind(m, x.name); err != nil {
			return nil, err
		}
	}
	_, all := b.query.(matchAll)
	var hits []hit
	for i, d := range docs {
		h := hit{x: x, doc: d}
		if !all || len(keys) > 0 {
			tree, err := parseNode(d.source)
			if err != nil {
				panic("BUG: a stored document cannot be read")
			}
			h.tree = &tree
		}
		yes, err := b.query.matches(&view{m, x.name, d, h.tree})
		if err != nil {
			return nil, err
		}
		if !yes {
			continue
		}
		for _, k := range keys {
			h.keys = append(h.keys, k.key(m, h.tree, i))
		}
		hits = append(hits, h)
	}
	return hits, nil
}

// hits returns the hits as they stand in a reply.
func (b *searchBody) hits(page []hit, total, indices int) node {
	n := object()
	if !b.noTotals {
		relation := "eq"
		if total > b.totals {
			total, relation = b.totals, "gte"
		}
		n.add("total", *object().add("value", number(int64(total))).add("relation", text(relation)))
	}
	score := decimal(1)
	if len(b.sort) > 0 || len(page) == 0 {
		score = node{}
	}
	if indices == 0 {
		score = decimal(0)
	}
	n.add("max_score", score)
	items := list()
	for _, h := range page {
		o := object().add("_index", text(h.x.name)).add("_id", text(h.doc.id)).add("_score", score)
		if h.doc.routing != "" {
			o.add("_routing", text(h.doc.routing))
		}
		if src, ok := b.source.apply(h.doc.source); ok {
			o.add("_source", src)
		}
		if len(h.keys) > 0 {
			o.add("sort", list(h.keys...))
		}
		items.items = append(items.items, *o)
	}
	return *n.add("hits", items)
}

// count answers _count.
func (s *Server) count(q *request) {
	n, err := q.object()
	if err != nil {
		q.fail(err)
		return
	}
	b := &searchBody{query: matchAll{}}
	for i := range n.fields {
		if n.fields[i].name != "query" {
			q.fail(badRequest("parsing_exception", "request does not support ["+n.fields[i].name+"]"))
			return
		}
		if b.query, err = parseQuery(&n.fields[i].value); err != nil {
			q.fail(err)
			return
		}
	}
	found, err := s.open(q)
	if err != nil {
		q.fail(err)
		return
	}
	_, total, err := b.run(found)
	q.either(*object().add("count", number(int64(total))).add("_shards", shards(len(found))), err)
}

// sourceFilter is what `_source` of a search leaves of a document. The nil filter leaves all.
type sourceFilter struct {
	none  bool
	paths []string
}

func parseSource(v *node) *sourceFilter {
	switch v.kind {
	case json.Bool:
		return &sourceFilter{none: !v.bool}
	case json.String:
		return &sourceFilter{paths: []string{v.str}}
	}
	f := &sourceFilter{}
	items := v.items
	if inc := v.get("includes"); inc != nil {
		items = inc.items
	}
	for _, p := range items {
		f.paths = append(f.paths, p.plain())
	}
	if exc := v.get("excludes"); exc != nil {
		for _, p := range exc.items {
			f.paths = append(f.paths, "-"+p.plain())
		}
	}
	return f
}

func (f *sourceFilter) apply(source []byte) (node, bool) {
	if f != nil && f.none {
		return node{}, false
	}
	n, err := parseNode(source)
	if err != nil {
		panic("BUG: a stored document cannot be read")
	}
	if f != nil && len(f.paths) > 0 {
		n = filter(n, strings.Join(f.paths, ","))
	}
	return n, true
}
