package regextest

import (
	"strconv"
	"strings"
)

// bracketed is a construct in parentheses.
func (g *grammar) bracketed(depth int) piece {
	if g.opt.Mode == Regular {
		return group("(?:", g.alternatives(depth))
	}
	switch k := g.pick(100); {
	case k < 25:
		return group("(?:", g.alternatives(depth))
	case k < 50:
		return g.capture(depth)
	case k < 60:
		return group("(?>", g.alternatives(depth))
	case k < 72:
		return g.ahead(depth)
	case k < 82:
		return g.behind()
	case k < 90 || g.opt.Mode == Fast:
		return g.option(depth)
	case k < 94:
		return g.condition(depth)
	case k < 97:
		return g.absent()
	default:
		return leaf("(?#"+[]string{"", "a", " b (", "\n"}[g.pick(4)]+")", 0)
	}
}

// capture is a group, with a name when this expression's groups have names.
func (g *grammar) capture(depth int) piece {
	if g.named && g.chance(10) {
		return group("(", g.alternatives(depth)) // which is no group
	}
	open := "("
	if g.named {
		name := g.name()
		g.names = append(g.names, name)
		open = "(?<" + name + ">"
		if g.opt.Mode == All && g.chance(20) {
			open = "(?'" + name + "'"
		}
	}
	g.groups++
	n := g.groups
	g.opened = append(g.opened, n)
	p := g.alternatives(depth)
	g.opened = g.opened[:len(g.opened)-1]
	return piece{open + p.text + ")", func(s *sampler) {
		from := s.Len()
		p.sample(s)
		s.texts[n] = s.String()[from:]
	}, true, p.width}
}

// name makes a group's name: now and then one that is there already, or one with the characters of field names.
func (g *grammar) name() string {
	switch {
	case len(g.names) > 0 && g.chance(10):
		return g.names[g.pick(len(g.names))]
	case g.chance(8):
		return "[a][b" + strconv.Itoa(len(g.names)) + "]"
	case g.chance(5) && !g.opt.ASCII:
		return "ä" + strconv.Itoa(len(g.names))
	}
	return "n" + strconv.Itoa(len(g.names))
}

func (g *grammar) ahead(depth int) piece {
	if g.chance(50) {
		p := g.alternatives(min(depth, 1))
		return piece{"(?=" + p.text + ")", func(s *sampler) {
			if s.pick(3) == 0 {
				p.sample(s) // what follows may match this too
			}
		}, g.chance(10), 0}
	}
	p := group("(?!", g.alternatives(min(depth, 1)))
	return piece{p.text, func(*sampler) {}, false, 0}
}

// behind is a look-behind, of alternatives of a fixed width each, as the language demands it.
func (g *grammar) behind() piece {
	var ps []piece
	for range 1 + g.pick(3) {
		p := g.fixed()
		for range g.pick(3) {
			p = join(p, g.fixed())
		}
		ps = append(ps, p)
	}
	if g.opt.Mode == All && g.chance(4) {
		ps = append(ps, g.quantify(g.fixed())) // which is refused, or has one width by chance
	}
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.text
	}
	body := strings.Join(texts, "|")
	if g.chance(50) {
		return piece{"(?<!" + body + ")", func(*sampler) {}, false, 0}
	}
	return piece{"(?<=" + body + ")", func(s *sampler) {
		if s.pick(3) > 0 {
			ps[s.pick(len(ps))].sample(s)
		}
	}, false, 0}
}

// fixed is an atom of one character.
func (g *grammar) fixed() piece {
	switch g.pick(5) {
	case 0, 1:
		return g.literal()
	case 2:
		return g.shorthand()
	case 3:
		return g.class()
	default:
		if g.opt.Mode == All && g.chance(30) {
			return leaf([]string{`\b`, "^", "$", `\A`, `\B`}[g.pick(5)], 0)
		}
		return g.any()
	}
}

