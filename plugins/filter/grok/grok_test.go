package grok

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/metrics"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func config(field string, exprs ...string) Config {
	c := *Plugin().Defaults().(*Config)
	c.Match = plugin.Pairs[[]string]{{Key: field, Value: exprs}}
	return c
}

func testFilter(tb testing.TB, c Config, env plugin.Env) plugin.Filter {
	tb.Helper()
	var p plugin.Problems
	env.Problems = &p
	b, err := build(c, env)
	if err != nil || p.Failed() {
		tb.Fatal(err, p.List)
	}
	return b.New()
}

func run(tb testing.TB, f plugin.Filter, in string) string {
	tb.Helper()
	b := &event.Batch{}
	a := event.NewAck(func(event.Status) {})
	e := b.Append(a)
	a.Seal()
	if err := e.FillJSON([]byte(in)); err != nil {
		tb.Fatal(err)
	}
	if err := f.Process(context.Background(), b); err != nil {
		tb.Fatal(err)
	}
	return string(e.AppendJSON(nil))
}

func TestOptions(t *testing.T) {
	f := func(change func(*Config), in, want string) {
		t.Helper()
		c := config("m", "%{INT:n:int} %{WORD:w}", "%{WORD:w}")
		change(&c)
		if got := run(t, testFilter(t, c, plugin.Env{}), in); got != want {
			t.Errorf("%s\n got  %s\n want %s", in, got, want)
		}
	}
	f(func(*Config) {}, `{"m":"12 ab"}`, `{"m":"12 ab","n":12,"w":"ab"}`)
	f(func(*Config) {}, `{"m":"12 ab","n":5,"w":["x"]}`, `{"m":"12 ab","n":5,"w":["x","ab"]}`)
	f(func(*Config) {}, `{"m":"-"}`, `{"m":"-","tags":["_grokparsefailure"]}`)
	f(func(c *Config) { c.Overwrite = []string{"n", "w"} }, `{"m":"12 ab","n":5,"w":["x"]}`, `{"m":"12 ab","n":12,"w":"ab"}`)
	f(func(c *Config) { c.Target = "t" }, `{"m":"12 ab"}`, `{"m":"12 ab","t":{"n":12,"w":"ab"}}`)
	f(func(c *Config) { c.Target = "[t][u]" }, `{"m":"12 ab"}`, `{"m":"12 ab","t":{"u":{"n":12,"w":"ab"}}}`)
	f(func(c *Config) { c.Target = "m" }, `{"m":"12 ab"}`, `{"m":"12 ab","tags":["_grokparsefailure"]}`)
	f(func(c *Config) { c.BreakOnMatch = false }, `{"m":"12 ab"}`, `{"m":"12 ab","n":12,"w":["ab","12"]}`)
	f(func(c *Config) { c.TagOnFailure = nil }, `{"m":"-"}`, `{"m":"-"}`)
	f(func(c *Config) { c.KeepEmptyCaptures = true; c.Match[0].Value = []string{"a%{DATA:d}%{INT:i}?"} }, `{"m":"a"}`, `{"m":"a","d":"","i":null}`)
	f(func(c *Config) { c.NamedCapturesOnly = false; c.Match[0].Value = []string{"%{INT} %{WORD:w}"} }, `{"m":"12 ab"}`, `{"m":"12 ab","INT":"12","w":"ab"}`)
	f(func(c *Config) {
		c.Match[0].Value = []string{"(?<[a][b]>x)(?<c>y)%{Z=[0-9]+}%{Z:d}%{V:e=v{2}}"}
	}, `{"m":"xy12vv"}`, `{"m":"xy12vv","a":{"b":"x"},"c":"y","d":"2","e":"vv"}`)
	f(func(c *Config) {
		c.PatternDefinitions = plugin.Pairs[string]{{Key: "WORD", Value: "[0-9]"}, {Key: "MY", Value: "%{WORD}+"}}
		c.Match[0].Value = []string{"%{MY:x}"}
	}, `{"m":"ab12"}`, `{"m":"ab12","x":"12"}`)
	f(func(c *Config) {
		c.Match = append(c.Match, plugin.Pair[[]string]{Key: "o", Value: []string{"(?<x>o)"}})
	},
		`{"m":"-","o":"o"}`, `{"m":"-","o":"o","x":"o"}`)
}

