// Package regex matches regular expressions of Ruby's syntax, as Logstash uses them (Oniguruma; dot matches newline, ^ and
// $ are line anchors), with Oniguruma's results, in time proportional to the text wherever the language allows that.
//
// An expression is parsed once (package syntax) and compiled for up to three executors. The fast one (package
// fast) knows what usual expressions use, and stops where it has to go back more often than a match usually does. Then the
// superset (package superset) says for certain that there is no match, or that there may be one. If so, the fast one goes
// on until it has gone back too often, and plain (package plain), which knows every construct and remembers what
// failed, has the last word.
//
// Texts are bytes. Valid UTF-8 sequences are characters; a byte outside of one is a character of its own, which
// "." and negated classes match and nothing else.
package regex

import (
	"errors"

	"sluice/internal/regex/fast"
	"sluice/internal/regex/plain"
	"sluice/internal/regex/superset"
	"sluice/internal/regex/syntax"
)

// Options says how an expression is meant, where it does not say so itself, and how it is matched. The zero value is how Logstash
// reads grok expressions.
type Options struct {
	IgnoreCase   bool // as (?i) in front
	Extended     bool // as (?x) in front: blanks and #-comments are skipped
	NoDotNewline bool // as (?-m) in front: "." does not match a newline

	// Budget is the number of steps after which a match is given up (see Matcher.Exhausted), where the number of
	// steps has no better bound: with back-references, calls, conditions, absent operators and counted repeats of some thousand
	// instructions, and on texts that are too long for the memory that may be used to remember what failed. 0 stands for DefaultBudget; a step takes some
	// nanoseconds.
	Budget int64

	off executors // for tests: what must not make a difference
}

// executors is a set of executors.
type executors struct{ fast, superset bool }

// DefaultBudget is the budget of a program whose options name none.
const DefaultBudget = plain.DefaultBudget

// Error tells why an expression is refused, and where.
type Error = syntax.Error

// Program is a compiled expression. It does not change: any number of goroutines may share it, each with a
// matcher of its own.
type Program struct {
	tree     *syntax.Tree
	budget   int64
	fast     *fast.Program     // nil where it does not know a construct
	superset *superset.Program // nil where it would be of no use
	plain    *plain.Program
}

// Compile compiles an expression. The error, if there is one, is an *Error.
func Compile(expr string, o Options) (*Program, error) {
	tree, err := syntax.Parse(expr, syntax.Options{IgnoreCase: o.IgnoreCase, Extended: o.Extended, NoDotNewline: o.NoDotNewline})
	if err != nil {
		return nil, err
	}
	return CompileTree(tree, o)
}

// CompileTree compiles an expression, or a part of one, that was parsed before, so of the options the budget alone
// counts. The tree is only read. Names and Match number the groups as the tree does.
func CompileTree(tree *syntax.Tree, o Options) (*Program, error) {
	p := &Program{tree: tree, budget: o.Budget}
	if p.budget <= 0 {
		p.budget = DefaultBudget
	}
	var err error
	if p.plain, err = plain.Compile(tree); err != nil {
		if bad, ok := errors.AsType[*plain.Error](err); ok {
			err = &Error{Pos: bad.Pos, End: bad.End, Expr: tree.Expr, Msg: bad.What}
		}
		return nil, err
	}
	if !lean && !o.off.fast {
		if p.fast, err = fast.Compile(tree); err != nil && !errors.Is(err, fast.ErrUnsupported) {
			return nil, err
		}
	}
	if !lean && !o.off.superset {
		p.superset = superset.Compile(tree)
	}
	return p, nil
}

// String returns the expression.
func (p *Program) String() string { return p.tree.Expr }

// Names returns the name of each group, in the order of their numbers, which begin with 1: group i is Names()[i-1], ""
// where it has none. One name may stand more than once. The caller must not change the slice.
func (p *Program) Names() []string { return p.tree.Names }

// Tree returns the parsed expression, which must not be changed.
func (p *Program) Tree() *syntax.Tree { return p.tree }

// Matcher matches a program. It owns scratch space, so it belongs to one goroutine at a time; it holds no
// locks and starts nothing. It keeps nothing of the texts, and no large scratch space after a large text.
type Matcher struct {
	p         *Program
	fast      *fast.Machine
	superset  *superset.Machine
	plain     *plain.Machine
	caps      []int32
	exhausted bool
}

// NewMatcher returns a matcher.
func (p *Program) NewMatcher() *Matcher {
	m := &Matcher{p: p, caps: make([]int32, 2*(len(p.tree.Names)+1)), plain: plain.NewMachine(p.plain)}
	m.plain.Budget = p.budget
	if !lean && p.fast != nil {
		m.fast = p.fast.NewMachine()
	}
	if !lean && p.superset != nil {
		m.superset = superset.NewMachine(p.superset)
	}
	return m
}

// Match finds the leftmost match in s. Of a match it returns the offsets, in bytes, of the begin and the end of the whole, then of
// each group by its number; -1 and -1 for a group that took no part. The slice belongs to the matcher and is
// good until the next call. Match does not allocate, but for scratch space that grows with the text.
//
// Where ok is false, Exhausted tells whether that is certain.
func (m *Matcher) Match(s string) (caps []int32, ok bool) {
	m.exhausted = false
	if !lean && m.fast != nil {
		if r := m.fast.Match(s, m.caps); r != fast.GaveUp {
			return m.caps, r == fast.Matched
		}
	}
	return m.caps, m.matchSlow(s)
}

// matchSlow is Match when the fast executor, if there is one, has not decided at once.
func (m *Matcher) matchSlow(s string) bool {
	from := 0
	if !lean && m.superset != nil {
		answer, begin := m.superset.Match(s)
		if answer == superset.No {
			return false
		}
		from = begin
	}
	if !lean && m.fast != nil {
		if r := m.fast.Continue(s, m.caps); r != fast.GaveUp {
			return r == fast.Matched
		}
	}
	r := m.plain.Match(s, from, m.caps)
	m.exhausted = r == plain.Exhausted
	return r == plain.Matched
}

// Exhausted reports whether the last Match ended without an answer, because its budget, or the memory that it may
// use, had ended; its ok was false then.
func (m *Matcher) Exhausted() bool { return m.exhausted }
