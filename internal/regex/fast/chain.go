package fast

import "sluice/internal/regex/syntax"

// chain is words with a separator between them, as names of hosts and of classes are: x(?:\.x)*, where a word is a run of
// a class, perhaps behind a character of another one.
type chain struct {
	word []*node // one or two nodes
	sep  *node
}

// wordOf returns the nodes at the begin of items that are a word.
func wordOf(items []*node) []*node {
	n := 0
	if len(items) > 0 && lowChar(items[0]) {
		n = 1
	}
	if len(items) == n || items[n].op != syntax.Repeat || items[n].lazy || items[n].max >= 0 || !lowChar(items[n].sub()) {
		return nil
	}
	return items[:n+1]
}

func lowChar(n *node) bool { return n.op == syntax.OneOf && n.cls.kind == lowClass }

// run returns the run of a word.
func (c *chain) run() *node { return c.word[len(c.word)-1] }

// newChain returns the chain of word and sep, if they can be one: where the run of a word ends, its separator is plain to see.
func newChain(word []*node, sep *node) (chain, bool) {
	c := chain{word, sep}
	if len(word) == 0 || sep.op != syntax.Literal || len(sep.text) != 1 {
		return c, false
	}
	return c, !c.run().sub().cls.ascii.has(sep.text[0])
}

// rotate makes word(?:sep word)* of (?:word sep)*word: the same texts in the same order, because the words but the last must be
// as long as they can. ok says whether there was something to rotate.
func rotate(items []*node) (rotated []*node, ok bool) {
	for i, n := range items {
		if n.op != syntax.Repeat || n.lazy || n.min != 0 || n.max >= 0 || n.sub().op != syntax.Seq {
			continue
		}
		round := n.sub().subs
		last := len(round) - 1
		c, ok := newChain(wordOf(round[:last]), round[last])
		if !ok || len(c.word) != last || !sameNodes(c.word, items[i+1:]) {
			continue
		}
		out := append([]*node{}, items[:i]...)
		out = append(out, c.word...)
		out = append(out, repeatOf(seqOf(append([]*node{c.sep}, c.word...)), 0, -1))
		out = append(out, items[i+1+last:]...)
		if more, ok := rotate(out); ok {
			out = more
		}
		return out, true
	}
	return items, false
}

// sameNodes says that items begins with nodes equal to those of word.
func sameNodes(word, items []*node) bool {
	if len(items) < len(word) {
		return false
	}
	for i, w := range word {
		if key(w) != key(items[i]) {
			return false
		}
	}
	return true
}

// chainAt returns the chain at the begin of items, and how many of them it is; 0 if there is none.
func chainAt(items []*node) (chain, int) {
	word := wordOf(items)
	k := len(word)
	if k == 0 || len(items) == k {
		return chain{}, 0
	}
	n := items[k]
	if n.op != syntax.Repeat || n.lazy || n.min != 0 || n.max >= 0 || n.sub().op != syntax.Seq {
		return chain{}, 0
	}
	round := n.sub().subs
	c, ok := newChain(word, round[0])
	if !ok || len(round) != k+1 || !sameNodes(word, round[1:]) {
		return chain{}, 0
	}
	return c, k + 1
}

// lowerChain lowers the chain that begins items as one instruction, if it never gives anything back. It returns how many
// of items that is.
func (l *lowering) lowerChain(items []*node, nexts []pc, at span) (pc, int) {
	c, k := chainAt(items)
	if k == 0 || nexts[k] == noPC {
		return 0, 0
	}
	next := nexts[k]
	run := c.run()
	follow, sep := l.first[next].bytes, c.sep.text[0]
	if !l.settled(next) && (follow.has(sep) || !follow.disjoint(run.sub().cls.ascii)) {
		return 0, 0
	}
	in := instr{op: opChain, cls: run.sub().cls, min: run.min, lit: c.sep.text, lo: at.lo, hi: at.hi, next: next, alt: noPC}
	if len(c.word) == 2 {
		in.set = c.word[0].cls.ascii
	}
	return l.emit(in, first(seqOf(items[:k]), l.first[next])), k
}

// chainEnd returns the instructions behind n items, of which only those behind all of them are known.
func chainEnd(n int, next pc) []pc {
	nexts := make([]pc, n+1)
	for i := range nexts {
		nexts[i] = noPC
	}
	nexts[n] = next
	return nexts
}
