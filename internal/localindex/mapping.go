package localindex

import (
	"maps"
	"sort"
	"strings"

	"sluice/internal/json"
)

// The modes of `dynamic`.
const (
	dynamicTrue   = "true"
	dynamicFalse  = "false"
	dynamicStrict = "strict"
)

// Limits of an index, and their settings' defaults.
// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/mapping-settings-limit.html
const (
	defaultFieldLimit = 1000  // index.mapping.total_fields.limit
	maxMappingDepth   = 20    // index.mapping.depth.limit
	maxTermBytes      = 32766 // of Lucene
	dynamicIgnore     = 256   // ignore_above of the keyword below a text that was found in a document
)

// field is one entry of a mapping.
type field struct {
	typ         string
	ignoreAbove int    // keyword: longer values are not indexed; 0: no limit
	format      string // date: as shown by _mapping
	formats     []dateFormat
	dynamic     string // object: "" is the parent's
	parent      string // of a multi-field: the path whose values it has
}

// mapping is the fields of an index by their full path. The index's lock guards it.
type mapping struct {
	fields  map[string]*field
	dynamic string
	limit   int
}

func newMapping() *mapping {
	return &mapping{fields: map[string]*field{}, dynamic: dynamicTrue, limit: defaultFieldLimit}
}

// types that a mapping may name.
func knownType(t string) bool {
	switch t {
	case "text", "match_only_text", "keyword", "long", "integer", "short", "byte", "double", "float", "half_float",
		"boolean", "date", "ip", "object":
		return true
	}
	return false
}

// define adds the definitions of a "mappings" object.
func (m *mapping) define(def *node) *apiError {
	for i := range def.fields {
		name, v := def.fields[i].name, &def.fields[i].value
		switch name {
		case "properties":
			if err := m.properties("", v); err != nil {
				return err
			}
		case "dynamic":
			m.dynamic = v.plain()
		case "date_detection", "numeric_detection", "dynamic_templates", "_source", "_routing", "_meta", "_field_names":
			return badRequest("mapper_parsing_exception", "this index does not support ["+name+"] in mappings")
		default:
			return badRequest("mapper_parsing_exception", "Root mapping definition has unsupported parameters:  ["+name+" : "+v.plain()+"]")
		}
	}
	return nil
}

func (m *mapping) properties(prefix string, props *node) *apiError {
	for i := range props.fields {
		path, def := prefix+props.fields[i].name, &props.fields[i].value
		f, err := m.defineField(path, def)
		if err != nil {
			return err
		}
		if old := m.fields[path]; old != nil && old.typ != f.typ {
			return badRequest("illegal_argument_exception",
				"mapper ["+path+"] cannot be changed from type ["+old.typ+"] to ["+f.typ+"]")
		}
		m.fields[path] = f
		if sub := def.get("properties"); sub != nil {
			if err := m.properties(path+".", sub); err != nil {
				return err
			}
		}
		if multi := def.get("fields"); multi != nil {
			for j := range multi.fields {
				sub, err := m.defineField(path+"."+multi.fields[j].name, &multi.fields[j].value)
				if err != nil {
					return err
				}
				sub.parent = path
				m.fields[path+"."+multi.fields[j].name] = sub
			}
		}
	}
	return nil
}

func (m *mapping) defineField(path string, def *node) (*field, *apiError) {
	f := &field{typ: "object"}
	for i := range def.fields {
		name, v := def.fields[i].name, &def.fields[i].value
		switch name {
		case "type":
			f.typ = v.plain()
		case "ignore_above":
			f.ignoreAbove = int(v.int)
		case "format":
			f.format = v.plain()
		case "dynamic":
			f.dynamic = v.plain()
		case "properties", "fields", "norms", "index", "doc_values", "store": // how it is kept changes no answer here
		default:
			return nil, badRequest("mapper_parsing_exception",
				"unknown parameter ["+name+"] on mapper ["+path+"] of type ["+f.typ+"]")
		}
	}
	if !knownType(f.typ) {
		return nil, badRequest("mapper_parsing_exception",
			"The mapper type ["+f.typ+"] declared on field ["+path+"] does not exist. It might have been created within a future version or requires a plugin to be installed. Check the documentation.")
	}
	if f.typ == "date" {
		if f.formats = parseFormats(f.format); f.formats == nil {
			return nil, badRequest("illegal_argument_exception", "Invalid format: ["+f.format+"]: this index does not know it")
		}
	}
	return f, nil
}

