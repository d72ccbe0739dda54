package fast

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
	"unsafe"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/scan"
)

// frame is a way that has not been tried yet.
type frame struct {
	at  int32  // the instruction; or undoSlot, undoReg
	pos int32  // the position; or the old value
	aux int32  // runs: how far they may go; or the slot or register
	set uint64 // the groups that were valid
}

// What at can be instead of an instruction's number.
const (
	undoSlot = -1
	undoReg  = -2
)

// plainFrame stands in aux where the instruction is simply to be executed.
const plainFrame = -1

const (
	firstFrames = 64
	keepFrames  = 1 << 10 // from one text to the next
	maxFrames   = 1 << 16 // 1.5 MB
)

// scanCost is the binary logarithm of the number of scanned bytes that cost as much as a return to a choice.
const scanCost = 6

// leafFree is the number of bytes behind the begin of an automaton that cost nothing.
const leafFree = 512

// slots is where positions go: the first of as many as the program has, so that no index has to be checked.
type slots int32

func (c *slots) at(i uint16) *slots {
	return (*slots)(unsafe.Add(unsafe.Pointer(c), uintptr(i)*unsafe.Sizeof(*c)))
}

func (c *slots) set(i uint16, pos int) { *c.at(i) = slots(pos) }

// push puts a frame on the stack, of which sp are in use, and makes room for it where there is none. It returns the stack and how
// many are in use now: 0 if the stack may not grow any more. It has to be small enough to be inlined.
func (m *Machine) push(stack []frame, sp int, f frame) (grown []frame, used int) {
	if sp == len(stack) {
		if sp >= maxFrames {
			m.stage = stageOver
			return nil, 0
		}
		stack = append(stack, make([]frame, sp)...)
		m.stack = stack
	}
	stack[sp] = f
	return stack, sp + 1
}

// number returns the number of an instruction of p.
func (p *Program) number(in *inst) pc {
	return pc((uintptr(unsafe.Pointer(in)) - uintptr(unsafe.Pointer(unsafe.SliceData(p.code)))) / unsafe.Sizeof(*in))
}

func byteAt(s string, i int) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))
}

func wordAt(s string, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.StringData(s)), i))[:])
}

// literalAt says whether in's literal stands at s[pos:].
func (in *inst) literalAt(s string, pos int) bool {
	n := len(s)
	switch rest := n - pos; {
	case rest >= 8:
		return wordAt(s, pos)&in.litMask == in.lit
	case rest < int(in.litLen):
		return false
	case n >= 8:
		return wordAt(s, n-8)>>(8*uint(8-rest))&in.litMask == in.lit
	default:
		v := uint64(0)
		for k := int(in.litLen) - 1; k >= 0; k-- {
			v = v<<8 | uint64(s[pos+k])
		}
		return v == in.lit
	}
}

