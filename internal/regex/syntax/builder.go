package syntax

import (
	"strings"
	"unicode/utf8"
)

// char is a character of the expression's text, with its place.
type char struct {
	r        rune
	pos, end int
}

// builder puts the operands of a sequence together. Characters are gathered, because repeats belong to the last
// of them alone, and because case folding looks at several at once.
type builder struct {
	p      *parser
	run    []char
	subs   []*Node
	closed bool // the text has ended: the next character begins another
}

// char adds a character to the text.
func (b *builder) char(c char) {
	if b.closed {
		b.flush(len(b.run))
	}
	b.run = append(b.run, c)
	b.closed = false
}

// add adds an operand; nil adds none.
func (b *builder) add(n *Node) {
	b.flush(len(b.run))
	if n != nil {
		b.subs = append(b.subs, n)
	}
}

// flush makes operands of the first n characters.
func (b *builder) flush(n int) {
	if n == 0 {
		return
	}
	run := b.run[:n]
	if b.p.flags.fold {
		b.subs = append(b.subs, b.p.foldText(run)...)
	} else {
		b.subs = append(b.subs, b.p.text(run))
	}
	b.run = b.run[n:]
	b.closed = false
}

// text makes a literal of characters.
func (p *parser) text(run []char) *Node {
	var s strings.Builder
	for _, c := range run {
		s.WriteRune(c.r)
	}
	n := p.node(Literal, run[0].pos)
	n.Text, n.End = s.String(), run[len(run)-1].end
	return n
}

// repeat repeats what was added last: of a text the last character only, unless it is repeated just once, which ends
// the text and changes nothing else.
func (b *builder) repeat(q quantifier, end int) {
	var operand, text *Node
	switch last := len(b.run) - 1; {
	case last >= 0 && q.min == 1 && q.max == 1:
		b.run[last].end = end
		b.closed = true
		return
	case last >= 0:
		b.flush(last)
		c := b.run[0]
		at := len(b.subs)
		b.flush(1)
		operand = b.p.join(b.subs[at:], b.subs[at].Pos)
		b.subs = b.subs[:at]
		text = b.p.repeatText(c.r, &q, operand, end)
	default:
		operand = b.subs[len(b.subs)-1]
		b.subs = b.subs[:len(b.subs)-1]
		if operand == b.p.alone {
			if q.min == 1 && q.max == 1 {
				b.subs = append(b.subs, operand)
				return
			}
			text = b.p.repeatText(b.p.aloneChar, &q, operand, end)
		}
	}
	if text != nil && q.max == 0 {
		b.subs = append(b.subs, text)
		return
	}
	n := b.p.node(Repeat, operand.Pos, operand)
	n.Min, n.Max, n.Lazy, n.End = q.min, q.max, q.lazy, end
	if q.possessive {
		n = b.p.node(Atomic, operand.Pos, n)
		n.End = end
	}
	if text != nil {
		n = b.p.join([]*Node{text, n}, operand.Pos)
		n.End = end
	}
	b.subs = append(b.subs, n)
}

// finish returns the sequence, which began at pos. Literals that came to stand side by side are joined.
func (b *builder) finish(pos int) *Node {
	if len(b.subs) == 0 && len(b.run) == 1 {
		c := b.run[0].r
		b.flush(1)
		b.p.alone, b.p.aloneChar = b.p.join(b.subs, pos), c
		return b.p.alone
	}
	b.flush(len(b.run))
	out := b.subs[:0]
	for i := 0; i < len(b.subs); {
		n := b.subs[i]
		j := i + 1
		if n.Op == Literal {
			for j < len(b.subs) && b.subs[j].Op == Literal {
				j++
			}
			joinLiterals(n, b.subs[i+1:j])
		}
		out = append(out, n)
		i = j
	}
	return b.p.join(out, pos)
}

// joinLiterals adds the text of more, which follow it, to n.
func joinLiterals(n *Node, more []*Node) {
	if len(more) == 0 {
		return
	}
	var s strings.Builder
	s.WriteString(n.Text)
	for _, m := range more {
		s.WriteString(m.Text)
	}
	n.Text, n.End = s.String(), more[len(more)-1].End
}

// join makes one node of nodes in a row.
func (p *parser) join(subs []*Node, pos int) *Node {
	switch len(subs) {
	case 0:
		return p.node(Empty, pos)
	case 1:
		return subs[0]
	}
	n := p.node(Seq, pos, append([]*Node(nil), subs...)...)
	n.End = max(n.End, subs[len(subs)-1].End)
	return n
}

// runeText is the UTF-8 of one character.
func runeText(r rune) string { return string(utf8.AppendRune(nil, r)) }
