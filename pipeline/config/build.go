package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sluice/pipeline/plugin"
)

// unit is one plugin to be built: its Spec, where it stands, and its options, of which a list plugin may
// have several.
type unit struct {
	spec plugin.Spec
	path string // filters[2].grok
	at   *node  // the plugin's name, for problems about the plugin as a whole
	opts []*node
	list bool     // the options are written as a list
	from int      // the place of opts in that list
	skip []string // options that are the framework's
	env  plugin.Env
}

// unfold takes the items of a list of options apart, for plugins that allow one.
func (u *unit) unfold() {
	if u.spec.List && u.opts[0].kind == listNode {
		u.list, u.opts = true, u.opts[0].items
	}
}

// build decodes a plugin's options, lets it check them, and builds it. It returns nil if that is not possible.
func (l *loader) build(u unit) any {
	d := &decoder{l: l, loc: u.env.Loc(), env: u.env}
	u.env.Problems = &plugin.Problems{}
	configs := make([]any, len(u.opts))
	for i, n := range u.opts {
		configs[i] = u.spec.Defaults()
		v := reflect.ValueOf(configs[i]).Elem()
		path := u.optionPath(i)
		d.options(u.asMap(n), path, v, u.skip)
		d.defaultCodecs(u.at, path, v)
		if c, ok := configs[i].(interface{ Check(p *plugin.Problems) }); ok && !d.broken {
			found := &plugin.Problems{}
			d.guard(u, func() error { c.Check(found); return nil })
			for _, p := range found.List {
				if u.list {
					p.Field = joinField(place("", i), p.Field)
				}
				u.env.Problems.List = append(u.env.Problems.List, p)
			}
		}
	}
	var built any
	if !d.broken && !u.env.Problems.Failed() {
		d.guard(u, func() (err error) {
			built, err = u.spec.Build(configs, u.env)
			return err
		})
	}
	for _, p := range u.env.Problems.List {
		switch n, path := u.field(p.Field); {
		case n.kind == scalarNode && p.At > 0 && p.At <= len(n.text):
			l.reportWithin(n, p.At, path, p.Text, p.Warning)
		case p.Warning:
			l.warn(n, path, "%s", p.Text)
		default:
			l.report(n, path, "%s", p.Text)
		}
	}
	if d.broken || u.env.Problems.Failed() {
		return nil
	}
	return built
}

// guard runs a plugin's code and reports its error, or its panic.
func (d *decoder) guard(u unit, f func() error) {
	err := plugin.Guard(f)
	var p *plugin.PanicError
	switch {
	case errors.As(err, &p):
		d.fail(u.at, u.path, "the plugin broke while it was built: %v; this is a bug of the plugin", p)
	case err != nil && !u.env.Problems.Failed(): // else the error only sums up
		d.fail(u.at, u.path, "%v", err)
	case err != nil:
		d.broken = true
	}
}

func (u unit) optionPath(i int) string {
	if u.list {
		return place(u.path, u.from+i)
	}
	return u.path
}

// asMap turns a bare value into the option that it stands for.
func (u unit) asMap(n *node) *node {
	if u.spec.Scalar == "" || n.isNull() || n.kind == mapNode {
		return n
	}
	return &node{src: n.src, line: n.line, col: n.col, kind: mapNode, entries: []entry{{u.spec.Scalar, n, n}}}
}

func joinField(a, b string) string {
	if b == "" || strings.HasPrefix(b, "[") {
		return a + b
	}
	return a + "." + b
}

// field finds the node that a plugin means by the path of an option, or the nearest around it, and writes
// the whole path.
func (u unit) field(field string) (at *node, path string) {
	if field == "" {
		return u.at, u.path
	}
	path = joinField(u.path, field)
	n := u.at
	switch {
	case u.list:
		n = &node{src: u.at.src, line: u.at.line, col: u.at.col, kind: listNode, items: u.opts}
		if field[0] != '[' {
			return u.inList(field)
		}
		number, rest, _ := strings.Cut(field[1:], "]")
		if i, err := strconv.Atoi(number); err == nil {
			path = place(u.path, u.from+i) + rest
		}
	case len(u.opts) == 1:
		n = u.asMap(u.opts[0])
		if n.isNull() {
			return u.at, path
		}
	}
	found := n.find(field)
	if found == n {
		return u.at, path
	}
	return found, path
}

// inList finds an option of which the plugin does not say in which item of the list it stands.
func (u unit) inList(field string) (at *node, path string) {
	for i, n := range u.opts {
		if found := n.find(field); found != n {
			return found, joinField(place(u.path, u.from+i), field)
		}
	}
	return u.at, joinField(u.path, field)
}

