package syntax

import (
	"strings"
	"unicode/utf8"
)

// types are the letters of character types, which stand for a class.
const types = "wWdDsShH"

// escapedText reads a backslash and the character behind it, where they stand for that character as a part of the
// text, and what Ruby turns into such text before Oniguruma sees it: \u.. and \xC3\xA9 for what is not ASCII.
func (p *parser) escapedText() (rune, bool) {
	start := p.pos
	if p.pos++; !p.more() {
		p.fail(start, p.pos, "found a backslash at the end, expected something behind it")
		return 0, true
	}
	switch c := p.peek(); {
	case strings.IndexByte(types, c) >= 0, strings.IndexByte("bBAZzGRXKtnrfvae01234567xcCMu", c) >= 0:
	case (c == '8' || c == '9') && p.isBackref():
	case c == 'p' || c == 'P':
		if p.pos+1 >= len(p.expr) || p.expr[p.pos+1] != '{' {
			return p.next(), true
		}
	case c == 'k' || c == 'g':
		if p.pos+1 >= len(p.expr) || p.expr[p.pos+1] != '<' && p.expr[p.pos+1] != '\'' {
			return p.next(), true
		}
	default:
		return p.next(), true
	}
	if p.pos = start; p.peekIs(`\u{`) {
		return 0, false
	}
	if r, ok := p.codePoint(); ok && r >= utf8.RuneSelf || p.err != nil {
		return r, true
	}
	p.pos = start
	return 0, false
}

// isBackref reports whether the digits that come next are a back-reference: they are up to 9, and up to the
// number of groups that have begun.
func (p *parser) isBackref() bool {
	n := 0
	for i := p.pos; i < len(p.expr) && isDigit(p.expr[i]); i++ {
		n = min(n*10+int(p.expr[i]-'0'), maxGroups+1)
	}
	return n > 0 && (n <= 9 || n <= len(p.groups))
}

// escape reads an escape outside of brackets that is not text.
func (p *parser) escape(b *builder) {
	start := p.pos
	p.pos++
	c := p.peek()
	if i := strings.IndexByte("AzZGK", c); i >= 0 {
		p.pos++
		b.add(p.node([...]Op{TextStart, TextEnd, TextEndNewline, SearchStart, Keep}[i], start))
		return
	}
	switch {
	case strings.IndexByte(types, c) >= 0:
		p.pos++
		b.add(p.oneOf(p.typeOperand(c), start))
	case c == 'b' || c == 'B':
		p.pos++
		b.add(p.boundary(c == 'B', start))
	case c == 'R':
		p.pos++
		b.add(p.lineBreak(start))
	case c == 'X':
		p.pos++
		b.add(p.cluster(start))
	case c == 'p' || c == 'P':
		b.add(p.propertyOperand(start))
	case c == 'k':
		b.add(p.namedBackref(start))
	case c == 'g':
		b.add(p.call(start))
	case '1' <= c && c <= '9' && p.isBackref():
		b.add(p.numberedBackref(start))
	case c == 'u' && p.pos+1 < len(p.expr) && p.expr[p.pos+1] == '{':
		p.codePointList(b, start)
	default:
		p.pos = start
		r, ok := p.codePoint()
		if !ok {
			p.fail(start, start+2, "found an unknown escape, expected another")
		}
		b.add(nil)
		b.char(char{r, start, p.pos})
		b.closed = true
	}
}

// boundary makes a \b or \B. Where (?a) holds it is one of ASCII's word characters, made of look-arounds.
func (p *parser) boundary(not bool, start int) *Node {
	if p.flags.boundUnicode {
		if not {
			return p.node(NotWordBoundary, start)
		}
		return p.node(WordBoundary, start)
	}
	word := asciiType('w')
	look := func(behind, neg bool) *Node {
		n := p.node(Look, start, p.oneOf(word, start))
		n.Behind, n.Neg = behind, neg
		p.hidden[n] = byBoundary
		return n
	}
	return p.node(Alt, start,
		p.node(Seq, start, look(true, false), look(false, !not)),
		p.node(Seq, start, look(true, true), look(false, not)))
}

// lineBreak makes a \R.
func (p *parser) lineBreak(start int) *Node {
	crlf := p.node(Literal, start)
	crlf.Text = "\r\n"
	one := p.oneOf(classOf(Range{'\n', '\r'}, Range{0x85, 0x85}, Range{0x2028, 0x2029}), start)
	return p.node(Atomic, start, p.node(Alt, start, crlf, one))
}

