package regextest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// sampler writes a text that an expression may match.
type sampler struct {
	strings.Builder
	source
	texts map[int]string // what the groups had
}

// char writes a character, in the other case at times where the expression ignores it.
func (s *sampler) char(r rune, fold bool) {
	if fold && s.pick(3) == 2 {
		switch s.pick(4) {
		case 0, 1:
			r = unicode.SimpleFold(r)
		case 2:
			r = unicode.ToUpper(r)
		default:
			s.WriteString(expand(r))
			return
		}
	}
	s.WriteRune(r)
}

// expand returns the longer form of a character whose fold has more characters than one.
func expand(r rune) string {
	switch r {
	case 'ß', 'ẞ':
		return "sS"
	case 'ŉ':
		return "ʼn"
	case 'ΐ':
		return "\u03b9\u0308\u0301"
	case 'ǰ':
		return "j\u030c"
	case 'ﬁ':
		return "fI"
	case 'ﬅ':
		return "st"
	case 'İ':
		return "i\u0307"
	}
	return string(r)
}

// subject makes a text for an expression: mostly something that matches, with something around it, or damaged.
func (g *grammar) subject(p piece) string {
	s := &sampler{source: g.source, texts: map[int]string{}}
	switch g.pick(10) {
	case 0, 1, 2:
		p.sample(s)
	case 3, 4, 5:
		g.noise(s)
		p.sample(s)
		g.noise(s)
	case 6:
		p.sample(s)
		g.noise(s)
		p.sample(s)
	case 7:
		g.noise(s)
	default:
		p.sample(s)
		return g.invalid(g.ascii(g.damage(s.String())))
	}
	return g.invalid(g.ascii(s.String()))
}

// noise writes a few characters, mostly such that the expression has.
func (g *grammar) noise(s *sampler) {
	for range g.pick(8) {
		switch {
		case len(g.chars) > 0 && g.chance(50):
			s.char(g.chars[g.pick(len(g.chars))], g.fold)
		case g.chance(50):
			s.WriteByte(shared[g.pick(len(shared))])
		default:
			s.WriteRune(g.char())
		}
	}
}

// damage changes one to three characters of s.
func (g *grammar) damage(s string) string {
	rs := []rune(s)
	for range 1 + g.pick(3) {
		if len(rs) == 0 {
			return string(g.char())
		}
		i := g.pick(len(rs))
		switch g.pick(5) {
		case 0:
			rs = append(rs[:i:i], rs[i+1:]...)
		case 1:
			rs = append(rs[:i:i], append([]rune{g.char()}, rs[i:]...)...)
		case 2:
			rs[i] = g.char()
		case 3:
			rs[i] = unicode.SimpleFold(rs[i])
		default:
			rs = append(rs[:i:i], append([]rune{rs[i]}, rs[i:]...)...) // twice
		}
	}
	return string(rs)
}

// ascii replaces what is not ASCII, where the options forbid it.
func (g *grammar) ascii(s string) string {
	if !g.opt.ASCII {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return 'k'
		}
		return r
	}, s)
}

// invalid puts bytes into s that are not valid UTF-8, where the options allow it: single ones, the beginning of a character, the end
// of one, an overlong form, a surrogate, and what is beyond the last code point.
func (g *grammar) invalid(s string) string {
	if !g.opt.Invalid || !g.chance(25) {
		return s
	}
	bad := []string{"\xff", "\x80", "\xc3", "\xe6\x97", "\xf0\x9f\x98", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xa9"}
	for range 1 + g.pick(2) {
		i := g.pick(len(s) + 1)
		if g.chance(70) {
			for i < len(s) && !utf8.RuneStart(s[i]) {
				i++ // else a character is cut in two
			}
		}
		s = s[:i] + bad[g.pick(len(bad))] + s[i:]
	}
	return s
}
