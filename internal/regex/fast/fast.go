package fast

import (
	"math"
	"math/bits"
	"unsafe"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
)

// Result is what a machine found out.
type Result uint8

// The results.
const (
	NoMatch Result = iota // certain
	Matched               // certain; the captures are those of backtracking
	GaveUp                // others have to decide
)

// Program is a compiled expression. It is not changed once compiled: several goroutines may use it.
type Program struct {
	code     []inst
	begin    *inst // for a match at the begin of the text
	middle   *inst // for one behind it; nil if there can be none
	slots    int
	unlogged []bitGroup // groups by bit
	logged   []int      // slots of the groups that are undone through the stack
	allBits  uint64
	regs     int
	starts   *starts
	required []string // literals that stand in a match behind the text's begin, in this order
	trees    [2]*node // for Dump
}

// bitGroup is the begin slot of a group.
type bitGroup = uint16

// maxText bounds the texts that are matched, in bytes: positions are kept in 32 bits.
const maxText = math.MaxInt32 - 64

// Machine matches a program. It is for one goroutine at a time.
type Machine struct {
	p     *Program
	stack []frame
	regs  []int32
	valid uint64
	left  int   // of the budget
	found []int // where each required literal stands
}

// NewMachine returns a machine for p.
func (p *Program) NewMachine() *Machine {
	return &Machine{p: p, stack: make([]frame, firstFrames), regs: make([]int32, p.regs), found: make([]int, len(p.required))}
}

// Match looks for the leftmost match in s. caps has begin and end of the match, then of each group, two entries for each; -1
// and -1 for a group that took no part. They are meaningful if the result is Matched. Nothing is allocated, except that the
// stack of a machine grows with the first texts. s may be anything, valid UTF-8 or not.
func (m *Machine) Match(s string, caps []int32) Result {
	p := m.p
	if len(s) > maxText {
		return GaveUp
	}
	caps = caps[:p.slots]
	to := (*slots)(unsafe.Pointer(unsafe.SliceData(caps)))
	for _, g := range p.logged {
		caps[g] = -1
	}
	m.left = budget(len(s))
	caps[0] = 0
	r := NoMatch
	if p.begin.op != opFail {
		r = m.run(p.begin, s, 0, to)
	}
	if r == NoMatch && p.middle != nil {
		r = m.search(s, to)
	}
	if r == Matched {
		for absent := p.allBits &^ m.valid; absent != 0; absent &= absent - 1 {
			g := p.unlogged[bits.TrailingZeros64(absent)]
			to[g], to[g+1] = -1, -1
		}
	}
	return r
}

// budget returns how often a machine may return to a choice before others shall decide about a text of n bytes.
func budget(n int) int { return 256 + n }

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
}

func compile(t *syntax.Tree, opt options) (*Program, error) {
	im := importer{classes: map[string]*class{}}
	root, err := im.node(t.Root)
	if err != nil {
		return nil, err
	}
	p := &Program{slots: 2 * (len(t.Names) + 1)}
	if p.slots > math.MaxUint16 {
		return nil, unsupported(t.Root, "more groups than slots")
	}
	l := newLowering(len(t.Names)+1, opt)
	keepGroups(root, false, l.groups)
	p.keep(l.groups)
	match := l.emit(instr{op: opMatch, next: noPC, alt: noPC}, anySide())
	entries := [2]pc{}
	for i, prev := range []side{{edge: true}, {bytes: allBytes()}} {
		n := root
		if !opt.noSimplify {
			n = simplify(simplify(root, prev, anySide()), prev, anySide())
		}
		p.trees[i] = n
		entries[i] = l.lower(n, match)
		if l.err != nil {
			return nil, l.err
		}
	}
	f := newFuser(l)
	begin, middle := f.entry(entries[0]), f.entry(entries[1])
	f.resolve()
	p.code, p.regs = f.out, l.regs
	p.begin = &p.code[begin]
	if p.trees[1].op != syntax.Fail {
		p.middle = &p.code[middle]
		p.starts = newStarts(p.trees[1])
		p.required = required(p.trees[1])
	}
	return p, nil
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
			p.logged = append(p.logged, 2*g, 2*g+1)
			continue
		}
		groups[g].bit = len(p.unlogged)
		p.allBits |= 1 << groups[g].bit
		p.unlogged = append(p.unlogged, bitGroup(2*g))
	}
}