// run matches at pos. Positions go to caps, and the valid groups to m.valid.
//
//nolint:revive // the machine is one function, so that its state stays in registers
func (m *Machine) run(in *inst, s string, pos int, caps *slots) Result {
	code, stack := m.p.code, m.stack
	n, sp := len(s), m.sp
	from := pos // where the way that is tried began
	var set uint64
	for {
		if in.litLen != 0 {
			if n-pos >= 8 {
				if wordAt(s, pos)&in.litMask != in.lit {
					goto fail
				}
			} else if !in.literalAt(s, pos) {
				goto fail
			}
			pos += int(in.litLen)
		}
		if counted {
			m.steps++
		}
		// Most instructions have a slot that is here, and some a group that is complete here. If the instruction fails,
		// it is as if that had not been written.
		caps.set(in.lo, pos)
		set |= in.bit
		switch in.op {
		case opMatch:
			caps.set(1, pos)
			m.valid = set
			return Matched
		case opFail:
		case opGiveUp:
			r := m.giveUp(s)
			if r == NoMatch {
				m.undo(stack[:sp], caps)
			}
			return r
		case opRun:
			var end int
			if in.chars {
				var lo int
				if lo, end = in.charRun(s, pos); lo < 0 {
					goto fail
				}
			} else {
				end = scan.RunMax(s, pos, int(in.max), in.set)
				if end-pos < int(in.min) {
					pos = end
					goto fail
				}
			}
			if counted {
				m.steps += end - pos
			}
			caps.set(in.hi, end)
			pos = end
			in = in.next
			continue
		case opTwo:
			end := pos
			if end < n && in.table[byteAt(s, end)]&in.member != 0 {
				end++
			} else if in.neg {
				goto fail
			}
			least := end + int(in.min)
			end = scan.Run(s, end, in.set)
			if counted {
				m.steps += end - pos
			}
			if end < least {
				pos = end
				goto fail
			}
			caps.set(in.hi, end)
			pos = end
			in = in.next
			continue
		case opChain:
			end := in.chain(s, pos)
			if end < 0 {
				goto fail
			}
			if counted {
				m.steps += end - pos
			}
			caps.set(in.hi, end)
			pos = end
			in = in.next
			continue
		case opOption:
			if pos < n && in.table[byteAt(s, pos)]&in.member != 0 {
				pos++
			}
			caps.set(in.hi, pos)
			in = in.next
			continue
		case opChoice:
			v := in.end
			if pos < n {
				v = in.table[byteAt(s, pos)]
			}
			switch v {
			case takeNext:
				in = in.next
				continue
			case takeAlt:
				in = in.alt
				continue
			case takeBoth:
				if stack, sp = m.push(stack, sp, frame{in.other, int32(pos), plainFrame, set}); sp == 0 {
					return GaveUp
				}
				in = in.next
				continue
			}
		case opGreedy:
			var end int
			lo := pos + int(in.min)
			if in.chars {
				lo, end = in.charRun(s, pos)
				if lo < 0 {
					goto fail
				}
			} else {
				end = scan.RunMax(s, pos, int(in.max), in.set)
			}
			i := in.giveBack(s, lo, end)
			if counted {
				m.steps += end - pos + end - i
			}
			if i < lo {
				pos = end
				goto fail
			}
			if i > lo {
				if stack, sp = m.push(stack, sp, frame{in.self, int32(i), int32(lo), set}); sp == 0 {
					return GaveUp
				}
			}
			caps.set(in.hi, i)
			pos = i
			in = in.next
			if end != i {
				if m.looks -= end - i; m.looks < 0 {
					goto over
				}
			}
			continue
		case opLazy:
			var end int
			lo := pos + int(in.min)
			if in.chars {
				lo, end = in.charRun(s, pos)
				if lo < 0 {
					goto fail
				}
			} else {
				end = scan.RunMax(s, pos, int(in.max), in.set)
			}
			i := in.goOn(s, lo, end)
			if counted {
				m.steps += end - pos + i - lo
			}
			if i > end {
				pos = end
				goto fail
			}
			if i < end {
				if stack, sp = m.push(stack, sp, frame{in.self, int32(i), int32(end), set}); sp == 0 {
					return GaveUp
				}
			}
			caps.set(in.hi, i)
			pos = i
			in = in.next
			if end != i {
				if m.looks -= end - i; m.looks < 0 {
					goto over
				}
			}
			continue
		case opLazyLit, opLazyByte:
			var i int
			if in.op == opLazyByte {
				if i = strings.IndexByte(s[pos:], in.member); i >= 0 {
					i += pos
				}
			} else {
				i = in.more.needle.index(s, pos)
			}
			if i < 0 {
				pos = n
				goto fail
			}
			if counted {
				m.steps += i - pos
			}
			if !in.neg {
				if stack, sp = m.push(stack, sp, frame{in.self, int32(i), int32(n), set}); sp == 0 {
					return GaveUp
				}
			}
			caps.set(in.hi, i)
			pos = i
			in = in.next
			continue
		case opRest:
			if n-pos >= int(in.min) {
				caps.set(in.hi, n)
				pos = n
				in = in.next
				continue
			}
		case opLeaf, opFirst, opTry:
			var end int
			if in.op == opLeaf {
				end = in.dfa.One(s, pos, in.behind)
			} else {
				end = in.dfa.First(s, pos)
			}
			if end >= 0 {
				if in.op == opTry {
					if stack, sp = m.push(stack, sp, frame{in.other, int32(pos), plainFrame, set}); sp == 0 {
						return GaveUp
					}
				}
				if counted {
					m.steps += end - pos
				}
				caps.set(in.hi, end)
				pos = end
				if in.far {
					goto far
				}
				in = in.next
				continue
			}
			if look := min(n-pos, int(in.max)); end == leaf.None {
				m.left -= max(look-leafFree, 0) >> scanCost
				if counted {
					m.steps += look
				}
			} else {
				m.looks -= look
				if counted {
					m.steps += look
				}
				in = in.alt
				if m.looks < 0 {
					goto over
				}
				continue
			}
		case opSeq:
			q := in.more.seq
			if n-pos < len(q) {
				goto fail
			}
			for k := range q {
				if q[k].table[byteAt(s, pos+k)]&q[k].bit == 0 {
					goto fail
				}
			}
			pos += len(q)
			in = in.next
			continue
		case opChar:
			if pos == n {
				goto fail
			}
			if c := byteAt(s, pos); c < utf8.RuneSelf {
				if in.table[c]&in.member == 0 {
					goto fail
				}
				pos++
			} else {
				w := in.charWidth(s, pos)
				if w == 0 {
					goto fail
				}
				pos += w
			}
			in = in.next
			continue
		case opLit:
			if strings.HasPrefix(s[pos:], in.more.needle.text) {
				pos += len(in.more.needle.text)
				in = in.next
				continue
			}
		case opSave:
			in = in.next
			continue
		case opSwitch:
			v := in.end
			if pos < n {
				v = in.table[byteAt(s, pos)]
			}
			if t := in.more.targets[v]; t != nil {
				in = t
				continue
			}
		case opPush:
			if stack, sp = m.push(stack, sp, frame{in.other, int32(pos), plainFrame, set}); sp == 0 {
				return GaveUp
			}
			in = in.next
			continue
		case opPeek:
			if (pos < n && in.table[byteAt(s, pos)]&in.member != 0) != in.neg {
				in = in.next
				continue
			}
		case opPrev:
			if (pos > 0 && in.table[byteAt(s, pos-1)]&in.member != 0) != in.neg {
				in = in.next
				continue
			}
		case opLog, opMark:
			var f frame
			if in.op == opLog {
				f = frame{undoSlot, int32(*caps.at(in.hi)), int32(in.hi), set}
				caps.set(in.hi, pos)
			} else {
				f = frame{undoReg, m.regs[in.more.reg], int32(in.more.reg), set}
				m.regs[in.more.reg] = int32(pos)
			}
			if stack, sp = m.push(stack, sp, f); sp == 0 {
				return GaveUp
			}
			in = in.next
			continue
		case opCheck:
			if int(m.regs[in.more.reg]) == pos {
				in = in.alt
			} else {
				in = in.next
			}
			continue
		case opAtomic:
			m.regs[in.more.reg] = int32(sp)
			in = in.next
			continue
		case opAhead:
			m.regs[in.more.reg], m.regs[in.more.reg+1] = int32(sp), int32(pos)
			in = in.next
			continue
		case opCommit, opAheadEnd:
			sp = dropChoices(stack, int(m.regs[in.more.reg]), sp)
			if in.op == opAheadEnd {
				begin := int(m.regs[in.more.reg+1])
				m.looks -= pos - begin
				pos = begin
				if m.looks < 0 {
					in = in.next
					goto over
				}
			}
			in = in.next
			continue
		case opNot:
			m.regs[in.more.reg] = int32(sp)
			if stack, sp = m.push(stack, sp, frame{in.other, int32(pos), plainFrame, set}); sp == 0 {
				return GaveUp
			}
			in = in.next
			continue
		case opNotEnd:
			to := int(m.regs[in.more.reg])
			m.undo(stack[to:sp], caps)
			sp = to
		case opBack:
			if i := back(s, pos, int(in.min)); i >= 0 {
				pos = i
				in = in.next
				continue
			}
		default:
			if in.holds(s, pos) {
				in = in.next
				continue
			}
		}
	fail:
		if counted {
			m.steps += max(pos-from, 0)
		}
		m.left -= 1 + max(pos-from, 0)>>scanCost
	back:
		if m.left < 0 {
			if r := m.spent(s, sp); r != Matched {
				if r == NoMatch {
					m.undo(stack[:sp], caps)
				}
				return r
			}
		}
		for {
			if sp == 0 {
				return NoMatch
			}
			sp--
			f := &stack[sp]
			if f.at < 0 {
				if f.at == undoSlot {
					caps.set(uint16(f.aux), int(f.pos))
				} else {
					m.regs[f.aux] = f.pos
				}
				continue
			}
			in, set = &code[f.at], f.set
			pos = int(f.pos)
			from = pos
			if f.aux == plainFrame {
				break
			}
			var i int
			switch in.op {
			case opGreedy:
				i = in.giveBack(s, int(f.aux), pos-1)
				m.left -= (pos - i) >> scanCost
				if counted {
					m.steps += pos - i
				}
				if i < int(f.aux) {
					goto back
				}
				if i > int(f.aux) {
					f.pos = int32(i)
					sp++
				}
			case opLazy:
				i = in.goOn(s, pos+1, int(f.aux))
				m.left -= (i - pos) >> scanCost
				if counted {
					m.steps += i - pos
				}
				if i > int(f.aux) {
					goto back
				}
				if i < int(f.aux) {
					f.pos = int32(i)
					sp++
				}
			default: // opLazyLit, opLazyByte
				i = in.more.needle.index(s, pos+1)
				if i < 0 {
					m.left -= (n - pos) >> scanCost
					if counted {
						m.steps += n - pos
					}
					goto back
				}
				if counted {
					m.steps += i - pos
				}
				f.pos = int32(i)
				sp++
			}
			caps.set(in.hi, i)
			pos = i
			in = in.next
			break
		}
		continue
	over:
		// Too much has been looked at by instructions that succeed: the machine stops here as if this way had failed, and
		// would go on with it first.
		if stack, sp = m.push(stack, sp, frame{m.p.number(in), int32(pos), plainFrame, set}); sp == 0 {
			return GaveUp
		}
		m.left = -1
		goto back
	far:
		m.looks -= n - pos // how far it has looked is not known
		if counted {
			m.steps += n - pos
		}
		in = in.next
		if m.looks < 0 {
			goto over
		}
	}
}
