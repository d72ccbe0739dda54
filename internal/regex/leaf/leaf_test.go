package leaf

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// naive calls yield with each end that n has from s[i:], in the order in which backtracking tries them, until yield
// returns true; it is what the automata are compared with.
func naive(n *syntax.Node, s string, i int, yield func(int) bool) bool {
	switch n.Op {
	case syntax.Empty:
		return yield(i)
	case syntax.Fail:
		return false
	case syntax.Literal:
		return strings.HasPrefix(s[i:], n.Text) && yield(i+len(n.Text))
	case syntax.OneOf:
		size := member(n.Class, s[i:])
		return size > 0 && yield(i+size)
	case syntax.Seq:
		return naiveSeq(n.Subs, s, i, yield)
	case syntax.Alt:
		for _, sub := range n.Subs {
			if naive(sub, s, i, yield) {
				return true
			}
		}
		return false
	case syntax.Repeat:
		return naiveRepeat(n, s, i, 0, yield)
	case syntax.Atomic:
		end := -1
		naive(n.Subs[0], s, i, func(e int) bool { end = e; return true })
		return end >= 0 && yield(end)
	case syntax.Look:
		holds := naive(n.Subs[0], s, i, func(int) bool { return true })
		return holds != n.Neg && yield(i)
	case syntax.LineEnd:
		return (i == len(s) || s[i] == '\n') && yield(i)
	case syntax.TextEnd:
		return i == len(s) && yield(i)
	}
	panic(fmt.Sprint("BUG: operation ", n.Op))
}

func naiveSeq(subs []*syntax.Node, s string, i int, yield func(int) bool) bool {
	if len(subs) == 0 {
		return yield(i)
	}
	return naive(subs[0], s, i, func(e int) bool { return naiveSeq(subs[1:], s, e, yield) })
}

func naiveRepeat(n *syntax.Node, s string, i, rounds int, yield func(int) bool) bool {
	again := func() bool {
		return (n.Max < 0 || rounds < n.Max) && naive(n.Subs[0], s, i, func(e int) bool {
			if e == i {
				return yield(e) // an empty round ends the loop
			}
			return naiveRepeat(n, s, e, rounds+1, yield)
		})
	}
	if rounds < n.Min {
		return again()
	}
	if n.Lazy {
		return yield(i) || again()
	}
	return again() || yield(i)
}

