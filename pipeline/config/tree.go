package config

import (
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	mapNode
)

// String names the kind as messages do.
func (k nodeKind) String() string { return [...]string{"a value", "a list", "a map"}[k] }

// node is one value of a file: yaml.v3's node with aliases and variables resolved and keys unique.
type node struct {
	src       *source
	line, col int
	kind      nodeKind
	text      string // of a scalar
	raw       string // text before variables were replaced
	tag       string // of a scalar: !!str, !!int, !!float, !!bool, !!null, !!timestamp
	style     yaml.Style
	moves     []move // where text differs from raw
	undefined bool   // a variable is not set, which has been reported
	items     []*node
	entries   []entry
}

type entry struct {
	key string
	at  *node // the key
	val *node
}

// move is a variable in raw: it begins at `variable`, and raw goes on at `from` as text does at `to`.
type move struct{ variable, from, to int }

func (n *node) isNull() bool { return n.kind == scalarNode && n.tag == "!!null" }

func (n *node) hasVars() bool { return n.moves != nil }

// hasUndefined reports whether a variable in the node or below it is not set.
func (n *node) hasUndefined() bool {
	return n.undefined || slices.ContainsFunc(n.items, (*node).hasUndefined) ||
		slices.ContainsFunc(n.entries, func(e entry) bool { return e.val.hasUndefined() })
}

// get returns the value of a key, or nil.
func (n *node) get(key string) *node {
	if e := n.entry(key); e != nil {
		return e.val
	}
	return nil
}

func (n *node) entry(key string) *entry {
	if n == nil {
		return nil
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}

// Bounds against files that are small and unfold hugely.
const maxAliasNodes, maxTreeDepth = 100_000, 200

// builder turns yaml.v3's nodes of one file into ours.
type builder struct {
	l       *loader
	src     *source
	open    map[*yaml.Node]bool // aliases being unfolded
	aliased int                 // nodes made by unfolding
	depth   int
}

func (b *builder) build(y *yaml.Node) *node {
	n := &node{src: b.src, line: y.Line, col: y.Column, style: y.Style}
	if b.depth++; b.depth > maxTreeDepth {
		b.depth--
		b.l.report(n, "", "values are nested deeper than %d", maxTreeDepth)
		n.tag = "!!null"
		return n
	}
	defer func() { b.depth-- }()
	if len(b.open) > 0 {
		b.aliased++
	}
	if y.Kind != yaml.AliasNode && y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!str" && y.Tag != "!!map" && y.Tag != "!!seq" {
		b.l.report(n, "", "found the tag %s; tags are not supported", quote(y.Tag))
	}
	switch y.Kind {
	case yaml.AliasNode:
		return b.alias(n, y)
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			n.items = append(n.items, b.build(c))
		}
	case yaml.MappingNode:
		n.kind = mapNode
		b.fill(n, y)
	default:
		n.text, n.raw, n.tag = y.Value, y.Value, y.ShortTag()
		b.l.expandVars(n)
	}
	return n
}

func (b *builder) alias(n *node, y *yaml.Node) *node {
	switch {
	case b.open[y.Alias]:
		b.l.report(n, "", "the alias %s contains itself", quote("*"+y.Value))
	case b.aliased > maxAliasNodes:
		b.l.report(n, "", "aliases unfold to more than %d values", maxAliasNodes)
		b.open = map[*yaml.Node]bool{y.Alias: true} // say it once
	default:
		b.open[y.Alias] = true
		target := b.build(y.Alias)
		delete(b.open, y.Alias)
		return target
	}
	n.tag = "!!null"
	return n
}

// fill reads the entries of a map. Keys given twice are refused; "<<" merges other maps below the map's own.
func (b *builder) fill(n *node, y *yaml.Node) {
	var merged []*node
	seen := make(map[string]*node, len(y.Content)/2)
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		at := &node{src: b.src, line: k.Line, col: k.Column, text: k.Value, raw: k.Value, tag: "!!str", style: k.Style}
		if k.Kind == yaml.AliasNode {
			k = k.Alias
			at.text = k.Value
		}
		if k.Kind != yaml.ScalarNode {
			b.l.report(at, "", "a key must be text")
			continue
		}
		if k.Tag == "!!merge" {
			merged = append(merged, b.mergeSources(b.build(v))...)
			continue
		}
		if first := seen[k.Value]; first != nil {
			b.l.report(at, "", "the key %s is given twice; it stands first in line %d", quote(k.Value), first.line)
			continue
		}
		seen[k.Value] = at
		n.entries = append(n.entries, entry{k.Value, at, b.build(v)})
	}
	for _, m := range merged {
		for _, e := range m.entries {
			if seen[e.key] == nil {
				seen[e.key] = e.at
				n.entries = append(n.entries, e)
			}
		}
	}
}

