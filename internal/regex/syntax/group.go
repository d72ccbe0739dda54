package syntax

import "strings"

// inlineOptions reads (?imx-imx), which holds to the end of the enclosing parentheses, alternatives included: it
// returns the node of all that. It reports false where something else comes next.
func (p *parser) inlineOptions() (*Node, bool) {
	start := p.pos
	if !p.take("(?") {
		return nil, false
	}
	before := p.flags
	if strings.IndexByte("imxadu-", p.peek()) < 0 || !p.more() || !p.readOptions(start) || !p.take(")") {
		p.flags = before
		if p.err == nil {
			p.pos = start
		}
		return nil, p.err != nil
	}
	if !p.enter(start) {
		return nil, true
	}
	rest := p.alternatives()
	p.leave()
	p.flags = before
	p.hide(rest)
	return rest, true
}

// readOptions reads the letters of inline options into p.flags, up to a ) or :, which it leaves.
func (p *parser) readOptions(start int) bool {
	for on := true; p.more(); p.pos++ {
		switch c := p.peek(); c {
		case ')', ':':
			return true
		case '-':
			on = false
		case 'i':
			p.flags.fold = on
		case 'x':
			p.flags.extended = on
		case 'm':
			p.flags.dotNewline = on
		case 'a', 'd', 'u':
			if !on {
				p.fail(start, p.pos+1, "found option %c behind a -, expected i, m or x", c)
				return false
			}
			p.flags.typesUnicode = c == 'u'
			p.flags.posixUnicode = c != 'a'
			p.flags.boundUnicode = c != 'a'
		default:
			at := p.pos
			r := p.next()
			p.fail(at, p.pos, "found option %q, expected i, m, x, a, d or u", r)
			return false
		}
	}
	p.fail(start, p.pos, "found inline options without an end, expected ) or :")
	return false
}

// parenthesis reads whatever begins with a (, inline options to the end of a group apart.
func (p *parser) parenthesis() *Node {
	start := p.pos
	if !p.enter(start) {
		return nil
	}
	defer p.leave()
	p.pos++
	if !p.take("?") {
		return p.capture(group{pos: start, end: p.pos})
	}
	if !p.more() {
		p.fail(start, p.pos, "found (? at the end, expected a kind of group")
		return nil
	}
	switch {
	case p.take(":"):
		return p.body(start)
	case p.take(">"):
		return p.wrap(Atomic, start)
	case p.take("="):
		return p.wrap(Look, start)
	case p.take("!"):
		return p.look(start, false, true)
	case p.take("<="):
		return p.look(start, true, false)
	case p.take("<!"):
		return p.look(start, true, true)
	case p.take("~"):
		return p.wrap(Absent, start)
	case p.peekIs("<"), p.peekIs("'"):
		return p.namedGroup(start)
	case p.take("("):
		return p.condition(start)
	case strings.IndexByte("imxadu-", p.peek()) >= 0:
		return p.scopedOptions(start)
	}
	return p.unknownGroup(start)
}

// unknownGroup refuses a (? of which we, and joni, know nothing, saying what it is elsewhere.
func (p *parser) unknownGroup(start int) *Node {
	kinds := []struct{ prefix, what string }{
		{"P<", "a named group of Python's form, expected (?<name>...)"},
		{"P=", "a back-reference of Python's form, expected \\k<name>"},
		{"P>", "a call of PCRE's form, expected \\g<name>"},
		{"R", "a call of PCRE's form, expected \\g<0>"},
		{"&", "a call of PCRE's form, expected \\g<name>"},
		{"|", "a branch reset, which Oniguruma does not have"},
		{"@", "a capture history, which is not supported"},
		{"s", "option s, expected m, which lets the dot match newlines"},
		{"{", "a call-out, which is not supported"},
	}
	for _, k := range kinds {
		if p.peekIs(k.prefix) {
			p.fail(start, p.pos+len(k.prefix), "found %s", k.what)
			return nil
		}
	}
	if c := p.peek(); isDigit(c) || c == '+' {
		p.fail(start, p.pos+1, "found a call of PCRE's form, expected \\g<%c>", c)
		return nil
	}
	r := p.next()
	p.fail(start, p.pos, "found an unknown kind of group %s, expected one of (?: (?= (?! (?<= (?<! (?> (?~ (?< (?' (?( (?# or options", quote("(?"+string(r)))
	return nil
}

// body reads the inside of the parentheses that began at start, and the closing one.
func (p *parser) body(start int) *Node {
	before := p.flags
	n := p.alternatives()
	p.flags = before
	if p.err == nil && !p.take(")") {
		p.fail(start, start+1, "found a ( without an end, expected )")
	}
	return n
}

// wrap reads the body of a group and puts it under an operation.
func (p *parser) wrap(op Op, start int) *Node {
	body := p.body(start)
	return p.node(op, start, body)
}

