package fast

import (
	"math"
	"math/bits"
	"unsafe"
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
	entries  [3]*inst // by the place of the match
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
	looks int // how many bytes may still be looked at by what succeeds without getting there
	free  int // how many attempts may still fail without a charge
	stage stage
	steps int // see Steps
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
	m.looks = freeLooks(len(s))
	if p.hasty {
		m.left, m.free, m.looks = 0, 0, 0
	}
	r := NoMatch
	to.set(0, 0)
	if start := p.entries[atBegin]; start.op != opFail {
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
	m.stage, m.left, m.looks = stageLast, lastBudget(len(s)), freeLooks(len(s))
	to := m.p.slotsOf(caps)
	return m.end(m.run(&m.p.failed, s, m.start, to), s, to)
}

// Counted says whether machines count their steps: only builds with the race detector, which are for tests, do.
const Counted = counted

// Steps returns the number of instructions and of bytes that m has looked at since it was made, or a little more. It is 0
// where [Counted] is false.
func (m *Machine) Steps() int { return m.steps }

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

// freeLooks returns the number of bytes at which instructions may look that succeed without getting there, as look-aheads
// do, and automata that have to see far behind an end. Backtracks do not show such work, so that it has a budget of its own.
func freeLooks(n int) int { return 1024 + 16*n }

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