// typeOperand returns the class of \w \W \d \D \s \S \h or \H outside of brackets.
func (p *parser) typeOperand(c byte) *Class {
	if !p.flags.typesUnicode || c|0x20 != 'w' {
		return p.typeClass(c)
	}
	const key = `\w` // no name of a property
	class, ok := p.cache[key]
	if !ok {
		class = typeWord()
		p.cache[key] = class
	}
	if c == 'W' {
		return negate(class)
	}
	return class
}

// typeClass returns the class of \w \W \d \D \s \S \h or \H, in brackets.
func (p *parser) typeClass(c byte) *Class {
	lower := c | 0x20
	class := asciiType(lower)
	if p.flags.typesUnicode && lower != 'h' {
		class = p.property(map[byte]string{'w': "word", 'd': "digit", 's': "space"}[lower])
	}
	if c != lower {
		return negate(class)
	}
	return class
}

// asciiType returns ASCII's part of \w \d \s or \h.
func asciiType(c byte) *Class {
	switch c {
	case 'w':
		return classOf(Range{'0', '9'}, Range{'A', 'Z'}, Range{'_', '_'}, Range{'a', 'z'})
	case 'd':
		return classOf(Range{'0', '9'})
	case 's':
		return classOf(Range{'\t', '\r'}, Range{' ', ' '})
	default:
		return classOf(Range{'0', '9'}, Range{'A', 'F'}, Range{'a', 'f'})
	}
}

// codePoint reads an escape that stands for one code point, in brackets and outside. Bytes of 0x80 and more are
// a part of a UTF-8 sequence, the rest of which must follow in escapes, as Ruby has it.
func (p *parser) codePoint() (rune, bool) {
	start := p.pos
	switch {
	case p.peekIs(`\u`):
		return p.unicodeEscape(start)
	case p.peekIs(`\x{`):
		return p.bracedHex(start)
	}
	var buf []byte
	for {
		c, ok := p.escapedByte(start)
		if !ok {
			if len(buf) > 0 {
				p.failSequence(start, buf[0])
			}
			return 0, p.err != nil
		}
		if c < utf8.RuneSelf && len(buf) == 0 {
			return rune(c), true
		}
		buf = append(buf, c)
		if utf8.FullRune(buf) {
			break
		}
		if p.peek() != '\\' {
			p.failSequence(start, buf[0])
			return 0, true
		}
	}
	r, n := utf8.DecodeRune(buf)
	if r == utf8.RuneError && n <= 1 || n < len(buf) {
		p.fail(start, p.pos, "found escaped bytes that are not valid UTF-8, expected a whole character")
		return 0, true
	}
	return r, true
}

// failSequence refuses a UTF-8 sequence of escaped bytes that begins with c and has too few.
func (p *parser) failSequence(start int, c byte) {
	length := 2
	switch {
	case c >= 0xF0:
		length = 4
	case c >= 0xE0:
		length = 3
	}
	p.fail(start, p.pos, "found an incomplete UTF-8 sequence of escaped bytes, expected %d of them", length)
}

// unicodeEscape reads \uHHHH.
func (p *parser) unicodeEscape(start int) (rune, bool) {
	p.pos += len(`\u`)
	n, digits := p.hex(4)
	if digits < 4 {
		p.fail(start, p.pos, "found \\u with %d hexadecimal digits, expected 4, or \\u{...}", digits)
		return 0, true
	}
	return p.scalar(n, start), true
}

// bracedHex reads \x{H...}. Ruby refuses it before Oniguruma, which takes it, sees it.
func (p *parser) bracedHex(start int) (rune, bool) {
	p.pos += len(`\x{`)
	n, digits := p.hex(8)
	if digits == 0 || !p.take("}") {
		p.fail(start, p.pos, "found \\x{ without hexadecimal digits and a }, expected \\x{H...}")
		return 0, true
	}
	return p.scalar(n, start), true
}

// codePointList reads \u{H... H...}, outside of brackets.
func (p *parser) codePointList(b *builder, start int) {
	for _, c := range p.listed(start) {
		if c.r < utf8.RuneSelf {
			b.add(nil)
			b.closed = true
		}
		b.char(c)
		b.closed = c.r < utf8.RuneSelf
	}
}

