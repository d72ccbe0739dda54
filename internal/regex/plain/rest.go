package plain

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// runOf takes as many characters as there are, and leaves a frame for fewer. Where the memo knows that a
// run fails, this one ends before.
func (m *Machine) runOf(in *inst, pc int32, pos int) (int, bool) {
	class := &m.p.classes[in.arg]
	last, at := -1, pos
	var page []uint64
	for {
		m.steps++
		if in.width > 0 {
			if page == nil || uint(at)%blockSize < utf8.UTFMax || in.scope > 0 {
				if page = m.runPage(in, at); page == nil {
					m.overflow()
				}
			}
			if page != nil {
				bit := uint32(at)%blockSize*m.memo.row + in.field
				w, mask := &page[bit>>6], uint64(1)<<(bit&63)
				if *w&mask != 0 {
					break
				}
				*w |= mask
			}
		}
		last = at
		if at >= m.limitText {
			break
		}
		w := class.match(m.s, at)
		if w == 0 || at+w > m.limitText {
			break
		}
		at += w
	}
	if last < 0 {
		return pos, false
	}
	if last > pos {
		m.stack = append(m.stack, frame{fRun, pc, int32(pos), int32(last)})
	}
	return last, true
}

// runPage returns the page of the memo for a run that has come to a position.
func (m *Machine) runPage(in *inst, at int) []uint64 {
	scope := uint64(0)
	if in.scope > 0 {
		scope = m.scope(in.scope, int32(at))
	}
	return m.memo.page(scope, uint64(at)/blockSize)
}

// back goes n characters back.
func back(s string, pos, n int) (int, bool) {
	for range n {
		if pos == 0 {
			return pos, false
		}
		if s[pos-1] < utf8.RuneSelf {
			pos--
			continue
		}
		_, w := utf8.DecodeLastRuneInString(s[:pos])
		pos -= w
	}
	return pos, true
}

// rest does what is less frequent. It returns where to go on.
func (m *Machine) rest(in *inst, pc int32, pos int) (next int32, at int, ok bool) {
	switch in.op {
	case opFail:
		return 0, pos, false
	case opIter:
		if in.groups {
			height := int32(len(m.stack)) + 2
			m.set(in.arg+1, height)
		}
		m.set(in.arg, int32(pos))
		return in.x, pos, true
	case opIterEnd:
		return m.endIter(in, pos)
	case opCount:
		m.set(in.arg, 0)
		return in.x, pos, true
	case opNext:
		m.set(in.arg, m.slots[in.arg]+1)
		return in.x, pos, true
	case opLoop:
		return m.loop(in, pos), pos, true
	case opBackref:
		end, ok := m.backref(in, pos)
		return in.x, end, ok
	case opCond:
		for _, g := range m.p.refs[in.arg].groups {
			if m.slots[2*g] >= 0 && m.slots[2*g+1] >= 0 {
				return in.x, pos, true
			}
		}
		return in.y, pos, true
	case opCall:
		m.call(in.y)
		return in.x, pos, true
	case opReturn:
		return m.ret(), pos, true
	case opAbsent:
		end, ok := m.absent(in, pc, pos)
		return in.y, end, ok
	default:
		return in.x, pos, m.holds(in.op, pos)
	}
}

// holds reports whether an assertion without operands holds.
func (m *Machine) holds(o op, pos int) bool {
	s := m.s
	switch o {
	case opLineStart:
		return pos == 0 || pos < len(s) && s[pos-1] == '\n'
	case opLineEnd:
		return pos == len(s) || s[pos] == '\n'
	case opTextStart, opSearchStart:
		return pos == 0
	case opTextEnd:
		return pos == len(s)
	case opTextEndNL:
		return pos == len(s) || pos == len(s)-1 && s[pos] == '\n'
	case opWord:
		return m.wordBefore(pos) != m.wordAfter(pos)
	case opNotWord:
		return m.wordBefore(pos) == m.wordAfter(pos)
	default:
		panic("BUG: instruction " + o.String())
	}
}

func (m *Machine) wordBefore(pos int) bool {
	if pos == 0 {
		return false
	}
	r, _ := utf8.DecodeLastRuneInString(m.s[:pos])
	return isWord(r)
}

