package plain

import (
	"cmp"
	"slices"
)

// maxLevels is the greatest number of boundaries between an instruction and the outermost atomic group, or the
// look-around, that it is in, for which states are remembered.
const maxLevels = 254

// finish puts the instructions into the order in which they run, without jumps, and lays out the memo.
func (c *compiler) finish() {
	p := c.p
	old := p.insts
	through := func(pc int32) int32 {
		for old[pc].op == opJump {
			pc = old[pc].x
		}
		return pc
	}
	number := make([]int32, len(old))
	order := make([]int32, 0, len(old))
	todo := []int32{through(p.entry)}
	for len(todo) > 0 {
		pc := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if number[pc] > 0 {
			continue
		}
		order = append(order, pc)
		number[pc] = int32(len(order))
		if old[pc].hasY() {
			todo = append(todo, through(old[pc].y))
		}
		if old[pc].hasX() {
			todo = append(todo, through(old[pc].x))
		}
	}
	p.insts = make([]inst, len(order))
	degree := make([]int, len(order))
	degree[0]++
	for i, pc := range order {
		in := old[pc]
		if in.hasX() {
			in.x = number[through(in.x)] - 1
			degree[in.x]++
		}
		if in.hasY() {
			in.y = number[through(in.y)] - 1
			if in.op != opLook || in.neg { // a positive look-around goes on from its end
				degree[in.y]++
			}
		}
		p.insts[i] = in
	}
	p.entry = 0
	for i := range p.insts {
		p.insts[i].join = degree[i] > 1
	}
	p.layout()
}

func (in *inst) hasX() bool {
	switch in.op {
	case opFail, opMatch, opReturn, opAbsentEnd:
		return false
	case opLookEnd:
		return !in.neg
	default:
		return true
	}
}

func (in *inst) hasY() bool {
	switch in.op {
	case opSplit, opIterEnd, opLoop, opCall, opCond, opAbsent, opLook:
		return true
	default:
		return false
	}
}

// layout gives a field to each instruction at which ways meet. What leads only to one instruction, or is
// reached by one only, needs none: the machine comes there as often as to the instruction before.
func (p *Program) layout() {
	if !p.memo {
		return
	}
	var fields []*inst
	for i := range p.insts {
		in := &p.insts[i]
		if in.op != opRun && !in.join || in.forget || p.near(in) {
			continue
		}
		if in.levels > maxLevels {
			p.linear = false
			continue
		}
		if p.scopeRadix(in.scope) > maxScope {
			p.linear = false
			continue
		}
		if slices.ContainsFunc(p.scopes[in.scope], func(d digit) bool { return d.kind == digitCount }) {
			p.linear = false
		}
		p.radix = max(p.radix, p.scopeRadix(in.scope))
		in.width = width(in.levels)
		fields = append(fields, in)
	}
	slices.SortStableFunc(fields, func(a, b *inst) int { return cmp.Compare(b.width, a.width) })
	for _, in := range fields {
		in.field = p.row
		p.row += uint32(in.width)
	}
	if len(fields) > 0 {
		w := uint32(fields[0].width)
		p.row = (p.row + w - 1) / w * w
	}
}

// near reports whether an instruction leads to the next one that has a field, or to an end, straight on and in few
// steps: going there again is cheaper than to remember.
func (p *Program) near(in *inst) bool {
	const few = 4
	for range few {
		switch in.op {
		case opMatch, opFail:
			return true
		case opText, opSet, opOpen, opClose, opKeep, opLineStart, opLineEnd, opTextStart, opTextEnd, opTextEndNL, opSearchStart, opWord, opNotWord:
		default:
			return false
		}
		if in = &p.insts[in.x]; in.op == opRun || in.op == opSplit && in.join {
			return true
		}
	}
	return false
}

// width returns the bits for the values 0, not visited, and 1 to levels+1.
func width(levels uint8) uint8 {
	switch {
	case levels == 0:
		return 1
	case levels <= 2:
		return 2
	case levels <= 14:
		return 4
	default:
		return 8
	}
}

// scopeRadix returns how many states a scope tells apart; a number above maxScope stands for all larger ones.
func (p *Program) scopeRadix(scope int32) uint64 {
	n := uint64(1)
	for _, d := range p.scopes[scope] {
		if n *= d.radix; n > maxScope {
			return n
		}
	}
	return n
}
