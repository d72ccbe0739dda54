package mutate

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// upper returns s in upper case by Unicode's full mapping, in which ß is SS.
func upper(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return upperSlow(s)
		}
	}
	return strings.ToUpper(s)
}

func upperSlow(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		if x, ok := special[r]; ok {
			b.WriteString(x.upper)
		} else {
			writeRune(&b, s[i:], unicode.ToUpper(r))
		}
	}
	return b.String()
}

// lower returns s in lower case by Unicode's full mapping, in which İ is i with a dot above.
func lower(s string) string {
	if strings.ContainsRune(s, 'İ') {
		s = strings.ReplaceAll(s, "İ", "i\u0307")
	}
	if !utf8.ValidString(s) {
		return lowerSlow(s)
	}
	return strings.ToLower(s)
}

func lowerSlow(s string) string {
	var b strings.Builder
	for i, r := range s {
		writeRune(&b, s[i:], unicode.ToLower(r))
	}
	return b.String()
}

// writeRune writes what the first letter of s became; a byte that is no letter stays as it is.
func writeRune(b *strings.Builder, s string, r rune) {
	if _, n := utf8.DecodeRuneInString(s); n == 1 && s[0] >= utf8.RuneSelf {
		b.WriteByte(s[0])
		return
	}
	b.WriteRune(r)
}

// capital returns s with its first letter in title case and the others in lower case.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError && n == 1 {
		return lower(s)
	}
	first := string(unicode.ToTitle(r))
	if x, ok := special[r]; ok {
		first = x.title
	}
	if rest := lower(s[n:]); first != s[:n] || rest != s[n:] {
		return first + rest
	}
	return s
}

// strip returns s without white space at its ends, NUL included, as Ruby has it.
func strip(s string) string { return strings.TrimFunc(s, isSpace) }
