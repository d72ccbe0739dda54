package plain

import (
	"slices"

	"sluice/internal/regex/syntax"
)

// repeat compiles a repeat: unrolled where that is small, else with a counter.
func (c *compiler) repeat(n *syntax.Node, next int32) int32 {
	sub := n.Subs[0]
	copies := n.Max
	if n.Max < 0 {
		copies = n.Min
	}
	switch {
	case n.Max == 0:
		return next
	case copies > 1 && times(copies, c.size(sub)) > c.unroll:
		return c.counted(n, next)
	case n.Max < 0 && n.Min == 1 && !c.isRun(n) && !c.nullable(sub):
		return c.loop(n, next, true)
	case n.Max < 0 && n.Min > 0 && c.nullable(sub) && c.size(sub) > unrolledBig:
		return c.counted(n, next) // loops in loops would double at each level
	}
	entry := next
	if n.Max < 0 {
		entry = c.loop(n, next, false)
	} else {
		for range n.Max - n.Min {
			entry = c.choice(n, c.node(sub, entry), next)
		}
	}
	for range n.Min {
		entry = c.node(sub, entry)
	}
	return entry
}

// choice prefers going on with the repeat to leaving it, or, lazy, the other way round.
func (c *compiler) choice(n *syntax.Node, body, exit int32) int32 {
	if n.Lazy {
		body, exit = exit, body
	}
	return c.add(inst{op: opSplit, x: body, y: exit}, n)
}

// loop compiles a repeat without end, from 0 times on or, once, from 1 time on.
//
// An iteration that matched the empty text is the last. Where the body has groups, it is so only if they would
// not change: an iteration in which a group began that had no text before, or one that is not empty and
// another one than now, is followed by another; else one in which a group had an empty text elsewhere before fails.
func (c *compiler) loop(n *syntax.Node, next int32, once bool) int32 {
	sub := n.Subs[0]
	if c.isRun(n) {
		return c.add(inst{op: opRun, arg: c.class(sub.Class), x: next}, n)
	}
	outer := c.enter(c.groupDigits(sub))
	head := c.add(inst{op: opSplit}, n)
	body := c.body(sub, head, next)
	if n.Lazy {
		c.p.insts[head].x, c.p.insts[head].y = next, body
	} else {
		c.p.insts[head].x, c.p.insts[head].y = body, next
	}
	c.leave(outer)
	if once {
		return body
	}
	return head
}

// isRun reports whether a repeat without end is one instruction. It is none where the memo has to know which of its states failed.
func (c *compiler) isRun(n *syntax.Node) bool {
	return n.Subs[0].Op == syntax.OneOf && !n.Lazy && (c.levels == 0 || !c.p.memo || c.noMemo)
}

// body compiles the body of a loop, with what sees that an iteration is empty where it can be.
func (c *compiler) body(sub *syntax.Node, head, exit int32) int32 {
	if !c.nullable(sub) {
		return c.node(sub, head)
	}
	d := digit{kind: digitIter, slot: int32(c.p.slots), radix: 2}
	c.p.slots++
	groups := c.countsGroups(sub)
	if groups {
		c.p.slots++
		d.kind, d.radix = digitGroups, 4
	}
	outer := c.enter([]digit{d})
	end := c.add(inst{op: opIterEnd, arg: d.slot, groups: groups, x: head, y: exit}, sub)
	entry := c.node(sub, end)
	c.leave(outer)
	return c.add(inst{op: opIter, arg: d.slot, groups: groups, x: entry}, sub)
}

