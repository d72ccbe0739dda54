package fast

import (
	"encoding/binary"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/scan"
	"sluice/internal/regex/syntax"
)

// inst is an instruction of the machine: a literal of up to 8 bytes, which may be empty, then the operation. What each
// operation uses is in one or two cache lines.
type inst struct {
	lit, litMask uint64 // the literal, its first byte lowest, and ones where it has bytes
	next, alt    *inst
	table        *[256]uint8 // choices: 1 next, 2 alt; else: member, follow say which bits are whose
	set          *scan.Set   // runs: the members
	dfa          *leaf.DFA
	behind       *leaf.Follow
	bit          uint64 // of the group whose end is written here
	min, max     int32  // max is large where there is none
	self, other  int32  // the numbers of this instruction and of alt
	lo, hi       uint16 // slots
	op           op
	litLen       uint8
	member       uint8
	follow       uint8
	end          uint8 // choices: as table, for the end of the text
	edge         bool  // runs: what follows may stand at the end of the text
	neg          bool
	far          bool // automata: a success may have looked far behind the end; max bounds how far they look in all
	high         bool // opChar: whether characters that are not ASCII are members, if all or none are
	chars        bool // characters have to be counted or decoded
	more         *detail
}

// detail is what few instructions have.
type detail struct {
	needle  needle
	seq     []seqByte
	class   *syntax.Class
	targets []*inst // opSwitch, by table
	reg     int
}

type seqByte struct {
	table *[256]uint8
	bit   uint8
}

// unbounded stands for a missing maximum.
const unbounded = 1 << 30

// fuser makes the machine's instructions.
type fuser struct {
	*lowering
	out     []inst
	links   []link
	byEntry map[pc]int32
	sets    map[byteSet]seqByte
	packed  []*[256]uint8
	tables  map[[256]uint8]*[256]uint8
	scans   map[byteSet]*scan.Set
	seqOf   map[int][]seqByte
}

// link is a pointer to be set when all instructions have their place.
type link struct {
	from, next, alt int32
	targets         []int32
}

const noLink = -1

func newFuser(l *lowering) *fuser {
	return &fuser{
		lowering: l,
		byEntry:  map[pc]int32{},
		sets:     map[byteSet]seqByte{},
		tables:   map[[256]uint8]*[256]uint8{},
		scans:    map[byteSet]*scan.Set{},
		seqOf:    map[int][]seqByte{},
	}
}

// entry returns the number of the instruction that begins as p does, and makes it and what follows if need be.
func (f *fuser) entry(p pc) int32 {
	for f.code[p].op == opJump {
		p = f.code[p].next
	}
	if i, ok := f.byEntry[p]; ok {
		return i
	}
	i := int32(len(f.out))
	f.byEntry[p] = i
	f.out = append(f.out, inst{})
	lit, at := f.literal(p)
	m, in, next := f.fuse(at)
	m.self = i
	m.setLiteral(lit)
	f.out[i] = m
	k := link{i, noLink, noLink, nil}
	if next != noPC {
		k.next = f.entry(next)
	}
	if in.alt != noPC {
		k.alt = f.entry(in.alt)
	}
	if in.op == opSwitch {
		for _, t := range f.switches[in.arg].targets {
			to := int32(noLink)
			if t != noPC {
				to = f.entry(t)
			}
			k.targets = append(k.targets, to)
		}
	}
	f.links = append(f.links, k)
	return i
}

// maxLit is the length of a literal that is part of another instruction.
const maxLit = 8

// literal returns the literal at p, if it is short enough to be part of the instruction behind it, and where that stands.
func (f *fuser) literal(p pc) (string, pc) {
	lit := ""
	for {
		switch in := &f.code[p]; {
		case in.op == opJump:
			p = in.next
		case in.op == opLit && len(lit)+len(in.lit) <= maxLit:
			lit += in.lit
			p = in.next
		default:
			return lit, p
		}
	}
}

func (m *inst) setLiteral(lit string) {
	var b, mask [8]byte
	for i := range len(lit) {
		b[i], mask[i] = lit[i], 0xff
	}
	m.litLen = uint8(len(lit))
	m.lit, m.litMask = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(mask[:])
}

