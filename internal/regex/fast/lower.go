package fast

import (
	"fmt"

	"sluice/internal/regex/syntax"
)

// op says what an instruction does. Where it does not hold, the machine goes back to the last choice.
type op uint8

const (
	opMatch          op = iota // the match is complete
	opFail                     // goes back
	opLit                      // lit stands here
	opChar                     // one character of the class
	opSeq                      // bytes of the sets seqs[arg], one after another
	opRun                      // min to max characters of the class, as many as there are; gives nothing back
	opOption                   // at most one ASCII character of the class, if it stands here; only the machine has opOption and opTwo
	opTwo                      // an opOption or opChar, then a run of another class
	opGreedy                   // the same, giving back to where follow may begin
	opChain                    // words of the class, of which lit separates two; each begins with one of set, if that is not empty
	opLazy                     // min characters of the class, then more, stopping where follow may begin
	opLazyLit                  // as few bytes as possible, up to lit (neg: to the first one, behind which nothing can fail)
	opLazyByte                 // the same for one byte; only the machine has it
	opRest                     // everything up to the end
	opChoice                   // next where the byte is in set or at the end (edge), alt where in follow (followEdge), or both in this order
	opSwitch                   // switches[arg] says by the byte where to go
	opPush                     // next, and if that fails alt
	opSave                     // slot lo is here
	opLog                      // slot lo is here; the machine has to put the old value back when it returns
	opLeaf                     // the automaton leaf; alt where it cannot tell
	opFirst                    // the same in an atomic group; opFirst and opTry are opLeaf but in the machine
	opTry                      // the same; alt also if the way from there fails
	opPeek                     // the next byte is in set (neg: is not)
	opPrev                     // the byte before is in set (neg: is not)
	opBoundary                 // \b
	opNotBoundary              // \B
	opLineStart                // ^
	opLineEnd                  // $
	opTextStart                // \A
	opTextEnd                  // \z
	opTextEndNewline           // \Z
	opAtomic                   // an atomic group begins: register arg is the height of the stack
	opCommit                   // it ends: what was put on the stack goes, except for what undoes captures
	opAhead                    // a look-around begins: registers as opAtomic, and the position
	opAheadEnd                 // it ends: as opCommit, and back to the position
	opNot                      // a negative look-around begins: alt is what comes behind it
	opNotEnd                   // it matched: drops all since opNot, and goes back
	opBack                     // min characters back
	opMark                     // a round of a loop begins: register arg is the position
	opCheck                    // alt, out of the loop, if the round was empty
	opJump                     // next; only while a loop is made
	opGiveUp                   // others have to decide
)

// pc is the number of an instruction.
type pc = int32

// noPC stands where an instruction has no second successor.
const noPC pc = -1

// noSlot is where instructions put a position that nobody asked for: the end of the match, which is written last.
const noSlot = 1

// instr is an instruction. It is comparable: what has been made before is not made again, so that the two programs
// of an expression share what they have in common.
type instr struct {
	op         op
	neg        bool
	edge       bool // opChoice: the first branch may stand at the end of the text; runs: what follows may
	followEdge bool
	lit        string
	cls        *class
	set        byteSet
	follow     byteSet
	min, max   int
	lo, hi     int // slots
	arg        int
	next, alt  pc
	leaf       leafRef
}

// lowering makes the instructions of a program, each after those that follow it.
type lowering struct {
	code   []instr
	first  []side // what can stand where an instruction begins, if the match is to succeed
	known  map[instr]pc
	groups []groupInfo

	seqs     [][]byteSet
	seqKeys  map[string]int
	switches []dispatch
	regs     int  // registers in use
	noLeaves bool // inside of the general way of a leaf
	leaves   leafMaker
	lowered  map[lowerKey]pc
	err      error
}

// groupInfo is how the captures of a group are kept.
type groupInfo struct {
	logged bool // undone through the stack; else valid where its bit says so
	bit    int
}

// maxCode bounds a program; what is larger is left to executors that do not unroll.
const maxCode = 5000