// object returns the mapping as _mapping shows it.
func (m *mapping) object() node {
	root := object()
	if m.dynamic != dynamicTrue {
		root.add("dynamic", text(m.dynamic))
	}
	paths := make([]string, 0, len(m.fields))
	for p := range m.fields {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	for _, p := range paths {
		at := root
		parts := strings.Split(p, ".")
		under := "properties"
		for i, name := range parts {
			if i > 0 && m.fields[strings.Join(parts[:i], ".")].typ != "object" {
				under = "fields"
			}
			at = child(child(at, under), name)
		}
		m.fields[p].describe(at)
	}
	return *root
}

// child returns the member of an object, made where it is not there.
func child(n *node, name string) *node {
	if n.get(name) == nil {
		n.add(name, *object())
	}
	return n.get(name)
}

func (f *field) describe(n *node) {
	if f.typ != "object" {
		n.add("type", text(f.typ))
	}
	if f.format != "" {
		n.add("format", text(f.format))
	}
	if f.ignoreAbove > 0 {
		n.add("ignore_above", number(int64(f.ignoreAbove)))
	}
	if f.dynamic != "" {
		n.add("dynamic", text(f.dynamic))
	}
}

// parsing is the way of one document through a mapping. New fields wait in fresh until all of it was read,
// so that a document which is refused changes nothing.
type parsing struct {
	m     *mapping
	fresh map[string]*field
	id    string
}

// admit checks a document against the mapping and adds the fields that are new.
func (m *mapping) admit(doc *node, id string) *apiError {
	p := parsing{m: m, id: id}
	if err := p.members(doc, "", m.dynamic); err != nil {
		return err
	}
	if len(p.fresh) == 0 {
		return nil
	}
	if n := len(m.fields) + len(p.fresh); n > m.limit {
		why := "Limit of total fields [" + itoa(m.limit) + "] has been exceeded while adding new fields [" + itoa(len(p.fresh)) + "]"
		return badRequest("document_parsing_exception", "failed to parse: "+why).causedBy(badRequest("illegal_argument_exception", why))
	}
	maps.Copy(m.fields, p.fresh)
	return nil
}

func (p *parsing) lookup(path string) (f *field, fresh bool) {
	if f := p.m.fields[path]; f != nil {
		return f, false
	}
	f = p.fresh[path]
	return f, f != nil
}

func (p *parsing) put(path string, f *field) {
	if p.fresh == nil {
		p.fresh = map[string]*field{}
	}
	p.fresh[path] = f
}

func (p *parsing) members(n *node, prefix, dynamic string) *apiError {
	if strings.Count(prefix, ".") >= maxMappingDepth {
		why := "Limit of mapping depth [" + itoa(maxMappingDepth) + "] has been exceeded due to object field [" + strings.TrimSuffix(prefix, ".") + "]"
		return badRequest("document_parsing_exception", "failed to parse: "+why).causedBy(badRequest("illegal_argument_exception", why))
	}
	for i := range n.fields {
		name, v := n.fields[i].name, &n.fields[i].value
		if err := p.checkName(prefix, name, v); err != nil {
			return err
		}
		mode := dynamic
		for dot := strings.IndexByte(name, '.'); dot >= 0; { // a.b is b in an object a
			var err *apiError
			if mode, err = p.enter(prefix+name[:dot], mode, nil); err != nil || mode == dynamicFalse {
				break
			}
			next := strings.IndexByte(name[dot+1:], '.')
			if next < 0 {
				break
			}
			dot += 1 + next
		}
		if err := p.value(prefix+name, v, mode); err != nil {
			return err
		}
	}
	return nil
}

// metadata fields must not stand in a document.
func metadataField(name string) bool {
	switch name {
	case "_id", "_index", "_source", "_routing", "_version", "_seq_no", "_field_names", "_ignored", "_tier":
		return true
	}
	return false
}

func (p *parsing) checkName(prefix, name string, v *node) *apiError {
	var why string
	switch {
	case prefix == "" && metadataField(name):
		return p.fail(name, name, v, badRequest("document_parsing_exception",
			"Field ["+name+"] is a metadata field and cannot be added inside a document. Use the index API request parameters."))
	case name == "":
		why = "field name cannot be an empty string"
	case strings.TrimSpace(name) == "":
		return badRequest("document_parsing_exception", "Field name cannot contain only whitespace: ["+name+"]")
	case strings.Contains(name, "..") || name[0] == '.' || name[len(name)-1] == '.':
		why = "field name cannot contain only whitespace: ['" + prefix + name + "']"
	default:
		return nil
	}
	return badRequest("document_parsing_exception", "failed to parse: "+why).causedBy(badRequest("illegal_argument_exception", why))
}

// enter makes sure that path is an object and returns its mode. v is the value found there, nil for a name
// with dots.
func (p *parsing) enter(path, dynamic string, v *node) (string, *apiError) {
	f, fresh := p.lookup(path)
	switch {
	case fresh && f.typ != "object":
		return dynamic, unmergeable(path)
	case f == nil && dynamic == dynamicTrue:
		p.put(path, &field{typ: "object"})
		return dynamic, nil
	case f == nil && dynamic == dynamicStrict:
		return dynamic, strictError(path)
	case f == nil:
		return dynamicFalse, nil
	case f.typ != "object":
		if v == nil {
			v = object()
		}
		return dynamic, p.scalar(path, f, v)
	case f.dynamic != "":
		return f.dynamic, nil
	}
	return dynamic, nil
}

func strictError(path string) *apiError {
	parent, name := "_doc", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	return badRequest("strict_dynamic_mapping_exception",
		"mapping set to strict, dynamic introduction of ["+name+"] within ["+parent+"] is not allowed")
}

func (p *parsing) value(path string, v *node, dynamic string) *apiError {
	switch v.kind {
	case json.Null:
		return nil
	case json.Array:
		for i := range v.items {
			if err := p.value(path, &v.items[i], dynamic); err != nil {
				return err
			}
		}
		return nil
	case json.Object:
		mode, err := p.enter(path, dynamic, v)
		if err != nil || mode == dynamicFalse {
			return err
		}
		return p.members(v, path+".", mode)
	}
	f, fresh := p.lookup(path)
	switch {
	case f == nil && dynamic == dynamicFalse:
		return nil
	case f == nil && dynamic == dynamicStrict:
		return strictError(path)
	case f == nil:
		f = infer(v)
		p.put(path, f)
		if f.typ == "text" {
			p.put(path+".keyword", &field{typ: "keyword", ignoreAbove: dynamicIgnore, parent: path})
		}
	case fresh && f.typ == "object":
		return unmergeable(path)
	case f.typ == "object":
		return badRequest("document_parsing_exception",
			"object mapping for ["+path+"] tried to parse field ["+last(path)+"] as object, but found a concrete value")
	case fresh:
		if again := infer(v); again.typ != f.typ {
			return badRequest("illegal_argument_exception",
				"mapper ["+path+"] cannot be changed from type ["+f.typ+"] to ["+again.typ+"]")
		}
	}
	return p.scalar(path, f, v)
}

// unmergeable is the error of a document that has both objects and other values in a new field.
func unmergeable(path string) *apiError {
	return badRequest("illegal_argument_exception", "can't merge a non object mapping ["+path+"] with an object mapping")
}

func last(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// infer returns the field that a value makes where there was none.
func infer(v *node) *field {
	switch v.kind {
	case json.Bool:
		return &field{typ: "boolean"}
	case json.Int:
		return &field{typ: "long"}
	case json.Float:
		return &field{typ: "float"}
	}
	if f := detectDate(v.str); f != nil {
		return f
	}
	return &field{typ: "text"}
}

// copy returns a mapping that stays as it is while documents add fields. Fields themselves never change.
func (m *mapping) copy() *mapping {
	c := *m
	c.fields = maps.Clone(m.fields)
	return &c
}
