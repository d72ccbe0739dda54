package mutate

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// tmpl and path are what config makes of text.
func tmpl(s string) event.Template { return event.MustTemplate(s) }
func path(s string) event.Path     { return event.MustPath(s) }

func pairs[T any](kv ...any) plugin.Pairs[T] {
	var p plugin.Pairs[T]
	for i := 0; i < len(kv); i += 2 {
		p = append(p, plugin.Pair[T]{Key: kv[i].(string), Value: kv[i+1].(T)})
	}
	return p
}

func newFilter(tb testing.TB, configs ...Config) plugin.Filter {
	tb.Helper()
	for i := range configs {
		configs[i].TagOnFailure = "_mutate_error"
	}
	var p plugin.Problems
	b, err := build(configs, plugin.Env{Problems: &p})
	if err != nil || p.Failed() {
		tb.Fatal(err, p.List)
	}
	return b.New()
}

// run passes one event through the filter and returns it as JSON.
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

func TestOperations(t *testing.T) {
	f := func(c Config, in, want string) {
		t.Helper()
		if got := run(t, newFilter(t, c), in); got != want {
			t.Errorf("%s\n got  %s\n want %s", in, got, want)
		}
	}
	rename := func(kv ...any) Config { return Config{Rename: pairs[event.Template](kv...)} }
	f(rename("a", tmpl("b")), `{"x":0,"a":1,"y":2}`, `{"x":0,"b":1,"y":2}`)
	f(rename("a", tmpl("b")), `{"a":1,"b":2}`, `{"b":1}`)
	f(rename("a", tmpl("b")), `{"b":2,"a":1}`, `{"b":1}`)
	f(rename("a", tmpl("[a][b]")), `{"a":1}`, `{"a":{"b":1}}`)
	f(rename("a", tmpl("[s][b]")), `{"a":1,"s":"x"}`, `{"s":"x","a":1,"tags":["_mutate_error"]}`) // nothing is lost
	f(rename("a", tmpl("@timestamp")), `{"a":"x"}`, `{"a":"x","tags":["_mutate_error"]}`)
	f(rename("a", tmpl("[@metadata][a]")), `{"a":1}`, `{}`)
	f(rename("%{n}", tmpl("b")), `{"n":"a","a":1}`, `{"n":"a","b":1}`)
	f(rename("%{n}", tmpl("b")), `{"n":"[a","a":1}`, `{"n":"[a","a":1,"tags":["_mutate_error"]}`)

	merge := func(kv ...any) Config { return Config{Merge: pairs[[]string](kv...)} }
	f(merge("a", []string{"b", "c"}), `{"a":"x","b":"y","c":["z",null]}`, `{"a":["x","y","z",null],"b":"y","c":["z",null]}`)
	f(merge("a", []string{"b"}), `{"a":{"k":1,"l":{"m":1}},"b":{"k":2}}`, `{"a":{"k":2,"l":{"m":1}},"b":{"k":2}}`)
	f(merge("a", []string{"b"}), `{"a":{"k":1},"b":"x"}`, `{"a":{"k":1},"b":"x"}`)

	f(Config{Split: pairs[string]("a", " ")}, `{"a":"  x \t y "}`, `{"a":["x","y"]}`)
	f(Config{Split: pairs[string]("a", ", ")}, `{"a":", x, , "}`, `{"a":["","x"]}`)
	f(Config{Join: pairs[string]("a", "-")}, `{"a":[1,["x",2.5],null,{"k":null}]}`, `{"a":"1-x-2.5--{\"k\"=>nil}"}`)

	f(Config{Strip: []event.Path{path("a")}}, `{"a":" \t\u0000x\u0000\n"}`, `{"a":"x"}`)
	f(Config{Strip: []event.Path{path("a")}}, `{"a":[" x ",1]}`, `{"a":[" x ",1],"tags":["_mutate_error"]}`)
	f(Config{Capitalize: []event.Path{path("a")}}, `{"a":["hELLO wORLD","ßa","ǆ",""]}`, `{"a":["Hello world","Ssa","ǅ",""]}`)
	f(Config{Uppercase: []event.Path{path("a")}}, `{"a":["straße","ﬁ","é"]}`, `{"a":["STRASSE","FI","É"]}`)
	f(Config{Lowercase: []event.Path{path("a")}}, `{"a":["İSTANBUL","ÉÀ"]}`, `{"a":["i̇stanbul","éà"]}`)

	f(Config{Copy: pairs[event.Path]("a", path("b"))}, `{"a":{"k":[1]}}`, `{"a":{"k":[1]},"b":{"k":[1]}}`)
	f(Config{Copy: pairs[event.Path]("a", path("b"))}, `{"a":null}`, `{"a":null}`)
}

