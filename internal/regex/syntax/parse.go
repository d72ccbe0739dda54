package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Options is how an expression is meant where it does not say so itself. The zero value is how Logstash reads
// grok expressions.
type Options struct {
	IgnoreCase   bool // as (?i) in front
	Extended     bool // as (?x) in front: blanks and #-comments are skipped
	NoDotNewline bool // as (?-m) in front: "." does not match a newline
}

// Limits against hostile expressions. Each has its own message.
const (
	maxExpr   = 1 << 20 // bytes of an expression
	maxDepth  = 1000    // parentheses, brackets and inline options inside of each other
	maxNodes  = 1 << 18 // nodes of a tree
	maxRanges = 1 << 21 // ranges of characters in all its classes, and groups that back-references refer to
	maxGroups = 32767   // groups, and the highest number a back-reference may have
	maxCalls  = 1000    // calls of groups
	maxRepeat = 100000  // the bounds of a repeat, as in Oniguruma
)

// Parse reads an expression of Oniguruma's Ruby syntax. The error, if there is one, is an *Error. An expression that
// is not valid UTF-8 is refused. Parse may be called by several goroutines at once.
func Parse(expr string, o Options) (*Tree, error) {
	p := &parser{expr: expr, flags: flags{
		fold: o.IgnoreCase, extended: o.Extended, dotNewline: !o.NoDotNewline, posixUnicode: true, boundUnicode: true,
	}}
	root := p.parse()
	if p.err != nil {
		return nil, p.err
	}
	t := &Tree{Expr: expr, Root: root}
	if err := p.link(t); err != nil {
		return nil, err
	}
	return t, nil
}

// flags is what inline options change.
type flags struct {
	fold         bool // (?i)
	extended     bool // (?x)
	dotNewline   bool // (?m)
	typesUnicode bool // (?u): \w \d \s are Unicode's
	posixUnicode bool // not (?a): so are POSIX brackets
	boundUnicode bool // not (?a): so are \b and \B
}

// group is a pair of parentheses that may become a group: a plain one does only where none has a name.
type group struct {
	name     string
	pos, end int // of its opening parenthesis, with the name
}

// parser reads one expression. Its methods stop at the first error, which makes p.err; after that they return
// whatever is at hand, and read nothing more.
type parser struct {
	expr   string
	pos    int
	flags  flags
	err    *Error
	depth  int
	nodes  int
	ranges int
	groups []group
	byName map[string]int      // the number of groups with a name, so far
	named  bool                // some group has a name
	refs   []*Node             // back-references, conditions and calls, with the name or number of their target:
	target map[*Node]reference // what each of them says
	looks  []*Node             // look-behinds, inner ones first
	outer  []*Node             // those of them that do not stand in others
	posix  posixScan           // what the last look for the end of a POSIX bracket found
	hidden map[*Node]hiding    // what stands in the tree, but not so in the expression
	behind int                 // look-behinds that are open
	cache  map[string]*Class   // classes of properties, which several nodes share
	fold   *folding            // nil until it is needed

	alone     *Node // the last sequence that was just one character of text,
	aloneChar rune  // and this
}

// reference is what a back-reference, a condition or a call says about its target.
type reference struct {
	name   string // "": by number
	number int
}

// hiding says why a node, alternatives or a look-ahead, is not taken for what the expression has.
type hiding uint8

const (
	byOptions  hiding = iota + 1 // alternatives of inline options
	byFolding                    // made by case folding
	byBoundary                   // made of a \b
)

func (p *parser) fail(pos, end int, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{Pos: pos, End: end, Expr: p.expr, Msg: fmt.Sprintf(format, args...)}
		p.pos = len(p.expr)
	}
}

func (p *parser) parse() *Node {
	if len(p.expr) > maxExpr {
		p.fail(0, 0, "found an expression of %d bytes, expected at most %d", len(p.expr), maxExpr)
		return nil
	}
	for i := 0; i < len(p.expr); {
		r, n := utf8.DecodeRuneInString(p.expr[i:])
		if r == utf8.RuneError && n == 1 {
			p.fail(i, i+1, "found byte %#x outside of valid UTF-8, expected UTF-8", p.expr[i])
			return nil
		}
		i += n
	}
	p.target = map[*Node]reference{}
	p.byName = map[string]int{}
	p.cache = map[string]*Class{}
	p.hidden = map[*Node]hiding{}
	root := p.alternatives()
	if p.err == nil && p.pos < len(p.expr) {
		p.fail(p.pos, p.pos+1, "found an unmatched ), expected ( before it")
	}
	return root
}

