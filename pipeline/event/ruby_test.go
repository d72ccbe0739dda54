package event

import (
	"math"
	"testing"
	"time"
)

func TestAppendRuby(t *testing.T) {
	f := func(v Value, want string) {
		t.Helper()
		if got := string(v.AppendRuby(nil)); got != want {
			t.Errorf("AppendRuby(%s) = %s, want %s", v.AppendJSON(nil), got, want)
		}
	}
	f(Value{}, "")
	f(StringOf(`a"b`), `a"b`)
	f(IntOf(-7), "-7")
	f(BoolOf(true), "true")
	f(TimeOf(time.Unix(0, 5e6)), "1970-01-01T00:00:00.005Z")
	f(ListOf(StringOf("a\n\"#{x}#"), Value{}, FloatOf(1)), `["a\n\"\#{x}#", nil, 1.0]`)
	f(MapOf(&Fields{{"k", IntOf(1)}, {"l", ListOf()}}), `{"k"=>1, "l"=>[]}`)

	f(ListOf(StringOf("\x00\a\x1b\x7f\xff")), `["\x00\a\e\x7F\xFF"]`)
	f(ListOf(StringOf("é\u00a0\u200b😀\U000e0001#$x#@y")), "[\"é\u00a0\\u200B😀\\u{E0001}\\#$x\\#@y\"]")

	f(FloatOf(0), "0.0")
	f(FloatOf(12), "12.0")
	f(FloatOf(-12.75), "-12.75")
	f(FloatOf(0.0001), "0.0001")
	f(FloatOf(0.00001), "1.0e-05")
	f(FloatOf(1e15), "1000000000000000.0")
	f(FloatOf(1e16), "1.0e+16")
	f(FloatOf(1.5e300), "1.5e+300")
	f(FloatOf(math.Inf(-1)), "-Infinity")
	f(FloatOf(math.NaN()), "NaN")
}
