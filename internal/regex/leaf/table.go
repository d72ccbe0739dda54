package leaf

// table runs a machine that has no function of its own.
//
// An entry of next is (offset of the row to go to)<<2 | kind. Offset toDead, the first row, is that of the dead state;
// toBail is no row's.
type table struct {
	class [256]uint8
	next  []uint32
	start uint32
	end   uint32 // the column of the end of the text
	limit int
}

const (
	kindMask  = 3
	rowShift  = 2
	toDead    = 0
	toBail    = 1
	firstReal = 2
)

func newTable(m *machine) *table {
	stride := m.columns + 1 // at least 2, so that no row has the offset toBail
	t := &table{class: m.class, start: uint32(stride), end: uint32(m.columns), limit: m.limit}
	t.next = make([]uint32, 0, (len(m.rows)+1)*stride)
	t.next = append(t.next, make([]uint32, stride)...)
	for _, row := range m.rows {
		for _, e := range row {
			to := uint32(toDead)
			switch {
			case e.to >= 0:
				to = uint32(int(e.to+1) * stride)
			case e.to == bail:
				to = toBail
			}
			t.next = append(t.next, to<<rowShift|uint32(e.kind))
		}
	}
	return t
}

// one is DFA.One.
func (t *table) one(s string, i int, f *Follow) int {
	found, at := None, t.start
	for k := i; k < len(s); k++ {
		b := s[k]
		e := t.next[at+uint32(t.class[b])]
		if f.has[b] && e&kindMask != 0 { // in this order: the first is known before the state is
			if found >= 0 || e&kindMask == uint32(maybeEnd) {
				return Many
			}
			found = k
		}
		at = e >> rowShift
		if at < firstReal {
			if at == toBail {
				return Many
			}
			return t.within(i, found)
		}
	}
	e := t.next[at+t.end]
	if e>>rowShift == toBail {
		return Many // the text ends within a character: ends before this may be missing
	}
	if f.end && e&kindMask != 0 {
		if found >= 0 || e&kindMask == uint32(maybeEnd) {
			return Many
		}
		found = len(s)
	}
	return t.within(i, found)
}

// within says Many if upper bounds of repeats that the machine does not know could forbid the end that was found. (An end
// that it does not find is not there, as it finds more with less bounds.)
func (t *table) within(i, found int) int {
	if t.limit > 0 && found-i > t.limit {
		return Many
	}
	return found
}

// first is DFA.First.
func (t *table) first(s string, i int) int {
	found, at := None, t.start
	for k := i; k < len(s); k++ {
		e := t.next[at+uint32(t.class[s[k]])]
		if e&kindMask != 0 {
			if e&kindMask == uint32(maybeEnd) {
				return Many
			}
			found = k
		}
		at = e >> rowShift
		if at < firstReal {
			if at == toBail {
				return Many
			}
			return found
		}
	}
	e := t.next[at+t.end]
	if e>>rowShift == toBail || e&kindMask == uint32(maybeEnd) {
		return Many
	}
	if e&kindMask != 0 {
		found = len(s)
	}
	return found
}
