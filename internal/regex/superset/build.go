package superset

import (
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// symbols is a set of bytes, and of the edge of the text.
type symbols struct {
	bytes [4]uint64
	edge  bool
}

func (s *symbols) add(lo, hi int) {
	for b := lo; b <= hi; b++ {
		s.bytes[b>>6] |= 1 << (b & 63)
	}
}

func (s *symbols) has(sym int) bool {
	if sym == edge {
		return s.edge
	}
	return s.bytes[sym>>6]>>(sym&63)&1 == 1
}

func (s *symbols) not() symbols {
	r := symbols{edge: !s.edge}
	for i, w := range s.bytes {
		r.bytes[i] = ^w
	}
	return r
}

// edge is the symbol before the first byte and behind the last.
const edge = 256

// kind says what a node of the automaton does.
type kind uint8

const (
	kindByte   kind = iota // one byte of set, then x
	kindSplit              // x or y
	kindAssert             // the byte before is in prev, and the one behind in set; then x
	kindMatch
	kindFail
)

type node struct {
	kind      kind
	set, prev int32 // of program.sets
	x, y      int32
}

// Sizes of automata. A counted repeat is unrolled up to unrolled nodes; one that is larger has no end, and its body
// is there at most once.
const (
	unrolled = 24
	maxNodes = 1 << 14
)

type builder struct {
	nodes []node
	sets  []symbols
	ids   map[symbols]int32
	all   int32
}

// Program is the automaton of an expression. It is not changed once made: any number of machines may share it.
type Program struct {
	nodes   []node
	sets    []symbols
	all     int32 // the set of all symbols
	entry   int32
	class   [257]uint8 // columns of bytes and of the edge
	samples []int      // a symbol of each column
	// anchored says that a match begins at the text's begin or not at all.
	anchored bool
}

// Compile makes the automaton of a tree. It is nil where one would be of no use: because the empty text may match
// anywhere, or because it would be too large.
func Compile(tree *syntax.Tree) *Program {
	b := &builder{ids: map[symbols]int32{}}
	full := symbols{}
	full = full.not()
	b.all = b.set(full)
	end := b.add(node{kind: kindMatch})
	p := &Program{entry: b.node(tree.Root, end), all: b.all}
	if len(b.nodes) > maxNodes {
		return nil
	}
	p.nodes, p.sets = b.nodes, b.sets
	p.columns()
	if p.empty() {
		return nil
	}
	m := Machine{p: p, seen: make([]uint32, len(p.nodes))}
	p.anchored = true
	for _, sym := range p.samples {
		m.open()
		if sym != edge && (m.close(p.entry, sym, unknown) || len(m.set) > 0) {
			p.anchored = false
		}
	}
	return p
}

func (b *builder) set(s symbols) int32 {
	id, ok := b.ids[s]
	if !ok {
		id = int32(len(b.sets))
		b.sets = append(b.sets, s)
		b.ids[s] = id
	}
	return id
}

func (b *builder) add(n node) int32 {
	if len(b.nodes) > maxNodes {
		return 0
	}
	b.nodes = append(b.nodes, n)
	return int32(len(b.nodes) - 1)
}

func (b *builder) bytes(set symbols, next int32) int32 {
	return b.add(node{kind: kindByte, set: b.set(set), x: next})
}

func (b *builder) split(x, y int32) int32 { return b.add(node{kind: kindSplit, x: x, y: y}) }

func (b *builder) assert(prev, set symbols, next int32) int32 {
	return b.add(node{kind: kindAssert, prev: b.set(prev), set: b.set(set), x: next})
}

// anything matches any text.
func (b *builder) anything(next int32) int32 {
	var set symbols
	set.add(0, 255)
	return b.star(set, next)
}

func (b *builder) star(set symbols, next int32) int32 {
	head := b.split(0, next)
	body := b.bytes(set, head)
	if int(head) < len(b.nodes) {
		b.nodes[head].x = body
	}
	return head
}

// node adds what n matches before next, and returns its entry.
func (b *builder) node(n *syntax.Node, next int32) int32 {
	switch n.Op {
	case syntax.Fail:
		return b.add(node{kind: kindFail})
	case syntax.Literal:
		for i := len(n.Text) - 1; i >= 0; i-- {
			var set symbols
			set.add(int(n.Text[i]), int(n.Text[i]))
			next = b.bytes(set, next)
		}
		return next
	case syntax.OneOf:
		return b.class(n.Class, next)
	case syntax.Seq:
		for _, s := range slices.Backward(n.Subs) {
			next = b.node(s, next)
		}
		return next
	case syntax.Alt, syntax.Condition:
		entry := b.node(n.Subs[len(n.Subs)-1], next)
		for i := len(n.Subs) - 2; i >= 0; i-- {
			entry = b.split(b.node(n.Subs[i], next), entry)
		}
		return entry
	case syntax.Repeat:
		return b.repeat(n, next)
	case syntax.Capture, syntax.Atomic:
		return b.node(n.Subs[0], next)
	case syntax.Look:
		return b.look(n, next)
	case syntax.Backref, syntax.Call, syntax.Absent:
		return b.anything(next)
	default:
		return b.anchor(n.Op, next)
	}
}

// class adds one character. Beyond ASCII any character with the right first byte will do.
func (b *builder) class(c *syntax.Class, next int32) int32 {
	ascii, high := split(c)
	entry := int32(-1)
	if ascii != (symbols{}) {
		entry = b.bytes(ascii, next)
	}
	if high != (symbols{}) {
		var cont symbols
		cont.add(0x80, 0xbf)
		one := b.bytes(high, b.star(cont, next))
		if entry >= 0 {
			one = b.split(entry, one)
		}
		entry = one
	}
	if entry < 0 {
		return b.add(node{kind: kindFail})
	}
	return entry
}

// split returns the ASCII members, and the bytes with which other members begin.
func split(c *syntax.Class) (ascii, high symbols) {
	set := c.ASCII()
	ascii.bytes[0], ascii.bytes[1] = set[0], set[1]
	if c.Invalid {
		high.add(0x80, 0xff)
		return ascii, high
	}
	for _, r := range c.Ranges {
		if r.Hi >= utf8.RuneSelf {
			high.add(int(lead(max(r.Lo, utf8.RuneSelf))), int(lead(r.Hi)))
		}
	}
	return ascii, high
}

// lead returns the first byte of a character that is not ASCII.
func lead(r rune) byte {
	switch {
	case r < 0x800:
		return byte(0xc0 | r>>6)
	case r < 0x10000:
		return byte(0xe0 | r>>12)
	default:
		return byte(0xf0 | r>>18)
	}
}

// run returns the bytes of the members of a class that is repeated without end.
func run(c *syntax.Class) symbols {
	ascii, high := split(c)
	if high != (symbols{}) {
		ascii.add(0x80, 0xff)
	}
	return ascii
}

func (b *builder) repeat(n *syntax.Node, next int32) int32 {
	sub := n.Subs[0]
	if n.Max == 0 {
		return next
	}
	cost := size(sub)
	least, most := n.Min, n.Max
	if most > 0 && cost*most > unrolled {
		most = -1
	}
	if most < 0 && cost*least > unrolled {
		least = 1
	}
	entry := next
	switch {
	case most >= 0:
		for range most - least {
			entry = b.split(b.node(sub, entry), next)
		}
	case sub.Op == syntax.OneOf:
		entry = b.star(run(sub.Class), next)
	case least > 0: // the last copy repeats
		head := b.split(0, next)
		body := b.node(sub, head)
		if int(head) < len(b.nodes) {
			b.nodes[head].x = body
		}
		entry = body
		least--
	default:
		entry = b.split(0, next)
		body := b.node(sub, entry)
		if int(entry) < len(b.nodes) {
			b.nodes[entry].x = body
		}
	}
	for range least {
		entry = b.node(sub, entry)
	}
	return entry
}

// size returns the number of nodes that n takes, about; a number above unrolled stands for all larger ones.
func size(n *syntax.Node) int {
	sum := 1
	switch n.Op {
	case syntax.Literal:
		return min(len(n.Text), unrolled+1)
	case syntax.Repeat:
		sum = size(n.Subs[0])
		if k := sum * min(max(n.Max, n.Min, 1), unrolled+1); k <= unrolled {
			return k
		}
		return min(2*sum, unrolled+1)
	}
	for _, s := range n.Subs {
		sum += size(s)
	}
	return min(sum, unrolled+1)
}

// anchor adds an assertion about the bytes before and behind.
func (b *builder) anchor(o syntax.Op, next int32) int32 {
	full := b.sets[b.all]
	line := symbols{edge: true}
	line.add('\n', '\n')
	switch o {
	case syntax.LineStart:
		return b.assert(line, full, next)
	case syntax.LineEnd, syntax.TextEndNewline:
		return b.assert(full, line, next)
	case syntax.TextStart, syntax.SearchStart:
		return b.assert(symbols{edge: true}, full, next)
	case syntax.TextEnd:
		return b.assert(full, symbols{edge: true}, next)
	case syntax.WordBoundary, syntax.NotWordBoundary:
		word, other := words()
		if o == syntax.WordBoundary {
			return b.split(b.assert(word, other, next), b.assert(other, word, next))
		}
		return b.split(b.assert(word, word, next), b.assert(other, other, next))
	default:
		return next
	}
}

// words returns the bytes that may belong to a word, and those that may not.
func words() (word, other symbols) {
	for _, r := range [][2]int{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}} {
		word.add(r[0], r[1])
	}
	other = word.not()
	word.add(0x80, 0xff)
	return word, other
}