func (c *compiler) counted(n *syntax.Node, next int32) int32 {
	d := digit{kind: digitCount, slot: int32(c.p.slots), radix: uint64(n.Max) + 1}
	if n.Max < 0 {
		d.radix = uint64(n.Min) + 2 // endIter tells the last that has to be from those behind it
	}
	c.p.slots++
	digits := []digit{d}
	if n.Max < 0 {
		digits = append(digits, c.groupDigits(n.Subs[0])...)
	}
	outer := c.enter(digits)
	head := c.add(inst{op: opLoop, arg: d.slot, min: int32(n.Min), max: int32(n.Max), lazy: n.Lazy, y: next}, n)
	before := len(c.p.insts)
	var body int32
	if n.Max < 0 {
		body = c.body(n.Subs[0], head, next)
		for pc := before; pc < len(c.p.insts); pc++ {
			if end := &c.p.insts[pc]; end.op == opIterEnd && end.x == head {
				end.min, end.max = int32(n.Min), d.slot
			}
		}
	} else {
		body = c.node(n.Subs[0], head)
	}
	body = c.add(inst{op: opNext, arg: d.slot, x: body}, n)
	c.p.insts[head].x = body
	c.leave(outer)
	return c.add(inst{op: opCount, arg: d.slot, x: head}, n)
}

// enter adds digits to the scope and returns the outer scope.
func (c *compiler) enter(digits []digit) scope {
	outer := scope{c.scope, c.scopeID}
	for _, d := range digits {
		if !slices.Contains(c.scope, d) {
			c.scope = append(slices.Clip(c.scope), d)
		}
	}
	if len(c.scope) > len(outer.digits) {
		c.scopeID = int32(len(c.p.scopes))
		c.p.scopes = append(c.p.scopes, c.scope)
	}
	return outer
}

func (c *compiler) leave(outer scope) { c.scope, c.scopeID = outer.digits, outer.id }

type scope struct {
	digits []digit
	id     int32
}

// groupDigits returns a digit for each group that a loop around n looks at.
func (c *compiler) groupDigits(n *syntax.Node) []digit {
	if !c.nullable(n) || !c.countsGroups(n) {
		return nil
	}
	var digits []digit
	var walk func(*syntax.Node)
	walk = func(n *syntax.Node) {
		if n.Op == syntax.Capture {
			digits = append(digits, digit{kind: digitGroup, slot: int32(2 * n.Index), radix: 3})
		}
		for _, s := range n.Subs {
			walk(s)
		}
	}
	walk(n)
	return digits
}

// looksInside reports whether there is a loop in n that looks at groups of which some are set in a look-around. Such a
// group may have any text at the end of an empty iteration, so that the memo would have to know it.
func (c *compiler) looksInside(n *syntax.Node) bool {
	if n.Op == syntax.Repeat && n.Max < 0 && c.nullable(n) && c.countsGroups(n) {
		inLook := false
		syntax.Walk(n, func(s *syntax.Node) bool {
			inLook = inLook || s.Op == syntax.Look && hasGroups(s.Subs[0])
			return true
		})
		if inLook {
			return true
		}
	}
	return slices.ContainsFunc(n.Subs, c.looksInside)
}

// countsGroups reports whether a loop around n looks at groups: those in look-arounds do not make it so.
func (c *compiler) countsGroups(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Capture, syntax.Call:
		return true
	case syntax.Look:
		return false
	case syntax.Repeat:
		if n.Max == 0 {
			return false
		}
	}
	return slices.ContainsFunc(n.Subs, c.countsGroups)
}

// nullable reports whether n may match the empty text. Where that is hard to say it says so.
func (c *compiler) nullable(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Literal, syntax.OneOf, syntax.Fail:
		return false
	case syntax.Seq:
		for _, s := range n.Subs {
			if !c.nullable(s) {
				return false
			}
		}
		return true
	case syntax.Alt, syntax.Condition:
		return slices.ContainsFunc(n.Subs, c.nullable)
	case syntax.Repeat:
		return n.Min == 0 || c.nullable(n.Subs[0])
	case syntax.Capture, syntax.Atomic:
		return c.nullable(n.Subs[0])
	default:
		return true
	}
}

// size returns the number of instructions that n becomes, about; a number above unrolled stands for all larger ones.
func (c *compiler) size(n *syntax.Node) int {
	sum := 1
	for _, s := range n.Subs {
		sum += c.size(s)
	}
	if n.Op != syntax.Repeat {
		return sum
	}
	copies := n.Max
	if n.Max < 0 {
		copies = n.Min + 1
	}
	if one := times(max(copies, 1), sum); one <= c.unroll {
		return one
	}
	return sum + 2
}
