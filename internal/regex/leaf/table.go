package leaf

import "sluice/internal/regex/scan"

// table runs a machine that has no function of its own.
//
// An entry of next is (offset of the row to go to)<<2 | kind. Offset toDead, the first row, is that of the dead state;
// toBail is no row's. The rows of loops come next, those of other states behind them: rare is where those begin.
type table struct {
	class [256]uint8
	next  []uint32
	start uint32
	rare  uint32
	end   uint32 // the column of the end of the text
	limit int
	loops []loop
}

const (
	kindMask  = 3
	rowShift  = 2
	toDead    = 0
	toBail    = 1
	firstReal = 2
)

// loop is a state in which the machine stays for many bytes: those of a text rather than those of a word.
type loop struct {
	at    uint32
	bytes byteSet
	set   *scan.Set
	ends  bool // there is an end before each of bytes
}

// manyBytes is the size of a set from which on its runs are expected to be long enough to be scanned.
const manyBytes = 65

func newTable(m *machine) *table {
	stride := m.columns + 1 // at least 2, so that no row has the offset toBail
	t := &table{class: m.class, end: uint32(m.columns), limit: m.limit}
	offset := make([]uint32, len(m.rows))
	next := uint32(stride)
	for i := range m.rows {
		if l, ok := m.loop(int32(i)); ok {
			l.at, offset[i] = next, next
			t.loops = append(t.loops, l)
			next += uint32(stride)
		}
	}
	t.rare = firstReal
	if len(t.loops) > 0 {
		t.rare = next
	}
	for i := range offset {
		if offset[i] == 0 {
			offset[i] = next
			next += uint32(stride)
		}
	}
	t.start = offset[0]
	t.next = make([]uint32, next)
	for i, row := range m.rows {
		for c, e := range row {
			to := uint32(toDead)
			switch {
			case e.to >= 0:
				to = offset[e.to]
			case e.to == bail:
				to = toBail
			}
			t.next[int(offset[i])+c] = to<<rowShift | uint32(e.kind)
		}
	}
	return t
}

// loop returns the loop of a state, if its runs can and ought to be scanned.
func (m *machine) loop(state int32) (l loop, ok bool) {
	row := m.rows[state]
	count, high := 0, 0
	var kinds [maybeEnd + 1]bool
	for b := range 256 {
		if e := row[m.class[b]]; e.to == state {
			l.bytes.add(byte(b), byte(b))
			kinds[e.kind] = true
			count++
			if b >= 0x80 {
				high++
			}
		}
	}
	if count < manyBytes || high != 0 && high != 0x80 || kinds[maybeEnd] || kinds[isEnd] && kinds[noEnd] {
		return l, false
	}
	l.ends = kinds[isEnd]
	l.set = scan.NewSet([2]uint64{l.bytes[0], l.bytes[1]}, high > 0)
	return l, true
}

// loopAt returns the loop of the state with this offset, which has one.
func (t *table) loopAt(at uint32) *loop {
	for i := range t.loops {
		if t.loops[i].at == at {
			return &t.loops[i]
		}
	}
	panic("BUG: found no loop")
}

// one is DFA.One.
func (t *table) one(s string, i int, f *Follow) int {
	found, at, scans := None, t.start, true
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
		if at >= t.rare {
			continue
		}
		switch {
		case at == toBail:
			return Many
		case at == toDead:
			return t.within(i, found)
		case scans:
			l := t.loopAt(at)
			if scans = !l.ends || l.bytes.and(f.set) == (byteSet{}); scans {
				k = scan.Run(s, k+1, l.set) - 1
			}
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
		if at >= t.rare {
			continue
		}
		if at == toBail {
			return Many
		}
		if at == toDead {
			return found
		}
		l := t.loopAt(at)
		if end := scan.Run(s, k+1, l.set); end > k+1 {
			k = end - 1
			if l.ends {
				found = k
			}
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
