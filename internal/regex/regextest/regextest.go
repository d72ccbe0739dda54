// Package regextest makes random expressions and subjects for tests of regular expressions: by a grammar that has every
// construct of the language, with weights so that most expressions compile and a good part of the subjects match. It is used by
// fuzz targets, by the maker of the golden file and by benchmarks; production code does not import it.
package regextest

import "math/rand/v2"

// Mode says which constructs the expressions of a generator have.
type Mode uint8

// The modes, from everything to the least.
const (
	All     Mode = iota // every construct
	Fast                // what grok patterns use: no back-reference, call, condition, absent operator, \K, \R, \X, \G, class intersection
	Regular             // no group, no assertion, nothing atomic: literals, classes, alternatives, repeats
)

// Options of a generator.
type Options struct {
	Mode Mode
	// Invalid allows subjects with bytes that are not valid UTF-8.
	Invalid bool
	// Subjects is the number of subjects of a case; 0 is 4.
	Subjects int
	// ASCII keeps expressions and subjects, except for invalid bytes, to bytes below 0x80.
	ASCII bool
}

// Case is an expression, in Ruby's syntax, and texts to try it on. Not every expression is valid.
type Case struct {
	Expr     string
	Subjects []string
}

// Generator makes cases, one after another. It is for one goroutine.
type Generator struct {
	opt Options
	src source
}

// Seeded returns a generator whose cases depend on the seed and nothing else.
func Seeded(seed uint64, opt Options) *Generator {
	return &Generator{opt, &random{rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}} //nolint:gosec // tests must be repeatable
}

// FromBytes returns the case whose decisions are the bytes of data, so that a fuzzer that changes a byte changes a decision. When
// the bytes end, every further decision is the simplest one.
func FromBytes(data []byte, opt Options) Case {
	g := Generator{opt, &choices{data}}
	return g.Next()
}

// Next makes another case.
func (g *Generator) Next() Case {
	gr := newGrammar(g.src, g.opt)
	p := gr.expression()
	n := g.opt.Subjects
	if n == 0 {
		n = 4
	}
	c := Case{Expr: p.text, Subjects: make([]string, n)}
	for i := range c.Subjects {
		c.Subjects[i] = gr.subject(p)
	}
	return c
}

// source is where decisions come from.
type source interface {
	// pick returns a number from 0 to n-1; 0 is the simplest decision.
	pick(n int) int
	// more says whether there are decisions left: without, an expression grows no further.
	more() bool
}

type random struct{ *rand.Rand }

func (r *random) pick(n int) int { return r.IntN(n) }

func (*random) more() bool { return true }

type choices struct{ data []byte }

func (c *choices) pick(n int) int {
	v := 0
	for room := 1; room < n && len(c.data) > 0; room <<= 8 {
		v = v<<8 | int(c.data[0])
		c.data = c.data[1:]
	}
	return v % n
}

func (c *choices) more() bool { return len(c.data) > 0 }
