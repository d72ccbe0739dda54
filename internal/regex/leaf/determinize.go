package leaf

import (
	"encoding/binary"
	"slices"

	"sluice/internal/regex/syntax"
)

// A machine decides about an end one byte late: entry (state, class of the next byte) says both whether the sub-expression
// may end before that byte and where it goes with the byte. The last column is the end of the text.
type entry struct {
	to   int32 // number of a state, dead or bail
	kind kind
}

// kind says whether there is an end before the byte.
type kind uint8

const (
	noEnd    kind = iota
	isEnd         // there is
	maybeEnd      // only more bytes, or a decoder, could tell: the answer is Many
)

const (
	dead int32 = -1 // no end comes any more
	bail int32 = -2 // it cannot be told whether one comes: the answer is Many
)

const (
	maxStates  = 2000 // of a minimal automaton
	maxSubsets = 4000 // of one that is not yet minimal
)

// machine is an automaton as rows of entries; state 0 is the start.
type machine struct {
	mode    Mode
	limit   int
	class   [256]uint8 // the column of a byte
	columns int        // how many there are, without the one for the end of the text
	rows    [][]entry  // each columns+1 long
}

// determinizer turns instructions into a machine: a state is the set (mode First: the list in order of
// preference) of instructions that may come next.
type determinizer struct {
	prog    []inst
	ordered bool
	sample  []byte // a byte of each class
	machine *machine
	ids     map[string]int32
	states  [][]int32
	key     []byte
	slab    []entry // for rows
	list    []int32 // for target

	mark  []uint32 // by instruction: the last stamp it was seen with
	stamp uint32
	step  stepper
}

// determinize returns the machine of what p has built, or false if that would be too much.
func determinize(p *builder, start int32) (*machine, bool) {
	d := &determinizer{
		prog: p.prog, ordered: p.mode == First, ids: map[string]int32{}, mark: make([]uint32, len(p.prog)),
		machine: &machine{mode: p.mode, limit: p.limit},
	}
	d.step = stepper{d: d, mark: make([]uint32, len(p.prog))}
	d.classes()
	d.intern(d.close(nil, start))
	for i := 0; i < len(d.states); i++ {
		if i >= maxSubsets || !spend(&p.budget.work, len(d.states[i])*(len(d.sample)+1)) {
			return nil, false
		}
		row := d.newRow()
		for c, b := range d.sample {
			row[c] = d.entry(d.states[i], int(b))
		}
		row[len(d.sample)] = d.entry(d.states[i], endOfText)
		d.machine.rows = append(d.machine.rows, row)
	}
	return d.machine, true
}

// newRow returns a row, many of which are made at once.
func (d *determinizer) newRow() []entry {
	n := len(d.sample) + 1
	if len(d.slab) < n {
		d.slab = make([]entry, 64*n)
	}
	row := d.slab[:n:n]
	d.slab = d.slab[n:]
	return row
}

// endOfText stands for the byte behind the last one.
const endOfText = -1

// classes groups the bytes that no instruction tells apart.
func (d *determinizer) classes() {
	sets := map[byteSet]bool{}
	for i := range d.prog {
		in := &d.prog[i]
		switch in.kind {
		case isBytes:
			sets[in.set], sets[in.bail] = true, true
		case isLook:
			sets[in.set] = true
		case isGuard:
			sets[setOf(contLo, contHi)] = true
		}
	}
	delete(sets, byteSet{})
	list := make([]byteSet, 0, len(sets))
	for t := range sets {
		list = append(list, t)
	}
	known := map[string]uint8{}
	sig := make([]byte, (len(list)+7)/8)
	for b := range 256 {
		clear(sig)
		for i := range list {
			if list[i].has(byte(b)) {
				sig[i/8] |= 1 << (i % 8)
			}
		}
		c, ok := known[string(sig)]
		if !ok {
			c = uint8(len(d.sample))
			known[string(sig)] = c
			d.sample = append(d.sample, byte(b))
		}
		d.machine.class[b] = c
	}
	d.machine.columns = len(d.sample)
}

// close appends to list the instructions other than splits that at leads to, in order, each once for the
// current stamp. Those behind an accepting one are not wanted in mode First; the caller cuts.
func (d *determinizer) close(list []int32, at int32) []int32 {
	if len(list) == 0 {
		d.stamp++
	}
	return d.follow(list, at)
}

func (d *determinizer) follow(list []int32, at int32) []int32 {
	if d.mark[at] == d.stamp {
		return list
	}
	d.mark[at] = d.stamp
	if d.prog[at].kind != isSplit {
		return append(list, at)
	}
	for _, out := range d.prog[at].out {
		list = d.follow(list, out)
	}
	return list
}

