package leaf

// reach is DFA.Reach and DFA.Far.
func (m *machine) reach() (bytes int, far bool) {
	all := make([]bool, len(m.rows))
	behind := make([]bool, len(m.rows)) // where the machine can be when it has seen an end
	for at, row := range m.rows {
		all[at] = true
		for _, e := range row {
			if e.kind == isEnd && e.to >= 0 {
				behind[e.to] = true
			}
		}
	}
	m.spread(behind)
	if bytes = -1; !m.cyclic(all, false) {
		bytes = len(m.rows) + 1
	}
	return bytes, m.cyclic(behind, m.mode == First)
}

// spread adds to set all states that can be reached from it.
func (m *machine) spread(set []bool) {
	for changed := true; changed; {
		changed = false
		for at, row := range m.rows {
			for _, e := range row {
				if set[at] && e.to >= 0 && !set[e.to] {
					set[e.to], changed = true, true
				}
			}
		}
	}
}

// cyclic says whether the machine can go on for ever within set: endless, without another end.
func (m *machine) cyclic(set []bool, endless bool) bool {
	const (
		open = iota + 1
		done
	)
	mark := make([]uint8, len(m.rows))
	var visit func(at int32) bool
	visit = func(at int32) bool {
		mark[at] = open
		for _, e := range m.rows[at] {
			if e.to < 0 || !set[e.to] || endless && e.kind == isEnd || mark[e.to] == done {
				continue
			}
			if mark[e.to] == open || visit(e.to) {
				return true
			}
		}
		mark[at] = done
		return false
	}
	for at := range m.rows {
		if set[at] && mark[at] == 0 && visit(int32(at)) {
			return true
		}
	}
	return false
}
