package plain

import (
	"unicode/utf8"
)

// Result is what a machine found out.
type Result uint8

// The results of a match.
const (
	NoMatch Result = iota
	Matched
	Exhausted // the step budget, or the memory, ended before it was known
)

// DefaultBudget is the step budget of a program that is not linear, and of one whose memo is full. The others
// have it beside the steps that they need at most.
const DefaultBudget = 20_000_000

// maxFrames bounds the stack.
const maxFrames = 64 << 20 / 16

// maxText is the largest text that is looked at: offsets are 32 bits.
const maxText = 1<<31 - 2

// Machine matches a program. It has scratch space of its own, so it belongs to one goroutine at a time.
type Machine struct {
	p       *Program
	s       string
	slots   []int32
	stack   []frame
	mark    int32 // the innermost boundary's frame, -1
	calls   []call
	saved   []int32 // slots saved by calls
	top     int32   // the innermost call, -1
	memo    memo
	records records
	steps   int64
	limit   int64
	Budget  int64 // steps, see DefaultBudget; may be changed between matches

	began     int    // where the attempt began
	end       int    // where run has ended
	trace     *Trace // what Explain finds out
	exhausted bool
	depth     int // of absent operators that are being tried
	limitText int // where the text ends: before its end in the body of an absent operator
}

// frame is an entry of the stack: what to do when a way has failed.
type frame struct {
	kind    int32
	a, b, c int32
}

const (
	fChoice = iota // go on at instruction a, position b
	fRun           // go on behind run a, at a position before c, but not before b
	fUndo          // slot a had the value b, and got the value c
	fOwn           // the same, but no event of a group: its begin is put back to where this call of it began
	fMark          // boundary: instruction a, the boundary around it b, position c
	fState         // a state of the memo: page a, bit b of it, instruction and boundaries passed in c
	fCall          // the innermost call was b; calls above a are gone when a >= 0
)

type call struct {
	back  int32 // where to go on
	outer int32
	saved int32 // index of the saved slots
}

// NewMachine returns a machine for the program.
func NewMachine(p *Program) *Machine {
	m := &Machine{p: p, slots: make([]int32, p.slots), Budget: DefaultBudget}
	m.memo.init(p)
	return m
}

// Steps returns how many steps the last match took: instructions and frames.
func (m *Machine) Steps() int64 { return m.steps }

// Match looks for the first match in s. The caller knows that none begins before from, where a character begins. Of a match it writes
// begin and end, then those of each group, -1 for one that took no part, to caps, which has 2*(Groups+1) entries. It does not keep s.
func (m *Machine) Match(s string, from int, caps []int32) Result {
	if len(s) > maxText {
		return Exhausted
	}
	r := m.search(s, from)
	if r == Matched {
		copy(caps, m.slots)
	}
	m.release()
	return r
}

func (m *Machine) search(s string, from int) Result {
	m.s, m.limitText = s, len(s)
	m.steps, m.exhausted = 0, false
	m.limit = m.Budget
	if m.trace == nil {
		m.limit += m.p.bound(len(s))
	}
	if m.p.memo {
		m.memo.reset(len(s), m.p.radix)
		m.records.reset()
	}
	m.stack, m.calls, m.saved = m.stack[:0], m.calls[:0], m.saved[:0]
	m.mark, m.top, m.depth = -1, -1, 0
	for i := range m.slots {
		m.slots[i] = -1
	}
	for at := from; ; {
		if at = m.p.first.next(s, at); at < 0 {
			return NoMatch
		}
		if m.attempt(at) {
			return Matched
		}
		if m.exhausted {
			return Exhausted
		}
		if at >= len(s) {
			return NoMatch
		}
		at += width1(s, at)
	}
}

// attempt tries a match that begins at a position. When it has failed, all is as it was before.
func (m *Machine) attempt(at int) bool {
	m.slots[0], m.began = int32(at), at
	if !m.run(m.p.entry, at) {
		return false
	}
	m.slots[1] = int32(m.end)
	m.slots[0] = min(m.slots[0], m.slots[1]) // \K may stand in a look-ahead
	return true
}