func TestGsub(t *testing.T) {
	f := func(expr, repl, in, want string) {
		t.Helper()
		got := run(t, newFilter(t, Config{Gsub: []string{"a", expr, repl}}), in)
		if got != want {
			t.Errorf("gsub %q %q of %s = %s, want %s", expr, repl, in, got, want)
		}
	}
	f("b", `x`, `{"a":"abab"}`, `{"a":"axax"}`)
	f("b", `\0\\\0\n`, `{"a":"ab"}`, `{"a":"ab\\b\\n"}`)
	f(`(\d)(\d)?`, `<\2\1\9\&>`, `{"a":"12-3"}`, `{"a":"<2112>-<33>"}`)
	f(`(?<k>\w)`, `\k<k>\k<nope>\k<`, `{"a":"ab"}`, `{"a":"a\\k<b\\k<"}`)
	f("^", "> ", `{"a":"x\ny\n"}`, `{"a":"> x\n> y\n"}`)
	f("$", ";", `{"a":"x\ny"}`, `{"a":"x;\ny;"}`)
	f("%{b}", "%{c}", `{"a":"x.y","b":".","c":"\\0\\0"}`, `{"a":"xx..yy","b":".","c":"\\0\\0"}`)
	f("%{b}", "", `{"a":"x","b":"("}`, `{"a":"x","b":"(","tags":["_mutate_error"]}`)
	f("b", "x", `{"a":["ab",1,null,["b"]]}`, `{"a":["ax",1,null,["b"]]}`)
	f("b", "x", `{"a":{"b":"b"}}`, `{"a":{"b":"b"}}`)
}

// TestList: maps in a list are applied in the written order, a map's operations in Logstash's.
func TestList(t *testing.T) {
	split := Config{Split: pairs[string]("a", ",")}
	upper := Config{Uppercase: []event.Path{path("[a][0]")}}
	if got := run(t, newFilter(t, split, upper), `{"a":"x,y"}`); got != `{"a":["X","y"]}` {
		t.Errorf("as a list: %s", got)
	}
	both := Config{Split: split.Split, Uppercase: upper.Uppercase}
	if got := run(t, newFilter(t, both), `{"a":"x,y"}`); got != `{"a":["x","y"]}` {
		t.Errorf("as a map: %s", got)
	}
	bad := Config{Convert: pairs[string]("a", "integer")}
	if got := run(t, newFilter(t, upper, bad, split), `{"a":"x,y"}`); got != `{"a":"x,y","tags":["_mutate_error"]}` {
		t.Errorf("after a failure: %s", got)
	}
}

// TestCopiesShareNothing: a later change of the copy must not show in the original.
func TestCopiesShareNothing(t *testing.T) {
	f := newFilter(t, Config{
		Merge: pairs[[]string]("l", []string{"m"}),
		Copy:  pairs[event.Path]("m", path("c")),
	}, Config{Replace: pairs[event.Template]("[c][0][k]", tmpl("new"), "[l][0][k]", tmpl("newer"))})
	if got := run(t, f, `{"m":[{"k":"old"}]}`); got != `{"m":[{"k":"old"}],"l":[{"k":"newer"}],"c":[{"k":"new"}]}` {
		t.Error(got)
	}
}

func TestBadOptions(t *testing.T) {
	f := func(c Config, field, text string) {
		t.Helper()
		var p plugin.Problems
		if _, err := build([]Config{c}, plugin.Env{Problems: &p}); err != nil {
			t.Fatal(err)
		}
		if len(p.List) != 1 || p.List[0].Field != field || !strings.Contains(p.List[0].Text, text) {
			t.Errorf("problems %+v, want one of %q with %q", p.List, field, text)
		}
	}
	f(Config{Convert: pairs[string]("a", "int")}, "convert.a", `float_eu; did you mean "integer"?`)
	f(Config{Convert: pairs[string]("a", "number")}, "convert.a", `unknown type "number"; the types are integer, float`)
	f(Config{Convert: pairs[string]("[a", "string")}, "convert.[a", "not closed")
	f(Config{Gsub: []string{"a", "b"}}, "gsub", "found 2 elements")
	f(Config{Gsub: []string{"a", "(", ""}}, "gsub[1]", "missing closing )")
	f(Config{Gsub: []string{"[", "x", ""}}, "gsub[0]", "not closed")
	f(Config{Rename: pairs[event.Template]("a", tmpl("b]"))}, "rename.a", "outside brackets")
	f(Config{Split: pairs[string]("a]", ",")}, "split.a]", "outside brackets")
	f(Config{Merge: pairs[[]string]("a", []string{"]"})}, "merge.]", "outside brackets")
}

