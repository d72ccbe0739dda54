package leaf

import "encoding/binary"

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
	block := make([]int32, len(m.rows))
	blocks := 1
	var key []byte
	for {
		known := make(map[string]int32, blocks)
		next := make([]int32, len(m.rows))
		for i, row := range m.rows {
			key = binary.LittleEndian.AppendUint32(key[:0], uint32(block[i]))
			for _, e := range row {
				to := e.to
				if to >= 0 {
					to = block[to]
				}
				key = append(key, byte(e.kind), byte(to), byte(to>>8))
			}
			id, ok := known[string(key)]
			if !ok {
				id = int32(len(known))
				known[string(key)] = id
			}
			next[i] = id
		}
		block = next
		if len(known) == blocks {
			break
		}
		blocks = len(known)
	}
	m.renumber(block, blocks)
	m.mergeColumns()
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
	for _, row := range m.rows {
		for b := range 256 {
			if e := row[m.class[b]]; e.kind != noEnd && e.to != dead {
				set.add(byte(b), byte(b))
			}
		}
	}
	return set
}