func (m *Machine) release() {
	m.s = ""
	if cap(m.stack) > keepFrames {
		m.stack = nil
	}
	if cap(m.calls) > keepFrames || cap(m.saved) > keepFrames {
		m.calls, m.saved = nil, nil
	}
	m.memo.release()
	m.records.release()
}

// width1 returns the length of the character at i, in bytes.
func width1(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, w := utf8.DecodeRuneInString(s[i:])
	return w
}

// match returns the length of the character at i if it is in the class, else 0.
func (c *class) match(s string, i int) int {
	b := s[i]
	if b < utf8.RuneSelf {
		return int(c.ascii[b>>6] >> (b & 63) & 1)
	}
	if c.none {
		return 0
	}
	r, w := utf8.DecodeRuneInString(s[i:])
	if c.all {
		return w
	}
	if r == utf8.RuneError && w == 1 {
		if c.set.Invalid {
			return 1
		}
		return 0
	}
	if c.set.Has(r) {
		return w
	}
	return 0
}

// set changes a slot, so that going back undoes it.
func (m *Machine) set(slot, v int32) {
	m.stack = append(m.stack, frame{fUndo, slot, m.slots[slot], v})
	m.slots[slot] = v
}

// own is set where that is no event of a group.
func (m *Machine) own(slot, v int32) {
	m.stack = append(m.stack, frame{fOwn, slot, m.slots[slot], v})
	m.slots[slot] = v
}

// run follows the program from an instruction and a position until the expression has matched, or every way has
// failed.
//
//nolint:revive // function-length: the frequent instructions stand together, so that they are jumps of one loop
func (m *Machine) run(pc int32, pos int) bool {
	insts := m.p.insts
	base := len(m.stack)
	for {
		in := &insts[pc]
		if m.steps++; m.steps > m.limit || len(m.stack) > maxFrames {
			m.exhausted = true
			return false
		}
		ok := true
		if in.width > 0 && in.op != opRun {
			switch m.arrive(in, pc, pos) {
			case arrivalFails:
				ok = false
			case arrivalLooked:
				pc, pos = m.looked()
				continue
			}
		}
		if ok {
			switch in.op {
			case opMatch, opAbsentEnd:
				m.end = pos
				return true
			case opText:
				t := m.p.texts[in.arg]
				if ok = len(m.s)-pos >= len(t) && m.s[pos:pos+len(t)] == t && pos+len(t) <= m.limitText; ok {
					pos += len(t)
				}
			case opSet:
				if ok = pos < m.limitText; ok {
					w := m.p.classes[in.arg].match(m.s, pos)
					ok = w > 0
					pos += w
				}
			case opSplit:
				m.stack = append(m.stack, frame{fChoice, in.y, int32(pos), 0})
			case opRun:
				pos, ok = m.runOf(in, pc, pos)
			case opOpen:
				if in.min > 0 {
					m.own(in.min, int32(pos))
				}
				m.set(2*in.arg, int32(pos))
				m.set(2*in.arg+1, -1)
			case opClose:
				m.set(2*in.arg+1, int32(pos))
				if in.min > 0 {
					m.own(2*in.arg, m.slots[in.min])
				}
			case opKeep:
				m.set(0, int32(pos))
			case opAtomic, opLook:
				m.stack = append(m.stack, frame{fMark, pc, m.mark, int32(pos)})
				m.mark = int32(len(m.stack) - 1)
			case opAtomicEnd:
				m.endAtomic()
			case opLookEnd:
				pos, ok = m.endLook(in)
			case opBack:
				pos, ok = back(m.s, pos, int(in.arg))
			default:
				pc, pos, ok = m.rest(in, pc, pos)
				if ok {
					continue
				}
			}
			if ok {
				pc = in.x
				continue
			}
			if m.trace != nil {
				m.note(in, pos)
			}
		}
		if pc, pos, ok = m.fail(base); !ok {
			return false
		}
	}
}
