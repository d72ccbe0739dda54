package syntax

// Op says what a node is.
type Op uint8

// The operations of a tree. Whatever else the language has is rewritten into these by the parser: \R, \X,
// POSIX brackets, case folding (a literal under (?i) becomes classes and alternatives), x++ (a possessive
// repeat is an atomic group around a greedy one).
const (
	Empty           Op = iota // matches the empty text
	Fail                      // matches nothing: an empty class, (?!)
	Literal                   // Text, byte for byte
	OneOf                     // one character of Class
	Seq                       // Subs, one after another
	Alt                       // the first of Subs with which the rest matches
	Repeat                    // Subs[0], Min to Max times (Max -1: no end), greedy or Lazy
	Capture                   // Subs[0], remembered as group Index; from where it opens until it closes the group has no text
	Atomic                    // Subs[0], of which only the first way to match is tried
	Look                      // Subs[0] matches here (or, Behind, ends here); Neg: does not; see below
	LineStart                 // ^: at the text's start, or behind a newline that does not end the text
	LineEnd                   // $: at the text's end or before a newline
	TextStart                 // \A
	TextEnd                   // \z
	TextEndNewline            // \Z: at the text's end, or before a newline that ends it
	SearchStart               // \G: where the search began
	WordBoundary              // \b, of Unicode's word characters
	NotWordBoundary           // \B
	Backref                   // the text of the last of Refs that has one and whose text stands here; Fold: whatever its case
	Call                      // \g<name>: the expression of group Index again (0: the whole); captures are set
	Condition                 // Subs[0] when Refs[0], the only one, has a text, else Subs[1]
	Absent                    // (?~X): the longest text, then shorter ones, in which Subs[0] does not occur
	Keep                      // \K: the match is said to begin here, but not behind its end
)

// Of a Look only the first way to match counts, and what it captured stays, unless it is negative. The
// exception is a positive look-behind, which is not atomic: when what follows fails, its other ways are tried,
// as Oniguruma does. Only captures and back-references can show it. The operand of a look-behind matches texts of one
// length in characters, or is an Alt of operands each of which does.

// Node is one operation with its operands. A tree is not changed once Parse has returned it, so that several
// goroutines may read it; a node has one parent only.
type Node struct {
	Op       Op
	Text     string // Literal: at least one byte
	Class    *Class // OneOf
	Subs     []*Node
	Min, Max int   // Repeat
	Index    int   // Capture, Call
	Refs     []int // Backref, Condition: numbers of groups, the one to prefer last
	Level    int   // Backref with a nesting level, \k<name+1>; HasLevel tells 0 from none
	HasLevel bool
	Lazy     bool // Repeat
	Behind   bool // Look
	Neg      bool // Look
	Fold     bool // Backref
	Pos, End int  // where it stands in the expression, in bytes
}

// Tree is a parsed expression.
type Tree struct {
	Expr string
	Root *Node
	// Names has an entry for each group, in the order of their opening parentheses: group i, counted from
	// 1, is Names[i-1], "" where it has none. Plain parentheses are groups only where no group has a name. One
	// name may stand more than once.
	Names []string
	// Called says that there is a Call in the tree, Backrefs that there is a Backref or a Condition.
	Called, Backrefs bool
}
