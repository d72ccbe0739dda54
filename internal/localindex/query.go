package localindex

import (
	"slices"
	"strings"
	"unicode"

	"sluice/internal/json"
)

// view is one document as a query sees it. tree is nil only for matchAll.
type view struct {
	m    *mapping
	name string // of the index
	doc  *document
	tree *node
}

// query is a condition on a document.
type query interface {
	matches(v *view) (bool, *apiError)
}

type (
	matchAll  struct{}
	matchNone struct{}
	idsQuery  struct{ ids []string }
	exists    struct{ path string }
	terms     struct { // term and terms: a field has one of the values; match: all or any of the words
		path   string
		values []node
		words  bool
		all    bool // operator: and
	}
	rangeQuery struct {
		path    string
		gt, gte *node
		lt, lte *node
	}
	boolQuery struct {
		must, should, mustNot []query
		minimum               int
	}
)

// parseQuery reads {"KIND": ARGUMENTS}.
func parseQuery(n *node) (query, *apiError) {
	if n.kind != json.Object || len(n.fields) != 1 {
		return nil, badRequest("parsing_exception", "[query] malformed query, expected an object with one member")
	}
	kind, arg := n.fields[0].name, &n.fields[0].value
	switch kind {
	case "match_all":
		return matchAll{}, nil
	case "match_none":
		return matchNone{}, nil
	case "ids":
		q := idsQuery{}
		if v := arg.get("values"); v != nil {
			for _, id := range v.items {
				q.ids = append(q.ids, id.plain())
			}
		}
		return q, nil
	case "exists":
		if f := arg.get("field"); f != nil {
			return exists{f.plain()}, nil
		}
		return nil, badRequest("parsing_exception", "[exists] must be provided with a [field]")
	case "term", "terms", "match":
		return parseTerms(kind, arg)
	case "range":
		return parseRange(arg)
	case "bool":
		return parseBool(arg)
	}
	return nil, badRequest("parsing_exception", "unknown query ["+kind+"]").
		causedBy(badRequest("named_object_not_found_exception", "unknown field ["+kind+"]"))
}

func parseTerms(kind string, arg *node) (query, *apiError) {
	if len(arg.fields) != 1 {
		return nil, badRequest("parsing_exception", "["+kind+"] query expects one field")
	}
	q := terms{path: arg.fields[0].name, words: kind == "match"}
	v := arg.fields[0].value
	if v.kind == json.Object {
		if op := v.get("operator"); op != nil {
			q.all = strings.EqualFold(op.str, "and")
		}
		inner := v.get("value")
		if kind == "match" {
			inner = v.get("query")
		}
		if inner == nil {
			return nil, badRequest("parsing_exception", "["+kind+"] query needs a value")
		}
		v = *inner
	}
	if kind == "terms" {
		q.values = v.items
	} else {
		q.values = []node{v}
	}
	return q, nil
}

func parseRange(arg *node) (query, *apiError) {
	if len(arg.fields) != 1 {
		return nil, badRequest("parsing_exception", "[range] query expects one field")
	}
	q := rangeQuery{path: arg.fields[0].name}
	bounds := &arg.fields[0].value
	for i := range bounds.fields {
		v := &bounds.fields[i].value
		switch name := bounds.fields[i].name; name {
		case "gt":
			q.gt = v
		case "gte":
			q.gte = v
		case "lt":
			q.lt = v
		case "lte":
			q.lte = v
		default:
			return nil, badRequest("parsing_exception", "this index does not support ["+name+"] in [range]")
		}
	}
	return q, nil
}

func parseBool(arg *node) (query, *apiError) {
	q := boolQuery{minimum: -1}
	for i := range arg.fields {
		name, v := arg.fields[i].name, &arg.fields[i].value
		if name == "minimum_should_match" {
			q.minimum = int(v.int)
			continue
		}
		clauses := v.items
		if v.kind == json.Object {
			clauses = []node{*v}
		}
		var to *[]query
		switch name {
		case "must", "filter":
			to = &q.must
		case "should":
			to = &q.should
		case "must_not":
			to = &q.mustNot
		default:
			return nil, badRequest("x_content_parse_exception", "[bool] unknown field ["+name+"]")
		}
		for j := range clauses {
			c, err := parseQuery(&clauses[j])
			if err != nil {
				return nil, err
			}
			*to = append(*to, c)
		}
	}
	if q.minimum < 0 {
		q.minimum = 0
		if len(q.must) == 0 && len(q.should) > 0 {
			q.minimum = 1
		}
	}
	return q, nil
}

func (matchAll) matches(*view) (bool, *apiError)  { return true, nil }
func (matchNone) matches(*view) (bool, *apiError) { return false, nil }

func (q idsQuery) matches(v *view) (bool, *apiError) { return slices.Contains(q.ids, v.doc.id), nil }

func (q exists) matches(v *view) (bool, *apiError) {
	for path := range v.m.fields {
		if path != q.path && !strings.HasPrefix(path, q.path+".") && !fits(q.path, path) {
			continue
		}
		if len(v.m.values(v.tree, path)) > 0 {
			return true, nil
		}
	}
	return false, nil
}

