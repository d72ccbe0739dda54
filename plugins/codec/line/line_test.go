package line

import (
	"strings"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func TestDecode(t *testing.T) {
	equal(t, decode(t, "", "one\ntw", "o\n\nthr", "ee"), `{"message":"one"}`, `{"message":"two"}`, `{"message":""}`, `{"message":"three"}`)
	equal(t, decode(t, "", "crlf\r\n"), `{"message":"crlf\r"}`)
	equal(t, decode(t, "", ""))
	equal(t, decode(t, "delimiter: '||'", "a|b|", "|c"), `{"message":"a|b"}`, `{"message":"c"}`)
	equal(t, decode(t, "charset: Windows-1251", "\xcf\n"), `{"message":"П"}`)
	equal(t, decode(t, "max_line: 64B", strings.Repeat("x", 130)+"\nshort\n"),
		`{"message":"`+strings.Repeat("x", 64)+`","tags":["_linetoolong"]}`,
		`{"message":"`+strings.Repeat("x", 64)+`","tags":["_linetoolong"]}`,
		`{"message":"xx","tags":["_linetoolong"]}`, `{"message":"short"}`)
}

func TestEncode(t *testing.T) {
	equal(t, []string{encode(t, "", `{"@timestamp":"2026-01-02T03:04:05Z","host":"h","message":"m"}`)}, "2026-01-02T03:04:05.000Z h m\n")
	equal(t, []string{encode(t, "", `{}`)}, "%{@timestamp} %{host} %{message}\n") // as Logstash, which has a time always
	equal(t, []string{encode(t, "format: '%{a}-%{[b][c]}-%{x}'", `{"a":1,"b":{"c":"d"}}`)}, "1-d-%{x}\n")
	equal(t, []string{encode(t, "{format: '%{a}', delimiter: ';'}", `{"a":1}`)}, "1;")
}

func TestProblems(t *testing.T) {
	if got := problem(t, func(c *Config) { c.Charset = "klingon" }); got != `charset: unknown charset "klingon": expected an IANA name such as UTF-8, ISO-8859-1 or Shift_JIS` {
		t.Error(got)
	}
	if got := problem(t, func(c *Config) { c.Delimiter = "" }); got != "delimiter: found nothing, expected the text that ends a line" {
		t.Error(got)
	}
	if got := problem(t, func(c *Config) { c.MaxLine = 5 }); got != "max_line: found 5B, expected at least 64B" {
		t.Error(got)
	}
}

func BenchmarkDecode(b *testing.B) {
	def, _ := Plugin().Defaults().(*Config)
	built, err := build(*def, plugin.Env{})
	if err != nil {
		b.Fatal(err)
	}
	d := built.NewDecoder()
	src := []byte(strings.Repeat(strings.Repeat("x", 199)+"\n", 1000))
	var batch event.Batch
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		a := event.NewAck(func(event.Status) {})
		if err := d.Decode(src, &batch, a); err != nil {
			b.Fatal(err)
		}
		a.Seal()
		batch.Settle(event.Delivered)
	}
}

// decode decodes each of reads, then what is left, and returns the events as JSON.
func decode(t *testing.T, options string, reads ...string) []string {
	t.Helper()
	d := plugintest.Build[*plugin.BuiltCodec](t, Plugin(), options, plugin.Env{}).NewDecoder()
	var b event.Batch
	a := event.NewAck(func(event.Status) {})
	for _, read := range reads {
		if err := d.Decode([]byte(read), &b, a); err != nil {
			t.Error(err)
		}
	}
	if f, ok := d.(plugin.FinishDecoder); ok {
		for range 2 { // the second time nothing is left
			if err := f.Finish(&b, a); err != nil {
				t.Error(err)
			}
		}
	}
	a.Seal()
	var got []string
	for e := range b.All() {
		got = append(got, string(e.AppendJSON(nil)))
	}
	b.Settle(event.Delivered)
	return got
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// encode returns the text of an event of which the fields are given as JSON.
func encode(t *testing.T, options, fields string) string {
	t.Helper()
	c := plugintest.Build[*plugin.BuiltCodec](t, Plugin(), options, plugin.Env{}).NewEncoder()
	var e event.Event
	if err := e.FillJSON([]byte(fields)); err != nil {
		t.Fatal(err)
	}
	out, err := c.AppendEvent([]byte(">"), &e)
	if err != nil {
		t.Error(err)
	}
	return strings.TrimPrefix(string(out), ">")
}

// problem returns what is wrong with options.
func problem(t *testing.T, change func(*Config)) string {
	t.Helper()
	c, _ := Plugin().Defaults().(*Config)
	change(c)
	var p plugin.Problems
	if _, err := build(*c, plugin.Env{Problems: &p}); err != nil {
		t.Error(err)
	}
	if len(p.List) != 1 {
		t.Fatalf("got %+v, want one problem", p.List)
	}
	return p.List[0].Field + ": " + p.List[0].Text
}
