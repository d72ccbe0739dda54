package event

import (
	"bytes"
	stdjson "encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// TestJSONRoundTrip writes random values and reads them back.
func TestJSONRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 3000 {
		v := noTimes(randomValue(r, 4))
		text := v.AppendJSON(nil)
		if !stdjson.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
		back, err := ParseJSON(bytes.Clone(text))
		if err != nil || !back.Equal(v) {
			t.Fatalf("%s reads back as %s, %v", text, back.AppendJSON(nil), err)
		}
	}
}

// noTimes turns times, which read back as text, into text, and text into UTF-8.
func noTimes(v Value) Value {
	switch v.Kind() {
	case Time:
		return StringOf(v.Text())
	case String:
		return StringOf(string([]rune(v.Str())))
	case List:
		for i := range v.List() {
			v.List()[i] = noTimes(v.List()[i])
		}
	case Map:
		for i := range *v.Map() {
			(*v.Map())[i].Value = noTimes((*v.Map())[i].Value)
		}
	}
	return v
}

func TestFloats(t *testing.T) {
	f := func(v float64, json, text string) {
		t.Helper()
		if got := string(FloatOf(v).AppendJSON(nil)); got != json {
			t.Errorf("%v: JSON %s, want %s", v, got, json)
		}
		if got := FloatOf(v).Text(); got != text {
			t.Errorf("%v: text %s, want %s", v, got, text)
		}
	}
	same := func(v float64, want string) {
		t.Helper()
		f(v, want, want)
	}
	same(0, "0.0")
	same(math.Copysign(0, -1), "-0.0")
	same(1, "1.0")
	same(12.7, "12.7")
	same(-0.001, "-0.001")
	same(0.00099, "9.9E-4")
	same(9999999, "9999999.0")
	same(9999999.5, "9999999.5")
	same(1e7, "1.0E7")
	same(12345678.5, "1.23456785E7")
	same(1e20, "1.0E20")
	same(-1.5e-300, "-1.5E-300")
	same(math.MaxFloat64, "1.7976931348623157E308")
	same(5e-324, "5.0E-324")
	f(math.Inf(1), "1e999", "Infinity")
	f(math.Inf(-1), "-1e999", "-Infinity")
	f(math.NaN(), "null", "NaN")
}

func FuzzFloat(f *testing.F) {
	for _, v := range []float64{0, 1, 1e7, 1e-3, 0.1, 1e300, 123456.789} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) {
			return
		}
		text := string(FloatOf(v).AppendJSON(nil))
		back, _ := strconv.ParseFloat(text, 64)
		if back != v || !stdjson.Valid([]byte(text)) || !strings.ContainsAny(text, ".e") {
			t.Errorf("%v became %s", v, text)
		}
	})
}

