package json

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

// appendObvious is AppendString, a character at a time.
func appendObvious(dst []byte, s string) []byte {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}
	dst = append(dst, '"')
	for _, c := range s {
		if e, ok := short[c]; ok {
			dst = append(dst, e...)
		} else if c < ' ' {
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		} else {
			dst = utf8.AppendRune(dst, c)
		}
	}
	return append(dst, '"')
}

// TestAppendStringPlaces puts each kind of special byte at each place of texts of each short length.
func TestAppendStringPlaces(t *testing.T) {
	for _, special := range []string{`"`, `\`, "\n", "\x00", "\x1f", "\x7f", "é", "\u2028", "😀", "\xff", "\xe2\x82"} {
		for before := range 20 {
			for after := range 20 {
				s := strings.Repeat("x", before) + special + strings.Repeat("y", after)
				for _, s := range []string{s, s + special, special + s} {
					check(t, s)
				}
			}
		}
	}
}

func check(t *testing.T, s string) {
	t.Helper()
	want := appendObvious([]byte("start"), s)
	for _, room := range []int{0, 3, len(s) + 20} { // dst with and without room
		dst := append(make([]byte, 0, 5+room), "start"...)
		if got := AppendString(dst, s); !bytes.Equal(got, want) {
			t.Fatalf("AppendString(%q) = %q, want %q", s, got, want)
		}
		if got := AppendName(dst, s); string(got) != string(want)+":" {
			t.Fatalf("AppendName(%q) = %q, want %q:", s, got, want)
		}
	}
	var back string
	if err := stdjson.Unmarshal(want[5:], &back); err != nil || back != string([]rune(s)) {
		t.Fatalf("%q reads back as %q, %v", want[5:], back, err)
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", `a "quoted" \ text`, "tab\tnew\nline", "ünïcode \xff bad", strings.Repeat("long ", 50) + `"`} {
		f.Add(s)
	}
	f.Fuzz(check)
}

// TestInvalidIsLinear guards against looking at the rest again at each character: with that, this takes minutes.
func TestInvalidIsLinear(t *testing.T) {
	for _, s := range []string{strings.Repeat("é", 1<<20) + "\xff", strings.Repeat("é x", 1<<19) + "\xff"} {
		if got := AppendString(nil, s); len(got) != len(s)+2+2 { // U+FFFD has two bytes more
			t.Errorf("%d bytes", len(got))
		}
	}
}

// decode reads a whole text into what encoding/json makes of it with UseNumber.
func decode(src []byte) (any, error) {
	r := NewReader(src)
	v, err := value(&r)
	if err != nil {
		return nil, err
	}
	return v, r.End()
}

