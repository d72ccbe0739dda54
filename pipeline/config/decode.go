package config

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// decoder turns nodes into Go values by their types. One serves one plugin or one section.
type decoder struct {
	l      *loader
	loc    *time.Location // of templates
	env    plugin.Env     // for codecs
	broken bool           // a value is missing or could not be decoded, so that building makes no sense
}

// fail reports a value that could not be decoded.
func (d *decoder) fail(n *node, path, format string, args ...any) bool {
	d.broken = true
	d.l.report(n, path, format, args...)
	return false
}

// options decodes a map into a struct. Keys in skip belong to somebody else. more names keys that are right
// too, for suggestions.
func (d *decoder) options(n *node, path string, v reflect.Value, skip []string) {
	if n.isNull() {
		n = &node{src: n.src, line: n.line, col: n.col, kind: mapNode}
	}
	if n.kind != mapNode {
		if !n.undefined {
			d.fail(n, path, "found %s, expected options (key: value)", d.found(n))
		}
		return
	}
	opts := optionsOf(v.Type())
	for _, e := range n.entries {
		if slices.Contains(skip, e.key) && !slices.ContainsFunc(opts, func(o option) bool { return o.name == e.key }) {
			continue
		}
		i := slices.IndexFunc(opts, func(o option) bool { return o.name == e.key })
		if i < 0 {
			names := append(optionNames(opts), skip...)
			d.l.report(e.at, path, "unknown option %s%s", quote(e.key), d.hint(e.key, names))
			continue
		}
		d.option(e.val, path+"."+e.key, v.FieldByIndex(opts[i].index), opts[i])
	}
	for _, o := range opts {
		if o.required && n.get(o.name) == nil {
			d.fail(n, path+"."+o.name, "the option is required, but missing")
		}
	}
}

// hint suggests a name, or lists them all where they are few.
func (d *decoder) hint(found string, names []string) string {
	if s := suggest(found, names); s != "" {
		return s
	}
	const few = 8
	if len(names) == 0 {
		return "; there are no options here"
	}
	if len(names) <= few {
		return "; the options are " + strings.Join(names, ", ")
	}
	return ""
}

func (d *decoder) option(n *node, path string, v reflect.Value, o option) {
	if !d.value(n, path, v) {
		return
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if o.required && (v.Kind() == reflect.String || v.Kind() == reflect.Slice) && v.Len() == 0 {
		d.fail(n, path, "the option is required, but empty")
	}
	if o.oneof == nil {
		return
	}
	if v.Kind() == reflect.String {
		d.oneof(n, path, v.String(), o.oneof)
	} else if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		for i := range v.Len() {
			item := n
			if n.kind == listNode {
				item = n.items[i]
			}
			d.oneof(item, path, v.Index(i).String(), o.oneof)
		}
	}
}

func (d *decoder) oneof(n *node, path, s string, allowed []string) {
	if !slices.Contains(allowed, s) {
		d.fail(n, path, "found %s, expected %s%s", d.found(n), list(allowed), suggest(s, allowed))
	}
}

// found describes a node in a message. What came from a variable is shown as it was written.
func (d *decoder) found(n *node) string {
	switch {
	case n.kind != scalarNode:
		return n.kind.String()
	case n.hasVars():
		return quote(n.raw) + " (after its variables were replaced)"
	case n.isNull():
		return "nothing"
	}
	return quote(n.text)
}

// value decodes n into v and reports whether it could.
func (d *decoder) value(n *node, path string, v reflect.Value) bool {
	if n.undefined {
		d.broken = true
		return false
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		p := reflect.New(t.Elem())
		if !v.IsNil() {
			p.Elem().Set(v.Elem()) // the default's own defaults
		}
		v.Set(p)
		return d.value(n, path, p.Elem())
	case is[plugin.Codec](t):
		c, _ := reflect.TypeAssert[*plugin.Codec](v.Addr())
		return d.codec(n, path, c)
	case is[event.Value](t):
		v.Set(reflect.ValueOf(d.any(n)))
		return !n.hasUndefined()
	case is[plugin.Secret](t):
		return d.secret(n, path, v)
	case isPairs(t):
		return d.pairs(n, path, v)
	case isStruct(t):
		before := d.broken
		d.broken = false
		d.options(n, path, v, nil)
		ok := !d.broken
		d.broken = d.broken || before
		return ok
	case t.Kind() == reflect.Slice:
		return d.slice(n, path, v)
	}
	if n.kind != scalarNode {
		return d.fail(n, path, "found %s, expected %s", n.kind, expected(t))
	}
	if n.isNull() {
		return d.fail(n, path, "found nothing, expected %s", expected(t))
	}
	return d.scalar(n, path, v)
}

func expected(t reflect.Type) string {
	switch name := typeName(t); name {
	case "text":
		return name
	case "field":
		return "a field reference such as name or [a][b]"
	case "integer", "options", "any":
		return "an " + name
	default:
		return "a " + name
	}
}