// more reports whether there is something left to read.
func (p *parser) more() bool { return p.pos < len(p.expr) }

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.expr) {
		return p.expr[p.pos]
	}
	return 0
}

// peekIs reports whether s comes next.
func (p *parser) peekIs(s string) bool { return strings.HasPrefix(p.expr[p.pos:], s) }

// take reads s, if it comes next.
func (p *parser) take(s string) bool {
	if p.peekIs(s) {
		p.pos += len(s)
		return true
	}
	return false
}

// next reads one character.
func (p *parser) next() rune {
	r, n := utf8.DecodeRuneInString(p.expr[p.pos:])
	p.pos += n
	return r
}

// node makes a node of what stands from pos to where the parser is.
func (p *parser) node(op Op, pos int, subs ...*Node) *Node {
	p.nodes++
	if p.nodes > maxNodes {
		p.fail(pos, pos, "found an expression of more than %d operations, expected a smaller one", maxNodes)
	}
	return &Node{Op: op, Pos: pos, End: p.pos, Subs: subs}
}

// enter counts how deep constructs are nested; it reports false, and fails, when that is too deep.
func (p *parser) enter(pos int) bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail(pos, pos+1, "found more than %d constructs inside of each other, expected fewer", maxDepth)
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// charge counts ranges that are made for classes, against expressions of which each character makes many.
func (p *parser) charge(ranges int) {
	if p.ranges += ranges; p.ranges > maxRanges {
		p.fail(p.pos, p.pos, "found an expression whose classes have more than %d ranges, expected fewer", maxRanges)
	}
}

// oneOf makes the node of a class. That of a single character is a text.
func (p *parser) oneOf(c *Class, pos int) *Node {
	if len(c.Ranges) == 0 && !c.Invalid {
		return p.node(Fail, pos)
	}
	if r, ok := single(c); ok {
		n := p.node(Literal, pos)
		n.Text = runeText(r)
		return n
	}
	n := p.node(OneOf, pos)
	n.Class = c
	return n
}

// alternatives reads up to the end of the expression, or to a ) which it leaves.
func (p *parser) alternatives() *Node {
	pos := p.pos
	first := p.sequence()
	if p.peek() != '|' {
		return first
	}
	subs := []*Node{first}
	for p.take("|") {
		subs = append(subs, p.sequence())
	}
	return p.node(Alt, pos, subs...)
}

// sequence reads up to the end of the expression, or to a | or ) which it leaves.
func (p *parser) sequence() *Node {
	pos := p.pos
	b := builder{p: p}
	for p.blanks(); p.more() && p.peek() != '|' && p.peek() != ')'; p.blanks() {
		if rest, ok := p.inlineOptions(); ok {
			b.add(rest)
			break
		}
		p.piece(&b)
	}
	return b.finish(pos)
}

// blanks skips comments and, where (?x) holds, blanks and what follows a #.
func (p *parser) blanks() {
	for p.more() {
		c := p.peek()
		switch {
		case p.peekIs("(?#"):
			p.comment()
		case p.flags.extended && strings.IndexByte(" \t\n\r\f", c) >= 0:
			p.pos++
		case p.flags.extended && c == '#':
			i := strings.IndexByte(p.expr[p.pos:], '\n')
			if i < 0 {
				i = len(p.expr) - p.pos - 1
			}
			p.pos += i + 1
		default:
			return
		}
	}
}

// comment skips a (?#...): a backslash in it takes the next character with it.
func (p *parser) comment() {
	start := p.pos
	for p.pos += len("(?#"); p.more(); {
		switch p.next() {
		case '\\':
			if p.more() {
				p.next()
			}
		case ')':
			return
		}
	}
	p.fail(start, start+len("(?#"), "found a comment without an end, expected )")
}

