package localindex

import (
	"cmp"
	"math"

	"sluice/internal/json"
)

// sortKey is one entry of a search's sort.
type sortKey struct {
	path     string // a field, or _doc
	desc     bool
	unmapped bool // unmapped_type was given: a field that is not there is not an error
	field    *field
}

// byOrder is the pseudo field for the order in which documents were written.
const byOrder = "_doc"

func parseSort(v *node) ([]sortKey, *apiError) {
	items := v.items
	if v.kind != json.Array {
		items = []node{*v}
	}
	keys := make([]sortKey, 0, len(items))
	for i := range items {
		k, err := parseSortKey(&items[i])
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func parseSortKey(v *node) (sortKey, *apiError) {
	if v.kind == json.String {
		return sortKey{path: v.str}, nil
	}
	if v.kind != json.Object || len(v.fields) != 1 {
		return sortKey{}, badRequest("illegal_argument_exception", "malformed sort format, within the sort array, an object, or an actual string are allowed")
	}
	k := sortKey{path: v.fields[0].name}
	arg := &v.fields[0].value
	if arg.kind == json.String {
		k.desc = arg.str == "desc"
		return k, nil
	}
	for i := range arg.fields {
		name, v := arg.fields[i].name, &arg.fields[i].value
		switch name {
		case "order":
			k.desc = v.str == "desc"
		case "unmapped_type":
			k.unmapped = true
		case "format", "numeric_type":
		default:
			return k, badRequest("x_content_parse_exception", "this index does not support ["+name+"] in a sort")
		}
	}
	return k, nil
}

// bind looks the field up in an index.
func (k sortKey) bind(m *mapping, name string) (sortKey, *apiError) {
	refuse := func(typ, why string) (sortKey, *apiError) {
		err := badRequest(typ, why)
		err.searchFailed = true
		return k, err
	}
	if k.path == byOrder || k.path == "_score" {
		return k, nil
	}
	if k.path == "_id" {
		return refuse("illegal_argument_exception", "Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster setting: indices.id_field_data.enabled")
	}
	k.field = m.fields[k.path]
	switch {
	case k.field == nil && !k.unmapped:
		return refuse("query_shard_exception", "No mapping found for ["+k.path+"] in order to sort on")
	case k.field != nil && k.field.typ == "text":
		return refuse("illegal_argument_exception", "Fielddata is disabled on ["+k.path+"] in ["+name+
			"]. Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these operations are disabled by default. Please use a keyword field instead.")
	}
	return k, nil
}

// key returns the value by which a document is sorted: of several the smallest, or the largest when
// descending. A document without one comes last.
func (k *sortKey) key(m *mapping, tree *node, order int) node {
	switch {
	case k.path == byOrder:
		return number(int64(order))
	case k.path == "_score":
		return decimal(1)
	case k.field == nil:
		return k.missing()
	}
	best := node{}
	for _, v := range m.values(tree, k.path) {
		v, ok := k.field.sortable(v)
		if !ok {
			continue
		}
		if c := compareNodes(&v, &best); best.null() || (c < 0) != k.desc && c != 0 {
			best = v
		}
	}
	if best.null() {
		return k.missing()
	}
	return best
}

func (k *sortKey) missing() node {
	if k.field != nil {
		switch k.field.typ {
		case "keyword", "ip":
			return node{}
		case "double", "float", "half_float":
			if k.desc {
				return text("-Infinity")
			}
			return text("Infinity")
		}
	}
	if k.desc {
		return number(math.MinInt64)
	}
	return number(math.MaxInt64)
}

// sortable returns a value as the field keeps it for sorting and ranges.
func (f *field) sortable(v *node) (node, bool) {
	switch f.typ {
	case "date":
		ms, ok := f.instant(v)
		return number(ms), ok
	case "long", "integer", "short", "byte":
		if v.kind == json.Int {
			return *v, true
		}
		x, err := f.numeric(v)
		return number(int64(x)), err == nil && !v.blank()
	case "double", "float", "half_float":
		x, err := f.numeric(v)
		return decimal(x), err == nil && !v.blank()
	case "boolean":
		return boolean(v.bool || v.str == "true"), true
	case "keyword":
		s := v.plain()
		return text(s), f.ignoreAbove == 0 || len([]rune(s)) <= f.ignoreAbove
	default:
		return text(v.plain()), true
	}
}

// blank reports whether a value is an empty text, which a number's field takes as none.
func (n *node) blank() bool { return n.kind == json.String && n.str == "" }

// compare compares the keys of two documents.
func (b *searchBody) compare(x, y []node) int {
	for i := range b.sort {
		c := compareNodes(&x[i], &y[i])
		if c == 0 {
			continue
		}
		if b.sort[i].desc && !x[i].null() && !y[i].null() { // what has no value stays last
			c = -c
		}
		return c
	}
	return 0
}

// rank puts the kinds of values into an order; null is last.
func rank(n *node) int {
	switch n.kind {
	case json.Bool:
		return 0
	case json.Int, json.Float:
		return 1
	case json.String:
		return 2
	default:
		return 3
	}
}

func compareNodes(x, y *node) int {
	if rx, ry := rank(x), rank(y); rx != ry {
		return rx - ry
	}
	switch {
	case x.kind == json.String:
		return cmp.Compare(x.str, y.str)
	case x.kind == json.Bool:
		return cmp.Compare(asInt(x.bool), asInt(y.bool))
	case x.kind == json.Int && y.kind == json.Int:
		return cmp.Compare(x.int, y.int)
	case rank(x) == 1:
		return cmp.Compare(x.asFloat(), y.asFloat())
	}
	return 0
}

func (n *node) asFloat() float64 {
	if n.kind == json.Int {
		return float64(n.int)
	}
	return n.float
}

func asInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