// look reads the body of a look-around. An empty negative one never matches.
func (p *parser) look(start int, behind, neg bool) *Node {
	if behind {
		p.behind++
	}
	n := p.wrap(Look, start)
	if behind {
		p.behind--
	}
	if neg && p.behind == 0 && n.Subs[0] != nil && n.Subs[0].Op == Empty {
		return p.node(Fail, start)
	}
	n.Behind, n.Neg = behind, neg
	if behind {
		p.looks = append(p.looks, n)
		if p.behind == 0 {
			p.outer = append(p.outer, n)
		}
	}
	return n
}

// scopedOptions reads (?imx-imx:...).
func (p *parser) scopedOptions(start int) *Node {
	before := p.flags
	if !p.readOptions(start) {
		return nil
	}
	p.pos++ // the colon: with a ) inlineOptions would have taken it
	n := p.body(start)
	p.flags = before
	p.hide(n)
	return n
}

// hide marks the alternatives of inline options. A character that stands there alone has options of its own.
func (p *parser) hide(n *Node) {
	p.alone = nil
	if n != nil && n.Op == Alt {
		p.hidden[n] = byOptions
	}
}

// capture reads the body of a group.
func (p *parser) capture(g group) *Node {
	if len(p.groups) >= maxGroups {
		p.fail(g.pos, g.end, "found more than %d groups, expected fewer", maxGroups)
		return nil
	}
	p.groups = append(p.groups, g)
	p.byName[g.name]++
	index := len(p.groups)
	n := p.wrap(Capture, g.pos)
	n.Index = index
	return n
}

// namedGroup reads (?<name>...) or (?'name'...), of which the opening parenthesis and the question mark are read.
func (p *parser) namedGroup(start int) *Node {
	name, at := p.name()
	if p.err != nil {
		return nil
	}
	if c := name[0]; isDigit(c) || c == '-' {
		p.fail(at, at+len(name), "found group name %s, expected a letter or an underscore first", quote(name))
		return nil
	}
	if !p.checkName(name, at) {
		return nil
	}
	p.named = true
	return p.capture(group{name: name, pos: start, end: p.pos})
}

// name reads <...> or '...', and returns what stands in between and where.
func (p *parser) name() (string, int) {
	start := p.pos
	closing := byte('>')
	if p.peek() == '\'' {
		closing = '\''
	}
	p.pos++
	end := strings.IndexByte(p.expr[p.pos:], closing)
	if end < 0 {
		p.fail(start, len(p.expr), "found a name without an end, expected %c", closing)
		return "", start
	}
	name, at := p.expr[p.pos:p.pos+end], p.pos
	p.pos += end + 1
	if name == "" {
		p.fail(start, p.pos, "found an empty group name, expected a name")
	}
	return name, at
}

// checkName refuses what cannot be the name of a group. JRuby's joni lets nearly everything pass, since grok names
// groups after fields.
func (p *parser) checkName(name string, at int) bool {
	if i := strings.IndexByte(name, ')'); i >= 0 {
		p.fail(at+i, at+i+1, "found ) in a group name, expected the end of the name before it")
	}
	return p.err == nil
}

// condition reads (?(1)...) or (?(<name>)...), up to whose second parenthesis everything is read.
func (p *parser) condition(start int) *Node {
	var ref reference
	at := p.pos
	switch c := p.peek(); {
	case isDigit(c):
		if ref.number = p.number(); ref.number == 0 {
			p.fail(at, p.pos, "found a condition about group 0, expected a group from 1 on")
		}
	case c == '<', c == '\'':
		var name string
		if name, at = p.name(); p.err == nil {
			ref, _ = p.parseReference(name, at)
		}
	default:
		p.fail(start, p.pos, "found a condition about something else than a group, expected (?(1)...) or (?(<name>)...)")
	}
	if p.err == nil && !p.take(")") {
		p.fail(p.pos, p.pos, "found no end of the condition, expected )")
	}
	if p.err == nil && ref.name != "" && strings.ContainsAny(ref.name[1:], "+-") {
		p.fail(at, at+len(ref.name), "found condition %s, expected a name without a nesting level", quote(ref.name))
	}
	if p.err != nil || ref.name != "" && !p.known(ref.name, at) {
		return nil
	}
	body := p.body(start)
	if p.err != nil {
		return nil
	}
	subs := []*Node{body, nil}
	if p.isAlternatives(body) {
		if len(body.Subs) > 2 {
			p.fail(start, p.pos, "found a condition with %d alternatives, expected at most 2", len(body.Subs))
			return nil
		}
		subs = body.Subs
	} else {
		subs[1] = p.node(Empty, p.pos)
	}
	n := p.node(Condition, start, subs...)
	p.refs = append(p.refs, n)
	p.target[n] = ref
	return n
}

// isAlternatives reports whether the body of a condition is alternatives. It does not matter whether they stand in plain
// parentheses of their own, but inline options hide them.
func (p *parser) isAlternatives(body *Node) bool {
	return body.Op == Alt && p.hidden[body] == 0
}

// known refuses a name that no group before this place has.
func (p *parser) known(name string, pos int) bool {
	if p.byName[name] > 0 {
		return true
	}
	p.fail(pos, pos+len(name), "found no group named %s before this, expected one", quote(name))
	return false
}
