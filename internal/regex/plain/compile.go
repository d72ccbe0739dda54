package plain

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// Sizes of programs. A counted repeat is unrolled while its copies stay below unrolled instructions, and below
// unrolledBig where the whole would be larger than bigProgram; larger ones count.
const (
	unrolled    = 4096
	unrolledBig = 64
	bigProgram  = 1 << 16
	maxProgram  = 1 << 20
)

// Error is what makes an expression impossible for this executor.
type Error struct {
	Pos, End int // in the expression, in bytes
	What     string
}

// Error returns what is impossible, and where.
func (e *Error) Error() string {
	return fmt.Sprintf("compile expression: %s at byte %d", e.What, e.Pos)
}

// compiler makes a program from its end to its start: each part is compiled knowing what comes after it.
type compiler struct {
	p       *Program
	tree    *syntax.Tree
	unroll  int
	classes map[*syntax.Class]int32
	texts   map[string]int32
	// What holds for the instructions being made.
	levels   int
	inLook   bool
	inside   bool // an alternative or a repeat, whose place in the expression is rank
	rank     int32
	noMemo   bool // in the body of an absent operator
	scope    []digit
	scopeID  int32
	called   map[int]int32        // entry of each called group
	pending  []int                // called groups whose entry is taken but whose body is not compiled
	groups   map[int]*syntax.Node // where there are calls: the groups, and the whole as 0,
	isCalled map[int]bool         // and those that are called
	err      *Error
}

// Compile makes the program of a tree. The error, if there is one, is an *Error.
func Compile(tree *syntax.Tree) (*Program, error) { return compile(tree, options{unroll: unrolled}) }

// options are for tests, which ask for what must make no difference.
type options struct {
	unroll int  // the size up to which counted repeats are unrolled
	forget bool // have no memo
}

func compile(tree *syntax.Tree, o options) (*Program, error) {
	p := &Program{groups: len(tree.Names), scopes: [][]digit{nil}}
	p.slots = 2 * (p.groups + 1)
	p.saved = p.slots
	c := &compiler{
		p: p, tree: tree, unroll: o.unroll,
		classes: map[*syntax.Class]int32{}, texts: map[string]int32{}, called: map[int]int32{},
	}
	p.memo = !tree.Called && !tree.Backrefs && !c.looksInside(tree.Root) && !o.forget
	p.linear = p.memo
	if c.size(tree.Root) > bigProgram {
		c.unroll = unrolledBig
	}
	if tree.Called {
		p.slots += p.groups // the begin of each in the call that is under way
		c.collect(tree)
	}
	end := c.add(inst{op: opMatch}, tree.Root)
	p.entry = c.node(tree.Root, end)
	c.subroutines()
	if c.err != nil {
		return nil, c.err
	}
	p.first = first(tree)
	c.finish()
	return p, nil
}

// add appends an instruction that belongs to a node and returns its number.
func (c *compiler) add(in inst, n *syntax.Node) int32 {
	if len(c.p.insts) >= maxProgram {
		c.fail(n, "the expression is too large")
		return 0
	}
	in.pos, in.end, in.rank = int32(n.Pos), int32(n.End), c.rank
	if !c.inside {
		in.rank = in.pos
	}
	in.scope = c.scopeID
	in.inLook = c.inLook
	in.levels = uint8(min(c.levels, maxLevels+1))
	in.forget = c.noMemo
	c.p.insts = append(c.p.insts, in)
	return int32(len(c.p.insts) - 1)
}

func (c *compiler) fail(n *syntax.Node, what string) {
	if c.err == nil {
		c.err = &Error{Pos: n.Pos, End: n.End, What: what}
	}
}

// node compiles n before the instruction next and returns its entry.
func (c *compiler) node(n *syntax.Node, next int32) int32 {
	if c.err != nil {
		return next
	}
	if outer := c.inside; !outer && n.Op != syntax.Seq && n.Op != syntax.Capture && n.Op != syntax.Atomic {
		c.inside, c.rank = len(n.Subs) > 0, int32(n.Pos)
		defer func() { c.inside = outer }()
	}
	switch n.Op {
	case syntax.Empty:
		return next
	case syntax.Fail:
		return c.add(inst{op: opFail}, n)
	case syntax.Literal:
		return c.add(inst{op: opText, arg: c.text(n.Text), x: next}, n)
	case syntax.OneOf:
		return c.add(inst{op: opSet, arg: c.class(n.Class), x: next}, n)
	case syntax.Seq:
		for _, s := range slices.Backward(n.Subs) {
			next = c.node(s, next)
		}
		return next
	case syntax.Alt:
		return c.alt(n, next)
	case syntax.Repeat:
		return c.repeat(n, next)
	case syntax.Capture:
		if c.isCalled[n.Index] {
			return c.add(inst{op: opCall, x: c.call(n.Index), y: next}, n)
		}
		return c.capture(n, next)
	case syntax.Atomic:
		return c.atomic(n, next)
	case syntax.Look:
		return c.look(n, next)
	case syntax.Backref, syntax.Condition:
		return c.refers(n, next)
	case syntax.Call:
		return c.add(inst{op: opCall, x: c.call(n.Index), y: next}, n)
	case syntax.Absent:
		return c.absent(n, next)
	default:
		return c.add(inst{op: simple(n.Op), x: next}, n)
	}
}