// find follows a path such as match.message[0] as far as it leads. Keys may hold dots and brackets, so the
// longest key that fits is taken.
func (n *node) find(field string) *node {
	field = strings.TrimPrefix(field, ".")
	if field == "" {
		return n
	}
	switch n.kind {
	case mapNode:
		var best *entry
		for i := range n.entries {
			e := &n.entries[i]
			rest, ok := strings.CutPrefix(field, e.key)
			if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') && (best == nil || len(e.key) > len(best.key)) {
				best = e
			}
		}
		if best != nil {
			return best.val.find(field[len(best.key):])
		}
	case listNode:
		number, rest, ok := strings.Cut(strings.TrimPrefix(field, "["), "]")
		if i, err := strconv.Atoi(number); ok && err == nil && i >= 0 && i < len(n.items) {
			return n.items[i].find(rest)
		}
	}
	return n
}

// codec decodes a codec's name, or a map with one key.
func (d *decoder) codec(n *node, path string, c *plugin.Codec) bool {
	at, opts, name := n, &node{src: n.src, line: n.line, col: n.col, tag: "!!null"}, n.text
	switch {
	case n.kind == mapNode && len(n.entries) == 1:
		at, opts, name = n.entries[0].at, n.entries[0].val, n.entries[0].key
	case n.kind != scalarNode || n.isNull():
		return d.fail(n, path, "found %s, expected a codec's name, or a map with one key: {json: {...}}", d.found(n))
	}
	spec, ok := d.l.o.Set.Get(plugin.CodecKind, name)
	if !ok {
		names := d.l.o.Set.Names(plugin.CodecKind)
		hint := suggest(name, names)
		if hint == "" {
			slices.Sort(names)
			hint = "; the codecs are " + strings.Join(names, ", ")
		}
		return d.fail(at, path, "unknown codec %s%s", quote(name), hint)
	}
	return d.buildCodec(unit{spec: spec, path: path + "." + name, at: at, opts: []*node{opts}, env: d.env}, c)
}

func (d *decoder) buildCodec(u unit, c *plugin.Codec) bool {
	built, ok := d.l.build(u).(*plugin.BuiltCodec)
	if !ok {
		d.broken = true
		return false
	}
	c.Name, c.Built = u.spec.Name, built
	return true
}

// defaultCodecs builds the codecs that were not given but are a default. Lists are copied first: they
// belong to the plugin's defaults, which other steps share.
func (d *decoder) defaultCodecs(at *node, path string, v reflect.Value) {
	switch {
	case is[plugin.Codec](v.Type()):
		c, _ := reflect.TypeAssert[*plugin.Codec](v.Addr())
		if c.Built != nil || c.Name == "" {
			return
		}
		spec, ok := d.l.o.Set.Get(plugin.CodecKind, c.Name)
		if !ok {
			if !d.broken {
				d.fail(at, path, "its default codec %s is not part of %s", quote(c.Name), d.l.o.Program)
			}
			return
		}
		none := &node{src: at.src, line: at.line, col: at.col, tag: "!!null"}
		d.buildCodec(unit{spec: spec, path: path, at: at, opts: []*node{none}, env: d.env}, c)
	case v.Kind() == reflect.Pointer && !v.IsNil() && holdsCodec(v.Type()):
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(v.Elem())
		v.Set(p)
		d.defaultCodecs(at, path, p.Elem())
	case v.Kind() == reflect.Slice && v.Len() > 0 && holdsCodec(v.Type()):
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		v.Set(own)
		for i := range v.Len() {
			d.defaultCodecs(at, path, v.Index(i))
		}
	case isStruct(v.Type()):
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				d.defaultCodecs(at, path, v.Field(i))
			}
		}
	}
}

// holdsCodec reports whether a value of the type can hold a codec.
func holdsCodec(t reflect.Type) bool {
	switch {
	case is[plugin.Codec](t):
		return true
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice:
		return holdsCodec(t.Elem())
	case isStruct(t):
		for f := range t.Fields() {
			if f.IsExported() && holdsCodec(f.Type) {
				return true
			}
		}
	}
	return false
}

// unknownPlugin words a name that is no plugin of the kind.
func (l *loader) unknownPlugin(kind plugin.Kind, name string) string {
	names := l.o.Set.Names(kind)
	if s := suggest(name, names); s != "" {
		return fmt.Sprintf("unknown %s %s%s", kind, quote(name), s)
	}
	for _, k := range [...]plugin.Kind{plugin.InputKind, plugin.FilterKind, plugin.OutputKind, plugin.CodecKind} {
		if _, ok := l.o.Set.Get(k, name); ok {
			return fmt.Sprintf("%s is no %s but a plugin of the kind %s", quote(name), kind, k)
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("unknown %s %s; %s has %s", kind, quote(name), l.o.Program, strings.Join(names, ", "))
}
