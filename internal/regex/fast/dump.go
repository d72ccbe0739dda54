package fast

import (
	"fmt"
	"strconv"
	"strings"
)

// opNames are the operations as Dump writes them.
func (o op) String() string {
	switch o {
	case opMatch:
		return "match"
	case opFail:
		return "fail"
	case opLit:
		return "literal"
	case opChar:
		return "char"
	case opSeq:
		return "bytes"
	case opRun:
		return "run"
	case opOption:
		return "option"
	case opTwo:
		return "two"
	case opChain:
		return "chain"
	case opGreedy:
		return "greedy"
	case opLazy:
		return "lazy"
	case opLazyLit, opLazyByte:
		return "until"
	case opRest:
		return "rest"
	case opChoice:
		return "choice"
	case opSwitch:
		return "switch"
	case opPush:
		return "push"
	case opSave:
		return "save"
	case opLog:
		return "log"
	default:
		return o.rareName()
	}
}

func (o op) rareName() string {
	switch o {
	case opLeaf:
		return "leaf"
	case opFirst:
		return "leaf-first"
	case opTry:
		return "leaf-try"
	case opPeek:
		return "peek"
	case opPrev:
		return "prev"
	case opBoundary:
		return "boundary"
	case opNotBoundary:
		return "not-boundary"
	case opLineStart:
		return "line-start"
	case opLineEnd:
		return "line-end"
	case opTextStart:
		return "text-start"
	case opTextEnd:
		return "text-end"
	case opTextEndNewline:
		return "text-end-newline"
	default:
		return o.stackName()
	}
}

func (o op) stackName() string {
	switch o {
	case opAtomic:
		return "atomic"
	case opCommit:
		return "commit"
	case opAhead:
		return "look"
	case opAheadEnd:
		return "look-end"
	case opNot:
		return "not"
	case opNotEnd:
		return "not-end"
	case opBack:
		return "back"
	case opMark:
		return "mark"
	case opCheck:
		return "check"
	case opJump:
		return "jump"
	case opGiveUp:
		return "give-up"
	default:
		return "op-" + strconv.Itoa(int(o))
	}
}

// Dump returns the program as text: which literals it looks for, where matches can begin, and the instructions of the machine,
// each with its number, its literal, its operation and the instructions that follow it.
func (p *Program) Dump() string {
	var b strings.Builder
	marks := [...]string{atBegin: "begin", apart: "apart", inside: "inside"}
	b.WriteString("required" + texts(p.required[0]) + "\n")
	if !p.same {
		b.WriteString("required behind the begin" + texts(p.required[1]) + "\n")
	}
	switch t := p.starts; {
	case t == nil:
	case t.lead.text != "":
		fmt.Fprintf(&b, "starts with %q\n", t.lead.text)
	default:
		fmt.Fprintf(&b, "starts with %s, at least %d bytes\n", setText(t.first), t.width)
	}
	for i := range p.code {
		in := &p.code[i]
		for k, e := range p.entries {
			if e == in {
				b.WriteString(marks[k] + ":\n")
			}
		}
		fmt.Fprintf(&b, "%4d ", i)
		in.dump(&b)
	}
	return b.String()
}

func texts(list []needle) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(" " + strconv.Quote(n.text))
	}
	return b.String()
}

func (in *inst) dump(b *strings.Builder) {
	if in.litLen > 0 {
		fmt.Fprintf(b, "%q ", in.literal())
	}
	b.WriteString(in.op.String())
	in.dumpOperand(b)
	if in.lo != noSlot {
		fmt.Fprintf(b, " @%d", in.lo)
	}
	if in.hi != noSlot {
		fmt.Fprintf(b, " @%d", in.hi)
	}
	if in.next != nil {
		fmt.Fprintf(b, " -> %d", in.next.self)
	}
	if in.alt != nil {
		fmt.Fprintf(b, " | %d", in.alt.self)
	}
	b.WriteByte('\n')
}

func (in *inst) literal() string {
	t := make([]byte, in.litLen)
	for i := range t {
		t[i] = byte(in.lit >> (8 * i))
	}
	return string(t)
}

func (in *inst) dumpOperand(b *strings.Builder) {
	set := func(bit uint8) string {
		var s byteSet
		for c := range 256 {
			if in.table[c]&bit != 0 {
				s.add(byte(c))
			}
		}
		return setText(s)
	}
	switch in.op {
	case opRun, opGreedy, opLazy:
		b.WriteString(" " + set(in.member) + bounds(int(in.min), int(in.max)))
		if in.op != opRun {
			b.WriteString(" before " + set(in.follow))
		}
	case opChain:
		if in.neg {
			b.WriteString(" " + set(in.member))
		}
		fmt.Fprintf(b, " %s with %q", bounds(int(in.min), unbounded), in.end)
	case opTwo:
		b.WriteString(" " + set(in.member))
		if !in.neg {
			b.WriteByte('?')
		}
		b.WriteString(" " + set(in.follow) + bounds(int(in.min), unbounded))
	case opChar, opOption, opPeek, opPrev:
		if in.neg {
			b.WriteString(" no")
		}
		b.WriteString(" " + set(in.member))
	case opLit, opLazyLit, opLazyByte:
		b.WriteString(" " + strconv.Quote(in.more.needle.text))
	case opSeq:
		fmt.Fprintf(b, " %d", len(in.more.seq))
	case opChoice:
		b.WriteString(" " + set(takeNext) + " or " + set(takeAlt))
	case opSwitch:
		for _, t := range in.more.targets {
			if t != nil {
				fmt.Fprintf(b, " %d", t.self)
			}
		}
	case opLeaf, opFirst, opTry:
		fmt.Fprintf(b, " %s", in.dfa.Hash())
		if in.far {
			b.WriteString(" far")
		}
	}
}

func bounds(lo, hi int) string {
	switch {
	case hi >= unbounded && lo == 0:
		return "*"
	case hi >= unbounded && lo == 1:
		return "+"
	case hi >= unbounded:
		return fmt.Sprintf("{%d,}", lo)
	case lo == 0 && hi == 1:
		return "?"
	case lo == hi:
		return fmt.Sprintf("{%d}", lo)
	default:
		return fmt.Sprintf("{%d,%d}", lo, hi)
	}
}

// setText writes a set of bytes as a class is written.
func setText(s byteSet) string {
	if s == allBytes() {
		return "."
	}
	var b strings.Builder
	b.WriteByte('[')
	for c := 0; c < 256; c++ {
		if !s.has(byte(c)) {
			continue
		}
		lo := c
		for c < 255 && s.has(byte(c+1)) {
			c++
		}
		q := strconv.QuoteToASCII(string(rune(lo)))
		b.WriteString(q[1 : len(q)-1])
		if c > lo {
			q = strconv.QuoteToASCII(string(rune(c)))
			b.WriteString("-" + q[1:len(q)-1])
		}
	}
	b.WriteByte(']')
	return b.String()
}