// option is a group with options, or options up to the end of the group around it.
func (g *grammar) option(depth int) piece {
	fold, spaced := g.fold, g.spaced
	defer func() { g.fold, g.spaced = fold, spaced }()
	opts := []string{"i", "m", "-i", "-m", "mi", "x", "m-i", "ix"}
	n := len(opts)
	if g.opt.Mode == Fast {
		n = 5
	}
	o := opts[g.pick(n)]
	on, off, _ := strings.Cut(o, "-")
	g.fold = g.fold && !strings.Contains(off, "i") || strings.Contains(on, "i")
	g.spaced = g.spaced || strings.Contains(on, "x")
	p := g.alternatives(depth)
	if strings.Contains(on, "x") && g.chance(50) {
		p.text = " " + p.text + "\n# it is (\n"
	}
	if g.opt.Mode == All && g.chance(15) {
		return group("(?:", piece{"(?" + o + ")" + p.text, p.sample, false, p.width})
	}
	return group("(?"+o+":", p)
}

// condition asks whether a group has a text.
func (g *grammar) condition(depth int) piece {
	if g.groups == 0 {
		return g.capture(depth)
	}
	yes, no := g.sequence(depth), piece{"", func(*sampler) {}, false, 0}
	if g.chance(70) {
		no = g.sequence(depth)
		no.text = "|" + no.text
	}
	n := 1 + g.pick(g.groups)
	ref := strconv.Itoa(n)
	if g.named || g.chance(20) {
		ref = "<" + g.reference(n) + ">"
	}
	return piece{"(?(" + ref + ")" + yes.text + no.text + ")", func(s *sampler) {
		if _, ok := s.texts[n]; ok {
			yes.sample(s)
		} else {
			no.sample(s)
		}
	}, true, -1}
}

// reference names group n.
func (g *grammar) reference(n int) string {
	if g.named && n <= len(g.names) {
		return g.names[n-1]
	}
	return strconv.Itoa(n)
}

func (g *grammar) absent() piece {
	p := g.alternatives(1)
	return piece{"(?~" + p.text + ")", func(s *sampler) {
		for range s.pick(4) {
			s.WriteRune(g.char())
		}
	}, true, -1}
}

// backref refers to a group that stands before it, mostly to one that is closed.
func (g *grammar) backref() piece {
	if g.groups == 0 {
		return g.capture(0)
	}
	n := 1 + g.pick(g.groups)
	var text string
	switch k := g.pick(8); {
	case g.named && k == 7:
		text = `\k'` + g.reference(n) + `'`
	case g.named && k == 6:
		text = `\k<` + g.reference(n) + []string{"+0", "-1", "+1"}[g.pick(3)] + ">"
	case g.named:
		text = `\k<` + g.reference(n) + ">"
	case k == 7:
		text = `\k<-` + strconv.Itoa(1+g.groups-n) + ">"
	case k == 6:
		text = `\k<` + strconv.Itoa(n) + ">"
	default:
		text = "(?:\\" + strconv.Itoa(n) + ")" // a digit may follow
	}
	return piece{text, func(s *sampler) { s.WriteString(s.texts[n]) }, true, -1}
}

// call repeats the expression of a group. One that is open now recurs; the expression is valid only if there is a way around.
func (g *grammar) call() piece {
	if g.groups == 0 {
		return g.capture(0)
	}
	n := 1 + g.pick(g.groups)
	text := `\g<` + g.reference(n) + ">"
	switch {
	case g.chance(10):
		text = `\g'` + g.reference(n) + "'"
	case !g.named && g.chance(15):
		text = `\g<-` + strconv.Itoa(1+g.groups-n) + ">"
	}
	for _, o := range g.opened {
		if o == n {
			text = "(?:" + text + "|" + g.literal().text + ")?"
		}
	}
	return piece{text, func(s *sampler) { s.WriteString(s.texts[n]) }, true, -1}
}
