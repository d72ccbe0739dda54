package plain

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/regex/regextest"
)

// nasty makes expressions of few letters with many ways to match them: loops, atomic groups and look-arounds inside
// of each other, groups in all of them.
type nasty struct {
	*rand.Rand
	groups bool
}

func (n nasty) expr(depth int) string {
	if depth == 0 {
		return [...]string{"a", "b", "c", "ab", ".", "[ab]", "", "a", "b"}[n.IntN(9)]
	}
	sub := func() string { return n.expr(depth - 1 - n.IntN(depth)) }
	switch n.IntN(12) {
	case 0, 1:
		return sub() + sub()
	case 2, 3:
		return "(?:" + sub() + "|" + sub() + ")"
	case 4, 5, 6:
		return "(?:" + sub() + ")" + n.repeat()
	case 7, 8:
		return "(?>" + sub() + sub() + ")"
	case 9:
		return [...]string{"(?=", "(?!"}[n.IntN(2)] + sub() + ")" + sub()
	case 10:
		return [...]string{"(?<=a)", "(?<!b)", "(?<=a|bc)", `\b`, "^", "$"}[n.IntN(6)] + sub()
	default:
		if n.groups {
			return "(" + sub() + ")"
		}
		return sub() + "c"
	}
}

func (n nasty) repeat() string {
	return [...]string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{2,}", "{0,2}?", "++", "*+"}[n.IntN(12)]
}

func (n nasty) text() string {
	var b strings.Builder
	size := n.IntN(14)
	if n.IntN(4) == 0 {
		size = n.IntN(300) // more than a page of the memo
	}
	for range size {
		b.WriteString([...]string{"a", "a", "a", "b", "b", "c", "\n", "é"}[n.IntN(8)])
	}
	return b.String()
}

func (n nasty) next() regextest.Case {
	n.groups = n.IntN(3) > 0
	return regextest.Case{Expr: n.expr(2+n.IntN(6)) + n.expr(1), Subjects: []string{n.text(), n.text(), n.text(), n.text()}}
}

// TestNasty compares programs of nasty expressions.
func TestNasty(t *testing.T) {
	seed, rounds := uint64(1), 2000
	if s := os.Getenv("SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
		rounds = 200000
	}
	n := nasty{Rand: rand.New(rand.NewPCG(seed, 0))}
	for range rounds {
		checkCase(t, n.next())
	}
}
