package fast

import (
	"math"
	"math/bits"
	"slices"
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
	entries  [3]entry
	slots    int
	unlogged []uint16 // the begin slots of groups, by bit
	logged   []uint16 // slots of the groups that are undone through the stack
	allBits  uint64
	regs     int
	starts   *starts     // behind the text's begin; nil if there can be no match
	required [2][]needle // literals that stand in a match at, or behind, the text's begin, in this order
	same     bool        // those are the same
	hasty    bool
	failed   inst // goes back
}

// entry is a program for matches at some places.
type entry struct {
	tree  *node
	start *inst
}

// The places of a match: at the begin of the text, behind an ASCII character that is no word character, behind anything else.
const (
	atBegin = iota
	apart
	inside
)

// sides returns what can stand before a match, by its place.
func sides() [3]side {
	letters := wordBytes().or(highBytes())
	return [3]side{atBegin: {edge: true}, apart: {bytes: allBytes().minus(letters)}, inside: {bytes: letters}}
}

// maxText bounds the texts that are matched, in bytes: positions are kept in 32 bits.
const maxText = math.MaxInt32 - 64

// Machine matches a program. It is for one goroutine at a time.
type Machine struct {
	p     *Program
	stack []frame
	regs  []int32
	valid uint64
	found []int // where each required literal stands
	seen  seen
	where

	left  int // of the budget
	free  int // how many attempts may still fail without a charge
	stage stage
}

// where is the place at which a machine has given up.
type where struct {
	start int // of the match that was tried
	sp    int // the height of the stack
}

// stage says what happens when the budget is spent.
type stage uint8

const (
	stageFirst  stage = iota // required literals are looked for
	stageSecond              // the machine gives up, but can go on
	stageLast                // the machine gives up
	stageOver                // it has given up for good
)

// NewMachine returns a machine for p.
func (p *Program) NewMachine() *Machine {
	return &Machine{
		p: p, stack: make([]frame, firstFrames), regs: make([]int32, p.regs),
		found: make([]int, max(len(p.required[0]), len(p.required[1]))),
	}
}

// Match looks for the leftmost match in s. caps has begin and end of the match, then of each group, two entries for each; -1
// and -1 for a group that took no part. They are meaningful if the result is Matched. Nothing is allocated, except that the
// stack of a machine grows with the first texts. s may be anything, valid UTF-8 or not.
//
// Match gives up after few returns to choices, as many as a match of a usual expression needs: then it is time to ask somebody who can say
// quickly that there is no match. If he cannot, [Machine.Continue] goes on.
func (m *Machine) Match(s string, caps []int32) Result {
	p := m.p
	if len(s) > maxText {
		m.stage = stageOver
		return GaveUp
	}
	to := p.slotsOf(caps)
	for _, g := range p.logged {
		to.set(g, -1)
	}
	m.stage, m.left, m.free, m.where, m.seen = stageFirst, firstBudget, freeAttempts(len(s)), where{}, notLooked
	if p.hasty {
		m.left, m.free = 0, 0
	}
	r := NoMatch
	to.set(0, 0)
	if start := p.entries[atBegin].start; start.op != opFail {
		r = m.run(start, s, 0, to)
	}
	return m.end(r, s, to)
}

// Continue goes on where Match has given up, if that pays: it has a larger budget, proportional to the length of the text.
// s and caps must be those that were given to Match, and unchanged.
func (m *Machine) Continue(s string, caps []int32) Result {
	if m.stage != stageSecond {
		return GaveUp
	}
	m.stage, m.left = stageLast, lastBudget(len(s))
	to := m.p.slotsOf(caps)
	return m.end(m.run(&m.p.failed, s, m.start, to), s, to)
}

// end is what Match and Continue do with the result of a run.
func (m *Machine) end(r Result, s string, to *slots) Result {
	p := m.p
	if r == NoMatch && p.starts != nil {
		r = m.search(s, to)
	}
	if r == Matched {
		for absent := p.allBits &^ m.valid; absent != 0; absent &= absent - 1 {
			g := p.unlogged[bits.TrailingZeros64(absent)]
			to.set(g, -1)
			to.set(g+1, -1)
		}
	}
	if r != GaveUp || m.stage == stageLast {
		m.stage = stageOver
	}
	if len(m.stack) > keepFrames && m.stage == stageOver {
		m.stack = make([]frame, firstFrames)
	}
	return r
}

func (p *Program) slotsOf(caps []int32) *slots {
	return (*slots)(unsafe.Pointer(unsafe.SliceData(caps[:p.slots])))
}

// The budgets, in returns to choices.
const firstBudget = 4

func secondBudget(n int) int { return 4 + n>>6 }

// freeAttempts returns the number of attempts behind the begin of a text of n bytes that cost nothing: most fail at once.
func freeAttempts(n int) int { return 32 + n>>4 }

func lastBudget(n int) int { return 1024 + n>>2 }

// giveUp is called where others have to decide. They need not if a required literal is missing.
func (m *Machine) giveUp(s string) Result {
	if m.stage == stageFirst && m.start == 0 && !m.look(s) && m.p.same {
		return NoMatch
	}
	m.stage = stageOver
	return GaveUp
}

// spent is called when the budget is spent at a height sp of the stack. It returns GaveUp, or NoMatch if there cannot be a match at
// m.start, or Matched if the machine shall go on.
func (m *Machine) spent(s string, sp int) Result {
	switch m.stage {
	case stageFirst:
		m.stage, m.left = stageSecond, secondBudget(len(s))
		if m.p.hasty {
			m.left = 0
		}
		if m.start == 0 && !m.look(s) {
			return NoMatch
		}
		return Matched
	default:
		m.sp = sp
		return GaveUp
	}
}

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
	behind := p.simplify(root, opt)
	for i := range p.entries {
		starts[i] = l.lower(p.entries[i].tree, match)
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
		p.entries[i].start = &p.code[s]
	}
	p.required[0], p.required[1] = required(p.entries[atBegin].tree), required(behind)
	p.same = slices.Equal(p.required[0], p.required[1])
	p.failed = inst{op: opFail, lo: noSlot, hi: noSlot}
	if behind.op != syntax.Fail {
		p.starts = newStarts(behind)
		for i, s := range sides() {
			if p.entries[i].tree.op == syntax.Fail {
				p.starts.exclude(s.bytes)
			}
		}
	}
	return p, nil
}

// simplify makes the trees of all entries. It returns one that is right for all places behind the text's begin.
func (p *Program) simplify(root *node, opt options) *node {
	if !opt.noSimplify {
		root = simplify(simplify(root, anySide(), anySide()), anySide(), anySide())
	}
	for i := range p.entries {
		p.entries[i].tree = root
	}
	if opt.noSimplify || !about(root).asserts {
		return root
	}
	every := simplify(root, side{bytes: allBytes()}, anySide())
	p.entries[atBegin].tree = simplify(root, side{edge: true}, anySide())
	for i, prev := range sides() {
		switch {
		case i == atBegin:
		case key(every) == key(p.entries[atBegin].tree):
			p.entries[i].tree = every
		default:
			p.entries[i].tree = simplify(root, prev, anySide())
		}
	}
	return every
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
