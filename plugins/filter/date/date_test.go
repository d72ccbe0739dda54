package date

import (
	"context"
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

var (
	readAt    = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	noFormat  = "2026-08-01T12:00:00.000Z,_dateparsefailure"
	untouched = "2026-08-01T12:00:00.000Z"
)

func config(match ...string) Config {
	c := *Plugin().Defaults().(*Config)
	c.Match = match
	return c
}

func newFilter(tb testing.TB, c Config) plugin.Filter {
	tb.Helper()
	var p plugin.Problems
	b, err := build(c, plugin.Env{Problems: &p})
	if err != nil || p.Failed() {
		tb.Fatal(err, p.List)
	}
	return b.New()
}

// run passes an event through the filter and returns its time and tags.
func run(tb testing.TB, f plugin.Filter, in string) (*event.Event, string) {
	tb.Helper()
	b := &event.Batch{Now: readAt}
	a := event.NewAck(func(event.Status) {})
	e := b.Append(a)
	a.Seal()
	if err := e.FillJSON([]byte(in)); err != nil {
		tb.Fatal(err)
	}
	if err := f.Process(context.Background(), b); err != nil {
		tb.Fatal(err)
	}
	s := string(event.AppendTime(nil, e.Time))
	if tags, ok := e.Fields.Get(event.TagsField); ok {
		s += "," + tags.Text()
	}
	return e, s
}

func TestFormats(t *testing.T) {
	f := func(format, in, want string) {
		t.Helper()
		if _, got := run(t, newFilter(t, config("ts", format)), in); got != want {
			t.Errorf("%s of %s = %s, want %s", format, in, got, want)
		}
	}
	f("yyyy-MM-dd", `{}`, untouched)
	f("yyyy-MM-dd", `{"ts":null}`, untouched)
	f("yyyy-MM-dd", `{"ts":20150517}`, noFormat)
	f("yyyy-MM-dd", `{"ts":["2015-05-17"]}`, noFormat)
	f("yyyy-MM-dd", `{"ts":"2015-05-17"}`, "2015-05-17T00:00:00.000Z")
	f("MMM dd HH:mm:ss", `{"ts":"Dec 31 23:59:59"}`, "2025-12-31T23:59:59.000Z")
	f("ISO8601", `{"ts":"2015-05-17T10:05:03.123456+02:00"}`, "2015-05-17T08:05:03.123456Z")

	f("UNIX", `{"ts":"1431857103"}`, "2015-05-17T10:05:03.000Z")
	f("UNIX", `{"ts":"1431857103.123456"}`, "2015-05-17T10:05:03.123456Z")
	f("UNIX", `{"ts":1431857103}`, "2015-05-17T10:05:03.000Z")
	f("UNIX", `{"ts":1431857103.123}`, "2015-05-17T10:05:03.123Z")
	f("UNIX", `{"ts":"-1.5"}`, "1969-12-31T23:59:58.500Z")
	f("UNIX", `{"ts":1431857103000}`, noFormat)
	f("UNIX", `{"ts":true}`, noFormat)
	f("UNIX", `{"ts":""}`, noFormat)
	f("UNIX", `{"ts":"1431857103.1x"}`, noFormat)
	f("UNIX", `{"ts":"99999999999999999999"}`, noFormat)
	f("UNIX_MS", `{"ts":"1431857103123"}`, "2015-05-17T10:05:03.123Z")
	f("UNIX_MS", `{"ts":1431857103123}`, "2015-05-17T10:05:03.123Z")
	f("UNIX_MS", `{"ts":1431857103123.9}`, "2015-05-17T10:05:03.123Z")
	f("UNIX_MS", `{"ts":"1431857103123.9"}`, noFormat)
	f("UNIX_MS", `{"ts":9223372036854775807}`, noFormat)
	f("TAI64N", `{"ts":"@40000000555867d907bcd15a"}`, "2015-05-17T10:05:03.129814874Z")
	f("TAI64N", `{"ts":"40000000555867d900000000"}`, "2015-05-17T10:05:03.000Z")
	f("TAI64N", `{"ts":"@4000"}`, noFormat)
	f("TAI64N", `{"ts":"@zz00000055586a1900000000"}`, noFormat)
	f("TAI64N", `{"ts":1}`, noFormat)
}

func TestOptions(t *testing.T) {
	c := config("[log][time]", "UNIX", "yyyy-MM-dd HH:mm")
	c.Target = event.MustPath("[event][created]")
	c.Timezone = event.MustTemplate("%{tz}")
	c.TagOnFailure = []string{"bad", "worse"}
	f := newFilter(t, c)
	for in, want := range map[string]string{
		`{"log":{"time":"2015-05-17 10:05"},"tz":"Europe/Berlin"}`: `"2015-05-17T08:05:00.000Z"`,
		`{"log":{"time":"2015-05-17 10:05"},"tz":"+05:30"}`:        `"2015-05-17T04:35:00.000Z"`,
		`{"log":{"time":"2015-05-17 10:05"}}`:                      `null`, // no such zone
		`{"log":{"time":5}}`:                                       `"1970-01-01T00:00:05.000Z"`,
	} {
		e, at := run(t, f, in)
		p := event.MustPath("[event][created]")
		v, ok := p.Get(e)
		if got := string(v.AppendJSON(nil)); got != want || strings.Contains(at, "bad,worse") == ok {
			t.Errorf("%s: %s at %s, want %s", in, got, at, want)
		}
	}
	if _, at := run(t, f, `{"log":{"time":5},"event":"text"}`); at != untouched+",bad,worse" {
		t.Errorf("a target that cannot be set: %s", at)
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
	f(config("ts"), "match", "found 1 elements", false)
	f(config("[ts", "ISO8601"), "match[0]", "not closed", false)
	f(config("ts", "yyyy-MM-ddTHH"), "match[1]", `unknown letter 'T' at 11`, false)
	f(config("ts", "yyyy-MM-DD"), "match[1]", `day of the month is "d"`, true)
	c := config("ts", "ISO8601")
	c.Timezone = event.MustTemplate("Mars/Olympus")
	f(c, "timezone", `unknown time zone "Mars/Olympus"`, false)
	c = config("ts", "dd MMM yyyy")
	c.Locale = "xx"
	f(c, "match[1]", `locale "xx" are not known`, false)
}

// benchmarked are the formats of the performance goals.
var benchmarked = []struct{ format, text string }{
	{"dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 +0000"},
	{"ISO8601", "2015-05-17T10:05:03.123Z"},
	{"MMM dd HH:mm:ss", "May 17 10:05:03"},
}

func batchOf(n int, text string) *event.Batch {
	b := &event.Batch{Now: readAt}
	a := event.NewAck(func(event.Status) {})
	for range n {
		e := b.Append(a)
		for _, f := range []string{"message", "clientip", "ident", "auth"} {
			e.Fields.Add(f, event.StringOf("something"))
		}
		e.Fields.Add("timestamp", event.StringOf(text))
	}
	a.Seal()
	return b
}

func TestNoAllocations(t *testing.T) {
	for _, c := range benchmarked {
		f := newFilter(t, config("timestamp", c.format))
		b := batchOf(10, c.text)
		if n := testing.AllocsPerRun(100, func() {
			if err := f.Process(context.Background(), b); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per batch, want 0", c.format, n)
		}
	}
}

func BenchmarkDate(b *testing.B) {
	const n = 1000
	for _, c := range benchmarked {
		b.Run(c.format, func(b *testing.B) {
			f := newFilter(b, config("timestamp", c.format))
			batch := batchOf(n, c.text)
			b.SetBytes(int64(n * len(c.text)))
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				if err := f.Process(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
			}
			cpu.Report(n)
		})
	}
}