// simple returns the operation of a node without operands.
func simple(o syntax.Op) op {
	switch o {
	case syntax.LineStart:
		return opLineStart
	case syntax.LineEnd:
		return opLineEnd
	case syntax.TextStart:
		return opTextStart
	case syntax.TextEnd:
		return opTextEnd
	case syntax.TextEndNewline:
		return opTextEndNL
	case syntax.SearchStart:
		return opSearchStart
	case syntax.WordBoundary:
		return opWord
	case syntax.NotWordBoundary:
		return opNotWord
	case syntax.Keep:
		return opKeep
	default:
		panic(fmt.Sprintf("BUG: node of operation %d", o))
	}
}

func (c *compiler) text(s string) int32 {
	i, ok := c.texts[s]
	if !ok {
		i = int32(len(c.p.texts))
		c.p.texts = append(c.p.texts, s)
		c.texts[s] = i
	}
	return i
}

func (c *compiler) class(set *syntax.Class) int32 {
	i, ok := c.classes[set]
	if !ok {
		i = int32(len(c.p.classes))
		all, none := set.High()
		c.p.classes = append(c.p.classes, class{ascii: set.ASCII(), all: all, none: none, set: set})
		c.classes[set] = i
	}
	return i
}

func (c *compiler) alt(n *syntax.Node, next int32) int32 {
	entry := c.node(n.Subs[len(n.Subs)-1], next)
	for i := len(n.Subs) - 2; i >= 0; i-- {
		entry = c.add(inst{op: opSplit, x: c.node(n.Subs[i], next), y: entry}, n)
	}
	return entry
}

func (c *compiler) capture(n *syntax.Node, next int32) int32 {
	own := int32(0)
	if c.tree.Called {
		own = int32(c.p.saved + n.Index - 1)
	}
	end := c.add(inst{op: opClose, arg: int32(n.Index), min: own, x: next}, n)
	body := c.node(n.Subs[0], end)
	return c.add(inst{op: opOpen, arg: int32(n.Index), min: own, x: body}, n)
}

func (c *compiler) atomic(n *syntax.Node, next int32) int32 {
	c.levels++
	end := c.add(inst{op: opAtomicEnd, x: next}, n)
	body := c.node(n.Subs[0], end)
	c.levels--
	return c.add(inst{op: opAtomic, x: body}, n)
}

func (c *compiler) refers(n *syntax.Node, next int32) int32 {
	r := ref{level: n.Level, hasLevel: n.HasLevel}
	for _, g := range slices.Backward(n.Refs) {
		r.groups = append(r.groups, int32(g))
	}
	c.p.refs = append(c.p.refs, r)
	in := inst{op: opBackref, arg: int32(len(c.p.refs) - 1), fold: n.Fold, x: next}
	if n.Op == syntax.Condition {
		in.op, in.y = opCond, c.node(n.Subs[1], next)
		in.x = c.node(n.Subs[0], next)
	}
	return c.add(in, n)
}

func (c *compiler) absent(n *syntax.Node, next int32) int32 {
	levels, inLook, noMemo := c.levels, c.inLook, c.noMemo
	c.levels, c.inLook, c.noMemo = 0, false, true
	end := c.add(inst{op: opAbsentEnd}, n)
	body := c.node(n.Subs[0], end)
	c.levels, c.inLook, c.noMemo = levels, inLook, noMemo
	c.p.linear = false
	return c.add(inst{op: opAbsent, x: body, y: next}, n)
}