// look adds a look-around if it asks for one character; else it holds.
func (b *builder) look(n *syntax.Node, next int32) int32 {
	set, ok := single(n.Subs[0], n.Neg)
	if !ok {
		return next
	}
	if n.Neg {
		set = set.not()
	}
	full := b.sets[b.all]
	if n.Behind {
		return b.assert(set, full, next)
	}
	return b.assert(full, set, next)
}

// single returns the bytes of an expression of one character: all that may be in it, or, sure, those that are.
func single(n *syntax.Node, sure bool) (set symbols, ok bool) {
	switch n.Op {
	case syntax.OneOf:
		set, high := split(n.Class)
		all, _ := n.Class.High()
		if sure && all || !sure && high != (symbols{}) {
			set.add(0x80, 0xff)
		}
		return set, true
	case syntax.Literal:
		set.add(int(n.Text[0]), int(n.Text[0]))
		return set, len(n.Text) == 1 && n.Text[0] < utf8.RuneSelf
	case syntax.Alt:
		for _, s := range n.Subs {
			one, ok := single(s, sure)
			if !ok {
				return set, false
			}
			for i := range set.bytes {
				set.bytes[i] |= one.bytes[i]
			}
		}
		return set, true
	case syntax.Capture, syntax.Atomic:
		return single(n.Subs[0], sure)
	default:
		return set, false
	}
}

// columns finds out which symbols the automaton cannot tell apart.
func (p *Program) columns() {
	type signature string
	ids := map[signature]uint8{}
	for sym := 0; sym <= edge; sym++ {
		sig := make([]byte, (len(p.sets)+7)/8)
		for i := range p.sets {
			if p.sets[i].has(sym) {
				sig[i>>3] |= 1 << (i & 7)
			}
		}
		if sym == edge {
			sig = append(sig, 1) // a column of its own: it may be before and behind, but is no byte
		}
		id, ok := ids[signature(sig)]
		if !ok {
			id = uint8(len(p.samples))
			ids[signature(sig)] = id
			p.samples = append(p.samples, sym)
		}
		p.class[sym] = id
	}
}

// empty reports whether the empty text matches anywhere.
func (p *Program) empty() bool {
	seen := make([]bool, len(p.nodes))
	var visit func(int32) bool
	visit = func(i int32) bool {
		if seen[i] {
			return false
		}
		seen[i] = true
		switch n := &p.nodes[i]; n.kind {
		case kindMatch:
			return true
		case kindSplit:
			return visit(n.x) || visit(n.y)
		default:
			return false
		}
	}
	return visit(p.entry)
}