// piece reads one operand and the repeats behind it.
func (p *parser) piece(b *builder) {
	pos := p.pos
	if r, ok := p.textChar(); ok {
		b.char(char{r, pos, p.pos})
	} else {
		p.operand(b)
	}
	before := p.depth
	for p.blanks(); p.err == nil; p.blanks() {
		at := p.pos
		q, ok := p.quantifier()
		if !ok || !p.enter(at) {
			break
		}
		b.repeat(q, p.pos)
	}
	p.depth = before
}

// textChar reads a character that stands for itself, escaped or not. Such characters in a row are one text,
// which matters for case folding only: what \x73 or \n stand for is a text of its own.
func (p *parser) textChar() (rune, bool) {
	switch c := p.peek(); c {
	case '.', '^', '$', '[', '(':
		return 0, false
	case '*', '+', '?':
		p.fail(p.pos, p.pos+1, "found %c with nothing before it, expected something to repeat", c)
		return 0, true
	case '{':
		start := p.pos
		if _, ok := p.interval(); ok || p.err != nil {
			p.fail(start, p.pos, "found a repeat with nothing before it, expected something to repeat")
			return 0, true
		}
	case '\\':
		return p.escapedText()
	}
	return p.next(), true
}

// quantifier is a repeat operator.
type quantifier struct {
	min, max   int // max -1: no end
	lazy       bool
	possessive bool
}

// quantifier reads a repeat operator, if one comes next. Of the intervals {n,m} may be lazy, {n} may not, and
// none may be possessive: {n}? and {n,m}+ are two operators.
func (p *parser) quantifier() (quantifier, bool) {
	var q quantifier
	switch p.peek() {
	case '*':
		q = quantifier{min: 0, max: -1}
	case '+':
		q = quantifier{min: 1, max: -1}
	case '?':
		q = quantifier{min: 0, max: 1}
	case '{':
		return p.interval()
	default:
		return q, false
	}
	p.pos++
	q.lazy = p.take("?")
	q.possessive = !q.lazy && p.take("+")
	return q, true
}

// interval reads {n,m} {n,} {,m} or {n}; where it is none of these, the brace stands for itself.
func (p *parser) interval() (q quantifier, ok bool) {
	start := p.pos
	p.pos++
	low, hasLow := p.bound(start)
	high, hasHigh := low, hasLow
	comma := p.take(",")
	if comma {
		high, hasHigh = p.bound(start)
	}
	if p.err != nil || !hasLow && !hasHigh || !p.take("}") {
		if p.err == nil {
			p.pos = start
		}
		return q, false
	}
	if !hasHigh {
		high = -1
	} else if low > high {
		p.fail(start, p.pos, "found a repeat of at least %d and at most %d, expected the lower bound first", low, high)
		return q, false
	}
	q = quantifier{min: low, max: high, lazy: comma && p.take("?")}
	if q.lazy && q.max == 0 {
		q.max = 1 // as in Oniguruma
	}
	return q, true
}

// bound reads a bound of the interval that begins at start.
func (p *parser) bound(start int) (n int, ok bool) {
	first := p.pos
	for p.more() && isDigit(p.peek()) {
		n = min(n*10+int(p.peek()-'0'), maxRepeat+1)
		p.pos++
	}
	if n > maxRepeat {
		p.fail(start, p.pos, "found a bound above %d, expected at most that many repeats", maxRepeat)
	}
	return n, p.pos > first
}

// operand reads what is not text, up to its repeats.
func (p *parser) operand(b *builder) {
	pos := p.pos
	switch c := p.peek(); c {
	case '.':
		p.pos++
		class := dot()
		if !p.flags.dotNewline {
			class = negate(classOf(Range{'\n', '\n'}))
		}
		b.add(p.oneOf(class, pos))
	case '^':
		p.pos++
		b.add(p.node(LineStart, pos))
	case '$':
		p.pos++
		b.add(p.node(LineEnd, pos))
	case '(':
		b.add(p.parenthesis())
	case '[':
		p.bracketOperand(b)
	default:
		p.escape(b)
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
