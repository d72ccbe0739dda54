package plain

// records remember, for states in positive look-arounds from which the body matches, how groups are set on the way
// from there to its end: what a second arrival needs to know, instead of going the same way again.
type records struct {
	of    map[uint64]int32 // first record of a state: its page and bit
	list  []record
	seen  []uint32 // by slot: the round in which it was met
	round uint32
}

// record is the last value that a slot gets on the way, and the next record, or -1.
type record struct{ slot, value, next int32 }

func (r *records) reset() {
	clear(r.of)
	r.list = r.list[:0]
}

func (r *records) release() {
	if len(r.of) > keepFrames || cap(r.list) > keepFrames {
		r.of, r.list = nil, nil
	}
}

// note makes records of the states on the stack above a look-around's frame. From its end back to its begin, the first
// value of a slot that is met is the last that it gets.
func (r *records) note(m *Machine, mark int) {
	if r.of == nil {
		r.of = map[uint64]int32{}
		r.seen = make([]uint32, len(m.slots))
	}
	if r.round++; r.round == 0 {
		clear(r.seen)
		r.round = 1
	}
	first := int32(-1)
	for i := len(m.stack) - 1; i > mark; i-- {
		f := &m.stack[i]
		m.steps++
		switch {
		case f.kind == fState:
			r.of[uint64(f.a)<<32|uint64(f.b)] = first
		case f.kind == fUndo && int(f.a) < m.p.saved && r.seen[f.a] != r.round:
			r.seen[f.a] = r.round
			r.list = append(r.list, record{f.a, f.c, first})
			first = int32(len(r.list) - 1)
		}
	}
}

// replay sets the groups as on the way from a state to the look-around's end, if there is a record of it.
func (r *records) replay(m *Machine, page, bit uint32) bool {
	i, ok := r.of[uint64(page)<<32|uint64(bit)]
	if !ok {
		return false
	}
	for ; i >= 0; i = r.list[i].next {
		m.steps++
		m.set(r.list[i].slot, r.list[i].value)
	}
	return true
}