func (b *builder) mergeSources(v *node) []*node {
	list := []*node{v}
	if v.kind == listNode {
		list = v.items
	}
	var maps []*node
	for _, m := range list {
		if m.kind != mapNode {
			b.l.report(m, "", `found %s to merge by "<<", expected a map`, m.kind)
			continue
		}
		maps = append(maps, m)
	}
	return maps
}

// rawOffset maps a byte of text to one of raw; within the value of a variable it is the variable's begin.
func (n *node) rawOffset(off int) int {
	var base move
	for _, m := range n.moves {
		if m.to > off {
			return min(base.from+off-base.to, m.variable)
		}
		base = m
	}
	return min(base.from+off-base.to, len(n.raw))
}

// locate returns the place in the file of byte off of a scalar's raw text. Text and file are walked in step;
// where folding hides the way, the scalar's own place is returned.
func (n *node) locate(off int) (line, col int) {
	w := walk{n: n, line: n.line, pos: byteOf(n.src.line(n.line), n.col), indent: -1}
	switch {
	case n.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		w.pos++
	case n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		w.line, w.pos = n.line+1, 0
		w.skipIndent()
	}
	for i := 0; i < off && i < len(n.raw); {
		used := w.step(n.raw[i:])
		if used == 0 {
			return n.line, n.col
		}
		i += used
	}
	if off < len(n.raw) {
		w.settle()
	}
	return w.line, colOf(n.src.line(w.line), w.pos)
}

// walk is a place in the file while a scalar is followed.
type walk struct {
	n         *node
	line, pos int
	indent    int // of a block scalar; -1 until its first line is known
}

func (w *walk) text() string { return w.n.src.line(w.line) }

// settle moves from the end of a line to the next line's text.
func (w *walk) settle() {
	rest := w.text()[min(w.pos, len(w.text())):]
	goesOn := rest == `\` && w.n.style&yaml.DoubleQuotedStyle != 0
	if (rest == "" || goesOn) && w.line < len(w.n.src.lines) {
		w.line, w.pos = w.line+1, 0
		w.skipIndent()
	}
}

// skipIndent moves over the indentation of a line: all of it, but not more than a literal block's own.
func (w *walk) skipIndent() {
	for w.pos < len(w.text()) && w.text()[w.pos] == ' ' && (w.indent < 0 || w.pos < w.indent) {
		w.pos++
	}
	if w.indent < 0 && w.n.style&yaml.LiteralStyle != 0 && w.pos < len(w.text()) {
		w.indent = w.pos
	}
}

// step moves over the file's form of the first character of raw and returns how many bytes of raw that is;
// 0 says that it is lost.
func (w *walk) step(raw string) int {
	line := w.text()
	switch {
	case w.pos >= len(line):
		return w.lineEnd(raw)
	case line[w.pos] == '\\' && w.n.style&yaml.DoubleQuotedStyle != 0:
		return w.escape(line, raw)
	case line[w.pos] == '\'' && w.n.style&yaml.SingleQuotedStyle != 0:
		w.pos++ // the first of two
	case line[w.pos] != raw[0]:
		if strings.TrimSpace(line[w.pos:]) == "" { // white space before the end of a folded line
			w.pos = len(line)
			return w.lineEnd(raw)
		}
		return 0
	}
	w.pos++
	return 1
}

// lineEnd moves over line ends: raw holds them, or one space for a folded one.
func (w *walk) lineEnd(raw string) int {
	if raw[0] != ' ' && raw[0] != '\n' {
		return 0
	}
	literal := w.n.style&yaml.LiteralStyle != 0
	used := 1
	w.line, w.pos = w.line+1, 0
	w.skipIndent()
	for !literal && w.pos >= len(w.text()) && w.line < len(w.n.src.lines) {
		w.line, w.pos = w.line+1, 0
		w.skipIndent()
		for used < len(raw) && raw[used] == '\n' {
			used++
		}
	}
	if w.line > len(w.n.src.lines) {
		return 0
	}
	return used
}

// escape moves over a backslash and what belongs to it.
func (w *walk) escape(line, raw string) int {
	if w.pos+1 >= len(line) { // the line goes on below
		w.line, w.pos = w.line+1, 0
		w.skipIndent()
		return w.step(raw)
	}
	length := 2
	switch line[w.pos+1] {
	case 'x':
		length = 4
	case 'u':
		length = 6
	case 'U':
		length = 10
	}
	w.pos = min(w.pos+length, len(line))
	_, n := utf8.DecodeRuneInString(raw)
	return n
}