func TestConversion(t *testing.T) {
	f := func(typ, in, want string) {
		t.Helper()
		c := config("m", "^%{GREEDYDATA:x:"+typ+"}$")
		if got := run(t, testFilter(t, c, plugin.Env{}), `{"m":"`+in+`"}`); got != `{"m":"`+in+`","x":`+want+`}` {
			t.Errorf("%s of %q: %s, want %s", typ, in, got, want)
		}
	}
	f("int", "12", "12")
	f("int", " -12.9", "-12")
	f("int", "12abc", "12")
	f("int", "abc", "0")
	f("int", "1_000_", "1000")
	f("int", "0x1f", "0")
	f("int", "9223372036854775808", "9.223372036854776E18")
	f("float", "0.005", "0.005")
	f("float", "1.5e3x", "1500.0")
	f("float", "1e", "1.0")
	f("float", ".5", "0.5")
	f("float", "-.5", "-0.5")
	f("float", "x", "0.0")
}

func TestPatternsDir(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a":     "# mine\nMINE [ab]+\n\nINT x\r\n",
		"b":     "MINE\t[cd]+\n",
		"c.bak": "MINE nope\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := config("m", "%{MINE:x}%{INT:y}")
	c.PatternsDir = []string{filepath.Base(dir)}
	c.PatternsFilesGlob = "?"
	got := run(t, testFilter(t, c, plugin.Env{Dir: filepath.Dir(dir)}), `{"m":"abcdx"}`)
	if got != `{"m":"abcdx","x":"cd","y":"x"}` {
		t.Error(got)
	}
}

func TestProblems(t *testing.T) {
	f := func(c Config, field, text string, warning bool) {
		t.Helper()
		var p plugin.Problems
		if _, err := build(c, plugin.Env{Problems: &p}); err != nil {
			t.Fatal(err)
		}
		if len(p.List) != 1 || p.List[0].Field != field || p.List[0].Warning != warning || !strings.Contains(p.List[0].Text, text) {
			t.Errorf("problems %+v, want one of %q with %q", p.List, field, text)
		}
	}
	f(config("m", "%{IPORHOTS:x}"), "match.m", `unknown pattern "IPORHOTS"; did you mean "IPORHOST"?`, false)
	f(config("m", "x", "(unclosed"), "match.m[1]", "found a ( without an end", false)
	re2 := func(expr string) Config {
		c := config("m", expr)
		c.Engine = "re2"
		return c
	}
	f(re2("(?<=x)y"), "match.m", "neither look-ahead, look-behind", false)
	f(re2("%{MONTH}(?!x)y"), "match.m", "neither look-ahead, look-behind", false)
	f(re2("x++"), "match.m", "possessive", false)
	f(re2(`(x)\1`), "match.m", "back references", false)
	f(re2(`[a[b]]`), "match.m", "classes within classes", false)
	f(re2("(?>a|b)c"), "match.m", "atomic", true)
	f(config("m", "%{INT:[a}"), "match.m", "bracket that is not closed", false)
	f(config("m", "%{INT:a"), "match.m", `"%{INT:a" is no reference`, true)
	f(config("m", "%{INT:}"), "match.m", `":" in %{INT...} is ignored`, true)
	f(config("m", "%{INT::int}"), "match.m", "the field's name is empty", false)
	f(config("m]", "x"), "match.m]", "outside brackets", false)
	f(config("m"), "match.m", "found no expression", false)
	f(config("m", "%{INT:a:long}"), "match.m", `unknown type "long"`, true)
	c := config("m", "x")
	c.PatternsDir = []string{"/no/such/folder"}
	f(c, "patterns_dir[0]", "no such file", false)
	c = config("m", "%{A}")
	c.PatternDefinitions = plugin.Pairs[string]{{Key: "A", Value: "%{B}"}, {Key: "B", Value: "x%{A}"}}
	f(c, "match.m", `pattern "A" refers to itself: A -> B -> A`, false)
	c = config("m", "x")
	c.PatternDefinitions = plugin.Pairs[string]{{Key: "A:B", Value: "x"}}
	f(c, "pattern_definitions.A:B", `found ':'`, false)
	c = config("m", "x")
	c.TimeoutMillis = -1
	f(c, "timeout_millis", "found -1", false)
}

