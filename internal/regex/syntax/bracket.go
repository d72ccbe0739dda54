package syntax

import "strings"

// bracketOperand reads [...] outside of brackets. A class of just one named character is text, as in joni.
func (p *parser) bracketOperand(b *builder) {
	start := p.pos
	class, cross, neg := p.bracket()
	if p.err != nil {
		return
	}
	if r, ok := single(class); ok && !neg {
		b.add(nil)
		b.char(char{r, start, p.pos})
		return
	}
	b.add(p.classOperand(class, cross, neg, start))
}

// classOperand makes the node of a class, or of its complement. Where (?i) holds, a character is in it when one of
// its other cases is, and where the other case is several characters, those are an alternative. Members that are not
// in cross, and are of ASCII, have no other cases beyond ASCII, and the reverse: those of \w are such.
func (p *parser) classOperand(class, cross *Class, neg bool, start int) *Node {
	var multi [][]rune
	if p.flags.fold {
		if !neg {
			multi = p.multiFolds(class)
		}
		class = p.foldClass(class, cross)
	}
	if neg {
		class = negate(class)
	}
	p.charge(len(class.Ranges))
	n := p.oneOf(class, start)
	if len(multi) == 0 {
		return n
	}
	subs := []*Node{n}
	for _, text := range multi {
		subs = append(subs, p.folded(text, start))
	}
	alt := p.node(Alt, start, subs...)
	p.hidden[alt] = byFolding
	return alt
}

// states of the reading of a bracket, for what a - means.
const (
	atStart    = iota // nothing read yet, or a && last
	afterValue        // a character, which may begin a range
	afterClass        // a class, which may not
	inRange           // a character and a -
	afterRange        // a range
)

// bracketReader reads the members of one [...].
type bracketReader struct {
	p     *parser
	state int
	value rune     // afterValue, inRange: the character, which is not yet in class
	from  int      // where it stands
	class gatherer // all members
	cross gatherer // those that case folding may lead into ASCII or out of it; kept only where (?i) holds
}

// gatherer gathers the members of a class.
type gatherer struct {
	ranges  []Range
	invalid bool
	before  *Class // what stands before the last &&; nil: there was none
}

func (g *gatherer) add(c *Class) {
	g.ranges = append(g.ranges, c.Ranges...)
	g.invalid = g.invalid || c.Invalid
}

// and ends an operand of a &&.
func (g *gatherer) and() {
	g.before = g.class()
	g.ranges, g.invalid = nil, false
}

// class returns what is gathered.
func (g *gatherer) class() *Class {
	c := &Class{Ranges: normalize(g.ranges), Invalid: g.invalid}
	if g.before != nil {
		return intersect(g.before, c)
	}
	return c
}

// bracket reads [...], and reports apart from its members whether it is negated. Of the members, cross are those that
// classOperand needs.
func (p *parser) bracket() (class, cross *Class, neg bool) {
	start := p.pos
	if !p.enter(start) {
		return nil, nil, false
	}
	defer p.leave()
	p.pos++
	neg = p.take("^")
	b := bracketReader{p: p}
	if p.peek() == ']' {
		if !b.closes() {
			p.fail(start, p.pos+1, "found an empty bracket, expected a member before the ]")
			return nil, nil, false
		}
		p.pos++
		b.member(']', p.pos-1)
	}
	for p.err == nil && !p.take("]") {
		if !p.more() {
			p.fail(start, start+1, "found a [ without an end, expected ]")
			return nil, nil, false
		}
		b.item()
	}
	b.flush()
	return b.class.class(), b.cross.class(), neg
}

// closes reports whether another ] follows the one that comes next, which is then a member.
func (b *bracketReader) closes() bool {
	rest := b.p.expr[b.p.pos+1:]
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case ']':
			return true
		}
	}
	return false
}

