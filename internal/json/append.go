// Package json appends and parses JSON as events need it: without reflection, into memory that the
// caller gives, with invalid UTF-8 replaced and not refused.
//
// Its functions keep no state and may be called concurrently.
package json

import "unicode/utf8"

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return append(dst, '"')
}