// slow is a matcher that takes its time, and never matches.
type slow struct{ took time.Duration }

func (s slow) match(string) outcome {
	time.Sleep(s.took)
	return no
}

func (slow) capture(int) (string, bool) { return "", false }

func TestTimeout(t *testing.T) { synctest.Test(t, testTimeout) } // in which sleeping takes exactly its time

func testTimeout(t *testing.T) {
	f := func(engine, scope, text, want string) {
		t.Helper()
		c := config("m", "a", "b", "(?<x>x)")
		c.TimeoutMillis, c.TimeoutScope, c.Engine = 3, scope, engine
		filter := testFilter(t, c, plugin.Env{}).(*filter)
		for i := range 2 {
			filter.matchers[i] = slow{2 * time.Millisecond}
		}
		if got := run(t, filter, `{"m":"`+text+`"}`); !strings.HasSuffix(got, want) {
			t.Errorf("scope %s: %.200s, want %s", scope, got[len(got)-60:], want)
		}
	}
	long := strings.Repeat("x", minWatched)
	for _, engine := range []string{engineRE2, engineSluice} {
		f(engine, "event", long, `"tags":["_groktimeout"]}`) // two take more than the limit together, though neither does alone
		f(engine, "pattern", long, `"x":"x"}`)
		f(engine, "event", "x", `"x":"x"}`) // short texts are not measured
	}
}

// FuzzPrefilter: the prefilter may say yes wrongly, but never no.
func FuzzPrefilter(f *testing.F) {
	f.Add("(a|b)c+d?(?:ef){2}", "xbccefef")
	f.Add(`[0-9]+ \[(?<x>a)\]`, "1 [a]")
	f.Fuzz(func(t *testing.T, expr, text string) {
		c := config("m", expr)
		c.Engine = "re2"
		var p plugin.Problems
		b, err := build(c, plugin.Env{Problems: &p})
		if err != nil || p.Failed() {
			return
		}
		m := b.New().(*filter).matchers[0].(*re2Matcher)
		filter := m.p.filter
		m.p.filter = prefilter{}
		if m.match(text) == yes && !filter.mayMatch(text) {
			t.Errorf("%q matches %q, but the prefilter looks for %q", text, expr, filter.literal)
		}
	})
}

