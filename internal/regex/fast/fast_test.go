package fast

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/internal/regex/corpus"
	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// modes are all ways to compile an expression: none may make a difference.
var modes = []struct {
	name string
	opt  options
}{
	{"fast", options{}},
	{"no automata", options{noLeaves: true}},
	{"small budgets", options{hasty: true}},
	{"no simplification", options{noLeaves: true, noSimplify: true}},
}

// answer matches s with a new machine for p, as far as it goes.
func answer(p *Program, s string) ([]int32, Result) {
	m, caps := p.NewMachine(), make([]int32, p.slots)
	r := m.Match(s, caps)
	if r == GaveUp {
		r = m.Continue(s, caps)
	}
	if r != Matched {
		return nil, r
	}
	return caps, r
}

// maxSteps is what the reference may take for a text; beyond that there is no judgement.
const maxSteps = 200000

// check compares all modes with the reference. It returns the number of answers.
func check(tb testing.TB, t *syntax.Tree, subjects []string) int {
	tb.Helper()
	wants := make([][]int32, len(subjects))
	results := make([]reference.Result, len(subjects))
	for i, s := range subjects {
		wants[i], results[i] = reference.Match(t, s, maxSteps)
	}
	n := 0
	for _, mode := range modes {
		p, err := compile(t, mode.opt)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) {
				tb.Fatalf("%s: %v", t.Expr, err)
			}
			continue
		}
		for i, s := range subjects {
			got, r := answer(p, s)
			if r == GaveUp || results[i] == reference.Unknown {
				continue
			}
			n++
			if (r == Matched) != (results[i] == reference.Matched) || !slices.Equal(got, wants[i]) {
				tb.Fatalf("%q on %q, %s: got %v, the reference says %v\n%s", t.Expr, s, mode.name, got, wants[i], p.Dump())
			}
		}
	}
	return n
}

func FuzzReference(f *testing.F) {
	for seed := range uint64(20) {
		f.Add([]byte(fmt.Sprintf("%x seed %d", seed*0x9e3779b97f4a7c15, seed)))
	}
	opt := regextest.Options{Mode: regextest.Fast, Invalid: true}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := regextest.FromBytes(data, opt)
		if tree, err := syntax.Parse(c.Expr, syntax.Options{}); err == nil {
			check(t, tree, c.Subjects)
		}
	})
}

// Random expressions of the grammar that patterns are made of, and of all constructs.
func TestRandom(t *testing.T) {
	for _, mode := range []regextest.Mode{regextest.Fast, regextest.Regular, regextest.All} {
		g := regextest.Seeded(5, regextest.Options{Mode: mode, Invalid: true})
		answers := 0
		for range 300 {
			c := g.Next()
			if tree, err := syntax.Parse(c.Expr, syntax.Options{}); err == nil {
				answers += check(t, tree, c.Subjects)
			}
		}
		if answers < 700 {
			t.Errorf("mode %d: only %d answers were compared", mode, answers)
		}
	}
}

// Lines of the six formats with random damage; the reference is slow on them, so that few are compared with it, and more among
// the modes.
func TestMutatedLines(t *testing.T) {
	for _, f := range corpus.Formats() {
		tree := formatTree(t, f.Name)
		lines := corpus.Mutated(f.Name, 300)
		check(t, tree, lines[:15])
		var machines []*Machine
		for _, mode := range modes {
			p, err := compile(tree, mode.opt)
			if err != nil {
				t.Fatal(err)
			}
			machines = append(machines, p.NewMachine())
		}
		for _, s := range lines {
			compareMachines(t, machines, s)
		}
	}
}

