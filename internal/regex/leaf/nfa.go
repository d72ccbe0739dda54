package leaf

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// byteSet is a set of byte values.
type byteSet [4]uint64

func (t *byteSet) add(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		t[b>>6] |= 1 << (b & 63)
	}
}

func (t *byteSet) has(b byte) bool { return t[b>>6]>>(b&63)&1 != 0 }

// not returns the bytes that are no members.
func (t byteSet) not() byteSet { return byteSet{^t[0], ^t[1], ^t[2], ^t[3]} }

// and returns the common members.
func (t byteSet) and(u byteSet) byteSet {
	return byteSet{t[0] & u[0], t[1] & u[1], t[2] & u[2], t[3] & u[3]}
}

// or returns the members of either.
func (t byteSet) or(u byteSet) byteSet {
	return byteSet{t[0] | u[0], t[1] | u[1], t[2] | u[2], t[3] | u[3]}
}

// setOf returns the bytes from lo to hi.
func setOf(lo, hi byte) (t byteSet) {
	t.add(lo, hi)
	return t
}

// instKind says what an instruction of the automaton with ε-steps does.
type instKind uint8

const (
	isAccept instKind = iota
	isSplit           // go on at each of out, in this order of preference
	isBytes           // consume a byte of set; a byte of bail (or the end of the text, if bailEnd) shows that the text is not valid
	isLook            // go on if the next byte is in set, or at the end of the text if end
	isGuard           // go on, unless that would be within a character: see (*builder).loop
)

type inst struct {
	kind    instKind
	end     bool // isLook
	bailEnd bool // isBytes
	set     byteSet
	bail    byteSet
	next    int32   // where the others go on
	out     []int32 // isSplit
}

const (
	maxInsts = 6000   // of one automaton: more are refused
	maxNodes = 20000  // that are visited for one, repeated ones each time
	maxWork  = 500000 // instructions that are looked at for one, some nanoseconds each
	// A repeat that may go on for more rounds than this is built without an upper bound: see table.within.
	maxUnrolled = 12
)

// budget bounds what building an automaton costs, all atomic groups in it included.
type budget struct{ nodes, work int }

// spend takes n from a part of the budget, and reports whether there was enough.
func spend(left *int, n int) bool {
	*left -= n
	return *left >= 0
}

// builder makes instructions from a tree, from the end to the beginning: the successor of what is built is known.
type builder struct {
	prog   []inst
	mode   Mode
	limit  int  // the lowest upper bound that was left out, 0: none
	exact  bool // leave no upper bound out
	failed bool
	budget *budget
	broken int32 // the start of the instructions that find invalid UTF-8, 0: not made yet

	// made finds an instruction by what it does and where it goes on: alternatives with a common end share it, which
	// makes for less and smaller sets of instructions (by a factor of five with addresses).
	made map[string]int32
	key  []byte
}

// build returns the instructions for n and the number of the first one. Number 0 accepts.
func (p *builder) build(n *syntax.Node) (start int32, ok bool) {
	accept := p.emit(inst{kind: isAccept})
	start = p.node(n, accept)
	return start, !p.failed
}

// emit returns the number of an instruction that does what in does.
func (p *builder) emit(in inst) int32 {
	kind := byte(in.kind)
	if in.end || in.bailEnd {
		kind |= 0x80
	}
	p.key = append(p.key[:0], kind)
	key := p.key
	if in.kind != isSplit {
		for _, word := range in.set {
			key = binary.LittleEndian.AppendUint64(key, word)
		}
		if in.bail != (byteSet{}) {
			for _, word := range in.bail {
				key = binary.LittleEndian.AppendUint64(key, word)
			}
		}
	}
	key = binary.LittleEndian.AppendUint16(key, uint16(in.next))
	for _, out := range in.out {
		key = binary.LittleEndian.AppendUint16(key, uint16(out))
	}
	p.key = key
	at, ok := p.made[string(key)]
	if !ok {
		at = p.emitNew(in)
		if p.made == nil {
			p.made = map[string]int32{}
		}
		p.made[string(key)] = at
	}
	return at
}

// emitNew adds an instruction.
func (p *builder) emitNew(in inst) int32 {
	if len(p.prog) >= maxInsts {
		p.failed = true
		return 0
	}
	p.prog = append(p.prog, in)
	return int32(len(p.prog) - 1)
}

func (p *builder) refuse() int32 {
	p.failed = true
	return 0
}

// node builds n before next.
func (p *builder) node(n *syntax.Node, next int32) int32 {
	if p.failed || !spend(&p.budget.nodes, 1) {
		return p.refuse()
	}
	switch n.Op {
	case syntax.Empty:
		return next
	case syntax.Fail:
		return p.emit(inst{kind: isSplit})
	case syntax.Literal:
		return p.literal(n.Text, next)
	case syntax.OneOf:
		return p.class(n.Class, next)
	case syntax.Seq:
		for _, s := range slices.Backward(n.Subs) {
			next = p.node(s, next)
		}
		return next
	case syntax.Alt:
		outs := make([]int32, len(n.Subs))
		for i, s := range n.Subs {
			outs[i] = p.node(s, next)
		}
		return p.emit(inst{kind: isSplit, out: outs})
	case syntax.Repeat:
		return p.repeat(n, next)
	case syntax.Atomic:
		if !singleEnd(n.Subs[0], p.budget) {
			return p.refuse()
		}
		return p.node(n.Subs[0], next)
	default:
		look, ok := lookOf(n)
		if !ok {
			return p.refuse()
		}
		look.next = next
		return p.emit(look)
	}
}