// TestFailure: what failed says which expression came how far, as long as the credit lasts.
func TestFailure(t *testing.T) {
	c := config("m", "^%{INT:n} %{WORD:w}$", "^(?<a>x)=(?<b>[0-9]+);", "^never")
	c.Match = append(c.Match, plugin.Pair[[]string]{Key: "o", Value: []string{"^o{3}$"}})
	f := testFilter(t, c, plugin.Env{}).(*filter)
	at := event.MustPath("[@metadata][grok]")
	check := func(in, want string) {
		t.Helper()
		got := ""
		each(t, f, in, func(e *event.Event) {
			if v, ok := at.Get(e); ok {
				got = string(v.AppendJSON(nil))
			}
		})
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	check(`{"m":"12 -"}`, `{"pattern":1,"offset":3}`)
	check(`{"m":"x=12"}`, `{"pattern":2,"offset":4}`)
	check(`{"m":"x=12","o":"oo"}`, `{"pattern":2,"offset":4}`)
	check(`{"m":"-","o":"oo"}`, `{"pattern":4,"offset":2}`)
	check(`{"m":"12 ab"}`, "") // it matches
	check(`{"m":5,"o":[1]}`, "")
	f.failures.credit = -1000
	check(`{"m":"12 -"}`, "")
	for range 1000 {
		f.failures.earn(strings.Repeat("x", 1000))
	}
	check(`{"m":"12 -"}`, `{"pattern":1,"offset":3}`)
}

// each passes an event through a filter and shows it to see.
func each(tb testing.TB, f plugin.Filter, in string, see func(*event.Event)) {
	tb.Helper()
	b := &event.Batch{}
	a := event.NewAck(func(event.Status) {})
	e := b.Append(a)
	a.Seal()
	if err := e.FillJSON([]byte(in)); err != nil {
		tb.Fatal(err)
	}
	if err := f.Process(context.Background(), b); err != nil {
		tb.Fatal(err)
	}
	see(e)
}

func TestExhausted(t *testing.T) {
	c := config("m", `(a*)(a*)\1\2c`, "(?<x>a)")
	c.TimeoutMillis = 1
	text := strings.Repeat("a", 10000) + "bc!"
	for _, scope := range []string{"pattern", "event"} {
		c.TimeoutScope = scope
		if got := run(t, testFilter(t, c, plugin.Env{}), `{"m":"`+text+`"}`); !strings.HasSuffix(got, `,"tags":["_groktimeout"]}`) {
			t.Errorf("scope %s: %s", scope, got[len(got)-60:])
		}
	}
	c.TimeoutMillis = 0 // no limit: "c" alone matches
	if got := run(t, testFilter(t, c, plugin.Env{}), `{"m":"`+text[9900:]+`"}`); !strings.HasSuffix(got, `bc!"}`) {
		t.Error(got)
	}
	c.TimeoutMillis = 1
	c.TagOnTimeout = "slow"
	if got := run(t, testFilter(t, c, plugin.Env{}), `{"m":"`+text+`"}`); !strings.HasSuffix(got, `,"tags":["slow"]}`) {
		t.Error(got[len(got)-60:])
	}
}

func TestCounters(t *testing.T) {
	c := config("m", "^a", "^b", "^c", "^d", "^e", "^f", "^(?<g>[0-9]+):g")
	r := metrics.NewRegistry()
	f := testFilter(t, c, plugin.Env{Metrics: r.Scope("pipeline", "p")})
	for _, in := range []string{`{"m":"a"}`, `{"m":"b"}`, `{"m":"1:g"}`, `{"m":"x"}`} {
		run(t, f, in)
	}
	var b strings.Builder
	r.Write(&b)
	for _, want := range []string{
		`texts_total{pipeline="p",pattern="match.m[0]",kind="tried"} 4`,
		`texts_total{pipeline="p",pattern="match.m[0]",kind="matched"} 1`,
		`texts_total{pipeline="p",pattern="match.m[1]",kind="tried"} 3`,
		`texts_total{pipeline="p",pattern="match.m[1]",kind="failed"} 2`,
		`texts_total{pipeline="p",pattern="match.m[6]",kind="tried"} 2`,
		`texts_total{pipeline="p",pattern="match.m[6]",kind="matched"} 1`,
		`texts_total{pipeline="p",pattern="match.m[6]",kind="timed_out"} 0`,
		`sluice_grok_pattern_seconds_total{pipeline="p",pattern="match.m[6]"} 0`,
	} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("no %s in\n%s", want, b.String())
		}
	}
}

// TestManyAlternatives: the first of many expressions that matches is taken, whatever is looked for first.
func TestManyAlternatives(t *testing.T) {
	var exprs []string
	for i := range 80 {
		exprs = append(exprs, fmt.Sprintf("^k%d=(?<v%d>[0-9]+)$", i, i))
	}
	exprs = append(exprs, "^(?<rest>k.*)$")
	for _, stop := range []bool{true, false} {
		c := config("m", exprs...)
		c.BreakOnMatch = stop
		f := testFilter(t, c, plugin.Env{})
		for _, i := range []int{0, 2, 3, 50, 63, 64, 79} {
			m := fmt.Sprintf("k%d=7", i)
			want := fmt.Sprintf(`{"m":%q,"v%d":"7"`, m, i)
			if !stop {
				want += fmt.Sprintf(`,"rest":%q`, m)
			}
			if got := run(t, f, fmt.Sprintf(`{"m":%q}`, m)); got != want+"}" {
				t.Errorf("%s, want %s}", got, want)
			}
		}
	}
}

// TestNothingIsAllocated: captures are parts of the line.
func TestNothingIsAllocated(t *testing.T) {
	f := testFilter(t, config("message", "%{COMBINEDAPACHELOG}"), plugin.Env{})
	batch := &event.Batch{Now: time.Unix(0, 0)}
	a := event.NewAck(func(event.Status) {})
	e := batch.Append(a)
	a.Seal()
	line := event.StringOf(apacheLine)
	once := func() {
		e.Fields = e.Fields[:0]
		e.Fields.Add("message", line)
		if err := f.Process(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
	}
	once()
	if n := testing.AllocsPerRun(200, once); n != 0 {
		t.Errorf("a line allocates %v times", n)
	}
	if len(e.Fields) < 10 {
		t.Errorf("only %s", e.AppendJSON(nil))
	}
}