// compareMachines lets machines, which are not new, match s.
func compareMachines(t *testing.T, machines []*Machine, s string) {
	t.Helper()
	var want []int32
	wanted := GaveUp
	for _, m := range machines {
		caps := make([]int32, m.p.slots)
		r := m.Match(s, caps)
		if r == GaveUp {
			r = m.Continue(s, caps)
		}
		switch {
		case r == GaveUp:
		case wanted == GaveUp:
			want, wanted = caps, r
		case r != wanted || r == Matched && !slices.Equal(caps, want):
			t.Fatalf("%q: got %d %v and %d %v", s, wanted, want, r, caps)
		}
	}
}

// What has gone wrong, or easily could.
func TestCases(t *testing.T) {
	for _, c := range []struct {
		expr     string
		subjects []string
	}{
		{`(?>|b)c`, []string{"c", "bc", "abc"}}, // inside of an atomic group what follows says nothing
		{`(?>a|ab)c`, []string{"ac", "abc"}},
		{`(?=a|ab)..c`, []string{"abc", "aac"}},
		{`(?!(?!\ba)(c?))`, []string{"", "c", "xc"}},
		{`(?:(?<a>x)|(?<b>y))*z`, []string{"xyz", "yxz", "xxyz", "z", "xy"}}, // groups keep their texts in later rounds
		{`(?:(?<a>x)z|xy)+`, []string{"xy", "xzxy", "xyxz"}},
		{`(?:(?<a>a)|b)*?(?<c>b|a)$`, []string{"abab", "a", "ba"}},
		{`(?<x>a)?(?<y>b)?(?!(?<z>c))`, []string{"ab", "abc", "c", ""}},
		{`(?:a?)*b`, []string{"aaab", "b", "aa"}}, // a round that is empty is the last
		{`(?:|a)+`, []string{"aa", ""}},
		{`(?:a|b??)+c`, []string{"abc", "c", "bbac"}},
		{`.{2,3}?[^é]?é`, []string{"aéé", "\xffé\xc3", "日本é", "a\xffxé"}},
		{`[^a]{2}$`, []string{"\xc3\xa9", "é\xff", "\xe6\x97", "日本"}}, // a byte outside of UTF-8 is a character
		{`[^a]+[^b]`, []string{"é", "éé", "\xffé", "é\xa9"}},          // giving back whole characters
		{`.+é`, []string{"ééé", "é\xc3\xa9\xa9", "\xc3é"}},
		{`(?<=é|ab)x`, []string{"éx", "abx", "\xa9x", "bx"}},
		{`(?<!.a)b`, []string{"ab", "b", "\xffab", "éab", "aab"}},
		{`(?<![^a])b`, []string{"b", "ab", "éb", "\xffb"}},
		{`\b\w+\b`, []string{"été", "a.b", "\xffa\xff", "ⅷa b"}},
		{`^b$`, []string{"a\nb", "b\n", "a\nb\nc", "\nb"}},
		{`^`, []string{"", "\n", "a\n"}},
		{`a$\n^b`, []string{"a\nb"}},
		{`^ab`, []string{"x\nab", "\n\nab", "a\na\nab", "x\n", "x\na", "\n"}},
		{`^\d+|^é`, []string{"x\n1", "\n\né", "a\n", "x\n\xa9\n\xc3\xa9"}},
		{`\Aa|b\z|c\Z`, []string{"xa", "b", "bb", "c\n", "cc\n\n"}},
		{"a\x00b|\x00+", []string{"\x00\x00", "a\x00b"}},
		{`(?:ab|ac|b|)(?:d|e)?$`, []string{"acd", "ab", "be", ""}},
		{`(?:Jan|Jun|Jul|J)u?`, []string{"Jun", "Juu", "Jx", "Ja"}},
		{`\D*\d+(?:x\d+)?x`, []string{"1x2", "12x3x", "x"}},
		{`(?i)straße|K`, []string{"STRASSE", "k", "\u212a", "strase"}},
		{`(?<a>[+-]?[0-9]+)-(?<b>[1-9][0-9]*)`, []string{"+12-30", "x-1-2", "1-0", "--5-10"}},
		{`(?:(?<l>a)b|a){2,}c|x(?<m>y)`, []string{"abababxy", "aaaxy", "abxy"}}, // the first alternative needs a c, which is nowhere
		{`(?:"a"|b)"(?<r>.*?)"`, []string{`"a""x"y"`, `b""`, `b"`}},
		{`(?<l>[Ii]nfo?(?:rmation)?|err(?:or)?)\s*(?<c>\w+)`, []string{"info x", "information", "infox", "errors"}},
	} {
		if check(t, parse(t, c.expr), c.subjects) == 0 {
			t.Errorf("%s: nothing was compared", c.expr)
		}
	}
}