// skip returns the first instruction from p on that is no opJump.
func (f *fuser) skip(p pc) *instr {
	for f.code[p].op == opJump {
		p = f.code[p].next
	}
	return &f.code[p]
}

// fuse translates the instruction at p together with those behind it that fit into one. It returns the last of them, but for
// what stands behind that.
func (f *fuser) fuse(p pc) (m inst, in *instr, next pc) {
	in = f.skip(p)
	if in.op != opSave {
		if m, next, ok := f.two(in, in.next); ok {
			return m, in, next
		}
		return f.translate(in), in, in.next
	}
	save := in
	in = f.skip(save.next)
	if save.lo&1 == 0 {
		if m, next, ok := f.two(in, in.next); ok {
			m.lo = uint16(save.lo)
			if end := f.skip(next); end.op == opSave && end.lo == save.lo+1 {
				m.hi, m.bit = uint16(end.lo), f.groupBit(end)
				next = end.next
			}
			return m, in, next
		}
	}
	if in.lo != noSlot || in.op == opLit || in.op == opSave {
		return f.translate(save), save, save.next
	}
	m = f.translate(in)
	m.lo, m.bit = uint16(save.lo), f.groupBit(save)
	return m, in, in.next
}

// two makes one instruction of in, a character or none, and the run behind it.
func (f *fuser) two(in *instr, then pc) (m inst, next pc, ok bool) {
	if in.lo != noSlot || in.hi != noSlot || in.cls == nil || in.cls.kind != lowClass {
		return m, 0, false
	}
	must := in.op == opChar || in.op == opRun && in.min == 1
	if in.op != opChar && (in.op != opRun || in.max != 1) {
		return m, 0, false
	}
	run := f.skip(then)
	if run.op != opRun || run.max >= 0 || run.lo != noSlot || run.hi != noSlot || run.cls.kind != lowClass {
		return m, 0, false
	}
	m = inst{op: opTwo, lo: noSlot, hi: noSlot, neg: must, min: int32(run.min), max: unbounded, set: f.scan(run.cls)}
	var t [256]uint8
	for c := range t {
		t[c] = pick(in.cls.ascii.has(byte(c)), run.cls.ascii.has(byte(c)))
	}
	m.table, m.member, m.follow = f.table(t), takeNext, takeAlt
	return m, run.next, true
}

// translate makes the machine's form of in, without literal and successors.
func (f *fuser) translate(in *instr) inst {
	m := inst{op: in.op, neg: in.neg, edge: in.edge, lo: uint16(in.lo), hi: uint16(in.hi), min: int32(in.min), max: int32(in.max)}
	if m.max < 0 {
		m.max = unbounded
	}
	switch in.op {
	case opLog:
		m.lo, m.hi = noSlot, m.lo // the old value is put on the stack first
	case opRun, opGreedy, opLazy:
		f.run(&m, in)
		if in.op == opRun && in.max == 1 && in.min == 0 && in.cls.kind == lowClass {
			m.op = opOption
		}
	case opChain:
		m.set, m.end, m.neg = f.scan(in.cls), in.lit[0], !in.set.empty()
		b := f.bitOf(in.set)
		m.table, m.member = b.table, b.bit
	case opChar:
		f.char(&m, in.cls)
	case opLit, opLazyLit:
		m.more = &detail{needle: newNeedle(in.lit)}
		if in.op == opLazyLit && len(in.lit) == 1 {
			m.op, m.member = opLazyByte, in.lit[0]
		}
	case opSeq:
		m.more = &detail{seq: f.seq(in.arg)}
	case opChoice:
		m.table = f.choice(in)
		m.end = pick(in.edge, in.followEdge)
	case opSwitch:
		d := &f.switches[in.arg]
		m.table, m.end, m.more = f.table(d.index), d.end, &detail{}
	case opPeek, opPrev:
		b := f.bitOf(in.set)
		m.table, m.member = b.table, b.bit
	case opLeaf:
		m.dfa, m.behind = in.leaf.dfa, in.leaf.follow
		m.op += op(in.leaf.kind)
		m.far, m.max = f.looks(in)
	case opAtomic, opCommit, opAhead, opAheadEnd, opNot, opNotEnd, opMark, opCheck:
		m.more = &detail{reg: in.arg}
	}
	m.bit = f.groupBit(in)
	return m
}

