package plain

import "sluice/internal/regex/syntax"

// op says what an instruction does. Each goes on at its x unless said otherwise.
type op uint8

const (
	opFail        op = iota // no way on
	opJump                  // nothing; none is left in a program
	opMatch                 // the expression has matched
	opText                  // the bytes of texts[arg]
	opSet                   // one character of classes[arg]
	opSplit                 // x, and if that fails, y
	opRun                   // as many characters of classes[arg] as there are, then fewer, down to none
	opOpen                  // group arg begins
	opClose                 // group arg ends
	opKeep                  // the match is said to begin here
	opLineStart             // at the text's start, or behind a newline but not at the text's end
	opLineEnd               // at the text's end, or before a newline
	opTextStart             // at the text's start
	opTextEnd               // at the text's end
	opTextEndNL             // at the text's end, or before a newline that ends it
	opSearchStart           // where the search began
	opWord                  // at a boundary of a word
	opNotWord               // not at one
	opAtomic                // a boundary: x is the body
	opAtomicEnd             // the body has matched: its other ways are forgotten
	opLook                  // a boundary: x is the body, y goes on when neg and the body fails
	opLookEnd               // the body has matched: on at x where the look-around stands, or, neg, fail
	opBack                  // arg characters back
	opIter                  // an iteration of a loop that may be empty begins; arg is the loop's slot
	opIterEnd               // it ends: on at x, the loop's head, or at y, behind the loop, when the iteration was empty
	opCount                 // slot arg counts from 0 again
	opNext                  // slot arg counts
	opLoop                  // x, the body, or y, behind the loop, as slot arg, min, max and lazy say
	opBackref               // the text of one of refs[arg]
	opCall                  // x, a group's expression; its opReturn goes on at y
	opReturn                // the end of a called expression
	opCond                  // x if one of refs[arg] has a text, else y
	opAbsent                // the longest text in which the body x does not occur, then shorter ones, then y
	opAbsentEnd             // the body has matched
)

// inst is an instruction.
type inst struct {
	op     op
	lazy   bool // opLoop
	neg    bool // opLook, opLookEnd
	groups bool // opIterEnd: groups count as progress; opLook, opLookEnd: so do groups in the body
	fold   bool // opBackref
	join   bool // more than one instruction leads here
	inLook bool // the last of the levels is a look-around, else it is the outermost atomic group
	forget bool // no memo: in the body of an absent operator
	levels uint8
	width  uint8  // bits of the field, 0: none
	field  uint32 // where in a position's row the field is, in bits
	scope  int32  // what else tells the states of this instruction apart: an index of Program.scopes, 0: nothing
	x, y   int32
	arg    int32
	min    int32 // opLoop; opOpen, opClose where there are calls: the slot of the begin in this call, else 0
	max    int32 // -1: no end
	pos    int32 // where the node stands in the expression, in bytes
	end    int32
	rank   int32 // where the part of the expression stands that it belongs to, for Trace
}

// digit is a part of the machine's state, beside instruction and position, on which it depends whether the rest matches.
type digit struct {
	kind  digitKind
	slot  int32
	radix uint64
}

type digitKind uint8

const (
	digitIter   digitKind = iota // whether the iteration whose begin is in slot is empty so far
	digitGroups                  // the same, and what its groups have to say to that
	digitGroup                   // what group slot would say
	digitCount                   // the count in slot
)

// class is a set of characters as the machine asks for it.
type class struct {
	ascii     [2]uint64
	all, none bool // of what is not ASCII
	set       *syntax.Class
}

// ref is a list of groups, the one to ask first first.
type ref struct {
	groups   []int32
	level    int
	hasLevel bool
}

// Program is a compiled expression. It is not changed once made: any number of machines may share it.
type Program struct {
	insts   []inst
	classes []class
	texts   []string
	refs    []ref
	scopes  [][]digit
	groups  int    // capture groups, without the whole match
	slots   int    // begin and end of each group, then what loops need
	saved   int    // the first slot that a call saves
	entry   int32  // where an attempt begins
	row     uint32 // bits of all fields of a position
	radix   uint64 // states that scopes may tell apart, at most
	memo    bool   // states that failed may be remembered
	linear  bool   // so that the number of steps is bounded
	first   firstBytes
}

// Linear reports whether matching takes a number of steps proportional to the length of the text (as far as the
// memo's memory goes), so that it ends by itself: there are no back-references, calls, conditions and absent operators, no counted
// repeats that are too large to be unrolled, and no loop that may be empty around a look-around with a group in it.
func (p *Program) Linear() bool { return p.linear }

// bound returns how many steps a search takes at most in a text of n bytes, beside its budget: some for each instruction and
// character, and for each state that the memo tells apart there, which may be many more only where a large repeat
// is counted. It is 0 where there is no memo.
func (p *Program) bound(n int) int64 {
	const steps, states = 12, 16
	if !p.memo {
		return 0
	}
	return steps * int64(len(p.insts)) * int64(n+2) * int64(min(max(p.radix, 1), states))
}

// Groups returns the number of capture groups, without the whole match.
func (p *Program) Groups() int { return p.groups }

// maxScope is the largest number of states that scopes may tell apart; with more there is no memo.
const maxScope = 1 << 36
