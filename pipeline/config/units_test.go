package config

import (
	"testing"
	"time"

	"sluice/internal/nearest"
)

func TestParseDuration(t *testing.T) {
	f := func(s string, want time.Duration) {
		t.Helper()
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", s, got, err, want)
		}
	}
	f("0", 0)
	f("5s", 5*time.Second)
	f("1m30s", 90*time.Second)
	f("250us", 250*time.Microsecond)
	f("14d", 14*24*time.Hour)
	f("1d12h", 36*time.Hour)
	f("1.5h", 90*time.Minute)
	f(" 5s ", 5*time.Second)
	for _, s := range []string{"", "5", "1.5", "-5s", "5 s", "s", "d", "1d5", "-1d", "5 minutes", "999999999d", "1e3", "NaN", "100000000000h"} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("%q: got %v, expected an error", s, got)
		}
	}
}

func TestParseSize(t *testing.T) {
	f := func(s string, want int64) {
		t.Helper()
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", s, got, err, want)
		}
	}
	f("0", 0)
	f("100B", 100)
	f("1KB", 1000)
	f("1kb", 1000)
	f("10MiB", 10<<20)
	f("1.5 GiB", 3<<29)
	f("2TB", 2e12)
	for _, s := range []string{"", "5", "5.5", "10M", "-1KB", "KB", "1iB", "1.2.3KB", "1e30TiB", "99999999TiB", "1PB", "1 K B"} {
		if got, err := parseSize(s); err == nil {
			t.Errorf("%q: got %v, expected an error", s, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	f := func(found, want string, names ...string) {
		t.Helper()
		if got := nearest.Name(found, names); got != want {
			t.Errorf("%q: got %q, want %q", found, got, want)
		}
	}
	f("IPORHOTS", "IPORHOST", "IP", "IPORHOST", "HOST")
	f("mathc", "match", "match", "patch")
	f("Match", "match", "match")
	f("workers", "worker", "worker")
	f("ab", "abc", "abc", "xyz")
	f("elasticsearch", "", "file", "stdout")
	f("x", "", "abc", "def")
	f("", "")
}

// TestRegexes: patterns mean what they mean to Ruby.
func TestRegexes(t *testing.T) {
	f := func(pattern, text string, want bool) {
		t.Helper()
		matches, err := compileRegex(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			return
		}
		if got := matches(text); got != want {
			t.Errorf("%s on %q: got %v", pattern, text, got)
		}
	}
	f(`^b$`, "a\nb\nc", true)
	f(`\Ab`, "a\nb", false)
	f(`a.b`, "a\nb", false)
	f(`(?m)a.b`, "a\nb", true)
	f(`(?m:a.)b`, "a\nb", true)
	f(`(?i)ABC`, "xabc", true)
	f(`(?i:A)B`, "aB", true)
	f(`(?i-m:A)B`, "aB", true)
	f(`^\h+\Z`, "c0ffee\n", true)
	f(`\Aa\Z`, "a\nb", false)
	f(`^[\h-]+$`, "c0-ff", true)
	f(`\H`, "ff", false)
	f(`\/x`, "a/x", true)
	f(`[[:digit:]]`, "5", true)
	f(`[a[]`, "[", true)
	f(`(?<year>\d{4})`, "in 2026", true)
	f(`\e\[0m`, "\x1b[0m", true)
	f(`text`, "some text", true)
	for _, p := range []string{`(`, `a**`, `[b-a]`, `(?=x)`, `(?<!x)y`, `(a)\1`, `(?>a)`, `a++`, `(?x) a`, `\`} {
		if _, err := compileRegex(p); err == nil {
			t.Errorf("%s: expected an error", p)
		}
	}
}