// FuzzFloat compares the hand-written reader of numbers with Ruby's rule as an expression.
func FuzzFloat(f *testing.F) {
	rule := regexp.MustCompile(`^[+-]?(?:0x[0-9a-f]{1,16}|(?:[0-9]+(?:_[0-9]+)*)?(?:\.[0-9]+(?:_[0-9]+)*)?(?:e[+-]?[0-9]+(?:_[0-9]+)*)?)$`)
	for _, s := range []string{"1", "-1_000.5e3", ".5", "5.", "0x1f", "1__0", "e5", "", "+", "1e", "_1", "1_"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToLower(s) // as plainNumber gives it
		_, ok := parseFloat(s)
		want := rule.MatchString(s) && strings.ContainsAny(s, "0123456789") && !strings.HasPrefix(strings.TrimLeft(s, "+-"), "e")
		if ok != want && (!want || !strings.Contains(s, "e")) { // an exponent may be out of range
			t.Errorf("parseFloat(%q): %v, want %v", s, ok, want)
		}
	})
}

// FuzzCasing compares the short cuts with going letter by letter.
func FuzzCasing(f *testing.F) {
	f.Add("straße İ \xff ABC")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := upper(s), upperSlow(s); got != want {
			t.Errorf("upper(%q) = %q, want %q", s, got, want)
		}
		if got := lower(s); !strings.Contains(s, "İ") && got != lowerSlow(s) {
			t.Errorf("lower(%q) = %q, want %q", s, got, lowerSlow(s))
		}
		if utf8.ValidString(s) != utf8.ValidString(capital(s)) {
			t.Errorf("capital(%q) = %q", s, capital(s))
		}
	})
}

// FuzzReplace compares literal replacement with the regular expression's.
func FuzzReplace(f *testing.F) {
	f.Add("aba", "a", `x\0`)
	f.Add("x\ny\n", "\n", "")
	f.Fuzz(func(t *testing.T, text, literal, repl string) {
		x, err := compileExpression(regexp.QuoteMeta(literal))
		if err != nil || literal == "" {
			return
		}
		r := parseReplacement(repl)
		if r.isConst() {
			var s scratch
			got, _ := x.replaceAll(text, r, &s)
			want := regexp.MustCompile(regexp.QuoteMeta(literal)).ReplaceAllLiteralString(text, r.text())
			if got != want {
				t.Errorf("replace %q in %q by %q = %q, want %q", literal, text, repl, got, want)
			}
		}
	})
}

// events returns a batch of n events with the fields that the operations of the benchmark use.
func events(n int) *event.Batch {
	b := &event.Batch{Now: time.Unix(0, 0)}
	a := event.NewAck(func(event.Status) {})
	for range n {
		e := b.Append(a)
		for _, f := range []string{"message", "clientip", "ident", "auth", "timestamp", "verb", "request"} {
			e.Fields.Add(f, event.StringOf("something"))
		}
		fill(e)
	}
	a.Seal()
	return b
}

func fill(e *event.Event) {
	e.Fields.Set("response", event.StringOf("200"))
	e.Fields.Set("bytes", event.StringOf("203023"))
	e.Fields.Set("requesttime", event.StringOf("0.005"))
	e.Fields.Remove("size")
}

func threeOperations(tb testing.TB) plugin.Filter {
	tb.Helper()
	return newFilter(tb, Config{
		Convert: pairs[string]("response", "integer", "requesttime", "float"),
		Rename:  pairs[event.Template]("bytes", tmpl("size")),
	})
}

func TestNoAllocations(t *testing.T) {
	f := threeOperations(t)
	b := events(1)
	if n := testing.AllocsPerRun(100, func() {
		for e := range b.All() {
			fill(e)
		}
		if err := f.Process(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per event, want 0", n)
	}
}

func BenchmarkThreeOperations(b *testing.B) {
	const n = 1000
	f := threeOperations(b)
	batch := events(n)
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		cpu.Pause()
		for e := range batch.All() {
			fill(e)
		}
		cpu.Resume()
		if err := f.Process(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	cpu.Report(n)
}

func BenchmarkGsub(b *testing.B) {
	run := func(name, expr, repl string) {
		b.Run(name, func(b *testing.B) {
			x, err := compileExpression(expr)
			if err != nil {
				b.Fatal(err)
			}
			r := parseReplacement(repl)
			var s scratch
			const text = "/api/v1/items?page=2&session=abcdef"
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				x.replaceAll(text, r, &s)
			}
		})
	}
	run("literal", "/", "-")
	run("expression", `\?.*$`, "")
	run("miss", "zzz", "")
}
