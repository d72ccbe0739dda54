package regextest_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex/regextest"
)

// Cases depend on the seed alone, and keep what the options promise.
func TestSeeded(t *testing.T) {
	all := map[string]int{}
	for mode := regextest.All; mode <= regextest.Regular; mode++ {
		a := regextest.Seeded(7, regextest.Options{Mode: mode, ASCII: true})
		b := regextest.Seeded(7, regextest.Options{Mode: mode, ASCII: true})
		for range 2000 {
			c := a.Next()
			if d := b.Next(); !reflect.DeepEqual(c, d) {
				t.Fatalf("one seed made %q and %q", c, d)
			}
			for _, s := range append(c.Subjects, c.Expr) {
				if strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
					t.Fatalf("%q is not ASCII", s)
				}
			}
			if mode == regextest.Regular && strings.Contains(strings.ReplaceAll(c.Expr, `\(`, ""), "(?=") {
				t.Errorf("%q is not regular", c.Expr)
			}
			for _, construct := range []string{"(?<n", "(?<!", "(?>", "(?~", `\g<`, `\k<`, "(?(", `\K`, `\R`, `\X`, "&&", "[:"} {
				if mode == regextest.All && strings.Contains(c.Expr, construct) {
					all[construct]++
				}
			}
		}
	}
	if len(all) < 11 { // POSIX brackets are Unicode's, so that they are not among them
		t.Errorf("found these constructs only: %v", all)
	}
}

// Whatever the bytes are, a case comes of them; no bytes make the simplest.
func FuzzFromBytes(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add([]byte("some bytes that make decisions, a good many of them"), byte(1))
	f.Fuzz(func(t *testing.T, data []byte, mode byte) {
		c := regextest.FromBytes(data, regextest.Options{Mode: regextest.Mode(mode % 3), Invalid: true})
		if len(c.Subjects) != 4 || len(c.Expr) > 100*(len(data)+1) {
			t.Errorf("found %d subjects and an expression of %d bytes for %d bytes", len(c.Subjects), len(c.Expr), len(data))
		}
	})
}