func value(r *Reader) (any, error) {
	k, err := r.Next()
	if err != nil {
		return nil, err
	}
	switch k {
	case Null:
		return nil, nil //nolint:nilnil // null is a value
	case Bool:
		return r.Bool, nil
	case Int:
		return r.Int, nil
	case Float:
		return r.Float, nil
	case String:
		return r.Str, nil
	case Array:
		list := []any{}
		for {
			ok, err := r.Element()
			if !ok || err != nil {
				return list, err
			}
			v, err := value(r)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	default:
		object := map[string]any{}
		for {
			ok, err := r.Key()
			if !ok || err != nil {
				return object, err
			}
			name := r.Str
			v, err := value(r)
			if err != nil {
				return nil, err
			}
			object[name] = v
		}
	}
}

// sameValue compares a value of ours with one of encoding/json.
func sameValue(a, b any) bool {
	switch b := b.(type) {
	case []any:
		list, ok := a.([]any)
		if !ok || len(list) != len(b) {
			return false
		}
		for i := range b {
			if !sameValue(list[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := a.(map[string]any)
		if !ok || len(object) != len(b) {
			return false
		}
		for name := range b {
			v, ok := object[name]
			if !ok || !sameValue(v, b[name]) {
				return false
			}
		}
		return true
	case stdjson.Number:
		if i, err := strconv.ParseInt(string(b), 10, 64); err == nil {
			return a == i
		}
		f, err := strconv.ParseFloat(string(b), 64)
		return a == f && (err == nil || math.IsInf(f, 0))
	default:
		return a == b
	}
}

// compare checks that src is valid or invalid as encoding/json says, with the same value.
func compare(t *testing.T, src []byte) {
	t.Helper()
	got, err := decode(bytes.Clone(src))
	if errors.Is(err, ErrDepth) {
		return
	}
	if valid := stdjson.Valid(src); valid != (err == nil) {
		t.Fatalf("%q: encoding/json says valid: %v; we say %v", src, valid, err)
	}
	if err != nil {
		var e *SyntaxError
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > 3*len(src) || e.Expected == "" {
			t.Fatalf("%q: %#v", src, err)
		}
		return
	}
	d := stdjson.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !sameValue(got, want) {
		t.Fatalf("%q: got %v, want %v", src, got, want)
	}
}

func FuzzReader(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add([]byte(c.text))
	}
	f.Fuzz(compare)
}

type example struct {
	valid bool
	text  string
}

// corpus reads testdata/corpus.txt: "y" or "n", a space and a Go string in quotes on each line.
func corpus(tb testing.TB) []example {
	tb.Helper()
	file, err := os.Open("testdata/corpus.txt")
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	var list []example
	for s := bufio.NewScanner(file); s.Scan(); {
		line := s.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		text, err := strconv.Unquote(line[2:])
		if err != nil || line[0] != 'y' && line[0] != 'n' {
			tb.Fatalf("bad line %q", line)
		}
		list = append(list, example{line[0] == 'y', text})
	}
	if len(list) < 100 {
		tb.Fatalf("only %d examples", len(list))
	}
	return list
}

func TestCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		if _, err := decode([]byte(c.text)); (err == nil) != c.valid {
			t.Errorf("%q: valid is %v, got %v", c.text, c.valid, err)
		}
		compare(t, []byte(c.text))
	}
}

func TestErrors(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		_, err := decode([]byte(src))
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", src, err, want)
		}
	}
	f("", "invalid JSON at byte 0: found end of text, expected a value")
	f(`{"a" 1}`, `invalid JSON at byte 5: found "1", expected ":"`)
	f(`{"a":1 "b"`, `invalid JSON at byte 7: found "\"", expected "," or "}"`)
	f(`{"a":1,}`, `invalid JSON at byte 7: found "}", expected a name in quotes`)
	f(`{x`, `invalid JSON at byte 1: found "x", expected a name in quotes or "}"`)
	f(`[1 2]`, `invalid JSON at byte 3: found "2", expected "," or "]"`)
	f(`[1,]`, `invalid JSON at byte 3: found "]", expected a value`)
	f(`nul`, `invalid JSON at byte 3: found end of text, expected "null"`)
	f(`trze`, `invalid JSON at byte 2: found "z", expected "true"`)
	f(`01`, `invalid JSON at byte 1: found "1", expected no digit after a leading "0"`)
	f(`-`, `invalid JSON at byte 1: found end of text, expected a digit`)
	f(`1.`, `invalid JSON at byte 2: found end of text, expected a digit`)
	f(`1e+`, `invalid JSON at byte 3: found end of text, expected a digit`)
	f(`"a`, `invalid JSON at byte 2: found end of text, expected a character of a string or its closing quote`)
	f("\"a\n\"", `invalid JSON at byte 2: found "\n", expected a character of a string or its closing quote`)
	f(`"\x"`, `invalid JSON at byte 2: found "x", expected one of "\/bfnrtu after a backslash`)
	f(`"\u12g4"`, `invalid JSON at byte 5: found "g", expected four hexadecimal digits`)
	f(`{"a":1} é`, `invalid JSON at byte 8: found "é", expected the end of the text`)
}

func TestDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	if _, err := decode([]byte(nested(MaxDepth))); err != nil {
		t.Error(err)
	}
	if _, err := decode([]byte(nested(MaxDepth + 1))); !errors.Is(err, ErrDepth) {
		t.Errorf("got %v, want ErrDepth", err)
	}
	if _, err := decode([]byte(strings.Repeat(`{"a":[`, 1<<20))); !errors.Is(err, ErrDepth) {
		t.Errorf("got %v, want ErrDepth", err)
	}
}

func TestNumbers(t *testing.T) {
	f := func(src string, want any) {
		t.Helper()
		if got, err := decode([]byte(src)); err != nil || got != want {
			t.Errorf("%s: got %v (%T), %v, want %v", src, got, got, err, want)
		}
	}
	f("0", int64(0))
	f("-0", int64(0))
	f("123456789012345678", int64(123456789012345678))
	f("9223372036854775807", int64(math.MaxInt64))
	f("-9223372036854775808", int64(math.MinInt64))
	f("9223372036854775808", 9223372036854775808.0)
	f("-9223372036854775809", -9223372036854775809.0)
	f("12345678901234567890123456789", 12345678901234567890123456789.0)
	f("1.0", 1.0)
	f("1e2", 100.0)
	f("1E-2", 0.01)
	f("1e400", math.Inf(1))
	f("-1e400", math.Inf(-1))
	f("1e-400", 0.0)
}

// TestSharing checks that strings without escapes are parts of the text, and that reading those with
// escapes costs one allocation for a text.
func TestSharing(t *testing.T) {
	src := []byte(`{"name":"value","other":"ünïcode"}`)
	inside := func(s string) bool {
		p, start := uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(unsafe.Pointer(&src[0]))
		return p >= start && p < start+uintptr(len(src))
	}
	read := func(src []byte, see func(string)) {
		r := NewReader(src)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for {
			ok, err := r.Key()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return
			}
			see(r.Str)
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
			see(r.Str)
		}
	}
	read(src, func(s string) {
		if !inside(s) {
			t.Errorf("%q is a copy", s)
		}
	})
	nothing := func(string) {}
	if n := testing.AllocsPerRun(100, func() { read(src, nothing) }); n != 0 {
		t.Errorf("%v allocations without escapes", n)
	}
	escaped := []byte(`{"a":"1\t2","b\n":"x\u00e9","c":"\\\\\\"}`)
	if n := testing.AllocsPerRun(100, func() { read(escaped, nothing) }); n != 1 {
		t.Errorf("%v allocations with escapes, want 1", n)
	}
}

// TestEscapesDoNotShare checks that strings out of one piece of memory do not overlap.
func TestEscapesDoNotShare(t *testing.T) {
	var src strings.Builder
	src.WriteByte('[')
	var want []any
	for i := range 500 {
		if i > 0 {
			src.WriteByte(',')
		}
		text := strings.Repeat("ab\n", i%37) + strconv.Itoa(i)
		want = append(want, text)
		src.Write(AppendString(nil, text))
	}
	src.WriteByte(']')
	got, err := decode([]byte(src.String()))
	if err != nil {
		t.Fatal(err)
	}
	list, _ := got.([]any)
	if len(list) != len(want) {
		t.Fatalf("%d elements, want %d", len(list), len(want))
	}
	for i, v := range list {
		if v != want[i] {
			t.Fatalf("element %d is %q, want %q", i, v, want[i])
		}
	}
}

func FuzzAppendInt(f *testing.F) {
	for _, i := range []int64{0, 1, -1, 9, 10, 99, 100, -100, 12345, math.MaxInt64, math.MinInt64} {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, i int64) {
		for ; ; i /= 10 { // numbers of all lengths
			if got, want := string(AppendInt([]byte("x"), i)), "x"+strconv.FormatInt(i, 10); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
			if i == 0 {
				return
			}
		}
	})
}
