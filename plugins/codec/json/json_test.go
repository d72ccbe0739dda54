package json

import (
	"strings"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func TestDecode(t *testing.T) {
	equal(t, decode(t, "", `{"a":1}`, ` [{"b":2},{"c":3}]`, "", " "), `{"a":1}`, `{"b":2}`, `{"c":3}`)
	equal(t, decode(t, "", `{"a":`, `5`, `[1]`),
		`{"message":"{\"a\":","tags":["_jsonparsefailure"]}`, `{"message":"5","tags":["_jsonparsefailure"]}`, `{"message":"[1]","tags":["_jsonparsefailure"]}`)
	equal(t, decode(t, "target: '[x][y]'", `{"a":1}`, `["b"]`), `{"x":{"y":{"a":1}}}`, `{"x":{"y":"b"}}`)
	equal(t, decode(t, "charset: UTF-16LE", "{\x00}\x00"), `{}`)
	equal(t, decode(t, "", "{\"a\":\"\xff\"}", "\xff"), `{"a":"�"}`, `{"message":"�","tags":["_jsonparsefailure"]}`)
	equal(t, decode(t, "", `{"@timestamp":"2026-01-02T03:04:05Z","@metadata":{"x":1},"a":1}`), `{"@timestamp":"2026-01-02T03:04:05.000Z","a":1}`)
}

func TestEncode(t *testing.T) {
	equal(t, []string{encode(t, "", `{"b":"x\ny","@timestamp":"2026-01-02T03:04:05Z","@metadata":{"hidden":1}}`)},
		`{"@timestamp":"2026-01-02T03:04:05.000Z","b":"x\ny"}`)
}

func TestProblems(t *testing.T) {
	if got := problem(t, func(c *Config) { c.Charset = "klingon" }); got != `charset: unknown charset "klingon": expected an IANA name such as UTF-8, ISO-8859-1 or Shift_JIS` {
		t.Error(got)
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