func (l *lowering) fail(format string, args ...any) pc {
	if l.err == nil {
		l.err = fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
	}
	return 0
}

// emit returns an instruction equal to in, of which front is what can stand there.
func (l *lowering) emit(in instr, front side) pc {
	if in.lo == 0 {
		in.lo = noSlot
	}
	if in.hi == 0 {
		in.hi = noSlot
	}
	if p, ok := l.known[in]; ok && l.first[p] == front {
		return p
	}
	p := l.place(in, front)
	l.known[in] = p
	return p
}

// place is emit for an instruction that is not to be shared.
func (l *lowering) place(in instr, front side) pc {
	if len(l.code) >= maxCode {
		return l.fail("more than %d instructions", maxCode)
	}
	l.code = append(l.code, in)
	l.first = append(l.first, front)
	return pc(len(l.code) - 1)
}

// lowerKey is what the instructions of a node depend on.
type lowerKey struct {
	node     string
	next     pc
	noLeaves bool
}

// lower returns the instructions of n, behind which those at next stand.
func (l *lowering) lower(n *node, next pc) pc {
	if l.err != nil {
		return 0
	}
	k := lowerKey{key(n), next, l.noLeaves}
	if p, ok := l.lowered[k]; ok {
		return p
	}
	p := l.lowerNew(n, next)
	l.lowered[k] = p
	return p
}

func (l *lowering) lowerNew(n *node, next pc) pc {
	front := first(n, l.first[next])
	switch n.op {
	case syntax.Empty:
		return next
	case syntax.Fail:
		return l.emit(instr{op: opFail, next: noPC, alt: noPC}, side{})
	case syntax.Literal:
		return l.emit(instr{op: opLit, lit: n.text, next: next, alt: noPC}, front)
	case syntax.OneOf:
		return l.emit(instr{op: opChar, cls: n.cls, next: next, alt: noPC}, front)
	case syntax.Seq:
		return l.lowerSeq(n.subs, next)
	case syntax.Capture:
		return l.lowerCapture(n, next)
	case syntax.Alt:
		if p, ok := l.lowerLeaf([]*node{n}, next); ok {
			return p
		}
		return l.lowerAlt(n, next)
	case syntax.Repeat:
		if p, ok := l.lowerLeaf([]*node{n}, next); ok {
			return p
		}
		return l.lowerRepeat(n, next, span{})
	case syntax.Atomic:
		return l.lowerAtomic(n, next, span{})
	case syntax.Look:
		return l.lowerLook(n, next)
	default:
		return l.lowerAnchor(n, next, front)
	}
}

func (l *lowering) lowerAnchor(n *node, next pc, front side) pc {
	in := instr{next: next, alt: noPC}
	switch n.op {
	case syntax.WordBoundary:
		in.op = opBoundary
	case syntax.NotWordBoundary:
		in.op = opNotBoundary
	case syntax.LineStart:
		in.op = opLineStart
	case syntax.LineEnd:
		in.op = opLineEnd
	case syntax.TextStart:
		in.op = opTextStart
	case syntax.TextEnd:
		in.op = opTextEnd
	case syntax.TextEndNewline:
		in.op = opTextEndNewline
	default:
		panic(fmt.Sprintf("BUG: operation %d has no instruction", n.op))
	}
	return l.emit(in, front)
}

// maxSeq is the length of the longest sequence of single bytes that becomes one instruction.
const maxSeq = 16

func (l *lowering) lowerSeq(items []*node, next pc) pc {
	nexts := make([]pc, len(items)+1) // where items begin; noPC within an opSeq
	nexts[len(items)] = next
	for i := len(items); i > 0; i-- {
		if j := seqStart(items[:i]); j < i {
			p := l.lowerBytes(items[j:i], nexts[i])
			for i > j {
				i--
				nexts[i] = noPC
			}
			nexts[j] = p
			i++
			continue
		}
		p, chain := l.lowerChain(items[i-1:], nexts[i-1:], span{})
		ok := chain > 0
		if !ok {
			p, ok = l.leafBefore(items, i, nexts)
		}
		if !ok {
			p = l.lower(items[i-1], nexts[i])
		}
		if l.err != nil {
			return 0
		}
		nexts[i-1] = p
	}
	return nexts[0]
}