func TestEventJSON(t *testing.T) {
	e := Event{Meta: Fields{{"hidden", IntOf(1)}}}
	f := func(want string) {
		t.Helper()
		if got := string(e.AppendJSON([]byte(">"))); got != ">"+want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(`{}`)
	e.Fields.Add("a\n", StringOf(`"`))
	f(`{"a\n":"\""}`)
	e.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	f(`{"@timestamp":"2026-01-02T02:04:05.000Z","a\n":"\""}`)
	e.Fields.Add("t", TimeOf(e.Time))
	e.Fields.Add("l", ListOf(Value{}, BoolOf(true), MapOf(&Fields{})))
	f(`{"@timestamp":"2026-01-02T02:04:05.000Z","a\n":"\"","t":"2026-01-02T02:04:05.000Z","l":[null,true,{}]}`)
	e.Fields = nil
	f(`{"@timestamp":"2026-01-02T02:04:05.000Z"}`)
}

func TestAppendJSONDoesNotAllocate(t *testing.T) {
	e := document()
	dst := e.AppendJSON(nil)
	if n := testing.AllocsPerRun(100, func() { dst = e.AppendJSON(dst[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFillJSON(t *testing.T) {
	f := func(src, want, meta string) {
		t.Helper()
		e := Event{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
		if err := e.FillJSON([]byte(src)); err != nil {
			t.Errorf("%s: %v", src, err)
			return
		}
		if got := string(e.AppendJSON(nil)); got != want {
			t.Errorf("%s: got %s, want %s", src, got, want)
		}
		if got := string(e.Meta.AppendJSON(nil)); got != meta {
			t.Errorf("%s: meta %s, want %s", src, got, meta)
		}
		var viaFields Event
		viaFields.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		v, _ := ParseJSON([]byte(src))
		if err := viaFields.SetFields(*v.Map()); err != nil || !viaFields.Fields.Equal(e.Fields) || !viaFields.Time.Equal(e.Time) || !viaFields.Meta.Equal(e.Meta) {
			t.Errorf("%s: SetFields gives %s, %v", src, viaFields.AppendJSON(nil), err)
		}
	}
	const now = `{"@timestamp":"2026-01-02T03:04:05.000Z"`
	f(`{}`, now+`}`, `{}`)
	f(`{"a":1,"b":{"c":[1,null]}}`, now+`,"a":1,"b":{"c":[1,null]}}`, `{}`)
	f(`{"a":1,"b":2,"a":3}`, now+`,"a":3,"b":2}`, `{}`)
	f(`{"@timestamp":"2015-05-17T10:05:03Z","x":1}`, `{"@timestamp":"2015-05-17T10:05:03.000Z","x":1}`, `{}`)
	f(`{"@timestamp":"bad"}`, now+`,"_@timestamp":"bad","tags":["_timestampparsefailure"]}`, `{}`)
	f(`{"@timestamp":5,"tags":["t"]}`, now+`,"tags":["t","_timestampparsefailure"],"_@timestamp":5}`, `{}`)
	f(`{"@timestamp":null}`, now+`}`, `{}`)
	f(`{"@timestamp":"bad","@timestamp":"2015-05-17T10:05:03Z"}`, `{"@timestamp":"2015-05-17T10:05:03.000Z"}`, `{}`)
	f(`{"tags":"x"}`, now+`,"tags":"x"}`, `{}`)
	f(`{"tags":null}`, now+`,"tags":null}`, `{}`)
	f(`{"tags":{"a":1}}`, now+`,"_tags":[{"a":1}],"tags":["_tagsparsefailure"]}`, `{}`)
	f(`{"tags":[1,2]}`, now+`,"_tags":[[1,2]],"tags":["_tagsparsefailure"]}`, `{}`)
	f(`{"tags":{},"@timestamp":"x"}`, now+`,"_tags":[{}],"tags":["_tagsparsefailure","_timestampparsefailure"],"_@timestamp":"x"}`, `{}`)
	f(`{"@metadata":{"index":"x","n":{"m":1}},"a":1}`, now+`,"a":1}`, `{"index":"x","n":{"m":1}}`)
	f(`{"@metadata":null}`, now+`}`, `{}`)
}

func TestFillJSONErrors(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		e := Event{Fields: make(Fields, 0, 4), Meta: Fields{{"m", IntOf(1)}}}
		err := e.FillJSON([]byte(src))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", src, err, want)
		}
		if len(e.Fields) != 0 || len(e.Meta) != 1 || !e.Time.IsZero() || e.Fields[:1][0].Name != "" {
			t.Errorf("%s: the event changed: %v", src, e.Fields[:1])
		}
	}
	f(``, "expected a value")
	f(`[]`, "found an array, expected an object")
	f(`null`, "found null, expected an object")
	f(`"x"`, "found a string, expected an object")
	f(`1`, "found a number, expected an object")
	f(`{"a":1`, `found end of text, expected "," or "}"`)
	f(`{"a":1} x`, `found "x", expected the end of the text`)
	f(`{"a":1}{"b":2}`, "expected the end of the text")
	f(`{"a":1,"@metadata":5}`, "@metadata: found a integer, expected a map")
	f(`{"@timestamp":"2015-05-17T10:05:03Z","a":}`, "expected a value")
}

// TestManyFields checks names in objects on both sides of the limits of the name index, with repetitions.
func TestManyFields(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		want := map[string]int64{}
		var src strings.Builder
		src.WriteByte('{')
		n := 1 + r.IntN(3*manyNames)
		for i := range n {
			name := "n" + strconv.Itoa(r.IntN(2*n))
			want[name] = int64(i)
			if i > 0 {
				src.WriteByte(',')
			}
			src.WriteString(strconv.Quote(name) + ":" + strconv.Itoa(i))
		}
		src.WriteByte('}')
		var e Event
		if err := e.FillJSON([]byte(src.String())); err != nil {
			t.Fatal(err)
		}
		if len(e.Fields) != len(want) {
			t.Fatalf("%d fields, want %d", len(e.Fields), len(want))
		}
		for name, i := range want {
			if v, ok := e.Fields.Get(name); !ok || v.Int() != i {
				t.Fatalf("%s is %v, %v; want %d", name, v, ok, i)
			}
		}
	}
}

// TestHugeObject is quick only if names are not compared with each other.
func TestHugeObject(t *testing.T) {
	var src []byte
	for i := range 200_000 {
		src = append(strconv.AppendInt(append(src, `,"`...), int64(i), 10), `":0`...)
	}
	src[0] = '{'
	v, err := ParseJSON(append(src, '}'))
	if err != nil || len(*v.Map()) != 200_000 {
		t.Errorf("%d fields, %v", len(*v.Map()), err)
	}
}

func TestDecodeJSON(t *testing.T) {
	f := func(src, target string, want ...string) {
		t.Helper()
		watch := WatchAcks()
		var p Path
		if target != "" {
			p = MustPath(target)
		}
		var b Batch
		a := NewAck(func(Status) {})
		b.DecodeJSON([]byte(src), a, &p)
		a.Seal()
		var got []string
		for e := range b.All() {
			got = append(got, string(e.AppendJSON(nil)))
			if len(want) == 1 && e.Raw != src {
				t.Errorf("%s: raw %q", src, e.Raw)
			}
		}
		b.Settle(Delivered)
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
			t.Errorf("%s: got %v, want %v", src, got, want)
		}
		if left := watch.Stop(); len(left) > 0 {
			t.Errorf("acks left: %v", left)
		}
	}
	fails := func(src, target string) {
		t.Helper()
		text, _ := stdjson.Marshal(src)
		f(src, target, `{"message":`+string(text)+`,"tags":["_jsonparsefailure"]}`)
	}
	f(`{"a":1}`, "", `{"a":1}`)
	f(` [{"a":1},{"b":2}] `, "", `{"a":1}`, `{"b":2}`)
	f(`[{"a":1}]`, "", `{"a":1}`)
	f(``, "")
	f(" \t\r\n", "")
	f(`[]`, "")
	f(`[]`, "[x]")
	fails(`{`, "")
	fails(`[{"a":1},2]`, "")
	fails(`[{"a":1},{"@metadata":2}]`, "")
	fails(`[{"a":1},`, "")
	fails(`"text"`, "")
	fails(`12`, "")
	fails(`null`, "")
	fails(`plain text`, "")
	f(`{"a":1,"@timestamp":"x"}`, "[x][y]", `{"x":{"y":{"a":1,"@timestamp":"x"}}}`)
	f(`[1,"b"]`, "x", `{"x":1}`, `{"x":"b"}`)
	f(`12`, "x", `{"x":12}`)
	fails(`{`, "x")
	fails(`{"a":1}`, "@timestamp")
}

func TestTextPointsIntoSource(t *testing.T) {
	src := []byte(`{"message":"some text","n":["other"]}`)
	var e Event
	if err := e.FillJSON(src); err != nil {
		t.Fatal(err)
	}
	v, _ := e.Fields.Get("message")
	if unsafe.StringData(v.Str()) != &src[12] {
		t.Error("text was copied")
	}
}

func TestDecodeJSONAllocations(t *testing.T) {
	src := []byte(`{"@timestamp":"2015-05-17T10:05:03Z","message":"text","n":1,"f":1.5,"b":true,"x":null,"tags":"t"}`)
	b, none := &Batch{}, &Path{}
	decode := func() {
		a := NewAck(func(Status) {})
		for range 100 {
			b.DecodeJSON(src, a, none)
		}
		a.Seal()
		b.Settle(Delivered)
	}
	decode()
	if n := testing.AllocsPerRun(20, decode); n > 2 {
		t.Errorf("%v allocations for 100 events", n)
	}
}

func FuzzFillJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"@timestamp":"bad","tags":[1]}`, `{"@metadata":{"x":[{}]}}`, `{"a":{"a":{"a":1}},"a":2}`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		valid := stdjson.Valid(src)
		var e Event
		err := e.FillJSON(bytes.Clone(src))
		if err == nil && !valid {
			t.Fatalf("%q was accepted", src)
		}
		if err != nil {
			return
		}
		var want map[string]any
		if err := stdjson.Unmarshal(src, &want); err != nil && !strings.Contains(err.Error(), "cannot unmarshal number") {
			t.Fatalf("%q: %v", src, err)
		}
		out := e.AppendJSON(nil)
		if !stdjson.Valid(out) {
			t.Fatalf("%q became %q", src, out)
		}
		for i := range e.Fields {
			if name := e.Fields[i].Name; isSpecial(name) && name != TagsField || e.Fields[:i].Has(name) {
				t.Fatalf("%q: field %q is special or twice", src, name)
			}
		}
	})
}
