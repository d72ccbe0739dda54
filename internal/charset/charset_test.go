package charset

import (
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

func TestDecode(t *testing.T) {
	f := func(name, in, want string) {
		t.Helper()
		c, err := Lookup(name)
		if err != nil {
			t.Fatalf("Lookup(%q): %v", name, err)
		}
		if got := string(c.Decode([]byte(in))); got != want {
			t.Errorf("%s: Decode(%q) = %q, want %q", name, in, got, want)
		}
		if c.String() != name {
			t.Errorf("String() = %q, want %q", c.String(), name)
		}
	}
	f("UTF-8", "na\xc3\xafve", "naïve")
	f("utf8", "a\xffb\xc3", "a\ufffdb\ufffd")
	f("UTF-8", "\xe2\x82", "\ufffd\ufffd") // a cut character: each byte
	f("ISO-8859-1", "\xe9t\xe9 \x80", "été \u0080")
	f("latin1", "\xe9", "é")
	f("Windows-1252", "\x80", "€")
	f("cp1252", "\x80", "€")
	f("CP1251", "\xcf\xf0\xe8", "При")
	f("CP850", "\x82", "é")
	f("IBM437", "\x82", "é")
	f("Shift_JIS", "\x83n", "ハ")
	f("CP932", "\x83n", "ハ")
	f("EUC-JP", "\xa5\xcf", "ハ")
	f("GB18030", "\xc4\xe3", "你")
	f("CP936", "\xc4\xe3", "你")
	f("EUC-KR", "\xc7\xd1", "한")
	f("UTF-16LE", "h\x00i\x00", "hi")
	f("UTF-16BE", "\x00h\x00i", "hi")
	f("US-ASCII", "a\xe9", "a\ufffd")
	f("BINARY", "a\xe9", "a\ufffd")
	f("ASCII-8BIT", "plain", "plain")
}

func TestLookupUnknown(t *testing.T) {
	for _, name := range []string{"", "UTF-7", "klingon", "utf-8 ", "iso-2022-kr", "replacement"} {
		if c, err := Lookup(name); err == nil {
			t.Errorf("Lookup(%q) = %v, want an error", name, c)
		} else if !strings.Contains(err.Error(), "expected an IANA name") {
			t.Errorf("Lookup(%q): %v", name, err)
		}
	}
}

func TestValidTextIsNotCopied(t *testing.T) {
	c, err := Lookup(UTF8)
	if err != nil {
		t.Fatal(err)
	}
	src := []byte("valid ünïcode")
	if got := c.Decode(src); unsafe.SliceData(got) != unsafe.SliceData(src) {
		t.Error("Decode copied valid text")
	}
	if n := testing.AllocsPerRun(10, func() { c.Decode(src) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("UTF-8", []byte("a\xff"))
	f.Add("Shift_JIS", []byte("\x83"))
	f.Add("UTF-16", []byte("\xfe"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		c, err := Lookup(name)
		if err != nil {
			return
		}
		if out := c.Decode(src); !utf8.Valid(out) {
			t.Errorf("%s: Decode(%q) = %q, which is not UTF-8", name, src, out)
		}
		if want := string([]rune(string(src))); Repair(string(src)) != want {
			t.Errorf("Repair(%q) = %q, want %q", src, Repair(string(src)), want)
		}
	})
}