// seqStart returns the begin of the items at the end that can become one opSeq; len(items) if it does not pay.
func seqStart(items []*node) int {
	total, sets := 0, false
	j := len(items)
	for ; j > 0; j-- {
		w, isSet := byteWidth(items[j-1])
		if w == 0 || total+w > maxSeq {
			break
		}
		total += w
		sets = sets || isSet
	}
	if total < 2 || !sets {
		return len(items)
	}
	return j
}

// byteWidth returns the bytes that n, which is literal or of ASCII classes, has; 0 if that is not what it is.
func byteWidth(n *node) (width int, sets bool) {
	switch {
	case n.op == syntax.Literal:
		return len(n.text), false
	case n.op == syntax.OneOf && n.cls.kind == lowClass:
		return 1, true
	case n.op == syntax.Repeat && n.min == n.max && n.sub().op == syntax.OneOf && n.sub().cls.kind == lowClass:
		return n.min, true
	default:
		return 0, false
	}
}

func (l *lowering) lowerBytes(items []*node, next pc) pc {
	var sets []byteSet
	var key []byte
	for _, n := range items {
		switch n.op {
		case syntax.Literal:
			for i := range len(n.text) {
				sets = append(sets, oneByte(n.text[i]))
			}
		case syntax.OneOf:
			sets = append(sets, n.cls.ascii)
		default:
			for range n.min {
				sets = append(sets, n.sub().cls.ascii)
			}
		}
	}
	for _, s := range sets {
		key = fmt.Appendf(key, "%x,", s)
	}
	arg, ok := l.seqKeys[string(key)]
	if !ok {
		arg = len(l.seqs)
		l.seqs = append(l.seqs, sets)
		l.seqKeys[string(key)] = arg
	}
	return l.emit(instr{op: opSeq, arg: arg, next: next, alt: noPC}, side{bytes: sets[0]})
}

// span is the slots that get the begin and the end of what an instruction matches; zero if nobody asks.
type span struct{ lo, hi int }

func (l *lowering) lowerCapture(n *node, next pc) pc {
	at := span{2 * n.group, 2*n.group + 1}
	if l.groups[n.group].logged {
		return l.save(opLog, at, n.sub(), next)
	}
	s := n.sub()
	switch {
	case s.op == syntax.Repeat && s.sub().op == syntax.OneOf:
		return l.lowerRepeat(s, next, at)
	case s.op == syntax.Atomic:
		return l.lowerAtomic(s, next, at)
	}
	if p, k := l.lowerChain(itemsOf(s), chainEnd(len(itemsOf(s)), next), at); k > 0 && k == len(itemsOf(s)) {
		return p
	}
	if p, ok := l.leafCapture(s, next, at); ok {
		return p
	}
	return l.save(opSave, at, s, next)
}

// save lowers n with instructions around it that remember where it begins and ends.
func (l *lowering) save(o op, at span, n *node, next pc) pc {
	if at == (span{}) {
		return l.lower(n, next)
	}
	end := l.emit(instr{op: o, lo: at.hi, next: next, alt: noPC}, l.first[next])
	begin := l.lower(n, end)
	return l.emit(instr{op: o, lo: at.lo, next: begin, alt: noPC}, l.first[begin])
}

// lowerAtomic lowers an atomic group. Inside of it nothing may be concluded from what follows: the first way to match
// it is taken, whether or not the rest can go on from there.
func (l *lowering) lowerAtomic(n *node, next pc, at span) pc {
	if p, ok := l.leafAtomic(n, next, at); ok {
		return p
	}
	if at != (span{}) {
		return l.save(opSave, at, n, next)
	}
	reg := l.regs
	l.regs++
	end := l.emit(instr{op: opCommit, arg: reg, next: next, alt: noPC}, anySide())
	body := l.lower(n.sub(), end)
	return l.emit(instr{op: opAtomic, arg: reg, next: body, alt: noPC}, first(n, l.first[next]))
}
