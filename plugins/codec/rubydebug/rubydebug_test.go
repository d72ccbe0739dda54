package rubydebug

import (
	"strings"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

func encode(t *testing.T, options, fields string) string {
	t.Helper()
	c := plugintest.Build[*plugin.BuiltCodec](t, Plugin(), options, plugin.Env{}).NewEncoder()
	var out []byte
	for range 2 { // scratch space is used again
		var e event.Event
		if err := e.FillJSON([]byte(fields)); err != nil {
			t.Fatal(err)
		}
		var err error
		if out, err = c.AppendEvent([]byte(">"), &e); err != nil {
			t.Error(err)
		}
	}
	return strings.TrimPrefix(string(out), ">")
}

func TestEncode(t *testing.T) {
	f := func(options, fields, want string) {
		t.Helper()
		if got := encode(t, options, fields); got != strings.TrimPrefix(want, "\n") {
			t.Errorf("got\n%swant%s", got, want)
		}
	}
	f("", `{}`, "{}\n")
	f("", `{"@timestamp":"2026-01-02T03:04:05.678Z","message":"hello \"you\"\n","response":200,"time":0.5,"big":1e20,
		"ok":true,"none":null,"n":{"x":1,"yy":{"z":"deep"},"e":{}},"list":["a",{"b":1},[],["c"]],"@metadata":{"index":"x"}}`, `
{
    "@timestamp" => 2026-01-02T03:04:05.678Z,
       "message" => "hello \"you\"\n",
      "response" => 200,
          "time" => 0.5,
           "big" => 1.0e+20,
            "ok" => true,
          "none" => nil,
             "n" => {
         "x" => 1,
        "yy" => {
            "z" => "deep"
        },
         "e" => {}
    },
          "list" => [
        [0] "a",
        [1] {
            "b" => 1
        },
        [2] [],
        [3] [
            [0] "c"
        ]
    ]
}
`)
	f("metadata: true", `{"é":1,"@metadata":{"index":"x"}}`, `
{
            "é" => 1,
    "@metadata" => {
        "index" => "x"
    }
}
`)
	f("metadata: true", `{"a":1}`, "\n{\n    \"a\" => 1\n}\n")
}

// TestNumbers checks that the numbers of a list of more than ten are aligned.
func TestNumbers(t *testing.T) {
	got := encode(t, "", `{"l":[1,2,3,4,5,6,7,8,9,10,11]}`)
	if !strings.Contains(got, "\n        [ 0] 1,\n") || !strings.Contains(got, "\n        [10] 11\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestEncodesOnly(t *testing.T) {
	if plugintest.Build[*plugin.BuiltCodec](t, Plugin(), "", plugin.Env{}).NewDecoder != nil {
		t.Error("rubydebug decodes")
	}
}
