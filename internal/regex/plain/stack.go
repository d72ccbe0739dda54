package plain

import "unicode/utf8"

// fail takes back what happened since the last choice, and returns where that goes on. Nothing is left when
// the stack is down to base.
func (m *Machine) fail(base int) (pc int32, pos int, ok bool) {
	for len(m.stack) > base {
		m.steps++
		top := len(m.stack) - 1
		f := &m.stack[top]
		switch f.kind {
		case fChoice:
			m.stack = m.stack[:top]
			return f.a, int(f.b), true
		case fRun:
			pc, pos = f.a, m.before(int(f.b), int(f.c))
			if f.c = int32(pos); f.c == f.b {
				m.stack = m.stack[:top]
			}
			return m.p.insts[pc].behindRun(), pos, true
		case fMark:
			in := &m.p.insts[f.a]
			m.mark = f.b
			m.stack = m.stack[:top]
			if in.neg {
				return in.y, int(f.c), true
			}
		case fState:
			m.lower(f, f.c&0xff)
			m.stack = m.stack[:top]
		default:
			m.undo(f)
			m.stack = m.stack[:top]
		}
	}
	return 0, 0, false
}

// behindRun returns where a run, or an absent operator, goes on.
func (in *inst) behindRun() int32 {
	if in.op == opAbsent {
		return in.y
	}
	return in.x
}

// before returns the begin of the character that ends at i, of a text that begins at from.
func (m *Machine) before(from, i int) int {
	if m.s[i-1] < utf8.RuneSelf {
		return i - 1
	}
	_, w := utf8.DecodeLastRuneInString(m.s[from:i])
	return i - w
}

func (m *Machine) undo(f *frame) {
	switch f.kind {
	case fUndo, fOwn:
		m.slots[f.a] = f.b
	case fCall:
		m.top = f.b
		if f.a >= 0 {
			m.saved = m.saved[:m.calls[f.a].saved]
			m.calls = m.calls[:f.a]
		}
	}
}

// drop takes the stack back to a height, as if all above had failed, but keeps what the memo says of it.
func (m *Machine) drop(height int) {
	for i := len(m.stack) - 1; i >= height; i-- {
		f := &m.stack[i]
		m.steps++
		if f.kind == fMark {
			m.mark = f.b
		} else {
			m.undo(f)
		}
	}
	m.stack = m.stack[:height]
}

// cut takes the stack back behind a number of boundaries, because their bodies match from here, but nothing
// further does. So it is, then, with every state on the way here.
func (m *Machine) cut(levels int32) {
	for levels > 0 {
		top := len(m.stack) - 1
		f := &m.stack[top]
		m.steps++
		switch f.kind {
		case fMark:
			m.mark = f.b
			levels--
		case fState:
			m.lower(f, f.c&0xff+levels)
		default:
			m.undo(f)
		}
		m.stack = m.stack[:top]
	}
}

// lower notes in the memo how many boundaries are passed from a state.
func (m *Machine) lower(f *frame, passed int32) {
	in := &m.p.insts[f.c>>8]
	w := &m.memo.at(uint32(f.a))[f.b>>6]
	shift := f.b & 63
	*w = *w&^((1<<in.width-1)<<shift) | uint64(passed+1)<<shift
}

// endAtomic forgets the other ways of an atomic group's body.
func (m *Machine) endAtomic() {
	mark := m.mark
	m.mark = m.stack[mark].b
	keep := mark
	for _, f := range m.stack[mark+1:] {
		m.steps++
		switch f.kind {
		case fUndo, fOwn, fCall:
		case fState:
			f.c++
			if passed := f.c & 0xff; passed >= int32(m.p.insts[f.c>>8].levels) {
				continue // nothing can lower it any more
			}
		default:
			continue
		}
		m.stack[keep] = f
		keep++
	}
	m.stack = m.stack[:keep]
}

// endLook ends a look-around whose body has matched. It goes on where it began, or, negated, fails.
func (m *Machine) endLook(in *inst) (int, bool) {
	mark := m.mark
	at := int(m.stack[mark].c)
	if in.neg {
		m.drop(int(mark))
		return at, false
	}
	if in.groups && m.p.memo {
		m.records.note(m, int(mark))
	}
	m.mark = m.stack[mark].b
	keep := mark
	for _, f := range m.stack[mark+1:] {
		m.steps++
		if f.kind == fUndo || f.kind == fOwn || f.kind == fCall {
			m.stack[keep] = f
			keep++
		}
	}
	m.stack = m.stack[:keep]
	return at, true
}

