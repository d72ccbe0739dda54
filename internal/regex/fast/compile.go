package fast

import (
	"math"
	"slices"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
)

// maxBits is the number of groups that are valid by a bit.
const maxBits = 64

// keepGroups decides how the captures of each group are kept: in a loop, where a group may be set again and again, the old
// values have to be put back. Group 0 is the match itself.
func keepGroups(n *node, looping bool, groups []groupInfo) {
	if n.op == syntax.Capture {
		groups[n.group].logged = looping
	}
	looping = looping || n.op == syntax.Repeat && n.max != 1
	for _, s := range n.subs {
		keepGroups(s, looping, groups)
	}
}

// Compile makes a program of t, which is not kept. Its error wraps ErrUnsupported: everything else is right about t.
func Compile(t *syntax.Tree) (*Program, error) { return compile(t, options{}) }

// options are for tests: they switch off what must not make a difference.
type options struct {
	noLeaves   bool
	noSimplify bool
	hasty      bool // have budgets that are spent at once
}

func compile(t *syntax.Tree, opt options) (*Program, error) {
	im := importer{classes: map[string]*class{}}
	root, err := im.node(t.Root)
	if err != nil {
		return nil, err
	}
	p := &Program{slots: 2 * (len(t.Names) + 1), hasty: opt.hasty}
	if p.slots > math.MaxUint16 {
		return nil, unsupported(t.Root, "more groups than slots")
	}
	l := newLowering(len(t.Names)+1, opt)
	keepGroups(root, false, l.groups)
	p.keep(l.groups)
	match := l.emit(instr{op: opMatch, next: noPC, alt: noPC}, anySide())
	starts := [3]pc{}
	trees := simplifyAll(root, opt)
	for i, n := range trees.at {
		starts[i] = l.lower(n, match)
		if l.err != nil {
			return nil, l.err
		}
	}
	f := newFuser(l)
	for i, s := range starts {
		starts[i] = f.entry(s)
	}
	f.resolve()
	p.code, p.regs = f.out, l.regs
	for i, s := range starts {
		p.entries[i] = &p.code[s]
	}
	p.filters(&trees)
	p.failed = inst{op: opFail, lo: noSlot, hi: noSlot}
	return p, nil
}

// filters makes what tells where a match can be without trying.
func (p *Program) filters(trees *simplified) {
	p.required[0], p.required[1] = required(trees.at[atBegin]), required(trees.behind)
	p.same = slices.Equal(p.required[0], p.required[1])
	if trees.behind.op == syntax.Fail {
		return
	}
	p.starts = newStarts(trees.behind)
	for i, s := range sides() {
		if trees.at[i].op == syntax.Fail {
			p.starts.exclude(s.bytes)
		}
	}
}

// simplified is an expression in the forms that it may have where it is known what stands before it.
type simplified struct {
	at     [3]*node // by the place of the match
	behind *node    // right for all places behind the text's begin
}

func simplifyAll(root *node, opt options) simplified {
	if opt.noSimplify {
		return simplified{[3]*node{root, root, root}, root}
	}
	root = simplify(simplify(root, anySide(), anySide()), anySide(), anySide())
	if !about(root).asserts {
		return simplified{[3]*node{root, root, root}, root}
	}
	every := simplify(root, side{bytes: allBytes()}, anySide())
	s := simplified{[3]*node{every, every, every}, every}
	s.at[atBegin] = simplify(root, side{edge: true}, anySide())
	if key(every) != key(s.at[atBegin]) {
		s.at[apart] = simplify(root, sides()[apart], anySide())
		s.at[inside] = simplify(root, sides()[inside], anySide())
	}
	return s
}

func newLowering(groups int, opt options) *lowering {
	return &lowering{
		known:   map[instr]pc{},
		lowered: map[lowerKey]pc{},
		groups:  make([]groupInfo, groups),
		seqKeys: map[string]int{},
		leaves:  leafMaker{off: opt.noLeaves, follows: map[side]*leaf.Follow{}},
	}
}

// keep gives each group its bit, or its place among those that are logged.
func (p *Program) keep(groups []groupInfo) {
	for g := 1; g < len(groups); g++ {
		if groups[g].logged || len(p.unlogged) == maxBits {
			groups[g].logged = true
			p.logged = append(p.logged, uint16(2*g), uint16(2*g+1))
			continue
		}
		groups[g].bit = len(p.unlogged)
		p.allBits |= 1 << groups[g].bit
		p.unlogged = append(p.unlogged, uint16(2*g))
	}
}