// More groups than a word has bits, of which some are in loops.
func TestManyGroups(t *testing.T) {
	var b strings.Builder
	for i := range 70 {
		fmt.Fprintf(&b, "(?:(?<g%d>a)|b)", i)
	}
	b.WriteString("(?:(?<l>c)|(?<m>d))*")
	s := strings.Repeat("ab", 35)
	check(t, parse(t, b.String()), []string{s, s + "cdc", "b" + s, s[1:]})
}

func TestUnsupported(t *testing.T) {
	for _, expr := range []string{
		`(a)\1`, `(?<a>b)\g<a>`, `(a)?(?(1)b|c)`, `(?~a)`, `\Ga`, `a\Kb`, `(?:(?<a>x?))*y`, `(?:a?){3,5}`, `(?<=(?<x>a))b`, `(?:a{1000}b?){3000}`,
	} {
		if _, err := Compile(parse(t, expr)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: got %v, expected ErrUnsupported", expr, err)
		}
	}
}

// Neither time nor memory grows beyond bounds, whatever the text is.
func TestGivesUp(t *testing.T) {
	for _, expr := range []string{`(?:a|a)*b`, `(?:a+)+b`, `(?<x>.*?)c(?<y>.*?)d(?<z>.*?)e`, `(?:[ab]|a)*c`, `\w+\s+\w+!`, `(?:\w+ ?)+$`} {
		p, err := Compile(parse(t, expr))
		if err != nil {
			t.Fatal(err)
		}
		m, caps := p.NewMachine(), make([]int32, p.slots)
		for _, s := range []string{strings.Repeat("a", 1<<18), strings.Repeat("ab cd ", 1<<15), strings.Repeat("\xc3", 1<<16)} {
			if m.Match(s, caps) == GaveUp {
				m.Continue(s, caps)
			}
			if m.Continue(s, caps) != GaveUp {
				t.Errorf("%s: Continue has an answer without a question", expr)
			}
		}
		m.Match("a", caps)
		if len(m.stack) > keepFrames {
			t.Errorf("%s: %d frames are kept", expr, len(m.stack))
		}
	}
}

func TestAllocations(t *testing.T) {
	for _, f := range corpus.Formats() {
		p, err := Compile(formatTree(t, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		m, caps := p.NewMachine(), make([]int32, p.slots)
		for _, kind := range corpus.Kinds() {
			lines := corpus.Lines(f.Name, kind, 100)
			if n := testing.AllocsPerRun(2, func() {
				for _, s := range lines {
					if m.Match(s, caps) == GaveUp {
						m.Continue(s, caps)
					}
				}
			}); n != 0 {
				t.Errorf("%s, %s: %v allocations", f.Name, kind, n)
			}
		}
	}
}

// Hits need no help, misses are found out.
func TestFormats(t *testing.T) {
	for _, f := range corpus.Formats() {
		p, err := Compile(formatTree(t, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		m, caps := p.NewMachine(), make([]int32, p.slots)
		for _, kind := range corpus.Kinds() {
			for _, s := range corpus.Lines(f.Name, kind, 300) {
				r := m.Match(s, caps)
				if kind == corpus.Hit && r != Matched || kind != corpus.Hit && r == Matched {
					t.Fatalf("%s, %s: result %d for %q", f.Name, kind, r, s)
				}
			}
		}
	}
}