// arrival says how a state goes on.
type arrival uint8

const (
	arrivalNew    arrival = iota // nothing is known
	arrivalFails                 // it fails
	arrivalLooked                // the body of the look-around matches from it: see looked
)

// arrive looks a state up in the memo, and notes it there.
func (m *Machine) arrive(in *inst, pc int32, pos int) arrival {
	scope := uint64(0)
	if in.scope > 0 {
		scope = m.scope(in.scope, int32(pos))
	}
	page := m.memo.page(scope, uint64(pos)/blockSize)
	if page == nil {
		m.overflow()
		return arrivalNew
	}
	bit := uint32(pos)%blockSize*m.memo.row + in.field
	w, shift := &page[bit>>6], bit&63
	v := int32(*w >> shift & (1<<in.width - 1))
	levels := int32(in.levels)
	switch {
	case v == 0:
		*w |= uint64(levels+1) << shift
		if levels > 0 {
			m.stack = append(m.stack, frame{fState, int32(m.memo.lastID), int32(bit), pc << 8})
		}
		return arrivalNew
	case v == 1:
		return arrivalFails
	case v == levels+1 && in.inLook:
		return m.arriveInLook(levels, bit)
	}
	m.cut(v - 1)
	return arrivalFails
}

// arriveInLook is arrive where the body of the look-around around it matches.
func (m *Machine) arriveInLook(levels int32, bit uint32) arrival {
	mark := m.mark
	for range levels - 1 {
		mark = m.stack[mark].b
	}
	look := &m.p.insts[m.stack[mark].a]
	switch {
	case look.neg:
		m.drop(int(mark))
		return arrivalFails
	case look.groups:
		if !m.records.replay(m, m.memo.lastID, bit) {
			return arrivalNew // the same way again, for the sake of the groups
		}
	}
	m.mark = mark
	return arrivalLooked
}

// looked ends the look-around at the mark, and returns where it goes on.
func (m *Machine) looked() (pc int32, pos int) {
	mark := m.stack[m.mark]
	in := inst{op: opLookEnd}
	pos, _ = m.endLook(&in)
	return m.p.insts[mark.a].y, pos
}

// overflow starts the step budget, because the memo is full.
func (m *Machine) overflow() { m.limit = min(m.limit, m.steps+m.Budget) }

// scope returns a number for what, beside instruction and position, tells a state apart.
func (m *Machine) scope(id, pos int32) uint64 {
	key := uint64(0)
	for _, d := range m.p.scopes[id] {
		v := uint64(0)
		switch d.kind {
		case digitIter:
			if m.slots[d.slot] == pos {
				v = 1
			}
		case digitGroups:
			if m.slots[d.slot] == pos {
				v = 1 + uint64(m.progress(m.slots[d.slot+1], pos))
			}
		case digitGroup:
			if begin, end := m.slots[d.slot], m.slots[d.slot+1]; end >= 0 && begin == end {
				if v = 1; end == pos {
					v = 2
				}
			}
		case digitCount:
			v = min(uint64(m.slots[d.slot]), d.radix-1)
		}
		key = key*d.radix + v
	}
	return key
}

// The answers of progress.
const (
	progressNone = iota // the iteration was empty
	progressBack        // a group was empty elsewhere before: the iteration fails
	progressMade        // a group had no text before, or one that was not empty and has another one now
)

// progress tells what the groups that began since the stack had a height say to an iteration that matched the empty
// text at pos.
func (m *Machine) progress(height, pos int32) int {
	r := progressNone
	for i := int(height); i < len(m.stack); i++ {
		f := &m.stack[i]
		m.steps++
		if f.kind != fUndo || f.a < 2 || f.a&1 == 1 || int(f.a) >= m.p.saved {
			continue
		}
		begin, end := f.b, m.stack[i+1].b
		switch {
		case end < 0 || begin != end && (begin != m.slots[f.a] || end != m.slots[f.a+1]):
			return progressMade
		case begin == end && end != pos:
			r = progressBack
		}
	}
	return r
}
