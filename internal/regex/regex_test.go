package regex

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"sluice/internal/regex/fast"
	"sluice/internal/regex/reference"
	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

func mustCompile(tb testing.TB, expr string) *Program {
	tb.Helper()
	p, err := Compile(expr, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// answer returns what a matcher says of s.
func answer(m *Matcher, s string) string {
	switch caps, ok := m.Match(s); {
	case ok:
		return fmt.Sprint(caps)
	case m.Exhausted():
		return "exhausted"
	default:
		return "none"
	}
}

// programs returns the program of an expression with all executors, and with some switched off.
func programs(expr string) ([]*Program, error) {
	var list []*Program
	for _, off := range []executors{{}, {fast: true}, {superset: true}, {fast: true, superset: true}} {
		p, err := Compile(expr, Options{Budget: 200_000, off: off})
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// checkCase compares what the executors say with the reference, and reports how many texts match.
func checkCase(tb testing.TB, c regextest.Case) int {
	tb.Helper()
	list, err := programs(c.Expr)
	if err != nil {
		if _, ok := errors.AsType[*Error](err); !ok {
			tb.Errorf("%q: the error is no *Error: %v", c.Expr, err)
		}
		return 0
	}
	matched := 0
	for _, p := range list {
		m := p.NewMatcher()
		for _, s := range c.Subjects {
			caps, r := reference.Match(p.Tree(), s, 50_000)
			want := "none"
			switch r {
			case reference.Unknown:
				continue
			case reference.Matched:
				want = fmt.Sprint(caps)
				matched++
			}
			if got := answer(m, s); got != want && got != "exhausted" {
				tb.Errorf("%q on %q: got %s, the reference %s (fast %t, superset %t)", c.Expr, s, got, want, m.fast != nil, m.superset != nil)
			}
		}
	}
	return matched
}

func TestRandom(t *testing.T) {
	for _, mode := range []regextest.Mode{regextest.All, regextest.Fast, regextest.Regular} {
		g := regextest.Seeded(1, regextest.Options{Mode: mode, Invalid: true})
		matched := 0
		for range 120 {
			matched += checkCase(t, g.Next())
		}
		if matched < 300 {
			t.Errorf("mode %d: only %d matches", mode, matched)
		}
	}
}

// FuzzMatch compares the executors with the reference, on expressions whose making the bytes decide.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x04\x05\x06\x07\x08"), byte(0))
	f.Add([]byte(strings.Repeat("\x07\x13\x21\x03", 40)), byte(1))
	f.Fuzz(func(t *testing.T, data []byte, mode byte) {
		checkCase(t, regextest.FromBytes(data, regextest.Options{Mode: regextest.Mode(mode % 3), Invalid: true}))
	})
}

// FuzzExpr takes any text for an expression.
func FuzzExpr(f *testing.F) {
	for _, expr := range []string{`(?<x>a|b)+\k<x>`, `(?~a)\X`, `a(?i)ß`, `(?<a>x\g<a>?y)`, `(?(1)a|b)`, `[[:alpha:]&&[^a]]{2,}`} {
		f.Add(expr, "aab ß xxyy")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		if len(expr) > 200 || len(s) > 200 {
			return
		}
		checkCase(t, regextest.Case{Expr: expr, Subjects: []string{s, expr}})
	})
}

// evil are expressions that make backtracking machines take exponential or polynomial time, with a text on
// which each does not match.
func evil(n int) []struct{ expr, text string } {
	a, ab := strings.Repeat("a", n), strings.Repeat("ab", n/2)
	return []struct{ expr, text string }{
		{`^(a+)+$`, a + "!"},
		{`^(?:(?:a*)*)*c$`, a + "!"},
		{`^([a-z]+)*\d$`, a + "!"},
		{`^(?:a|aa)+$`, a + "!"},
		{`^(?:a|a)*$`, a + "!"},
		{`^(?:\w+\s?)*$`, ab + "!"},
		{`(?:.*a){20}$`, a + "!"},
		{`.*?.*?.*?.*?.*?=`, a},
		{`(?:x+x+)+y`, strings.Repeat("x", n)},
		{`^(?>(?:a|ab)*)c`, ab},
		{`^(?:(?>a+b?)*|b)*c`, ab},
		{`(?:(?=(?:a*b)*c)a*b)*d`, ab},
		{`(?:(?!(?:a*b)*c)a*b)*d`, ab},
		{`(?:(?<x>a*)|b)*c`, ab},
		{`\s+$`, strings.Repeat(" ", n) + "x"},
		{`(?:"[^"]*"|[^"])*,;`, strings.Repeat(`"a",`, n/4)},
		{`^(?:[^,]*,)*[^,]*;$`, strings.Repeat("a,", n/2)},
		{`^(?:1?){40}1{40}$`, strings.Repeat("1", 39)},
		{`(?:a{1,60}){1,60}b`, a},
	}
}

// far returns expressions that go forward by little steps and look far ahead at each of them, with texts of n bytes. They do not
// fail often, so that a bound on what fails does not bound them.
func far(n int) []struct{ expr, text string } {
	a, z := strings.Repeat("a", n), strings.Repeat("z", n/2)
	return []struct{ expr, text string }{
		{`(?:\d+\.\d+|\d)*$`, strings.Repeat("1", n)},
		{`(?:a(?=a*c))*c$`, a[1:] + "c"},
		{`(?:a(?=.*c))*$`, a[1:] + "c"},
		{`(?>[a-z]+=|[a-z])*$`, a},
		{`(?:[a-z]*[0-9]|a)*$`, a},
		{`(?:\([^)]*\)|.)*$`, strings.Repeat("(", n)},
		{`(?:%{[^}]*}|%|{)*$`, strings.Repeat("%{", n/2)},
		{`(?>a*?b|a)*c`, a},
		{`(?:[a-z]*?b)*c`, strings.Repeat("b", n/2) + z},
		{`(?:.*?a)*c`, a[n/2:] + z},
		{`(?:é+x|é)*$`, strings.Repeat("é", n/2)},
	}
}

// maxPerByte is how many steps the executors may take for each byte of those texts.
const maxPerByte = 150

// TestFar counts the steps that matchers take: quadratic ones would be thousands for each byte. Those of the fast executor count in
// builds with the race detector.
func TestFar(t *testing.T) {
	n := 64 << 10
	if fast.Counted {
		n = 16 << 10 // such a build is slow
	}
	for _, c := range append(far(n), evil(n/8)...) {
		if strings.Contains(c.expr, "{1,60}") {
			continue // a large program
		}
		for _, off := range []executors{{}, {superset: true}, {fast: true, superset: true}} {
			p, err := Compile(c.expr, Options{off: off})
			if err != nil {
				t.Fatal(err)
			}
			m := p.NewMatcher()
			answer(m, c.text)
			steps := m.plain.Steps()
			if m.fast != nil {
				steps += int64(m.fast.Steps()) // 0 if it does not count
			}
			if steps > maxPerByte*int64(len(c.text)+1000) {
				t.Errorf("%s (fast %t, superset %t): %d steps for each of %d bytes", c.expr, !off.fast, !off.superset, steps/int64(len(c.text)), len(c.text))
			}
		}
	}
}

// TestEvil sees that all executors come to an answer in the time that they may take. The texts are so long that
// an executor that is quadratic would show in the time that the test takes.
func TestEvil(t *testing.T) {
	for _, c := range evil(4_000) {
		for i, off := range []executors{{}, {fast: true}, {fast: true, superset: true}} {
			p, err := Compile(c.expr, Options{off: off})
			if err != nil {
				t.Fatal(err)
			}
			if got := answer(p.NewMatcher(), c.text); got != "none" {
				t.Errorf("%s, program %d: got %s, want none", c.expr, i, got)
			}
		}
	}
	// Without a bound there is a budget.
	for _, expr := range []string{`^(?<x>a+)+\k<x>b`, `^(?<x>a\g<x>|a|a)*b`, `(?:(?~b)a?)*c$`} {
		if got := answer(mustCompile(t, expr).NewMatcher(), strings.Repeat("a", 2000)+"!"); got != "exhausted" && got != "none" {
			t.Errorf("%s: got %s", expr, got)
		}
	}
}

func TestAllocations(t *testing.T) {
	for _, off := range []executors{{}, {fast: true}, {fast: true, superset: true}} {
		for _, c := range []struct{ expr, text string }{
			{`(?<ip>\d+\.\d+\.\d+\.\d+) (?<user>\w+) "(?<what>[^"]*)"`, `at 10.1.2.3 joe "GET /"`},
			{`(?<a>x+)+y`, strings.Repeat("x", 500)},
			{`(?>(?<a>x|y)*)(?=z)(?<!a)z`, strings.Repeat("x", 150) + "z"},
			{`(?<a>x)\k<a>`, "yxx"},
			{`(?:(?<a>x*)|y)*z`, strings.Repeat("xy", 100)},
		} {
			p, err := Compile(c.expr, Options{off: off})
			if err != nil {
				t.Fatal(err)
			}
			m := p.NewMatcher()
			m.Match(c.text)
			if n := testing.AllocsPerRun(50, func() { m.Match(c.text) }); n > 0 {
				t.Errorf("%s: %v allocations (fast %t, superset %t)", c.expr, n, m.fast != nil, m.superset != nil)
			}
		}
	}
}

// TestHuge gives texts that are far too long to matchers, and looks at what they keep.
func TestHuge(t *testing.T) {
	const size = 1 << 20
	for name, text := range map[string]string{
		"a":       strings.Repeat("a", size),
		"NUL":     strings.Repeat("\x00", size),
		"invalid": strings.Repeat("a\xff\xc3", size/3),
	} {
		for _, expr := range []string{`^(?<x>a+)+$`, `(?<a>.*?)=(?<b>.*)`, `(?<x>(?>[^b]*))\k<x>c`, `(?:a|\W)*b\z`} {
			for _, off := range []executors{{}, {fast: true, superset: true}} {
				p, err := Compile(expr, Options{off: off, Budget: 2_000_000})
				if err != nil {
					t.Fatal(err)
				}
				m := p.NewMatcher()
				before := heap()
				got := answer(m, text)
				if after := heap(); after > before+(2<<20) {
					t.Errorf("%s on %s: %s, and %d MB are kept", expr, name, got, (after-before)>>20)
				}
				runtime.KeepAlive(m)
			}
		}
		runtime.KeepAlive(text)
	}
}

func heap() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func TestErrors(t *testing.T) {
	_, err := Compile(`abc(`, Options{})
	bad, ok := errors.AsType[*Error](err)
	if !ok || bad.Expr != `abc(` || bad.Pos < 3 {
		t.Errorf("got %#v", err)
	}
	p := mustCompile(t, `(?<a>x)(?<b>y)|(?<a>z)`)
	if got := fmt.Sprint(p.Names(), p); got != `[a b a] (?<a>x)(?<b>y)|(?<a>z)` {
		t.Errorf("got %s", got)
	}
	for _, c := range []struct {
		o    Options
		expr string
	}{{Options{IgnoreCase: true}, `A b`}, {Options{Extended: true}, `a \  b # c`}, {Options{NoDotNewline: true}, `a.b`}} {
		p, err := Compile(c.expr, c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.NewMatcher().Match("a b"); !ok {
			t.Errorf("%+v %s does not match", c.o, c.expr)
		}
		if _, ok := p.NewMatcher().Match("a\nb"); ok {
			t.Errorf("%+v %s matches", c.o, c.expr)
		}
	}
}

func TestExplain(t *testing.T) {
	f := func(expr, s, want string) {
		t.Helper()
		e := mustCompile(t, expr).Explain(s, DefaultBudget)
		got := fmt.Sprintf("%q then %q, not %s", s[e.Begin:e.End], s[e.End:], expr[e.Pos:e.Until])
		if e.Caps != nil {
			got = fmt.Sprint(e.Caps)
		}
		if got != want {
			t.Errorf("%s on %q:\ngot  %s\nwant %s", expr, s, got, want)
		}
	}
	f(`a(?<x>\d)`, "xa1", "[1 3 2 3]")
	f(`(?<date>\d+-\d+) (?<level>INFO|WARN) (?<rest>.*)`, "12-24 DEBUG hello", `"12-24 " then "DEBUG hello", not INFO`)
	f(`(?<date>\d+-\d+) (?<level>INFO|WARN) (?<rest>.*)`, "12-24 WARM hello 10-1", `"12-24 WAR" then "M hello 10-1", not WARN`)
	f(`(?<a>\w+)=(?<b>\d+);`, "key=12,", `"key=12" then ",", not ;`)
	f(`(?<a>.*?): (?<b>.*)=`, "x; y: z", `"x; y: z" then "", not =`)
	f(`"(?<a>.*?)" "(?<b>.*?)"$`, `"x" 'y"`, `"\"x\" " then "'y\"", not " "`)
	f(`(?<t>\d+:\d\d|\d+-\d+-\d+) (?<x>\w+)`, "12:4x 1-2", `"12:4" then "x 1-2", not \d`)
	f(`a(?!b)c`, "ab", `"a" then "b", not (?!b)`)
	f(`^x`, "abc", `"" then "abc", not x`)
	e := mustCompile(t, `^(?<x>a+)+\k<x>b`).Explain(strings.Repeat("a", 3000), DefaultBudget)
	if !e.Exhausted || e.End-e.Begin < 2000 {
		t.Errorf("got %+v", e)
	}
	if e := mustCompile(t, `^a+b`).Explain(strings.Repeat("a", 3000), 10); !e.Exhausted || e.Steps > 20 {
		t.Errorf("with ten steps: %+v", e)
	}
}

func BenchmarkMatch(b *testing.B) {
	const expr = `(?<ip>\d+\.\d+\.\d+\.\d+) - (?<user>[\w.-]+) \[(?<time>[^\]]+)\] "(?<verb>\w+) (?<path>\S+)[^"]*" (?<code>\d{3}) (?<bytes>\d+|-)`
	hit := `10.20.30.40 - joe [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`
	miss := strings.Replace(hit, "200", "20x", 1)
	for _, x := range []struct {
		name string
		off  executors
	}{{"all", executors{}}, {"no fast", executors{fast: true}}, {"plain", executors{fast: true, superset: true}}} {
		for name, text := range map[string]string{"hit": hit, "miss": miss, "evil": strings.Repeat("1.", 500)} {
			b.Run(x.name+"/"+name, func(b *testing.B) {
				p, err := Compile(expr, Options{off: x.off})
				if err != nil {
					b.Fatal(err)
				}
				m := p.NewMatcher()
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					m.Match(text)
				}
			})
		}
	}
}

// BenchmarkEvil is the nested quantifier on a text of 1,000 bytes.
func BenchmarkEvil(b *testing.B) {
	m := mustCompile(b, `^(a+)+$`).NewMatcher()
	text := strings.Repeat("a", 999) + "!"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Match(text)
	}
}

func BenchmarkCompile(b *testing.B) {
	tree, err := syntax.Parse(`(?<ip>\d+\.\d+\.\d+\.\d+) - (?<user>[\w.-]+) \[(?<time>[^\]]+)\]`, syntax.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(tree.Expr)))
	for b.Loop() {
		if _, err := Compile(tree.Expr, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