// member returns the length of the character at the start of s if it is in c, else 0.
func member(c *syntax.Class, s string) int {
	if s == "" {
		return 0
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 && c.Invalid || (r != utf8.RuneError || size > 1) && c.Has(r) {
		return size
	}
	return 0
}

// naiveEnds returns the ends of n from i in s, in backtracking's order, each once.
func naiveEnds(n *syntax.Node, s string, i int) []int {
	var ends []int
	naive(n, s, i, func(e int) bool {
		if !slices.Contains(ends, e) {
			ends = append(ends, e)
		}
		return false
	})
	return ends
}

// naiveOne is the meaning of DFA.One.
func naiveOne(n *syntax.Node, s string, i int, f *Follow) int {
	one := None
	for _, e := range naiveEnds(n, s, i) {
		if e < len(s) && f.has[s[e]] || e == len(s) && f.end {
			if one != None {
				return Many
			}
			one = e
		}
	}
	return one
}

// class returns a class of the ranges that the pairs of characters in text are.
func class(invalid bool, text string) *syntax.Class {
	c := &syntax.Class{Invalid: invalid}
	r := []rune(text)
	for i := 0; i < len(r); i += 2 {
		c.Ranges = append(c.Ranges, syntax.Range{Lo: r[i], Hi: r[i+1]})
	}
	return c
}

// classes are those of the random trees, on the alphabet of the random texts.
var classes = []*syntax.Class{
	class(false, "aa"), class(false, "bb"), class(false, "ab"), class(false, "09az"), class(false, "ää"), class(false, "aaää"),
	class(true, "\x00\U0010FFFF"), class(true, "\x00`b\U0010FFFF"), class(true, "\x00ac\U0010FFFF"), class(true, "\x00ãå\U0010FFFF"),
	class(false, "a€"), class(false, "€\U0001F600"), class(false, "\u0080\U0010FFFF"), class(true, "\x00a"), class(true, ""), class(false, "aa\U00010000\U0010FFFF"),
	manyRanges(),
}

// manyRanges returns a class of more ranges than automata take.
func manyRanges() *syntax.Class {
	c := class(false, "aa")
	for r := rune('à'); len(c.Ranges) <= maxRanges; r += 2 {
		c.Ranges = append(c.Ranges, syntax.Range{Lo: r, Hi: r})
	}
	return c
}

// tree returns a random tree of what automata can do, and a little more.
func tree(r *rand.Rand, depth int) *syntax.Node {
	kind := r.IntN(13)
	if depth == 0 {
		kind = r.IntN(4)
	}
	sub := func() *syntax.Node { return tree(r, depth-1) }
	switch kind {
	case 0:
		return &syntax.Node{Op: syntax.Literal, Text: []string{"a", "b", "ab", "aa", "ä", "€", "1"}[r.IntN(7)]}
	case 1, 2, 3:
		return &syntax.Node{Op: syntax.OneOf, Class: classes[r.IntN(len(classes))]}
	case 4, 5, 6:
		n := &syntax.Node{Op: syntax.Seq}
		for range 1 + r.IntN(3) {
			n.Subs = append(n.Subs, sub())
		}
		return n
	case 7:
		n := &syntax.Node{Op: syntax.Alt}
		for range 2 + r.IntN(2) {
			n.Subs = append(n.Subs, sub())
		}
		return n
	case 8:
		return &syntax.Node{Op: syntax.Atomic, Subs: []*syntax.Node{sub()}}
	case 9:
		end := &syntax.Node{Op: []syntax.Op{syntax.LineEnd, syntax.TextEnd, syntax.Empty, syntax.Fail}[r.IntN(4)]}
		if r.IntN(2) == 0 {
			return end
		}
		one := &syntax.Node{Op: syntax.OneOf, Class: classes[r.IntN(len(classes))]}
		return &syntax.Node{Op: syntax.Look, Neg: r.IntN(2) == 0, Subs: []*syntax.Node{{Op: syntax.Alt, Subs: []*syntax.Node{one, end}}}}
	default:
		least := r.IntN(3)
		most := least + r.IntN(3)
		switch r.IntN(4) {
		case 0:
			most = least + maxUnrolled + r.IntN(3)
		case 1, 2:
			most = -1
		}
		if most == 0 {
			most = 1
		}
		return &syntax.Node{Op: syntax.Repeat, Min: least, Max: most, Lazy: r.IntN(2) == 0, Subs: []*syntax.Node{sub()}}
	}
}

var pieces = []string{"a", "a", "a", "b", "b", "1", "\n", "ä", "å", "€", "\U0001F600", "\xc3", "\x80", "\xe2\x82", "\xe2", "\xf0\x9f", "\xff", "\xed\xa0\x80"}

func text(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(9) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

func follow(r *rand.Rand) *Follow {
	var set byteSet
	switch r.IntN(4) {
	case 0:
		set = byteSet{}.not()
	case 1:
		set = setOf(0x80, 0xFF)
	case 2:
		set = setOf('b', 'b')
	}
	if r.IntN(2) == 0 {
		set.add('a', 'a')
	}
	return NewFollow(set, r.IntN(2) == 0)
}

// check compares the automaton of n with the naive matcher at each character of s. It returns how often the automaton gave up.
func check(t *testing.T, c *Cache, n *syntax.Node, s string, f *Follow) (answers, gaveUp int) {
	t.Helper()
	one, isOne := c.Build(n, Ends)
	first, isFirst := c.Build(n, First)
	for i := 0; i <= len(s); {
		if isOne {
			answers++
			got, want := one.One(s, i, f), naiveOne(n, s, i, f)
			if got != want && got != Many {
				t.Fatalf("%s: one end from %d of %q: found %d, expected %d (all %v)", dump(n), i, s, got, want, naiveEnds(n, s, i))
			}
			if got != want {
				gaveUp++
				if ascii(s[i:]) && want-i <= maxUnrolled {
					t.Fatalf("%s: gave up from %d of %q, expected %d", dump(n), i, s, want)
				}
			}
		}
		if isFirst {
			answers++
			want := None
			if ends := naiveEnds(n, s, i); len(ends) > 0 {
				want = ends[0]
			}
			got := first.First(s, i)
			if got != want && got != Many {
				t.Fatalf("%s: first end from %d of %q: found %d, expected %d (all %v)", dump(n), i, s, got, want, naiveEnds(n, s, i))
			}
			if got == Many {
				gaveUp++
				if ascii(s[i:]) {
					t.Fatalf("%s: gave up from %d of %q, expected %d", dump(n), i, s, want)
				}
			}
		}
		if i == len(s) {
			break
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return answers, gaveUp
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

func dump(n *syntax.Node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "(%d", n.Op)
	switch n.Op {
	case syntax.Literal:
		fmt.Fprintf(&b, " %q", n.Text)
	case syntax.OneOf:
		fmt.Fprintf(&b, " %v %v", n.Class.Ranges, n.Class.Invalid)
	case syntax.Repeat:
		fmt.Fprintf(&b, " %d,%d lazy %v", n.Min, n.Max, n.Lazy)
	case syntax.Look:
		fmt.Fprintf(&b, " neg %v", n.Neg)
	}
	for _, s := range n.Subs {
		b.WriteString(" " + dump(s))
	}
	return b.String() + ")"
}

// TestRandomTrees compares automata with the naive matcher.
func TestRandomTrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var answers, gaveUp int
	for range 2000 {
		n := tree(r, 3)
		var c Cache
		for range 10 {
			a, g := check(t, &c, n, text(r), follow(r))
			answers, gaveUp = answers+a, gaveUp+g
		}
	}
	t.Logf("%d answers, %d times Many without need", answers, gaveUp)
	if answers < 50000 || gaveUp*5 > answers {
		t.Errorf("found %d answers of which %d are Many without need; expected 50,000 and a fifth", answers, gaveUp)
	}
}

// FuzzTrees compares automata with the naive matcher: the seed makes the tree, the text is the fuzzer's.
func FuzzTrees(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, "aab1ä€\xff\nab")
	}
	f.Fuzz(func(t *testing.T, seed uint64, s string) {
		if len(s) > 10 {
			s = s[:10] // the naive matcher is exponential
		}
		r := rand.New(rand.NewPCG(seed, 7))
		var c Cache
		check(t, &c, tree(r, 3), s, follow(r))
	})
}
