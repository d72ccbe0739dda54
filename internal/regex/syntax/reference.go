package syntax

import "strings"

// What refers to groups: back-references and calls. The groups are looked up when all of them are known.

// refer remembers what a node says about its target.
func (p *parser) refer(n *Node, ref reference) *Node {
	p.refs = append(p.refs, n)
	p.target[n] = ref
	return n
}

// numberedBackref reads \1, of which the backslash is read.
func (p *parser) numberedBackref(start int) *Node {
	number := p.number()
	n := p.node(Backref, start)
	n.Fold = p.flags.fold
	return p.refer(n, reference{number: number})
}

// number reads digits.
func (p *parser) number() int {
	n := 0
	for p.more() && isDigit(p.peek()) {
		n = min(n*10+int(p.peek()-'0'), maxGroups+1)
		p.pos++
	}
	return n
}

// namedBackref reads \k<name>, \k<1>, \k<-1> and these with a nesting level, of which the backslash is read.
func (p *parser) namedBackref(start int) *Node {
	p.pos++
	text, at := p.name()
	if p.err != nil {
		return nil
	}
	if strings.Contains(text, ")") {
		p.fail(at, at+len(text), "found ) in a group name, expected the end of the name before it")
		return nil
	}
	name, level, hasLevel := text, 0, false
	if i := strings.IndexAny(text[1:], "+-"); i >= 0 {
		name = text[:i+1]
		n, ok := decimal(text[i+2:])
		if !ok {
			p.fail(at+i+1, at+len(text), "found nesting level %s, expected a number", quote(text[i+1:]))
			return nil
		}
		level, hasLevel = n, true
		if text[i+1] == '-' {
			level = -n
		}
	}
	ref, ok := p.parseReference(name, at)
	if !ok {
		return nil
	}
	if ref.name != "" && !p.known(ref.name, at) {
		return nil
	}
	n := p.node(Backref, start)
	n.Fold, n.Level, n.HasLevel = p.flags.fold, level, hasLevel
	return p.refer(n, ref)
}

// parseReference tells names from numbers, and turns relative numbers into absolute ones.
func (p *parser) parseReference(name string, at int) (reference, bool) {
	if c := name[0]; !isDigit(c) && c != '-' {
		return reference{name: name}, true
	}
	n, ok := decimal(strings.TrimPrefix(name, "-"))
	switch {
	case !ok:
		p.fail(at, at+len(name), "found group %s, expected a number or a name", quote(name))
	case n == 0:
		p.fail(at, at+len(name), "found group %s, expected a number from 1 on", quote(name))
	case name[0] == '-' && n > len(p.groups):
		p.fail(at, at+len(name), "found group %s, expected a group before this, where %d begin", quote(name), len(p.groups))
	case name[0] == '-':
		return reference{number: len(p.groups) + 1 - n}, true
	default:
		return reference{number: n}, true
	}
	return reference{}, false
}

// decimal reads digits only.
func decimal(s string) (n int, ok bool) {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = min(n*10+int(s[i]-'0'), maxGroups+1)
	}
	return n, s != ""
}

// call reads \g<name>, \g<1>, \g<-1>, \g<+1> and \g<0>, of which the backslash is read.
func (p *parser) call(start int) *Node {
	p.pos++
	name, at := p.name()
	if p.err != nil {
		return nil
	}
	var ref reference
	digits, isNext := strings.CutPrefix(name, "+")
	n, isNumber := decimal(digits)
	switch {
	case name == "0":
		ref.number = 0
	case isNext && isNumber && n > 0:
		ref.number = len(p.groups) + n
	case isNext:
		p.fail(at, at+len(name), "found group %s, expected a number from 1 on behind the +", quote(name))
		return nil
	default:
		var ok bool
		if ref, ok = p.parseReference(name, at); !ok {
			return nil
		}
	}
	return p.refer(p.node(Call, start), ref)
}