func (q terms) matches(v *view) (bool, *apiError) {
	switch q.path {
	case "_id":
		return slices.ContainsFunc(q.values, func(n node) bool { return n.plain() == v.doc.id }), nil
	case "_index":
		return slices.ContainsFunc(q.values, func(n node) bool { return fits(n.plain(), v.name) }), nil
	}
	f := v.m.fields[q.path]
	if f == nil {
		return false, nil
	}
	found := v.m.values(v.tree, q.path)
	if f.typ == "text" || f.typ == "match_only_text" {
		return q.inText(found), nil
	}
	for i := range q.values {
		want, ok := f.sortable(&q.values[i])
		if !ok {
			return false, unreadable(f, &q.values[i])
		}
		for _, x := range found {
			if have, ok := f.sortable(x); ok && compareNodes(&have, &want) == 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

func unreadable(f *field, v *node) *apiError {
	err := badRequest("query_shard_exception", "failed to create query: cannot read ["+v.plain()+"] as ["+f.typ+"]")
	if f.typ == "date" {
		err = badRequest("parse_exception", "failed to parse date field ["+v.plain()+"] with format ["+f.formatName()+"]")
	}
	err.searchFailed = true
	return err
}

// inText looks for the values among the words of a text: a term as it is, a match in words of its own.
func (q terms) inText(found []*node) bool {
	words := map[string]bool{}
	for _, v := range found {
		for _, w := range analyze(v.plain()) {
			words[w] = true
		}
	}
	for i := range q.values {
		wanted := []string{q.values[i].plain()}
		if q.words {
			wanted = analyze(wanted[0])
		}
		n := 0
		for _, w := range wanted {
			if words[w] {
				n++
			}
		}
		if n > 0 && (!q.all || n == len(wanted)) {
			return true
		}
	}
	return false
}

// analyze cuts a text into words in lower case, nearly as the standard analyzer does: runs of letters and
// digits, with dots and apostrophes inside.
func analyze(s string) []string {
	inside := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !inside(r) && r != '.' && r != '\'' }) {
		if w = strings.Trim(w, ".'"); w != "" {
			words = append(words, w)
		}
	}
	return words
}

func (q rangeQuery) matches(v *view) (bool, *apiError) {
	f := v.m.fields[q.path]
	if f == nil {
		return false, nil
	}
	for _, x := range v.m.values(v.tree, q.path) {
		have, ok := f.sortable(x)
		if !ok {
			continue
		}
		in := true
		for _, b := range []struct {
			bound *node
			holds func(c int) bool
		}{
			{q.gt, func(c int) bool { return c > 0 }},
			{q.gte, func(c int) bool { return c >= 0 }},
			{q.lt, func(c int) bool { return c < 0 }},
			{q.lte, func(c int) bool { return c <= 0 }},
		} {
			if b.bound == nil || b.bound.null() {
				continue
			}
			want, ok := f.bound(b.bound)
			if !ok {
				return false, unreadable(f, b.bound)
			}
			in = in && b.holds(compareNodes(&have, &want))
		}
		if in {
			return true, nil
		}
	}
	return false, nil
}

// bound returns a bound of a range as the field's values are compared; a fraction stays one.
func (f *field) bound(v *node) (node, bool) {
	switch f.typ {
	case "long", "integer", "short", "byte":
		x, err := f.numeric(v)
		if v.kind == json.Int {
			return *v, true
		}
		return decimal(x), err == nil
	}
	return f.sortable(v)
}

func (q boolQuery) matches(v *view) (bool, *apiError) {
	for _, c := range q.must {
		if yes, err := c.matches(v); !yes || err != nil {
			return false, err
		}
	}
	for _, c := range q.mustNot {
		if yes, err := c.matches(v); yes || err != nil {
			return false, err
		}
	}
	n := 0
	for _, c := range q.should {
		yes, err := c.matches(v)
		if err != nil {
			return false, err
		}
		if yes {
			n++
		}
	}
	return n >= q.minimum, nil
}

// values returns the values at a path, whether the document has objects or names with dots, arrays
// flattened, nulls left out.
func (m *mapping) values(tree *node, path string) []*node {
	if f := m.fields[path]; f != nil && f.parent != "" {
		path = f.parent
	}
	return collect(nil, tree, path)
}

func collect(found []*node, n *node, path string) []*node {
	switch n.kind {
	case json.Array:
		for i := range n.items {
			found = collect(found, &n.items[i], path)
		}
		return found
	case json.Object:
		if path == "" {
			return found
		}
		for i := range n.fields {
			rest, ok := strings.CutPrefix(path, n.fields[i].name)
			switch {
			case !ok:
			case rest == "":
				found = collect(found, &n.fields[i].value, "")
			case rest[0] == '.':
				found = collect(found, &n.fields[i].value, rest[1:])
			}
		}
		return found
	case json.Null:
		return found
	}
	if path == "" {
		return append(found, n)
	}
	return found
}
