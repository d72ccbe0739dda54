package regextest

import (
	"fmt"
	"strings"
	"unicode"
)

// maxSample is the length, in bytes, from which on a sample does not grow.
const maxSample = 400

// The characters of literals: the first are the usual ones. Those that are not ASCII have one to four bytes, and all the oddities of
// case folding: more characters than one (ß, ŉ, ΐ), to ASCII and back (K, ſ, İ, ı), three forms (Σσς, Ǆǅǆ), and what is near a boundary.
const (
	usual    = "abcabcxyzABC019_-:./ \"[](){}=+*?|^$\\#&~,;<>@!%'`\t"
	control  = "\n\n\r\x00\x01\x1f\x7f\v\f"
	unusual  = "éÉäßẞſKµμΣσςÅåŉΐİıǰﬁﬅ日本\u0301\u200d\u00a0\u0085\u2028٣Ⅷⓐ😀𐐀𐐨\U0010ffff\u0080\u07ff\u0800\uffff\U00010000Ǆǅǆ\u1e9e\u0345"
	shared   = "ab1 " // what subjects have in any case
	posix    = "alnum alpha blank cntrl digit graph lower print punct space upper xdigit word"
	property = "Alpha Digit Upper Lower Space Word L Lu Ll N Nd P S Greek Latin Han Cyrillic Any ASCII Alnum Punct XDigit Cn Co"
)

// char is a character, for literals and for subjects.
func (g *grammar) char() rune {
	from := usual
	switch k := g.pick(100); {
	case k < 78:
	case k < 84:
		from = control
	case !g.opt.ASCII:
		from = unusual
	}
	rs := []rune(from)
	r := rs[g.pick(len(rs))]
	if from == usual && g.chance(40) {
		r = rune("abc"[g.pick(3)])
	}
	return r
}

// literal is one to four characters; a quantifier behind it takes the last.
func (g *grammar) literal() piece {
	n := 1
	if g.chance(30) {
		n += 1 + g.pick(3)
	}
	var b strings.Builder
	rs := make([]rune, n)
	for i := range rs {
		rs[i] = g.char()
		b.WriteString(g.quote(rs[i], `.[](){}*+?|^$\`))
	}
	g.chars = append(g.chars, rs...)
	fold := g.fold
	return piece{b.String(), func(s *sampler) {
		for _, r := range rs {
			s.char(r, fold)
		}
	}, true, n}
}

// quote writes a character as an expression has it: as it stands, with a backslash, or by its number.
func (g *grammar) quote(r rune, special string) string {
	if g.spaced {
		special += " #"
	}
	switch {
	case r == '\n' && g.chance(70):
		return `\n`
	case r == '\t' && g.chance(70):
		return `\t`
	case strings.ContainsRune(special, r), g.spaced && unicode.IsSpace(r):
		return `\` + string(r)
	case r == 0:
		return []string{`\x00`, `\0`, `\x{0}`, `\u0000`}[g.pick(2)]
	case g.opt.Mode != All || g.chance(93):
		return string(r)
	case r < 0x80:
		return fmt.Sprintf([]string{`\x%02x`, `\%03o`, `\u%04x`, `\x%02X`}[g.pick(4)], r)
	case r < 0x10000:
		return fmt.Sprintf([]string{`\u%04x`, `\u{%x}`}[g.pick(2)], r)
	}
	return fmt.Sprintf(`\u{%x}`, r)
}

// shorthand is an escape that stands for a class.
func (g *grammar) shorthand() piece {
	text := []string{`\d`, `\w`, `\s`, `\S`, `\W`, `\D`, `\h`, `\H`}[g.pick(8)]
	switch {
	case g.opt.Mode == All && !g.opt.ASCII && g.chance(20):
		text = g.property()
	case g.opt.ASCII && text != `\d` && text != `\h` && text != `\w` && text != `\s`:
		text = `\w` // which has no members beyond ASCII
	}
	return piece{text, func(s *sampler) { s.WriteRune(g.member(text)) }, true, 1}
}

func (g *grammar) property() string {
	names := strings.Fields(property)
	return []string{`\p{`, `\P{`, `\p{^`}[g.pick(3)] + names[g.pick(len(names))] + "}"
}

// member is a character that a shorthand is likely to have.
func (g *grammar) member(text string) rune {
	for range 8 {
		r := g.char()
		var in bool
		switch text[1] | 0x20 {
		case 'd':
			in = '0' <= r && r <= '9'
		case 'h':
			in = '0' <= r && r <= '9' || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
		case 's':
			in = r == ' ' || '\t' <= r && r <= '\r'
		case 'w':
			in = r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		default:
			return r // \p and \P
		}
		if in == (text[1] >= 'a') {
			return r
		}
	}
	return rune("1 _"[g.pick(3)])
}

// class is a class in brackets.
func (g *grammar) class() piece {
	text, members := g.classBody(1)
	g.chars = append(g.chars, members...)
	negated := strings.HasPrefix(text, "[^")
	fold := g.fold
	return piece{text, func(s *sampler) {
		if negated || len(members) == 0 {
			s.WriteRune(g.char())
			return
		}
		s.char(members[s.pick(len(members))], fold)
	}, true, 1}
}

func (g *grammar) classBody(depth int) (text string, members []rune) {
	var b strings.Builder
	b.WriteByte('[')
	if g.chance(25) {
		b.WriteByte('^')
	}
	for i := 0; ; i++ {
		members = append(members, g.classItem(&b, depth)...)
		if i >= 5 || !g.chance(60) {
			break
		}
		if g.opt.Mode == All && g.chance(6) {
			b.WriteString("&&")
			members = append(members, g.classItem(&b, depth)...)
		}
	}
	b.WriteByte(']')
	return b.String(), members
}

func (g *grammar) classItem(b *strings.Builder, depth int) []rune {
	switch k := g.pick(100); {
	case k < 45:
		r := g.char()
		b.WriteString(g.quote(r, `[]^-&\`))
		return []rune{r}
	case k < 65:
		return g.classRange(b)
	case k < 80:
		s := []string{`\d`, `\w`, `\s`, `\h`, `\S`, `\W`, `\D`, `\H`}[g.pick(8)]
		if g.opt.ASCII {
			s = strings.ToLower(s)
		}
		b.WriteString(s)
		return []rune{g.member(s)}
	case k < 90 && !g.opt.ASCII:
		names := strings.Fields(posix)
		b.WriteString("[:")
		if g.chance(15) {
			b.WriteByte('^')
		}
		b.WriteString(names[g.pick(len(names))] + ":]")
		return []rune{'a', '1', ' ', 'é'}
	case k < 94 && depth > 0:
		text, members := g.classBody(depth - 1)
		b.WriteString(text)
		return members
	case k < 97 && g.opt.Mode == All && !g.opt.ASCII:
		b.WriteString(g.property())
		return []rune{'a', '1', 'σ'}
	default:
		b.WriteString(".-:") // a hyphen between two characters is a range
		return []rune{'.', '/', ':'}
	}
}

func (g *grammar) classRange(b *strings.Builder) []rune {
	ranges := []string{"az", "09", "AZ", "af", "AF", "ac", "15", " ~", "Az", "\x00\x1f", "\x01\x7f", "aé", "àÿ", "α\u03c9", "\u0080\U0010ffff", "가힣"}
	n := len(ranges)
	if g.opt.ASCII {
		n = 11
	}
	rs := []rune(ranges[g.pick(n)])
	b.WriteString(g.quote(rs[0], `[]^-&\`) + "-" + g.quote(rs[1], `[]^-&\`))
	return []rune{rs[0], rs[1], (rs[0] + rs[1]) / 2}
}
