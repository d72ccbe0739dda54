package plain

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/internal/regex/syntax"
)

func mustCompile(tb testing.TB, expr string) *Program {
	tb.Helper()
	tree, err := syntax.Parse(expr, syntax.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	p, err := Compile(tree)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// match returns the offsets of a match as text, or what else came out.
func match(p *Program, s string) string { return matchOn(NewMachine(p), s) }

func matchOn(m *Machine, s string) string {
	caps := make([]int32, 2*(m.p.Groups()+1))
	switch r := m.Match(s, 0, caps); r {
	case Matched, NoMatch:
		return format(caps, r == Matched)
	default:
		return "exhausted"
	}
}

func format(caps []int32, ok bool) string {
	if !ok {
		return "none"
	}
	return strings.Trim(fmt.Sprint(caps), "[]")
}

// TestPrograms compares dumps of programs with testdata/programs.txt: an expression on a line that begins with a blank
// line before, and its program. SLUICE_UPDATE=1 writes the programs.
func TestPrograms(t *testing.T) {
	const file = "testdata/programs.txt"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, part := range strings.Split(strings.TrimSpace(string(old)), "\n\n") {
		expr, want, _ := strings.Cut(part, "\n")
		got := mustCompile(t, expr).String()
		if strings.TrimSpace(got) != strings.TrimSpace(want) && os.Getenv("SLUICE_UPDATE") == "" {
			t.Errorf("%s\ngot:\n%swant:\n%s", expr, got, want)
		}
		if i > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(expr + "\n" + got)
	}
	if os.Getenv("SLUICE_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMatch(t *testing.T) {
	f := func(expr, s, want string) {
		t.Helper()
		p := mustCompile(t, expr)
		if got := match(p, s); got != want {
			t.Errorf("%s on %.200q: got %s, want %s\n%.2000s", expr, s, got, want, p)
		}
	}
	// Loops whose body may be empty, as Oniguruma ends them.
	f(`(?:|a)*`, "aab", "0 0")
	f(`(?:(?<y>)|a)*b`, "ab", "0 2 0 0")
	f(`(?:(?<x>a)|(?<y>))*b`, "aab", "0 3 1 2 2 2")
	f(`(?:(?<y>)|(?<x>a))*b`, "aab", "0 3 0 0 1 2")
	f(`(?:(?<y>b*)(?<x>a*))*c`, "aabac", "0 5 4 4 4 4")
	f(`(?:(?<y>a)?(?<x>b)?)*c`, "aabac", "0 5 3 4 2 3")
	f(`(?:(?:(?<x>)|a){2,}|b){3,}c`, "abaabbac", "0 8 6 6")
	f(`(?>(?:(?<x>)|a){2,}|b){3,}c`, "abaabbac", "7 8 7 7")
	f(`(?:(?=(?<x>a))|b)*`, "ab", "0 0 0 1")
	// A back-reference takes the last group that has a text which fits.
	f(`(?<a>x)?(?<a>y)\k<a>`, "xyy", "0 3 0 1 1 2")
	f(`(?<a>x)(?<a>y)\k<a>`, "xyx", "0 3 0 1 1 2")
	f(`(?:(?<x>a\k<x>?)|b)*`, "aba", "0 3 2 3")
	// Calls.
	f(`(?<x>a|b\g<x>c)`, "bbacc", "0 5 0 5")
	f(`\A(?<p>|.|(?:(?<c>.)\g<p>\k<c+0>))\z`, "reviver", "0 7 0 7 2 3")
	// The begin of the match is taken back too.
	f(`a\Kb|ac`, "ac", "0 2")
	f(`a\Kb`, "ab", "1 2")
	// Anchors.
	f(`^`, "a\n", "0 0")
	f(`\n^`, "\n", "none")
	f(`a$`, "a\nb", "0 1")
	// Absent operators.
	f(`(?~abc)`, "zzabczz", "0 4")
	f(`(?~abc)c`, "zzabczz", "0 5")
	f(`(?~a|aba)b`, "xab", "2 3")
	f(`(?~a.*c)`, "xaabbcc", "0 5")
	// Counted repeats, unrolled and not.
	f(`(?:a?){3,}b`, "aab", "0 3")
	f(`x(?:[ab]?){3,5000}c`, "xababc", "0 6")
	f(`(?:[ab]c?){3,5000}?b`, "abacb", "0 5")
	f(`(?:ab){2500}`, strings.Repeat("ab", 2499)+"a", "none")
	f(`(?:ab){2500}`, "b"+strings.Repeat("ab", 2500), "1 5001")
	f(`(?:(?:a|b){100}c?){60,}d`, strings.Repeat("ab", 3000)+"d", "0 6001")
	// Look-arounds.
	f(`(?<=a|bc)d`, "bcd", "2 3")
	f(`(?<!a|bc)d`, "bcdd", "3 4")
	f(`(?=.*(?<x>\d))[a-c]+d`, "abcabcdef1", "0 7 9 10")
}

// TestSteps holds the machine to its promise: a number of steps proportional to the program and to the text.
func TestSteps(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	ab := func(n int) string { return strings.Repeat("ab", n/2) }
	for _, c := range []struct {
		expr string
		text func(int) string
	}{
		{`(a+)+$`, func(n int) string { return a(n) + "b" }},
		{`(?:(?:a*)*)*c`, a},
		{`(?:a|a)*c`, a},
		{`(?:a|aa)+$`, func(n int) string { return a(n) + "b" }},
		{`(?:(?>a|ab)(?>b?))*c`, ab},
		{`(?:(?>(?>a+)b*)*d)*c`, ab},
		{`(?:(?>(?>(?>a|b)*c|a)*d|ab?)*e|b)*f`, ab},
		{`(?:(?>a*b?)c|a|b)*d`, ab},
		{`(?:(?=(?:a*b)*c)a*b)*d`, ab},
		{`(?:(?!(?:a*b)*c)a*b)*d`, ab},
		{`(?:(?=(?>(?>a|b)*|a)c|(?!(?:a|b)*d)a)(?:a|b))*e`, ab},
		{`(?:(?<=a|b)(?:a*b)*)*c`, ab},
		{`(?:(?=.*(?<x>b))(?:a|b))*c`, ab},
		{`.*.*.*.*=.*`, a},
		{`.*?.*?.*?.*?=`, a},
		{`(.*a){12}$`, func(n int) string { return a(n) + "b" }},
		{`(?:(?<x>a*)|b)*c`, ab},
		{`(?:(?<x>a*)(?<y>b*)|(?<z>))*c`, ab},
		{`(?:(?:(?<x>a?)*)*)*c`, a},
		{`(?:a?){200}a{200}c`, a},
		{`(?:a{1,20}){1,20}c`, a},
		{`(?:\w+\s?)+$`, func(n int) string { return ab(n) + "!" }},
		{`(?:[ab]+c?)++d`, ab},
		{`(?:é|[à-ü]|[^x])*x`, func(n int) string { return strings.Repeat("é", n/2) }},
	} {
		p := mustCompile(t, c.expr)
		if !p.Linear() {
			t.Errorf("%s is not linear", c.expr)
			continue
		}
		m := NewMachine(p)
		var per [2]float64
		for i, n := range []int{400, 3200} {
			s := c.text(n)
			m.Match(s, 0, make([]int32, 2*(p.Groups()+1)))
			per[i] = float64(m.Steps()) / float64(len(p.insts)*len(s))
		}
		if per[0] > 40 || per[1] > per[0]*1.1 {
			t.Errorf("%s: %.2f steps per instruction and byte of 400, %.2f of 3200", c.expr, per[0], per[1])
		}
	}
}

// TestFull lets the memo become full: then there is a budget, and what is answered within it is right.
func TestFull(t *testing.T) {
	for _, expr := range []string{`(?:a|b|ab)*c`, `(?:(?>a|b)*c|a|b)*d`, `[ab]*a[ab]*b[ab]*c`, `(?:(?=(?<x>[ab]*))[ab])*c`} {
		p := mustCompile(t, expr)
		m := NewMachine(p)
		m.memo.most = uint64(2 * m.memo.chunk * m.memo.row)
		m.Budget = 100_000
		text := strings.Repeat("ab", 400*int(m.memo.chunk))
		if got := matchOn(m, text); got != "exhausted" {
			t.Errorf("%s: got %s, want exhausted", expr, got)
		}
		if got := matchOn(m, "abab"); got != "none" {
			t.Errorf("%s: got %s, want none", expr, got)
		}
	}
}

// TestLevels has boundaries inside of each other, more than the memo knows in the end.
func TestLevels(t *testing.T) {
	for _, depth := range []int{2, 3, 14, 15, 100, maxLevels, maxLevels + 1} {
		expr := "(?:" + strings.Repeat("(?>(?:", depth) + "a|b" + strings.Repeat(")+c?)", depth) + "|a|b)*d"
		p := mustCompile(t, expr)
		if p.Linear() != (depth <= maxLevels) {
			t.Errorf("%d levels: linear %t", depth, p.Linear())
		}
		f := func(s, want string) {
			t.Helper()
			if got, _ := quick(p, s); got != want && (p.Linear() || got != "exhausted") {
				t.Errorf("%d levels: got %s, want %s", depth, got, want)
			}
		}
		f("abcabccabd", "0 10")
		f(strings.Repeat("ab", 5)+"e", "none")
	}
}

// TestRelease gives long texts to machines, whose memory must be small afterwards.
func TestRelease(t *testing.T) {
	text := strings.Repeat("ab", 1<<13)
	for _, expr := range []string{
		`(?:a|b)*c`, `(?:(?=[ab]*(?<x>b))[ab])*c`, `(?:(?<x>a*)|b)*c`, `(?:(?:a|b){1,3}){5000,}c`, `(?<x>a\g<x>?|b)+c`, `(?<x>[ab])+\k<x>c`,
	} {
		p := mustCompile(t, expr)
		m := NewMachine(p)
		m.Budget = 100_000
		if got := matchOn(m, text); got != "none" && got != "exhausted" {
			t.Errorf("%s: got %s", expr, got)
		}
		words := len(m.memo.chunks) * int(m.memo.chunk*m.memo.row)
		if words > keepWords || cap(m.memo.table) > keepWords || len(m.memo.far) > keepWords ||
			cap(m.stack) > keepFrames || cap(m.saved) > keepFrames || cap(m.calls) > keepFrames || cap(m.records.list) > keepFrames || m.s != "" {
			t.Errorf("%s: %d words, %d frames, %d calls, %d records are kept", expr, words, cap(m.stack), cap(m.calls), cap(m.records.list))
		}
	}
}

func TestErrors(t *testing.T) {
	loop := &syntax.Node{Op: syntax.Repeat, Max: -1, Pos: 4, End: 6, Subs: []*syntax.Node{{Op: syntax.Literal, Text: "a"}}}
	_, err := Compile(&syntax.Tree{Root: &syntax.Node{Op: syntax.Look, Behind: true, Subs: []*syntax.Node{loop}}})
	if want := "compile expression: the body of a look-behind has no fixed length at byte 4"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestExplain(t *testing.T) {
	f := func(expr, s string, want Trace) {
		t.Helper()
		_, got := NewMachine(mustCompile(t, expr)).Explain(s, make([]int32, 8))
		got.ok, got.rank, got.part = false, 0, 0
		if got != want {
			t.Errorf("%s on %q: got %+v, want %+v", expr, s, got, want)
		}
	}
	f(`ab(?:c|d)e`, "xabdf", Trace{Begin: 1, End: 4, Pos: 9, Until: 10})
	f(`ab(?:cd|ce)`, "ab acx", Trace{Begin: 0, End: 2, Pos: 5, Until: 7})
	f(`a(?=.*b)(?>c|d)`, "ab a", Trace{Begin: 0, End: 1, Pos: 11, Until: 12})
	f(`a.*bcd`, "a bc b", Trace{Begin: 0, End: 4, Pos: 3, Until: 6})
}

func BenchmarkMatch(b *testing.B) {
	const expr = `(?<ip>\d+\.\d+\.\d+\.\d+) - (?<user>[\w.-]+) \[(?<time>[^\]]+)\] "(?<verb>\w+) (?<path>\S+)[^"]*" (?<code>\d{3})`
	hit := `10.20.30.40 - joe [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200`
	for _, c := range []struct{ name, expr, text string }{
		{"hit", expr, hit},
		{"near", expr, strings.Replace(hit, "200", "20x", 1)},
		{"runs", expr, strings.Repeat("1.", 500)},
		{"nested", `^(a+)+$`, strings.Repeat("a", 999) + "!"},
		{"atomic", `^(?:(?>a|ab)(?>b?))*c`, strings.Repeat("ab", 500)},
		{"look", `(?:(?=(?:a*b)*c)a*b)*d`, strings.Repeat("ab", 500)},
		{"groups", `(?:(?<x>a*)|b)*c`, strings.Repeat("ab", 500)},
		{"backref", `(?<x>\w+) \k<x>;`, strings.Repeat("abc ", 25)},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := mustCompile(b, c.expr)
			m := NewMachine(p)
			caps := make([]int32, 2*(p.Groups()+1))
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				m.Match(c.text, 0, caps)
			}
		})
	}
}
