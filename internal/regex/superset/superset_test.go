package superset

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

func mustParse(tb testing.TB, expr string) *syntax.Tree {
	tb.Helper()
	tree, err := syntax.Parse(expr, syntax.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return tree
}

func TestMatch(t *testing.T) {
	f := func(expr, s string, want Answer, from int) {
		t.Helper()
		p := Compile(mustParse(t, expr))
		if p == nil {
			t.Fatalf("%s has no automaton", expr)
		}
		answer, begin := NewMachine(p).Match(s)
		if answer != want || begin != from {
			t.Errorf("%s on %q: got %d from %d, want %d from %d", expr, s, answer, begin, want, from)
		}
	}
	long := strings.Repeat("x", 200)
	f(`abc`, "ab", No, 0)
	f(`abc`, long+"abc", Maybe, 192)
	f(`abc`, strings.Repeat("é", 100)+"abc", Maybe, 192)
	f(`x+abc`, long+"abc", Maybe, 0)
	// Anchors, and words.
	f(`^a$`, "b\na", Maybe, 0)
	f(`^a$`, "ba\nab", No, 0)
	f(`\Aa`, "ba", No, 0)
	f(`a\z`, "a\n", No, 0)
	f(`a\Z`, "a\n", Maybe, 0)
	f(`\ba`, "ba", No, 0)
	f(`\ba`, "éa", Maybe, 0)
	f(`a\Bb`, "ab", Maybe, 0)
	f(`a\b.`, "ab", No, 0)
	// Look-arounds of one character; others hold.
	f(`a(?=b)`, "ac", No, 0)
	f(`a(?!b|c)`, "ac", No, 0)
	f(`a(?!b)`, "a", Maybe, 0)
	f(`(?<!b)a`, "ba", No, 0)
	f(`(?<=[^b])a`, "éa", Maybe, 0)
	f(`(?<!é)a`, "éa", Maybe, 0)
	f(`a(?!bc)`, "abc", Maybe, 0)
	// What is relaxed.
	f(`(?>a|ab)c`, "abc", Maybe, 0)
	f(`(?<x>a)\k<x>b`, "acb", Maybe, 0)
	f(`[é-ü]`, "a", No, 0)
	f(`[é-ü]`, "à", Maybe, 0)
	f(`a.b`, "aéb", Maybe, 0)
	f(`a.b`, "a\xffb", Maybe, 0)
	f(`a{100}b`, "aab", Maybe, 0)
	f(`a{2,4}b`, "ab", No, 0)
	for _, expr := range []string{``, `a*`, `(?:a|b?)*`, `(?=ab)`, `(?<x>)\k<x>`} {
		if Compile(mustParse(t, expr)) != nil {
			t.Errorf("%s has an automaton", expr)
		}
	}
}

// check compares an automaton with the reference.
func check(tb testing.TB, c regextest.Case) (matched, no int) {
	tb.Helper()
	tree, err := syntax.Parse(c.Expr, syntax.Options{})
	if err != nil {
		return 0, 0
	}
	p := Compile(tree)
	if p == nil {
		return 0, 0
	}
	m := NewMachine(p)
	for _, s := range c.Subjects {
		answer, from := m.Match(s)
		if answer == No {
			no++
		}
		caps, r := reference.Match(tree, s, 50_000)
		if r != reference.Matched {
			continue
		}
		matched++
		begin := int(caps[0])
		if strings.Contains(c.Expr, `\K`) {
			begin = len(s)
		}
		if answer == No || from > begin {
			tb.Errorf("%q on %q: answer %d from %d, but there is a match at %d", c.Expr, s, answer, from, begin)
		}
	}
	return matched, no
}

// TestRandom compares automata of random expressions with the reference.
func TestRandom(t *testing.T) {
	for _, mode := range []regextest.Mode{regextest.All, regextest.Fast, regextest.Regular} {
		g := regextest.Seeded(3, regextest.Options{Mode: mode, Invalid: true})
		matched, no := 0, 0
		for range 1000 {
			m, n := check(t, g.Next())
			matched, no = matched+m, no+n
		}
		if matched < 500 || no < 500 {
			t.Errorf("mode %d: %d matches and %d answers no", mode, matched, no)
		}
	}
}

// TestMemory sees that the table stays small, and that a machine gives up where it is of no use.
func TestMemory(t *testing.T) {
	p := Compile(mustParse(t, `a.{14}b.{14}c.{14}d.{12}e`))
	m := NewMachine(p)
	r := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 1<<16)
	for i := range text {
		text[i] = "abcd"[r.IntN(4)]
	}
	unknown := 0
	for range 8 {
		answer, _ := m.Match(string(text))
		if answer == Unknown {
			unknown++
		}
		if m.bytes > maxBytes+1<<16 {
			t.Fatalf("%d bytes of states", m.bytes)
		}
	}
	if unknown != 8 || m.poor < patience {
		t.Errorf("gave up %d times of 8, %d in a row", unknown, m.poor)
	}
	// A table that is forgotten now and then is of use if each state is met often.
	m = NewMachine(Compile(mustParse(t, `[ab]{9}c`)))
	for range 50 {
		m.bytes = maxBytes + 1
		m.scanned = 1 << 20
		if answer, _ := m.Match(strings.Repeat("ab", 100) + "d"); answer != No {
			t.Fatalf("answer %d", answer)
		}
	}
}

func TestAllocations(t *testing.T) {
	m := NewMachine(Compile(mustParse(t, `(?<a>\w+)=(?<b>\d+);`)))
	s := strings.Repeat("abc=12 ", 100)
	m.Match(s)
	if n := testing.AllocsPerRun(100, func() { m.Match(s) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzSuperset compares automata with the reference.
func FuzzSuperset(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, regextest.FromBytes(data, regextest.Options{Invalid: true})) })
}

func BenchmarkMatch(b *testing.B) {
	for _, c := range []struct{ name, expr, text string }{
		{"words", `(?<a>\w+)=(?<b>\d+);`, strings.Repeat("abc=12 ", 150)},
		{"lazy", `(?:.*?,){3}.*?;$`, strings.Repeat("abc, ", 200)},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := NewMachine(Compile(mustParse(b, c.expr)))
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				m.Match(c.text)
			}
		})
	}
}
