// Package fast is the executor that log lines meet first: a backtracking machine over few, large instructions, for the
// constructs that the standard patterns are made of. What it answers is exact; what it cannot do it says: Compile
// refuses a tree with ErrUnsupported, and a machine that has spent its budget of backtracks answers GaveUp.
//
// The way of an expression, one file a step:
//
//	compile.go   the steps, one after another
//	node.go      the tree in a form of our own, each class with its sets of bytes
//	sides.go     which bytes can stand before and behind a node
//	simplify.go  rewriting with that knowledge: assertions that the neighbours decide go, atomic groups without choices go
//	factor.go    common beginnings of alternatives, so that a choice is made once; chain.go: words with separators
//	lower.go     tree to instructions, from the end to the beginning, so that each knows what can follow it;
//	             lower_*.go are repeats, alternatives, leaves and what looks around
//	fuse.go      instructions to the machine's: literals and captures become parts of their neighbours
//	vm.go        the machine; chars.go is what it asks about characters
//	prefix.go    where a match can begin; required.go and literal.go: what must stand behind that
//
// An expression has up to three programs, which share most instructions: for a match at the text's begin, where log lines
// usually match, for one behind a character that is no word character, and for one elsewhere.
//
// Everything that makes it fast is a proof that a way to match cannot succeed, and may be left out: a choice of which
// the next byte leaves one branch, a run that never gives back because nothing that it could give back can begin what
// follows. The sets of bytes those proofs rest on are always supersets of what is possible.
package fast
