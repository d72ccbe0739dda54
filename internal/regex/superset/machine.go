package superset

import "slices"

// Answer is what a machine found out.
type Answer uint8

// The answers.
const (
	No      Answer = iota // there is no match
	Maybe                 // there may be one
	Unknown               // the automaton gave up
)

// Limits of the table.
const (
	// maxBytes is how much memory states may take before all are forgotten.
	maxBytes = 1 << 20
	// worth is how many bytes of text a state has to have been good for when the table is full, on average. If it
	// was not so patience times in a row, the machine does not try any more.
	worth    = 16
	patience = 4
	// block is how often a machine looks whether a match may be under way, in bytes.
	block = 64
)

// Entries of the table that are no states.
const (
	unmade int32 = -1 - iota
	accept
	dead
)

// unknown stands for a symbol of which nothing is known.
const unknown = -1

// Machine runs an automaton. It owns the table, so it belongs to one goroutine at a time.
type Machine struct {
	p       *Program
	stride  int
	table   []int32 // rows; an entry is the begin of the next state's row, or one of the above
	states  []state
	index   map[string]int32
	bytes   int
	start   int32 // state of the text's begin
	scanned int   // bytes since the table was empty
	poor    int   // how often in a row it became full too soon
	// Scratch space of step, whose size depends on the program only.
	set, now, todo []int32
	seen           []uint32
	round          uint32
	key            []byte
}

// state is a set of nodes: bytes, and assertions that depend on what comes next.
type state struct {
	nodes []int32
	fresh bool // no match is under way but one that begins here
}

// NewMachine returns a machine for the program.
func NewMachine(p *Program) *Machine {
	m := &Machine{p: p, stride: len(p.samples), seen: make([]uint32, len(p.nodes))}
	m.forget()
	return m
}

// Match runs over s, which it does not keep. If the answer is Maybe, no match begins before from; from is where a
// character begins.
func (m *Machine) Match(s string) (answer Answer, from int) {
	if m.poor >= patience {
		return Unknown, 0
	}
	i, st := 0, m.start
	for st >= 0 && i < len(s) {
		if m.states[int(st)/m.stride].fresh && (s[i] < 0x80 || s[i] >= 0xc0) {
			from = i
		}
		if i, st = m.run(s, i, min(i+block, len(s)), st); st == unmade {
			m.scanned += i
			return Unknown, 0
		}
	}
	m.scanned += i
	if st >= 0 {
		st = m.next(st, int(m.p.class[edge]), 0)
	}
	switch st {
	case accept:
		return Maybe, from
	case unmade:
		return Unknown, 0
	default:
		return No, 0
	}
}

// run follows the table from i to end.
func (m *Machine) run(s string, i, end int, st int32) (int, int32) {
	table, class := m.table, &m.p.class
	for i < end {
		next := table[int(st)+int(class[s[i]])]
		if next == unmade {
			next = m.next(st, int(class[s[i]]), i)
			table = m.table
		}
		if next < 0 {
			return i, next
		}
		st = next
		i++
	}
	return i, st
}

// next returns where a state goes on a symbol, and remembers it. It is unmade if the machine gave up.
func (m *Machine) next(st int32, column, scanned int) int32 {
	if next := m.table[int(st)+column]; next != unmade {
		return next
	}
	from := m.states[int(st)/m.stride]
	if m.bytes > maxBytes {
		if m.scanned+scanned < worth*len(m.states) {
			if m.poor++; m.poor >= patience {
				m.table, m.states, m.index = nil, nil, nil
				return unmade
			}
			m.forget()
			return unmade
		}
		m.poor = 0
		m.forget()
		m.scanned = -scanned
		return m.step(from, m.p.samples[column])
	}
	next := m.step(from, m.p.samples[column])
	m.table[int(st)+column] = next
	return next
}

// forget empties the table, and makes the state of the text's begin.
func (m *Machine) forget() {
	m.table, m.states, m.index = m.table[:0], make([]state, 0, 16), map[string]int32{}
	m.bytes, m.scanned = 0, 0
	m.open()
	m.start = m.result(m.close(m.p.entry, edge, unknown), true)
}

// step makes the state that follows on a symbol.
func (m *Machine) step(from state, sym int) int32 {
	m.open()
	for _, id := range from.nodes {
		if n := &m.p.nodes[id]; n.kind == kindByte {
			m.set = append(m.set, id)
		} else if m.p.sets[n.set].has(sym) && m.close(n.x, unknown, sym) {
			return accept
		}
	}
	if sym == edge {
		return dead
	}
	m.now = append(m.now[:0], m.set...)
	m.open()
	for _, id := range m.now {
		if n := &m.p.nodes[id]; m.p.sets[n.set].has(sym) && m.close(n.x, sym, unknown) {
			return accept
		}
	}
	fresh := len(m.set) == 0
	if m.close(m.p.entry, sym, unknown) {
		return accept
	}
	if len(m.set) == 0 && m.p.anchored {
		return dead
	}
	return m.result(false, fresh)
}

// open begins a new set of nodes.
func (m *Machine) open() {
	m.set = m.set[:0]
	if m.round++; m.round == 0 {
		clear(m.seen)
		m.round = 1
	}
}

// close adds the nodes that are reached from one without a byte, and reports whether the expression matches there.
// What it knows of the symbols before and behind decides assertions; those about an unknown symbol before hold, those
// about an unknown one behind are added.
func (m *Machine) close(id int32, prev, next int) bool {
	m.todo = append(m.todo[:0], id)
	for len(m.todo) > 0 {
		id = m.todo[len(m.todo)-1]
		m.todo = m.todo[:len(m.todo)-1]
		if m.seen[id] == m.round {
			continue
		}
		m.seen[id] = m.round
		switch n := &m.p.nodes[id]; n.kind {
		case kindMatch:
			return true
		case kindByte:
			m.set = append(m.set, id)
		case kindSplit:
			m.todo = append(m.todo, n.y, n.x)
		case kindAssert:
			switch {
			case prev != unknown && !m.p.sets[n.prev].has(prev):
			case next == unknown && n.set != m.p.all:
				m.set = append(m.set, id)
			case next == unknown || m.p.sets[n.set].has(next):
				m.todo = append(m.todo, n.x)
			}
		}
	}
	return false
}

// result returns the state of the set that was made.
func (m *Machine) result(accepted, fresh bool) int32 {
	if accepted {
		return accept
	}
	slices.Sort(m.set)
	m.key = m.key[:0]
	if fresh {
		m.key = append(m.key, 1)
	}
	for _, id := range m.set {
		m.key = append(m.key, byte(id), byte(id>>8))
	}
	if st, ok := m.index[string(m.key)]; ok {
		return st
	}
	st := int32(len(m.table))
	m.states = append(m.states, state{slices.Clone(m.set), fresh})
	for range m.stride {
		m.table = append(m.table, unmade)
	}
	m.index[string(m.key)] = st
	m.bytes += 4*m.stride + 7*len(m.set) + 100
	return st
}
