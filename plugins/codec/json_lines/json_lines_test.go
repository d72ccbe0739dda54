package json_lines

import (
	"strings"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func TestDecode(t *testing.T) {
	equal(t, decode(t, "", "{\"a\":1}\n{\"b\"", ":2}\n\n[{\"c\":3},{}]\r\n{\"d\":4}"), `{"a":1}`, `{"b":2}`, `{"c":3}`, `{}`, `{"d":4}`)
	equal(t, decode(t, "", "{\"a\":1}\nbad\n{\"b\":2}\n"), `{"a":1}`, `{"message":"bad","tags":["_jsonparsefailure"]}`, `{"b":2}`)
	equal(t, decode(t, "delimiter: ';'", `{"a":1};{"b":`, `2}`), `{"a":1}`, `{"b":2}`)
	equal(t, decode(t, "target: x", "1\n"), `{"x":1}`)
	equal(t, decode(t, "charset: ISO-8859-1", "{\"a\":\"\xe9\"}\n"), `{"a":"é"}`)
	long := `{"a":"` + strings.Repeat("x", 100) + `"}`
	equal(t, decode(t, "decode_size_limit_bytes: 64B", long+"\n{}\n"),
		`{"message":"{\"a\":\"`+strings.Repeat("x", 58)+`","tags":["_jsonparsetoobigfailure"]}`,
		`{"message":"`+strings.Repeat("x", 42)+`\"}","tags":["_jsonparsetoobigfailure"]}`, `{}`)
}

func TestEncode(t *testing.T) {
	equal(t, []string{encode(t, "", `{"a":"x\ny","@metadata":{"hidden":1}}`)}, `{"a":"x\ny"}`+"\n")
	equal(t, []string{encode(t, "delimiter: ';'", `{"a":1}`)}, `{"a":1};`)
}

func TestProblems(t *testing.T) {
	if got := problem(t, func(c *Config) { c.Charset = "klingon" }); got != `charset: unknown charset "klingon": expected an IANA name such as UTF-8, ISO-8859-1 or Shift_JIS` {
		t.Error(got)
	}
	if got := problem(t, func(c *Config) { c.Delimiter = "" }); got != "delimiter: found nothing, expected the text that ends a line" {
		t.Error(got)
	}
	if got := problem(t, func(c *Config) { c.MaxLine = 5 }); got != "decode_size_limit_bytes: found 5B, expected at least 64B" {
		t.Error(got)
	}
}

func benchCodec(b *testing.B) *plugin.BuiltCodec {
	b.Helper()
	def, _ := Plugin().Defaults().(*Config)
	built, err := build(*def, plugin.Env{})
	if err != nil {
		b.Fatal(err)
	}
	return built
}

const benchLine = `{"@timestamp":"2015-05-17T10:05:03.000Z","message":"83.149.9.216 GET /presentations/logstash 200","host":"ip-10-0-0-1","response":200,"bytes":203023,"requesttime":0.013,"tags":["web"],"verb":"GET"}` + "\n"

// BenchmarkDecode reads lines of 200 bytes.
func BenchmarkDecode(b *testing.B) {
	d := benchCodec(b).NewDecoder()
	src := []byte(strings.Repeat(benchLine, 1000))
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
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}

// BenchmarkEncode writes the same events.
func BenchmarkEncode(b *testing.B) {
	built := benchCodec(b)
	c := built.NewEncoder()
	var e event.Event
	if err := e.FillJSON([]byte(strings.TrimSpace(benchLine))); err != nil {
		b.Fatal(err)
	}
	var dst []byte
	b.SetBytes(int64(len(benchLine)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = c.AppendEvent(dst[:0], &e)
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