// item reads a member, a -, a && or a bracket in the bracket.
func (b *bracketReader) item() {
	p := b.p
	at := p.pos
	switch {
	case p.peekIs("&&"):
		p.pos += 2
		b.and()
	case p.peekIs("[:") && b.posix():
	case p.peekIs("["):
		class, cross, neg := p.bracket()
		if p.err != nil {
			return
		}
		if neg {
			class, cross = negate(class), negate(cross)
		}
		b.nested(class, cross)
	case p.peekIs("-"):
		b.dash()
	case p.peekIs(`\`):
		b.escape()
	default:
		b.member(p.next(), at)
	}
}

// member takes a character that stands at from.
func (b *bracketReader) member(r rune, from int) {
	if b.state == inRange {
		if r < b.value {
			b.p.fail(b.from, b.p.pos, "found a range from %q to %q, expected the lower character first", b.value, r)
			return
		}
		b.add(Range{b.value, r})
		b.state = afterRange
		return
	}
	b.flush()
	b.state, b.value, b.from = afterValue, r, from
}

// flush takes the last character, which begins no range, for a member. One behind which there is a - and a bracket in the
// bracket, and then nothing more, is none, as in joni.
func (b *bracketReader) flush() {
	if b.state == afterValue {
		b.add(Range{b.value, b.value})
	}
}

// add adds a range of characters.
func (b *bracketReader) add(r Range) {
	b.class.ranges = append(b.class.ranges, r)
	if b.p.flags.fold {
		b.cross.ranges = append(b.cross.ranges, r)
	}
}

// members takes a class that stands at from; cross says whether case folding may lead into ASCII or out of it.
func (b *bracketReader) members(c *Class, from int, cross bool) {
	if b.state == inRange {
		b.p.fail(from, b.p.pos, "found a class as the end of a range, expected a character")
		return
	}
	b.flush()
	b.p.charge(len(c.Ranges))
	b.class.add(c)
	if cross && b.p.flags.fold {
		b.cross.add(c)
	}
	b.state = afterClass
}

// nested takes a bracket in the bracket. As in joni it does not matter for what a - behind it means.
func (b *bracketReader) nested(c, cross *Class) {
	b.p.charge(len(c.Ranges) + len(cross.Ranges))
	b.class.add(c)
	b.cross.add(cross)
}

// dash takes a -: a range where a character stands on both sides, else itself.
func (b *bracketReader) dash() {
	p := b.p
	at := p.pos
	p.pos++
	last := p.peekIs("]") || p.peekIs("&&")
	switch {
	case b.state == inRange, b.state == atStart, last, b.state == afterRange:
		b.member('-', at)
	case b.state == afterClass:
		p.fail(at, p.pos, "found a - behind a class, expected a character as the beginning of a range")
	default:
		b.state = inRange
	}
}

// and takes a &&.
func (b *bracketReader) and() {
	b.flush()
	b.class.and()
	b.cross.and()
	b.state = atStart
}

// posixLimit is how far a [: looks for its :], in characters.
const posixLimit = 20

// posix reads [:name:] or [:^name:]. It reports false where there is no :] either: then the [ begins a bracket.
func (b *bracketReader) posix() bool {
	p := b.p
	start := p.pos
	if !p.hasPosixEnd() {
		return false
	}
	name, neg := strings.CutPrefix(p.expr[start+2:], "^")
	for known := range strings.FieldsSeq(posixNames) {
		if !strings.HasPrefix(name, known+":]") {
			continue
		}
		p.pos = len(p.expr) - len(name) + len(known) + 2
		class := p.posixClass(known)
		if neg {
			class = negate(class)
		}
		b.members(class, start, known != "word" && known != "ascii" && p.flags.posixUnicode)
		return true
	}
	end := strings.IndexAny(name[:min(len(name), posixLimit+1)], ":]")
	if end >= 0 && strings.HasPrefix(name[end:], ":]") {
		p.pos = len(p.expr) - len(name) + end + 2
		p.fail(start, p.pos, "found unknown POSIX bracket %s, expected one of %s",
			quote(p.expr[start:p.pos]), posixNames)
		return true
	}
	p.pos++ // too far away: the [ stands for itself
	b.member('[', start)
	return true
}

// posixScan remembers where the next ] is: looking for it at each of many [: would take long.
type posixScan struct {
	from, at int
	ends     bool // a : stands before the ]
}

// hasPosixEnd reports whether a :] follows before any other ].
func (p *parser) hasPosixEnd() bool {
	start := p.pos + len("[:")
	if s := p.posix; s.from <= start && start <= s.at {
		return s.ends
	}
	found := posixScan{from: start, at: len(p.expr)}
	for i := start; i < len(p.expr); i++ {
		if p.expr[i] == '\\' {
			i++
			continue
		}
		if colon := strings.HasPrefix(p.expr[i:], ":]"); colon || p.expr[i] == ']' {
			found.at, found.ends = i, colon
			break
		}
	}
	p.posix = found
	return found.ends
}

// escape reads an escape in a bracket.
func (b *bracketReader) escape() {
	p := b.p
	start := p.pos
	if start+1 == len(p.expr) {
		p.fail(start, start+1, "found a backslash at the end, expected something behind it")
		return
	}
	c := p.expr[start+1]
	switch {
	case strings.IndexByte(types, c) >= 0:
		p.pos += 2
		b.members(p.typeClass(c), start, c|0x20 != 'w')
	case (c == 'p' || c == 'P') && start+2 < len(p.expr) && p.expr[start+2] == '{':
		p.pos++
		if name, neg, ok := p.readProperty(start); ok {
			class := p.property(name)
			cross := !isASCII(class)
			if neg {
				class = p.notProperty(name)
			}
			b.members(class, start, cross)
		}
	case strings.HasPrefix(p.expr[start:], `\u{`):
		for _, c := range p.listed(start) {
			b.member(c.r, start)
		}
	case strings.IndexByte("tnrfvae01234567xcCMu", c) >= 0:
		if r, ok := p.codePoint(); ok && p.err == nil {
			b.member(r, start)
		}
	case c == 'b':
		p.pos += 2
		b.member('\b', start)
	default:
		p.pos++
		b.member(p.next(), start)
	}
}