// looks returns whether the automaton of in may look far behind the end that it finds, and at how many bytes it looks at most.
func (f *fuser) looks(in *instr) (far bool, most int32) {
	d := in.leaf.dfa
	far, most = d.Far(), unbounded
	if in.leaf.kind == leafOne {
		far = far && !f.first[in.next].bytes.disjoint(d.GoesOn())
	}
	if n := d.Reach(); n >= 0 {
		most = int32(n)
	}
	return far, most
}

// groupBit returns the bit of the group whose end in writes.
func (f *fuser) groupBit(in *instr) uint64 {
	slot := in.hi
	if in.op == opSave {
		slot = in.lo
	}
	if slot <= noSlot || slot&1 == 0 || in.op == opLog {
		return 0
	}
	return 1 << f.groups[slot/2].bit
}

func (f *fuser) run(m *inst, in *instr) {
	c := in.cls
	m.chars = c.kind == mixedClass || c.kind == highClass && (in.max >= 0 || in.min > 1)
	if m.chars {
		m.more = &detail{class: c.src}
	}
	if c.kind != mixedClass {
		m.set = f.scan(c)
	}
	f.char(m, c)
	b := f.bitOf(in.follow)
	t := [256]uint8{}
	for i := range t {
		if m.table[i]&m.member != 0 {
			t[i] |= 1
		}
		if b.table[i]&b.bit != 0 {
			t[i] |= 2
		}
	}
	m.table, m.member, m.follow = f.table(t), 1, 2
}

// char fills in the table of the class: its members below 0x80, and the others, if all or none are members.
func (f *fuser) char(m *inst, c *class) {
	set := c.ascii
	m.high = c.kind == highClass
	if m.high {
		set = c.run()
	}
	if c.kind == mixedClass {
		m.chars, m.more = true, &detail{class: c.src}
	}
	b := f.bitOf(set)
	m.table, m.member = b.table, b.bit
}

func (f *fuser) scan(c *class) *scan.Set {
	k := c.run()
	s, ok := f.scans[k]
	if !ok {
		s = scan.NewSet([2]uint64{k[0], k[1]}, c.kind == highClass)
		f.scans[k] = s
	}
	return s
}

func (f *fuser) seq(arg int) []seqByte {
	s, ok := f.seqOf[arg]
	if !ok {
		for _, b := range f.seqs[arg] {
			s = append(s, f.bitOf(b))
		}
		f.seqOf[arg] = s
	}
	return s
}

// bitOf returns where to look for membership in set: eight sets share a table.
func (f *fuser) bitOf(set byteSet) seqByte {
	if b, ok := f.sets[set]; ok {
		return b
	}
	k := len(f.sets) % 8
	if k == 0 {
		f.packed = append(f.packed, new([256]uint8))
	}
	t := f.packed[len(f.packed)-1]
	for i := range t {
		if set.has(byte(i)) {
			t[i] |= 1 << k
		}
	}
	b := seqByte{t, 1 << k}
	f.sets[set] = b
	return b
}

func (f *fuser) table(t [256]uint8) *[256]uint8 {
	p, ok := f.tables[t]
	if !ok {
		p = &t
		f.tables[t] = p
	}
	return p
}

// What a choice can find: nothing, its first branch, its second, or both.
const (
	takeNext = 1
	takeAlt  = 2
	takeBoth = takeNext | takeAlt
)

func pick(next, alt bool) (v uint8) {
	if next {
		v |= takeNext
	}
	if alt {
		v |= takeAlt
	}
	return v
}

func (f *fuser) choice(in *instr) *[256]uint8 {
	var t [256]uint8
	for i := range t {
		t[i] = pick(in.set.has(byte(i)), in.follow.has(byte(i)))
	}
	return f.table(t)
}

// resolve turns numbers into pointers.
func (f *fuser) resolve() {
	at := func(i int32) *inst {
		if i == noLink {
			return nil
		}
		return &f.out[i]
	}
	for _, k := range f.links {
		in := at(k.from)
		in.next, in.alt, in.other = at(k.next), at(k.alt), k.alt
		if k.targets == nil {
			continue
		}
		in.more.targets = make([]*inst, len(k.targets))
		for i, t := range k.targets {
			in.more.targets[i] = at(t)
		}
	}
}