func (p *builder) literal(text string, next int32) int32 {
	if !utf8.ValidString(text) {
		return p.refuse() // what follows would not begin at the start of a character
	}
	for i := len(text) - 1; i >= 0; i-- {
		next = p.emit(inst{kind: isBytes, set: setOf(text[i], text[i]), next: next})
	}
	return next
}

// repeat builds Min copies and, behind them, either a loop or as many optional copies as there may be more.
func (p *builder) repeat(n *syntax.Node, next int32) int32 {
	body, least, most := n.Subs[0], n.Min, n.Max
	if p.mode == First && nullable(body) {
		return p.refuse() // an empty round ends the loop, which an automaton's order of preference cannot express
	}
	if most > least+maxUnrolled && p.mode == Ends && !p.exact {
		if p.limit == 0 || most < p.limit {
			p.limit = most
		}
		most = -1
	}
	switch {
	case most < 0 && body.Op == syntax.OneOf && isAllHigh(body.Class):
		next = p.loop(n, next)
		least = max(0, least-1)
	case most < 0:
		again := p.emitNew(inst{kind: isSplit})
		in := p.node(body, again)
		if !p.failed {
			p.prog[again].out = ordered(n.Lazy, in, next)
		}
		next = again
	default:
		after := next
		for range most - least {
			if p.failed {
				return 0
			}
			in := p.node(body, next)
			next = p.emit(inst{kind: isSplit, out: ordered(n.Lazy, in, after)})
		}
	}
	for range least {
		if p.failed {
			return 0
		}
		next = p.node(body, next)
	}
	return next
}

func ordered(lazy bool, body, after int32) []int32 {
	if lazy {
		return []int32{after, body}
	}
	return []int32{body, after}
}

// loop builds the endless repeat of a class that takes all that is not ASCII, of at least one round if n.Min is not 0.
// It goes byte by byte, so that it is one state and can be scanned. It may then be in the middle of a character
// whenever the next byte could continue one (0x80 to 0xBF); the guard at its exit sees to that.
func (p *builder) loop(n *syntax.Node, next int32) int32 {
	ascii := n.Subs[0].Class.ASCII()
	set := byteSet{ascii[0], ascii[1], ^uint64(0), ^uint64(0)}
	guard := p.emit(inst{kind: isGuard, next: next})
	again := p.emitNew(inst{kind: isSplit})
	in := p.emit(inst{kind: isBytes, set: set, next: again})
	if p.failed {
		return 0
	}
	p.prog[again].out = ordered(n.Lazy, in, guard)
	if n.Min > 0 {
		return in
	}
	return again
}

func isAllHigh(c *syntax.Class) bool {
	all, _ := c.High()
	return all
}

// nullable reports whether n can match the empty text.
func nullable(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Fail, syntax.Literal, syntax.OneOf:
		return false
	case syntax.Seq:
		return !slices.ContainsFunc(n.Subs, func(s *syntax.Node) bool { return !nullable(s) })
	case syntax.Alt:
		return slices.ContainsFunc(n.Subs, nullable)
	case syntax.Repeat:
		return n.Min == 0 || nullable(n.Subs[0])
	case syntax.Atomic, syntax.Capture:
		return nullable(n.Subs[0])
	default:
		return true
	}
}

// lookOf returns the look-ahead at the next byte that n is.
func lookOf(n *syntax.Node) (in inst, ok bool) {
	switch n.Op {
	case syntax.LineEnd:
		return inst{kind: isLook, set: setOf('\n', '\n'), end: true}, true
	case syntax.TextEnd:
		return inst{kind: isLook, end: true}, true
	case syntax.Look:
		if n.Behind {
			return in, false
		}
		set, end, ok := firstOf(n.Subs[0])
		if n.Neg {
			set, end = set.not(), !end
		}
		return inst{kind: isLook, set: set, end: end}, ok
	default:
		return in, false
	}
}

// firstOf returns the next bytes with which n matches, if that is all that n is about; end: whether it does at the end of
// the text.
func firstOf(n *syntax.Node) (set byteSet, end, ok bool) {
	switch n.Op {
	case syntax.Fail:
		return set, false, true
	case syntax.Literal:
		if len(n.Text) != 1 || n.Text[0] >= utf8.RuneSelf {
			return set, false, false
		}
		return setOf(n.Text[0], n.Text[0]), false, true
	case syntax.OneOf:
		all, none := n.Class.High()
		ascii := n.Class.ASCII()
		set[0], set[1] = ascii[0], ascii[1]
		if all {
			set[2], set[3] = ^uint64(0), ^uint64(0)
		}
		return set, false, all || none
	case syntax.Alt:
		for _, s := range n.Subs {
			one, atEnd, ok := firstOf(s)
			if !ok {
				return set, false, false
			}
			set, end = set.or(one), end || atEnd
		}
		return set, end, true
	case syntax.LineEnd, syntax.TextEnd, syntax.Look:
		look, ok := lookOf(n)
		return look.set, look.end, ok
	default:
		return set, false, false
	}
}