// intern returns the number of the state with these instructions, which is new if need be.
func (d *determinizer) intern(list []int32) int32 {
	if d.ordered {
		for i, at := range list {
			if d.prog[at].kind == isAccept {
				list = list[:i+1]
				break
			}
		}
	} else {
		slices.Sort(list)
	}
	d.key = d.key[:0]
	for _, at := range list {
		d.key = binary.LittleEndian.AppendUint16(d.key, uint16(at))
	}
	id, ok := d.ids[string(d.key)]
	if !ok {
		id = int32(len(d.states))
		d.ids[string(d.key)] = id
		d.states = append(d.states, slices.Clone(list))
	}
	return id
}

// entry says what the state does when c comes next. Where that depends on whether this is the middle of a character, it
// is worked out both ways.
func (d *determinizer) entry(state []int32, c int) entry {
	yes := d.step.run(state, c, true)
	if yes.guarded && c >= contLo && c <= contHi {
		targets := slices.Clone(yes.targets)
		no := d.step.run(state, c, false)
		yes.targets = targets
		return d.combine(yes, no)
	}
	return d.target(yes)
}

// combine is the entry if it is not known whether the guards let through (yes) or not (no).
func (d *determinizer) combine(yes, no result) entry {
	a, b := d.target(yes), d.target(no)
	switch {
	case a.to != b.to:
		return entry{to: bail}
	case a.kind != b.kind:
		a.kind = maybeEnd
	}
	return a
}

func (d *determinizer) target(r result) entry {
	e := entry{to: dead}
	if r.accepts {
		e.kind = isEnd
	}
	switch {
	case r.bails:
		e.to = bail
	case len(r.targets) > 0:
		d.list = d.list[:0]
		d.stamp++
		for _, at := range r.targets {
			d.list = d.follow(d.list, at)
		}
		e.to = d.intern(d.list)
	}
	return e
}

// result is what a state does when a byte comes.
type result struct {
	targets                 []int32 // in order, valid until the next run
	accepts, bails, guarded bool
}

// stepper runs the instructions of a state up to the next byte.
type stepper struct {
	d     *determinizer
	mark  []uint32
	stamp uint32
	r     result
	c     int
	open  bool // guards let through
}

func (t *stepper) run(state []int32, c int, open bool) result {
	t.stamp++
	t.c, t.open = c, open
	t.r = result{targets: t.r.targets[:0]}
	for _, at := range state {
		if t.visit(at) {
			break
		}
	}
	return t.r
}

// visit adds what at does to the result, and reports whether what comes behind it does not count any more.
func (t *stepper) visit(at int32) (cut bool) {
	if t.mark[at] == t.stamp {
		return false
	}
	t.mark[at] = t.stamp
	in := &t.d.prog[at]
	pass := true
	switch in.kind {
	case isAccept:
		t.r.accepts = true
		return t.d.ordered
	case isBytes:
		switch {
		case t.c == endOfText:
			t.r.bails = t.r.bails || in.bailEnd
		case in.set.has(byte(t.c)):
			t.r.targets = append(t.r.targets, in.next)
		case in.bail.has(byte(t.c)):
			t.r.bails = true
		}
		return false
	case isLook:
		pass = t.c == endOfText && in.end || t.c != endOfText && in.set.has(byte(t.c))
	case isGuard:
		t.r.guarded = true
		pass = t.open
	}
	if in.kind == isSplit {
		return slices.ContainsFunc(in.out, t.visit)
	}
	return pass && t.visit(in.next)
}

// singleEnd reports whether n has at most one end wherever it begins, so that it makes no difference whether it is atomic.
func singleEnd(n *syntax.Node, b *budget) bool {
	if plain(n) {
		return true
	}
	p := builder{exact: true, budget: b}
	start, ok := p.build(n)
	if !ok {
		return false
	}
	m, ok := determinize(&p, start)
	if !ok {
		return false
	}
	m.prune()
	for _, row := range m.rows {
		for _, e := range row {
			if e.kind != noEnd && e.to != dead {
				return false
			}
		}
	}
	return true
}

// plain reports whether n obviously leaves no choice.
func plain(n *syntax.Node) bool {
	switch n.Op {
	case syntax.Empty, syntax.Literal, syntax.OneOf:
		return true
	case syntax.Seq:
		for _, s := range n.Subs {
			if !plain(s) {
				return false
			}
		}
		return true
	case syntax.Repeat:
		return n.Min == n.Max && plain(n.Subs[0])
	default:
		return false
	}
}
