package config

import (
	"strings"
	"testing"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
)

// benchEvent has the fields of an access log line; those asked for stand late.
func benchEvent() *event.Event {
	e := &event.Event{}
	for _, n := range []string{"message", "clientip", "ident", "auth", "timestamp", "verb", "request", "httpversion"} {
		e.Fields.Add(n, event.StringOf("some text that is as long as a field of a log"))
	}
	e.Fields.Add("response", event.IntOf(404))
	e.Fields.Add("type", event.StringOf("nginx-access"))
	return e
}

// conditions are those that configurations are made of.
var benchConditions = []struct{ name, text string }{
	{"equal", `[type] == "nginx-access"`},
	{"number", `[response] >= 500`},
	{"truthy", `[clientip]`},
	{"missing", `![nothing]`},
	{"in_list", `[type] in ["a", "b", "nginx-access"]`},
	{"in_field", `"late" in [tags]`},
	{"literal_regex", `[message] =~ /field/`},
	{"regex", `[message] =~ /^some \w+ that/`},
	{"and_or", `[type] == "nginx-access" and ([response] >= 500 or [response] == 404)`},
}

func BenchmarkCondition(b *testing.B) {
	e := benchEvent()
	for _, c := range benchConditions {
		cond, _, err := parseCondition(c.text)
		if err != nil {
			b.Fatal(err.text)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				if _, err := cond.Eval(e); err != nil {
					b.Fatal(err)
				}
			}
			cpu.Report(1)
		})
	}
}

func TestConditionsDoNotAllocate(t *testing.T) {
	e := benchEvent()
	for _, c := range benchConditions {
		cond, _, err := parseCondition(c.text)
		if err != nil {
			t.Fatal(err.text)
		}
		if n := testing.AllocsPerRun(100, func() { _, _ = cond.Eval(e) }); n != 0 {
			t.Errorf("%s: %v allocations", c.text, n)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	set, _ := fakes(b)
	text := "inputs: [stdin]\noutputs: [null]\nfilters:\n" + strings.Repeat(
		"- if: '[type] == \"a\" and [x] =~ /^a/'\n  then:\n  - grok: {match: {message: ['%{WORD}', '%{NUMBER} %{IPORHOST}']}, add_tag: x}\n", 100)
	o := Options{Set: set, Paths: []string{"x"}, Texts: map[string]string{"x": text}, LookupEnv: lookup}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, p := Load(o); len(p) > 0 {
			b.Fatal(p)
		}
	}
}
