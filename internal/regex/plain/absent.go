package plain

// maxDepth bounds how deeply absent operators are tried inside of each other, which calls may do without end.
const maxDepth = 200

// absent finds the longest text from pos on in which the body does not occur, and leaves a frame for shorter
// ones.
//
// The body is tried at one character after another. A match ends the text before its last character, and
// those behind it do not see what comes after that. A body that matches the empty text at the begin occurs in every
// text; where it does so later, that place is a way out nevertheless.
func (m *Machine) absent(in *inst, pc int32, pos int) (int, bool) {
	if m.depth++; m.depth > maxDepth {
		m.limit = m.steps
	}
	limit, last := m.limitText, pos
	for at := pos; ; {
		if at >= m.limitText && at > pos {
			if at == m.limitText {
				last = at
			}
			break
		}
		last = at
		if end, ok := m.occurs(in.x, at); ok {
			m.limitText = min(m.limitText, m.last(end))
		}
		if m.exhausted || m.limitText < pos {
			last = -1
			break
		}
		if at == len(m.s) {
			break
		}
		at += width1(m.s, at)
	}
	m.limitText = limit
	m.depth--
	if last < 0 {
		return pos, false
	}
	if last > pos {
		m.stack = append(m.stack, frame{fRun, pc, int32(pos), int32(last)})
	}
	return last, true
}

// last returns the begin of the last character before a position, -1 at the begin of the text.
func (m *Machine) last(pos int) int {
	if pos == 0 {
		return -1
	}
	return m.before(0, pos)
}

// occurs reports whether the body of an absent operator matches at a position, and where that ends.
func (m *Machine) occurs(body int32, at int) (int, bool) {
	height, mark := len(m.stack), m.mark
	ok := m.run(body, at)
	m.drop(height)
	m.mark = mark
	return m.end, ok
}
