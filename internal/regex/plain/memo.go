package plain

// Sizes of the memo. The fields of blockSize positions are a page, pages are made when a state in them is first
// visited, and come from chunks of chunkWords words, or of one page where that is larger.
const (
	blockSize  = 64
	chunkWords = 1 << 13
	maxWords   = 64 << 20 / 8
	// keepWords is how many words, and keepFrames how many frames, a machine keeps from one text to the next.
	keepWords  = 1 << 15
	keepFrames = 1 << 14
	// direct is how many states of scopes have an entry of the table for each block; more are in a map.
	direct = 64
)

// memo remembers states: a field for each instruction at which ways meet, position, and state of the scope.
//
// Value 0 is a state not visited yet. Value 1+n is one from which the ends of n boundaries around it (atomic groups
// up to a look-around) are reached, but nothing further. The highest value may also be one still being tried:
// it is what a state begins with, and is lowered when all ways from it have failed.
type memo struct {
	row      uint32
	chunk    uint32 // pages per chunk
	chunks   [][]uint64
	used     int      // pages
	table    []uint32 // page of each block and state of the scope, plus 1
	far      map[uint64]uint32
	blocks   uint64
	most     uint64 // words that pages may take
	lastKey  uint64
	lastPage []uint64
	lastID   uint32
}

func (m *memo) init(p *Program) {
	m.row, m.most = p.row, maxWords
	m.chunk = max(1, chunkWords/max(1, p.row))
	if p.radix > direct {
		m.far = map[uint64]uint32{}
	}
}

// reset forgets everything, for a text of n bytes.
func (m *memo) reset(n int, radix uint64) {
	m.used, m.lastPage = 0, nil
	m.blocks = uint64(n/blockSize + 1)
	if radix > direct {
		radix = 1
	}
	need := int(m.blocks * max(1, radix))
	if cap(m.table) < need {
		m.table = make([]uint32, need)
		return
	}
	m.table = m.table[:need]
	clear(m.table)
	clear(m.far)
}

// release gives large scratch space back.
func (m *memo) release() {
	if keep := int(max(1, keepWords/(m.chunk*max(1, m.row)))); len(m.chunks) > keep {
		clear(m.chunks[keep:])
		m.chunks = m.chunks[:keep]
	}
	if cap(m.table) > keepWords {
		m.table = nil
	}
	if len(m.far) > keepWords/8 {
		m.far = map[uint64]uint32{}
	}
	m.lastPage = nil
}

// page returns the page of a block and state of the scope, nil where there is no more memory.
func (m *memo) page(scope, block uint64) []uint64 {
	key := scope*m.blocks + block
	if m.lastPage != nil && key == m.lastKey {
		return m.lastPage
	}
	var id uint32
	direct := key < uint64(len(m.table))
	if direct {
		id = m.table[key]
	} else {
		id = m.far[key]
	}
	if id == 0 {
		if id = m.grow(); id == 0 {
			return nil
		}
		if direct {
			m.table[key] = id
		} else {
			m.far[key] = id
		}
	}
	m.lastKey, m.lastID, m.lastPage = key, id-1, m.at(id-1)
	return m.lastPage
}

// at returns the page of a number.
func (m *memo) at(id uint32) []uint64 {
	i := id % m.chunk * m.row
	return m.chunks[id/m.chunk][i : i+m.row]
}

// grow makes a page and returns its number plus 1, or 0.
func (m *memo) grow() uint32 {
	id := uint32(m.used)
	if int(id/m.chunk) == len(m.chunks) {
		if uint64(len(m.chunks)+1)*uint64(m.chunk)*uint64(m.row) > m.most {
			return 0
		}
		m.chunks = append(m.chunks, make([]uint64, m.chunk*m.row))
	}
	m.used++
	clear(m.at(id))
	return id + 1
}