func (d *decoder) slice(n *node, path string, v reflect.Value) bool {
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	} else if n.isNull() {
		return d.fail(n, path, "found nothing, expected a %s", typeName(v.Type()))
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	ok := true
	for i, item := range items {
		at := path
		if n.kind == listNode {
			at = path + "[" + strconv.Itoa(i) + "]"
		}
		ok = d.value(item, at, out.Index(i)) && ok
	}
	v.Set(out)
	return ok
}

func (d *decoder) pairs(n *node, path string, v reflect.Value) bool {
	if n.kind != mapNode {
		return d.fail(n, path, "found %s, expected a map (key: value)", d.found(n))
	}
	out := reflect.MakeSlice(v.Type(), len(n.entries), len(n.entries))
	ok := true
	for i, e := range n.entries {
		out.Index(i).Field(0).SetString(e.key)
		ok = d.value(e.val, path+"."+e.key, out.Index(i).Field(1)) && ok
	}
	v.Set(out)
	return ok
}

// secret takes text, or {file: PATH} whose content, without a line end, is the text.
func (d *decoder) secret(n *node, path string, v reflect.Value) bool {
	text := n.text
	if n.kind != scalarNode {
		file := n.get("file")
		if n.kind != mapNode || file == nil || file.kind != scalarNode || len(n.entries) != 1 {
			d.l.hide(n)
			return d.fail(n, path, "found %s, expected a text, or {file: PATH}", n.kind)
		}
		if file.undefined {
			d.broken = true
			return false
		}
		content, err := os.ReadFile(resolve(n.src.dir, file.text))
		if err != nil {
			return d.fail(file, path+".file", "read the secret from %s: %s", quote(file.raw), cause(err))
		}
		text = strings.TrimRight(string(content), "\r\n")
	} else if n.isNull() {
		return d.fail(n, path, "found nothing, expected a secret")
	}
	d.l.redact.add(text, stars, minSecret)
	v.SetString(text)
	return true
}

// resolve makes a path relative to dir.
func resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// scalar decodes text, numbers and what is written as text. A value that is wrong leaves the default.
func (d *decoder) scalar(n *node, path string, v reflect.Value) bool {
	x, err := d.parse(n.text, v.Type())
	switch {
	case err != nil && n.hasVars():
		return d.fail(n, path, "found %s, expected %s", d.found(n), expected(v.Type()))
	case err != nil:
		return d.fail(n, path, "%v", err)
	case x == nil:
		return d.plain(n, path, v)
	}
	v.Set(reflect.ValueOf(x))
	return true
}

// parse reads the types that have a notation of their own; nil is any other type.
func (d *decoder) parse(text string, t reflect.Type) (any, error) {
	switch {
	case is[plugin.Duration](t):
		x, err := parseDuration(text)
		return plugin.Duration(x), err
	case is[plugin.Size](t):
		x, err := parseSize(text)
		return plugin.Size(x), err
	case is[event.Path](t):
		return event.ParsePath(text)
	case is[event.Template](t):
		return event.ParseTemplate(text, d.loc)
	}
	return nil, nil //nolint:nilnil // no value and no error: plain text
}

func (d *decoder) plain(n *node, path string, v reflect.Value) bool {
	bare := n.tag != "!!str" || n.hasVars() // not in quotes
	hint := ""
	if !bare {
		hint = "; remove the quotes"
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(n.text)
	case reflect.Bool:
		if n.text != "true" && n.text != "false" {
			return d.fail(n, path, "found %s, expected true or false", d.found(n))
		}
		if !bare {
			return d.fail(n, path, "found the text %s, expected true or false%s", d.found(n), hint)
		}
		v.SetBool(n.text == "true")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(n.text, 10, v.Type().Bits())
		if err != nil {
			return d.fail(n, path, "found %s, expected a whole number", d.found(n))
		}
		if !bare {
			return d.fail(n, path, "found the text %s, expected a whole number%s", d.found(n), hint)
		}
		v.SetInt(i)
	case reflect.Float32, reflect.Float64:
		f, err := strconv.ParseFloat(n.text, v.Type().Bits())
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return d.fail(n, path, "found %s, expected a number", d.found(n))
		}
		if !bare {
			return d.fail(n, path, "found the text %s, expected a number%s", d.found(n), hint)
		}
		v.SetFloat(f)
	default:
		panic("BUG: options cannot have the type " + v.Type().String())
	}
	return true
}

// any decodes a value of any kind. Timestamps stay text.
func (d *decoder) any(n *node) event.Value {
	switch n.kind {
	case listNode:
		items := make([]event.Value, len(n.items))
		for i := range n.items {
			items[i] = d.any(n.items[i])
		}
		return event.ListOf(items...)
	case mapNode:
		f := d.fields(n)
		return event.MapOf(&f)
	}
	switch n.tag {
	case "!!null":
		return event.Value{}
	case "!!bool":
		if n.text == "true" || n.text == "false" {
			return event.BoolOf(n.text == "true")
		}
	case "!!int":
		if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
			return event.IntOf(i)
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return event.FloatOf(f)
		}
	}
	return event.StringOf(n.text)
}

// fields decodes a map of any values, in its order.
func (d *decoder) fields(n *node) event.Fields {
	f := make(event.Fields, 0, len(n.entries))
	for _, e := range n.entries {
		f.Add(e.key, d.any(e.val))
	}
	return f
}
