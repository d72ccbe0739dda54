package localindex

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/json"
)

// node is one JSON value. Members keep their order.
type node struct {
	kind   json.Kind
	bool   bool
	int    int64
	float  float64
	str    string
	items  []node
	fields []member
}

type member struct {
	name  string
	value node
}

func text(s string) node     { return node{kind: json.String, str: s} }
func number(i int64) node    { return node{kind: json.Int, int: i} }
func decimal(f float64) node { return node{kind: json.Float, float: f} }
func boolean(b bool) node    { return node{kind: json.Bool, bool: b} }
func list(n ...node) node    { return node{kind: json.Array, items: n} }
func object() *node          { return &node{kind: json.Object} }
func (n node) ptr() *node    { return &n }
func (n *node) null() bool   { return n.kind == json.Null }

func (n *node) add(name string, v node) *node {
	n.fields = append(n.fields, member{name, v})
	return n
}

// get returns a member, or nil.
func (n *node) get(name string) *node {
	for i := range n.fields {
		if n.fields[i].name == name {
			return &n.fields[i].value
		}
	}
	return nil
}

// parseNode reads a JSON text, whose memory the node shares: no invalid UTF-8, no name twice in an object.
func parseNode(src []byte) (node, error) {
	if !utf8.Valid(src) {
		return node{}, errors.New("invalid UTF-8")
	}
	r := json.NewReader(src)
	var n node
	if err := n.read(&r); err != nil {
		return node{}, err
	}
	return n, r.End()
}

func (n *node) read(r *json.Reader) error {
	kind, err := r.Next()
	if err != nil {
		return err
	}
	n.kind = kind
	switch kind {
	case json.Bool:
		n.bool = r.Bool
	case json.Int:
		n.int = r.Int
	case json.Float:
		n.float = r.Float
	case json.String:
		n.str = r.Str
	case json.Array:
		return n.readItems(r)
	case json.Object:
		return n.readFields(r)
	case json.Null:
	}
	return nil
}

func (n *node) readItems(r *json.Reader) error {
	for {
		more, err := r.Element()
		if !more || err != nil {
			return err
		}
		var item node
		if err := item.read(r); err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
}

func (n *node) readFields(r *json.Reader) error {
	for {
		more, err := r.Key()
		if !more || err != nil {
			return err
		}
		name := r.Str
		if n.get(name) != nil {
			return &duplicateKey{name}
		}
		n.fields = append(n.fields, member{name: name})
		if err := n.fields[len(n.fields)-1].value.read(r); err != nil {
			return err
		}
	}
}

// duplicateKey is the error of an object with a name twice.
type duplicateKey struct{ name string }

// Error returns Elasticsearch's words.
func (e *duplicateKey) Error() string { return "Duplicate field '" + e.name + "'" }

// appendJSON appends the value as JSON.
func (n *node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case json.Bool:
		return strconv.AppendBool(dst, n.bool)
	case json.Int:
		return strconv.AppendInt(dst, n.int, 10)
	case json.Float:
		if math.IsInf(n.float, 0) || math.IsNaN(n.float) {
			return append(dst, "null"...)
		}
		start := len(dst)
		dst = strconv.AppendFloat(dst, n.float, 'g', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' || c == 'e' {
				return dst
			}
		}
		return append(dst, ".0"...)
	case json.String:
		return json.AppendString(dst, n.str)
	case json.Array:
		dst = append(dst, '[')
		for i := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = n.items[i].appendJSON(dst)
		}
		return append(dst, ']')
	case json.Object:
		dst = append(dst, '{')
		for i := range n.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = json.AppendString(dst, n.fields[i].name)
			dst = append(dst, ':')
			dst = n.fields[i].value.appendJSON(dst)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

// plain returns a scalar as text, as Elasticsearch shows it in messages and keeps it in keywords.
func (n *node) plain() string {
	switch n.kind {
	case json.String:
		return n.str
	case json.Object:
		s := "{"
		var sSb179 strings.Builder
		for i := range n.fields {
			if i > 0 {
				sSb179.WriteString(", ")
			}
			sSb179.WriteString(n.fields[i].name + "=" + n.fields[i].value.plain())
		}
		s += sSb179.String()
		return s + "}"
	case json.Float:
		if math.IsInf(n.float, 1) {
			return "Infinity"
		} else if math.IsInf(n.float, -1) {
			return "-Infinity"
		}
	}
	return string(n.appendJSON(nil))
}

// equal reports whether two values are the same, members in any order.
func (n *node) equal(o *node) bool {
	if n.kind != o.kind || n.bool != o.bool || n.int != o.int || n.float != o.float || n.str != o.str ||
		len(n.items) != len(o.items) || len(n.fields) != len(o.fields) {
		return false
	}
	for i := range n.items {
		if !n.items[i].equal(&o.items[i]) {
			return false
		}
	}
	for i := range n.fields {
		v := o.get(n.fields[i].name)
		if v == nil || !n.fields[i].value.equal(v) {
			return false
		}
	}
	return true
}

// merge puts the members of o into n, objects member by member, as a partial update does.
func (n *node) merge(o *node) {
	for i := range o.fields {
		name, v := o.fields[i].name, o.fields[i].value
		old := n.get(name)
		switch {
		case old == nil:
			n.add(name, v)
		case old.kind == json.Object && v.kind == json.Object:
			old.merge(&v)
		default:
			*old = v
		}
	}
}