// look compiles a look-around. A positive look-behind is no boundary: its other ways are tried when what follows fails.
func (c *compiler) look(n *syntax.Node, next int32) int32 {
	if n.Behind && !n.Neg {
		return c.behind(n.Subs[0], next)
	}
	levels, inLook := c.levels, c.inLook
	c.levels, c.inLook = 1, true
	groups := hasGroups(n.Subs[0]) && !n.Neg
	end := c.add(inst{op: opLookEnd, neg: n.Neg, groups: groups, x: next}, n)
	var body int32
	if n.Behind {
		body = c.behind(n.Subs[0], end)
	} else {
		body = c.node(n.Subs[0], end)
	}
	c.levels, c.inLook = levels, inLook
	return c.add(inst{op: opLook, neg: n.Neg, groups: groups, x: body, y: next}, n)
}

// behind compiles the body of a look-behind: as many characters back as it is long, and then the body, which
// ends where it began. The alternatives of the body may have lengths of their own.
func (c *compiler) behind(n *syntax.Node, next int32) int32 {
	subs := []*syntax.Node{n}
	if n.Op == syntax.Alt {
		subs = n.Subs
	}
	entry := int32(-1)
	for _, s := range slices.Backward(subs) {
		lo, hi := chars(s)
		if lo != hi {
			c.fail(s, "the body of a look-behind has no fixed length")
			return next
		}
		one := c.add(inst{op: opBack, arg: int32(lo), x: c.node(s, next)}, s)
		if entry >= 0 {
			one = c.add(inst{op: opSplit, x: one, y: entry}, n)
		}
		entry = one
	}
	return entry
}

// collect notes the groups of a tree, and which of them are called.
func (c *compiler) collect(tree *syntax.Tree) {
	c.groups, c.isCalled = map[int]*syntax.Node{0: tree.Root}, map[int]bool{}
	syntax.Walk(tree.Root, func(n *syntax.Node) bool {
		switch n.Op {
		case syntax.Capture:
			c.groups[n.Index] = n
		case syntax.Call:
			c.isCalled[n.Index] = true
		}
		return true
	})
}

// call returns the entry of a called group, whose body is compiled by subroutines.
func (c *compiler) call(group int) int32 {
	entry, ok := c.called[group]
	if !ok {
		entry = c.add(inst{op: opFail}, c.tree.Root)
		c.called[group] = entry
		c.pending = append(c.pending, group)
	}
	return entry
}

// subroutines compiles the bodies of called groups. Their entries are there already, and lead to them from now on.
func (c *compiler) subroutines() {
	for len(c.pending) > 0 && c.err == nil {
		group := c.pending[0]
		c.pending = c.pending[1:]
		n := c.groups[group]
		end := c.add(inst{op: opReturn}, n)
		var body int32
		if group > 0 {
			body = c.capture(n, end)
		} else {
			body = c.node(n, end)
		}
		c.p.insts[c.called[group]] = inst{op: opJump, x: body}
	}
}

// chars returns the least and the greatest number of characters that n matches, the greatest -1 when there is none.
func chars(n *syntax.Node) (lo, hi int) {
	switch n.Op {
	case syntax.Literal:
		k := utf8.RuneCountInString(n.Text)
		return k, k
	case syntax.OneOf:
		return 1, 1
	case syntax.Seq:
		for _, s := range n.Subs {
			l, h := chars(s)
			lo, hi = lo+l, plus(hi, h)
		}
		return lo, hi
	case syntax.Alt, syntax.Condition:
		lo, hi = chars(n.Subs[0])
		for _, s := range n.Subs[1:] {
			l, h := chars(s)
			lo = min(lo, l)
			if hi = max(hi, h); h < 0 || hi < 0 {
				hi = -1
			}
		}
		return lo, hi
	case syntax.Repeat:
		l, h := chars(n.Subs[0])
		switch {
		case h == 0 || n.Max == 0:
			return 0, 0
		case h < 0 || n.Max < 0:
			return times(l, n.Min), -1
		default:
			return times(l, n.Min), times(h, n.Max)
		}
	case syntax.Capture, syntax.Atomic:
		return chars(n.Subs[0])
	case syntax.Backref, syntax.Call, syntax.Absent:
		return 0, -1
	default:
		return 0, 0
	}
}

func plus(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

// times multiplies lengths; whatever is larger than all texts is the same.
func times(a, b int) int { return int(min(int64(a)*int64(b), 1<<31)) }

// hasGroups reports whether there is a group in n.
func hasGroups(n *syntax.Node) bool {
	if n.Op == syntax.Capture || n.Op == syntax.Call {
		return true
	}
	return slices.ContainsFunc(n.Subs, hasGroups)
}
