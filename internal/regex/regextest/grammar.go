package regextest

import (
	"strconv"
	"strings"
)

// piece is a part of an expression: its text, and what may match it.
type piece struct {
	text   string
	sample func(*sampler) // writes a text that the piece may match, in most cases
	atom   bool           // may be repeated as it stands
	width  int            // the number of characters it matches, -1: not always the same
}

// grammar makes one expression. The first choices of each list are the simplest.
type grammar struct {
	source
	opt    Options
	named  bool // groups have names, so that plain parentheses are none
	names  []string
	groups int    // groups that have begun
	opened []int  // groups that are open now
	fold   bool   // (?i)
	spaced bool   // (?x)
	size   int    // pieces that may still be made
	chars  []rune // characters that the literals have, for subjects
}

func newGrammar(src source, opt Options) *grammar {
	return &grammar{source: src, opt: opt, size: 3 + src.pick(24)}
}

// chance is true in n of 100 cases.
func (g *grammar) chance(n int) bool { return g.pick(100) >= 100-n }

func (g *grammar) expression() piece {
	g.named = g.chance(50)
	p := g.alternatives(4)
	if g.opt.Mode == Regular {
		return p
	}
	switch k := g.pick(100); {
	case k < 84:
		return p
	case k < 90:
		return join(leaf("^", 0), group("(?:", p))
	case k < 96 || g.opt.Mode == Fast:
		return join(group("(?:", p), leaf("$", 0))
	default:
		return join(leaf("(?i)", 0), p)
	}
}

// leaf is a piece that is sampled as one of texts, or as nothing.
func leaf(text string, width int, texts ...string) piece {
	return piece{text, func(s *sampler) {
		if len(texts) > 0 {
			s.WriteString(texts[s.pick(len(texts))])
		}
	}, true, width}
}

func join(ps ...piece) piece {
	var b strings.Builder
	width := 0
	for _, p := range ps {
		b.WriteString(p.text)
		if width += p.width; p.width < 0 || width < 0 {
			width = -1
		}
	}
	return piece{b.String(), func(s *sampler) {
		for _, p := range ps {
			p.sample(s)
		}
	}, false, width}
}

func group(open string, p piece) piece {
	return piece{open + p.text + ")", p.sample, true, p.width}
}

func (g *grammar) alternatives(depth int) piece {
	first := g.sequence(depth)
	if !g.more() || depth == 0 || !g.chance(25) {
		return first
	}
	ps := []piece{first}
	for len(ps) < 5 {
		if g.chance(8) {
			ps = append(ps, leaf("", 0))
		} else {
			ps = append(ps, g.sequence(depth))
		}
		if !g.chance(45) {
			break
		}
	}
	texts := make([]string, len(ps))
	width := ps[0].width
	for i, p := range ps {
		texts[i] = p.text
		if p.width != width {
			width = -1
		}
	}
	return piece{strings.Join(texts, "|"), func(s *sampler) { ps[s.pick(len(ps))].sample(s) }, false, width}
}

func (g *grammar) sequence(depth int) piece {
	var ps []piece
	for {
		ps = append(ps, g.repeated(depth))
		g.size--
		if g.size <= 0 || !g.more() || !g.chance(68) {
			return join(ps...)
		}
	}
}

// repeated is an atom with a quantifier, or without.
func (g *grammar) repeated(depth int) piece {
	p := g.atom(depth)
	if !p.atom || !g.more() || !g.chance(32) {
		return p
	}
	return g.quantify(p)
}

func (g *grammar) quantify(p piece) piece {
	lo, hi, q := g.bounds()
	suffix := ""
	switch {
	case g.opt.Mode != Regular && g.chance(15):
		suffix = "?"
	case g.opt.Mode == All && g.chance(12):
		suffix = "+"
	case g.opt.Mode == All && g.chance(3):
		suffix = "*"
	}
	width := -1
	if lo == hi && p.width >= 0 && suffix == "" {
		width = lo * p.width
	}
	return piece{p.text + q + suffix, func(s *sampler) {
		n := lo + s.pick(3)
		if hi >= 0 && n > hi {
			n = hi
		}
		for range n {
			if s.Len() > maxSample {
				return
			}
			p.sample(s)
		}
	}, true, width}
}

func (g *grammar) bounds() (lo, hi int, text string) {
	switch g.pick(9) {
	case 0, 1:
		return 0, 1, "?"
	case 2, 3:
		return 1, -1, "+"
	case 4, 5:
		return 0, -1, "*"
	case 6:
		lo = g.pick(4)
		return lo, lo, "{" + strconv.Itoa(lo) + "}"
	case 7:
		lo = g.pick(3)
		if g.chance(20) {
			return lo, -1, "{" + strconv.Itoa(lo) + ",}"
		}
		hi = lo + g.pick(4)
		if g.chance(4) {
			hi = lo + 20 + g.pick(45)
		}
		return lo, hi, "{" + strconv.Itoa(lo) + "," + strconv.Itoa(hi) + "}"
	default:
		hi = 1 + g.pick(4)
		return 0, hi, "{," + strconv.Itoa(hi) + "}"
	}
}

// atom is what a quantifier may stand behind, mostly.
func (g *grammar) atom(depth int) piece {
	if depth > 0 && g.more() && g.chance(28) {
		return g.bracketed(depth - 1)
	}
	switch k := g.pick(100); {
	case k < 45:
		return g.literal()
	case k < 55:
		return g.any()
	case k < 70:
		return g.shorthand()
	case k < 86:
		return g.class()
	case g.opt.Mode == Regular:
		return g.class()
	case k < 95 || g.opt.Mode == Fast:
		return g.anchor()
	default:
		return g.rare()
	}
}

func (g *grammar) any() piece {
	return piece{".", func(s *sampler) { s.WriteRune(g.char()) }, true, 1}
}

func (g *grammar) anchor() piece {
	a := []string{`\b`, "^", "$", `\b`, `\A`, `\z`, `\B`, `\Z`, `\G`}
	n := len(a)
	if g.opt.Mode == Fast {
		n -= 3
	}
	p := leaf(a[g.pick(n)], 0)
	p.atom = g.opt.Mode == All && g.chance(10) // a repeated anchor is rare, and valid
	return p
}

// rare is what only the largest mode has and is no bracket.
func (g *grammar) rare() piece {
	switch g.pick(6) {
	case 0:
		return leaf(`\R`, -1, "\n", "\r\n", "\r", "\v", "\u0085", "\u2028")
	case 1:
		return leaf(`\X`, -1, "a", "e\u0301", "\r\n", "\U0001F468\u200D\U0001F469", "\u1112\u1161\u11ab", "\U0001F1E9\U0001F1EA")
	case 2:
		p := leaf(`\K`, 0)
		p.atom = false
		return p
	case 3, 4:
		return g.backref()
	default:
		return g.call()
	}
}
