package plain

import (
	"fmt"
	"strings"
)

// names of operations, as a dump shows them.
func (o op) String() string {
	return [...]string{
		opFail: "fail", opJump: "jump", opMatch: "match", opText: "text", opSet: "set", opSplit: "split", opRun: "run", opOpen: "open",
		opClose: "close", opKeep: "keep", opLineStart: "linestart", opLineEnd: "lineend", opTextStart: "textstart",
		opTextEnd: "textend", opTextEndNL: "textendnl", opSearchStart: "searchstart", opWord: "word", opNotWord: "notword",
		opAtomic: "atomic", opAtomicEnd: "atomicend", opLook: "look", opLookEnd: "lookend", opBack: "back", opIter: "iter",
		opIterEnd: "iterend", opCount: "count", opNext: "next", opLoop: "loop", opBackref: "backref", opCall: "call", opReturn: "return",
		opCond: "cond", opAbsent: "absent", opAbsentEnd: "absentend",
	}[o]
}

// String returns the program as text, an instruction a line: its number, what it does, and where it goes on, unless
// that is the next line. Behind "memo" stand the bits of the field, the boundaries around it and what else tells
// its states apart.
func (p *Program) String() string {
	var b strings.Builder
	for i := range p.insts {
		in := &p.insts[i]
		fmt.Fprintf(&b, "%3d %s%s", i, in.op, p.operands(in))
		if in.hasX() && in.x != int32(i+1) {
			fmt.Fprintf(&b, " -> %d", in.x)
		}
		if in.hasY() {
			fmt.Fprintf(&b, " else %d", in.y)
		}
		if in.width > 0 {
			fmt.Fprintf(&b, "  memo %d", in.width)
			if in.levels > 0 {
				fmt.Fprintf(&b, " levels %d", in.levels)
			}
			if in.scope > 0 {
				fmt.Fprintf(&b, " scope %d", p.scopeRadix(in.scope))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (p *Program) operands(in *inst) string {
	var s strings.Builder
	switch in.op {
	case opText:
		return fmt.Sprintf(" %q", p.texts[in.arg])
	case opSet, opRun:
		return " " + p.classes[in.arg].String()
	case opOpen, opClose, opBack, opCount, opNext:
		return fmt.Sprintf(" %d", in.arg)
	case opIter, opIterEnd:
		fmt.Fprintf(&s, " %d", in.arg)
	case opLoop:
		fmt.Fprintf(&s, " %d {%d,%d}", in.arg, in.min, in.max)
	case opBackref, opCond:
		fmt.Fprintf(&s, " %d", p.refs[in.arg].groups)
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{in.neg, "not"}, {in.lazy, "lazy"}, {in.groups, "groups"}, {in.fold, "fold"}} {
		if flag.on {
			s.WriteString(" " + flag.name)
		}
	}
	return s.String()
}

// String returns the members, ranges in the way of a bracket expression.
func (c *class) String() string {
	var b strings.Builder
	b.WriteByte('[')
	for i, r := range c.set.Ranges {
		if i == 6 {
			b.WriteString("...")
			break
		}
		b.WriteString(char(r.Lo))
		if r.Hi > r.Lo {
			b.WriteString("-" + char(r.Hi))
		}
	}
	if c.set.Invalid {
		b.WriteString(" invalid")
	}
	b.WriteByte(']')
	return b.String()
}

func char(r rune) string {
	if r > ' ' && r < 0x7f {
		return string(r)
	}
	return fmt.Sprintf(`\x{%x}`, r)
}