func (m *Machine) wordAfter(pos int) bool {
	if pos == len(m.s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(m.s[pos:])
	return isWord(r)
}

// isWord reports whether a character belongs to words. Bytes outside of valid UTF-8 do not, nor does the character
// that they are read as.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return syntax.IsWord(r)
}

// endIter ends an iteration of a loop that may be empty.
func (m *Machine) endIter(in *inst, pos int) (next int32, at int, ok bool) {
	switch {
	case m.slots[in.arg] != int32(pos), in.min > 0 && m.slots[in.max] <= in.min:
		return in.x, pos, true // those that a counted repeat has at least are done whatever they match
	case !in.groups:
		return in.y, pos, true
	}
	switch m.progress(m.slots[in.arg+1], int32(pos)) {
	case progressNone:
		return in.y, pos, true
	case progressMade:
		return in.x, pos, true
	default:
		return 0, pos, false
	}
}

// loop begins another iteration of a counted repeat, or leaves it.
func (m *Machine) loop(in *inst, pos int) int32 {
	body, exit := in.x, in.y
	switch n := m.slots[in.arg]; {
	case in.max >= 0 && n >= in.max:
		return exit
	case n < in.min:
		return body
	case in.lazy:
		body, exit = exit, body
	}
	m.stack = append(m.stack, frame{fChoice, exit, int32(pos), 0})
	return body
}

// call goes into the expression of a group, to come back to an instruction. The slots of loops are the call's own.
func (m *Machine) call(back int32) {
	m.stack = append(m.stack, frame{fCall, int32(len(m.calls)), m.top, 0})
	m.calls = append(m.calls, call{back: back, outer: m.top, saved: int32(len(m.saved))})
	m.saved = append(m.saved, m.slots[m.p.saved:]...)
	m.top = int32(len(m.calls) - 1)
}

// ret comes back from a call.
func (m *Machine) ret() int32 {
	c := m.calls[m.top]
	for i, v := range m.saved[c.saved : int(c.saved)+len(m.slots)-m.p.saved] {
		if slot := m.p.saved + i; m.slots[slot] != v {
			m.set(int32(slot), v)
		}
	}
	m.stack = append(m.stack, frame{fCall, -1, m.top, 0})
	m.top = c.outer
	return c.back
}

// backref matches the text of a group again, and returns its end.
func (m *Machine) backref(in *inst, pos int) (int, bool) {
	r := &m.p.refs[in.arg]
	if r.hasLevel {
		begin, end, ok := m.atLevel(r)
		if !ok {
			return pos, false
		}
		return m.again(begin, end, pos, in.fold)
	}
	for _, g := range r.groups {
		if begin, end := m.slots[2*g], m.slots[2*g+1]; begin >= 0 && end >= 0 {
			if to, ok := m.again(begin, end, pos, in.fold); ok {
				return to, true
			}
		}
	}
	return pos, false
}

// atLevel returns the last text that one of the groups of r got in a call so many levels deeper (or, negative, further out)
// than here. The stack tells: what it holds of groups and calls is the way that led here.
func (m *Machine) atLevel(r *ref) (begin, end int32, ok bool) {
	level, end := 0, int32(-1)
	for i := len(m.stack) - 1; i >= 0; i-- {
		f := &m.stack[i]
		m.steps++
		switch {
		case f.kind == fCall && f.a >= 0:
			level--
		case f.kind == fCall:
			level++
		case f.kind != fUndo || level != r.level || f.a < 2 || int(f.a) >= m.p.saved || !slices.Contains(r.groups, f.a/2):
		case f.a&1 == 0:
			if end >= 0 {
				return f.c, end, true
			}
		case f.c >= 0: // an end; with -1 it is a begin's second frame
			end = f.c
		}
	}
	return 0, 0, false
}

// again matches the text from begin to end at pos.
func (m *Machine) again(begin, end int32, pos int, fold bool) (int, bool) {
	text, rest := m.s[begin:max(begin, end)], m.s[pos:max(pos, m.limitText)]
	m.steps += int64(len(text)) / 8
	if !fold {
		return pos + len(text), strings.HasPrefix(rest, text)
	}
	n := syntax.MatchFold(text, rest)
	return pos + n, n >= 0
}
