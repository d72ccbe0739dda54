package fast

import (
	"fmt"
	"slices"
)

// dispatch says by the next byte, or the end of the text, which alternatives can match.
type dispatch struct {
	targets []pc // noPC: none
	index   [256]uint8
	end     uint8
}

// lowerAlt lowers alternatives.
func (l *lowering) lowerAlt(n *node, next pc) pc {
	subs := make([]pc, len(n.subs))
	for i := len(n.subs) - 1; i >= 0; i-- {
		subs[i] = l.lower(n.subs[i], next)
	}
	if l.err != nil {
		return 0
	}
	if len(subs) == 2 {
		return l.either(subs[0], subs[1])
	}
	return l.oneOfMany(subs)
}

// oneOfMany lowers the choice between more than two alternatives.
func (l *lowering) oneOfMany(subs []pc) pc {
	var all side
	for _, p := range subs {
		all = all.or(l.first[p])
	}
	var d dispatch
	chains := map[pc]uint8{}
	slot := func(viable func(side) bool) uint8 {
		p := l.chain(subs, viable)
		i, ok := chains[p]
		if !ok && len(d.targets) == 256 {
			l.fail("more than 256 combinations of alternatives")
			return 0
		}
		if !ok {
			i = uint8(len(d.targets))
			d.targets = append(d.targets, p)
			chains[p] = i
		}
		return i
	}
	for b := range 256 {
		d.index[b] = slot(func(s side) bool { return s.bytes.has(byte(b)) })
	}
	d.end = slot(func(s side) bool { return s.edge })
	if len(d.targets) == 1 && d.targets[0] != noPC {
		return d.targets[0]
	}
	return l.emit(instr{op: opSwitch, arg: l.dispatch(d), next: noPC, alt: noPC}, all)
}

// chain tries the viable ones of subs one after another. It returns noPC if there is none.
func (l *lowering) chain(subs []pc, viable func(side) bool) pc {
	p := noPC
	for _, s := range slices.Backward(subs) {
		switch {
		case !viable(l.first[s]):
		case p == noPC:
			p = s
		default:
			p = l.emit(instr{op: opPush, next: s, alt: p}, l.first[s].or(l.first[p]))
		}
	}
	return p
}

// dispatch keeps d and returns its number; equal ones have one.
func (l *lowering) dispatch(d dispatch) int {
	key := fmt.Sprint(d.targets, d.index, d.end)
	if i, ok := l.seqKeys[key]; ok {
		return i
	}
	i := len(l.switches)
	l.switches = append(l.switches, d)
	l.seqKeys[key] = i
	return i
}
