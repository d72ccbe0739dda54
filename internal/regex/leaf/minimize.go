package leaf

import (
	"cmp"
	"slices"
)

// prune makes dead what leads to no end.
func (m *machine) prune() {
	from := make([][]int32, len(m.rows))
	alive := make([]bool, len(m.rows))
	var queue []int32
	for i, row := range m.rows {
		for _, e := range row {
			if e.to >= 0 {
				from[e.to] = append(from[e.to], int32(i))
			}
			if (e.kind != noEnd || e.to == bail) && !alive[i] {
				alive[i] = true
				queue = append(queue, int32(i))
			}
		}
	}
	for len(queue) > 0 {
		at := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, before := range from[at] {
			if !alive[before] {
				alive[before] = true
				queue = append(queue, before)
			}
		}
	}
	for _, row := range m.rows {
		for i := range row {
			if row[i].to >= 0 && !alive[row[i].to] {
				row[i].to = dead
			}
		}
	}
}

// minimize merges the states that nothing tells apart (Moore's algorithm: blocks of states are split until each block's
// states go to the same blocks), and numbers them in a canonical way.
func (m *machine) minimize() {
	m.prune()
	p := partition{m: m, block: make([]int32, len(m.rows)), members: [][]int32{make([]int32, len(m.rows))}}
	for i := range m.rows {
		p.members[0][i] = int32(i)
	}
	for p.split() {
	}
	m.renumber(p.block, len(p.members))
	m.mergeColumns()
}

// partition is the states in blocks.
type partition struct {
	m       *machine
	block   []int32   // of each state
	members [][]int32 // of each block
	scratch []hashed
}

// hashed is a state with a hash of what its row means for the partition.
type hashed struct {
	hash  uint64
	state int32
}

// split splits each block whose states differ, once, and reports whether there was one.
func (p *partition) split() (found bool) {
	for id := range p.members {
		if len(p.members[id]) < 2 {
			continue
		}
		p.scratch = p.scratch[:0]
		for _, state := range p.members[id] {
			p.scratch = append(p.scratch, hashed{p.hash(state), state})
		}
		slices.SortFunc(p.scratch, func(a, b hashed) int {
			return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.state, b.state))
		})
		kept := p.members[id][:0]
		to, head := int32(id), p.scratch[0]
		for _, h := range p.scratch {
			if h.hash != head.hash || !p.same(h.state, head.state) {
				found = true
				head, to = h, int32(len(p.members))
				p.members = append(p.members, nil)
			}
			if to == int32(id) {
				kept = append(kept, h.state)
			} else {
				p.members[to] = append(p.members[to], h.state)
			}
		}
		p.members[id] = kept
		for b := int32(len(p.members)) - 1; b > 0 && found; b-- {
			if p.block[p.members[b][0]] == b {
				break
			}
			for _, state := range p.members[b] {
				p.block[state] = b
			}
		}
	}
	return found
}

func (p *partition) hash(state int32) uint64 {
	h := uint64(1)
	for _, e := range p.m.rows[state] {
		h = (h ^ uint64(p.of(e.to)+3)<<2 ^ uint64(e.kind)) * 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	return h
}

// same reports whether the rows of two states mean the same for the partition.
func (p *partition) same(a, b int32) bool {
	other := p.m.rows[b]
	for c, e := range p.m.rows[a] {
		if e.kind != other[c].kind || p.of(e.to) != p.of(other[c].to) {
			return false
		}
	}
	return true
}

// of returns the block of a state; dead and bail are blocks of their own.
func (p *partition) of(state int32) int32 {
	if state < 0 {
		return state
	}
	return p.block[state]
}

// renumber replaces states by their blocks, which are counted in the order in which a walk from the start
// finds them that takes the columns from the first to the last.
func (m *machine) renumber(block []int32, blocks int) {
	member := make([]int32, blocks) // a state of each block
	for i, b := range block {
		member[b] = int32(i)
	}
	number := make([]int32, blocks)
	for i := range number {
		number[i] = -1
	}
	number[block[0]] = 0
	order := []int32{block[0]}
	var rows [][]entry
	for k := 0; k < len(order); k++ {
		row := m.rows[member[order[k]]]
		for c := range row {
			if row[c].to < 0 {
				continue
			}
			b := block[row[c].to]
			if number[b] < 0 {
				number[b] = int32(len(order))
				order = append(order, b)
			}
			row[c].to = number[b]
		}
		rows = append(rows, row)
	}
	m.rows = rows
}

// mergeColumns merges the classes of bytes that no state tells apart any more. The classes remain in the order of their
// first bytes.
func (m *machine) mergeColumns() {
	known := map[string]uint8{}
	column := make([]uint8, m.columns)
	var kept []int
	for c := range m.columns {
		key := make([]byte, 0, 3*len(m.rows))
		for _, row := range m.rows {
			key = append(key, byte(row[c].kind), byte(row[c].to), byte(row[c].to>>8))
		}
		id, ok := known[string(key)]
		if !ok {
			id = uint8(len(kept))
			known[string(key)] = id
			kept = append(kept, c)
		}
		column[c] = id
	}
	for b := range m.class {
		m.class[b] = column[m.class[b]]
	}
	for i, row := range m.rows {
		slim := make([]entry, 0, len(kept)+1)
		for _, c := range kept {
			slim = append(slim, row[c])
		}
		m.rows[i] = append(slim, row[m.columns])
	}
	m.columns = len(kept)
}

// goesOn is DFA.GoesOn.
func (m *machine) goesOn() (set byteSet) {
	columns := make([]bool, m.columns+1)
	for _, row := range m.rows {
		for c, e := range row {
			columns[c] = columns[c] || e.kind != noEnd && e.to != dead
		}
	}
	for b := range 256 {
		if columns[m.class[b]] {
			set.add(byte(b), byte(b))
		}
	}
	return set
}