// listed reads \u{H... H...}, of which the backslash is read.
func (p *parser) listed(start int) []char {
	var out []char
	p.pos = start + len(`\u{`)
	for p.err == nil {
		for p.take(" ") || p.take("\t") {
		}
		if len(out) > 0 && p.take("}") {
			break
		}
		at := p.pos
		n, digits := p.hex(8)
		if digits == 0 {
			p.fail(start, p.pos, "found no code points and } behind \\u{, expected \\u{H... H...}")
			break
		}
		out = append(out, char{p.scalar(n, start), at, p.pos})
	}
	return out
}

// hex reads up to most hexadecimal digits.
func (p *parser) hex(most int) (n, digits int) {
	for p.more() && digits < most {
		d := strings.IndexByte("0123456789abcdef", p.peek()|0x20)
		if d < 0 || p.peek() < '0' {
			break
		}
		n = n<<4 | d
		digits++
		p.pos++
	}
	return n, digits
}

// scalar refuses what is not a character of Unicode.
func (p *parser) scalar(n, start int) rune {
	if n > MaxRune || n >= 0xD800 && n < 0xE000 {
		p.fail(start, p.pos, "found code point %#x, expected one up to 0x10ffff that is no surrogate", n)
		return 0
	}
	return rune(n)
}

// escapedByte reads an escape that stands for a byte: \n \t \r \f \v \a \e, octal, \xHH, \cX, \C-X, \M-X and
// \M-\C-X. It reports false, having read nothing, where another escape comes next.
func (p *parser) escapedByte(start int) (byte, bool) {
	var control, meta bool
	for {
		at := p.pos
		if !p.take(`\`) || !p.more() {
			p.fail(start, p.pos, "found an incomplete escape, expected a character behind the backslash")
			return 0, false
		}
		c := p.peek()
		p.pos++
		var value byte
		switch {
		case c == 'c' && !control, c == 'C' && !control && p.take("-"):
			control = true
		case c == 'M' && !meta && p.take("-"):
			meta = true
		case c == 'c' || c == 'C' || c == 'M':
			p.fail(start, p.pos, "found a bad control or meta escape, expected \\cX, \\C-X, \\M-X or \\M-\\C-X")
			return 0, false
		default:
			p.pos--
			v, ok := p.simpleEscape(start)
			if !ok && p.err == nil && (control || meta) && p.take(`\`) {
				v, ok = '\\', true
			}
			if !ok && (control || meta) {
				p.fail(start, p.pos+1, "found a control or meta escape of an unknown one, expected \\cX, \\C-X, \\M-X or \\M-\\C-X")
			}
			if !ok {
				if p.err == nil {
					p.pos = at
				}
				return 0, false
			}
			return modify(v, control, meta), true
		}
		if p.peek() == '\\' {
			continue
		}
		if !p.more() || p.peek() >= utf8.RuneSelf {
			p.fail(start, p.pos, "found a control or meta escape without its character, expected one of ASCII")
			return 0, false
		}
		value = p.peek()
		p.pos++
		return modify(value, control, meta), true
	}
}

// modify applies \C- and \M-.
func modify(c byte, control, meta bool) byte {
	if control {
		c &= 0x1F
	}
	if meta {
		c |= 0x80
	}
	return c
}

// simpleEscape reads what stands behind the backslash of \n \t \r \f \v \a \e, octal and \xHH.
func (p *parser) simpleEscape(start int) (byte, bool) {
	c := p.peek()
	if i := strings.IndexByte("ntrfvae", c); i >= 0 {
		p.pos++
		return "\n\t\r\f\v\a\x1B"[i], true
	}
	if '0' <= c && c <= '7' {
		n := 0
		for i := 0; i < 3 && p.more() && '0' <= p.peek() && p.peek() <= '7'; i++ {
			n = n<<3 | int(p.peek()-'0')
			p.pos++
		}
		if n > 0xFF {
			p.fail(start, p.pos, "found octal escape of %d, expected at most \\377", n)
			return 0, false
		}
		return byte(n), true
	}
	if c == 'x' {
		p.pos++
		n, digits := p.hex(2)
		if digits == 0 {
			p.fail(start, p.pos, "found \\x without hexadecimal digits, expected \\xHH")
			return 0, false
		}
		return byte(n), true
	}
	return 0, false
}
