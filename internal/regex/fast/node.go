package fast

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// ErrUnsupported is what Compile's error wraps when the expression has a construct that this executor leaves to others.
var ErrUnsupported = errors.New("not for the fast executor")

// class is a class of characters with what the proofs and the machine ask of it.
type class struct {
	src   *syntax.Class
	ascii byteSet // its members below 0x80
	first byteSet // the bytes with which its members begin
	last  byteSet // the bytes with which they end
	kind  classKind
	key   string // equal for equal classes
}

// classKind says how a class takes what is not ASCII.
type classKind uint8

const (
	lowClass   classKind = iota // not at all: a member is a byte
	highClass                   // as a whole, invalid bytes included: a run of it may be scanned byte by byte
	mixedClass                  // some of it: characters have to be decoded
)

// run returns the bytes of a run of the class, which is not mixed.
func (c *class) run() byteSet {
	if c.kind == highClass {
		return c.ascii.or(highBytes())
	}
	return c.ascii
}

func newClass(src *syntax.Class) *class {
	a := src.ASCII()
	c := &class{src: src, ascii: byteSet{a[0], a[1]}}
	c.first, c.last = c.ascii, c.ascii
	var key strings.Builder
	for _, r := range src.Ranges {
		fmt.Fprintf(&key, "%x-%x,", r.Lo, r.Hi)
		if r.Hi >= utf8.RuneSelf {
			c.first = c.first.or(leads(max(r.Lo, utf8.RuneSelf), r.Hi))
			c.last = c.last.or(byteRange(0x80, 0xbf))
		}
	}
	if src.Invalid {
		c.first, c.last = c.first.or(highBytes()), c.last.or(highBytes())
		key.WriteByte('!')
	}
	c.key = key.String()
	all, none := src.High()
	switch {
	case none:
		c.kind = lowClass
	case all:
		c.kind = highClass
	default:
		c.kind = mixedClass
	}
	return c
}

// leads returns the first bytes of the encodings of lo to hi.
func leads(lo, hi rune) byteSet {
	lead := func(r rune) byte {
		switch {
		case r < 0x800:
			return 0xc0 | byte(r>>6)
		case r < 0x10000:
			return 0xe0 | byte(r>>12)
		default:
			return 0xf0 | byte(r>>18)
		}
	}
	return byteRange(lead(lo), lead(hi))
}

// lowClassOf makes a class of ASCII characters.
func lowClassOf(b byteSet) *class {
	src := &syntax.Class{}
	for c := range rune(utf8.RuneSelf) {
		if !b.has(byte(c)) {
			continue
		}
		if k := len(src.Ranges); k > 0 && src.Ranges[k-1].Hi == c-1 {
			src.Ranges[k-1].Hi = c
			continue
		}
		src.Ranges = append(src.Ranges, syntax.Range{Lo: c, Hi: c})
	}
	return newClass(src)
}

// node is syntax.Node with what belongs to each operation at hand. Nodes are never changed once they are made; the
// fields at the end remember answers.
type node struct {
	op       syntax.Op
	text     string
	cls      *class
	subs     []*node
	min, max int
	group    int
	lazy     bool
	behind   bool
	neg      bool

	facts facts
}

// sub returns the only operand.
func (n *node) sub() *node { return n.subs[0] }

func literal(s string) *node   { return &node{op: syntax.Literal, text: s} }
func oneOf(c *class) *node     { return &node{op: syntax.OneOf, cls: c} }
func emptyNode() *node         { return &node{op: syntax.Empty} }
func failNode() *node          { return &node{op: syntax.Fail} }
func altOf(subs []*node) *node { return &node{op: syntax.Alt, subs: subs} }

// with returns n with another only operand.
func (n *node) with(sub *node) *node {
	return &node{
		op: n.op, subs: []*node{sub}, min: n.min, max: n.max, group: n.group,
		lazy: n.lazy, behind: n.behind, neg: n.neg,
	}
}

// importer turns a tree into nodes. Equal classes become one.
type importer struct {
	classes map[string]*class
}

func unsupported(n *syntax.Node, what string) error {
	return fmt.Errorf("%w: found %s at %d", ErrUnsupported, what, n.Pos)
}

func (im *importer) class(src *syntax.Class) *class {
	c := newClass(src)
	if old, ok := im.classes[c.key]; ok {
		return old
	}
	im.classes[c.key] = c
	return c
}

// node imports n, or says that it is not supported.
func (im *importer) node(n *syntax.Node) (*node, error) {
	switch n.Op {
	case syntax.Literal:
		if !utf8.ValidString(n.Text) {
			return nil, unsupported(n, "a literal that is not valid UTF-8")
		}
		return literal(n.Text), nil
	case syntax.OneOf:
		c := im.class(n.Class)
		if c.first.empty() {
			return failNode(), nil
		}
		return oneOf(c), nil
	case syntax.Empty, syntax.Fail, syntax.LineStart, syntax.LineEnd, syntax.TextStart, syntax.TextEnd,
		syntax.TextEndNewline, syntax.WordBoundary, syntax.NotWordBoundary:
		return &node{op: n.Op}, nil
	case syntax.Seq, syntax.Alt, syntax.Repeat, syntax.Capture, syntax.Atomic, syntax.Look:
		m := &node{
			op: n.Op, min: n.Min, max: n.Max, group: n.Index, lazy: n.Lazy, behind: n.Behind, neg: n.Neg,
			subs: make([]*node, len(n.Subs)),
		}
		for i, s := range n.Subs {
			t, err := im.node(s)
			if err != nil {
				return nil, err
			}
			m.subs[i] = t
		}
		return m, nil
	default:
		return nil, unsupported(n, opName(n.Op))
	}
}

// opName names the operations that are not supported.
func opName(op syntax.Op) string {
	switch op {
	case syntax.SearchStart:
		return `\G`
	case syntax.Backref:
		return "a back-reference"
	case syntax.Call:
		return "a call"
	case syntax.Condition:
		return "a conditional"
	case syntax.Absent:
		return "an absent operator"
	case syntax.Keep:
		return `\K`
	default:
		return "operation " + strconv.Itoa(int(op))
	}
}
