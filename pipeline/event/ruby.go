package event

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// AppendRuby appends the value as Ruby's to_s shows it, which is what Logstash's filters see where they
// take any value for text: null is nothing, floats look like 1.0e+20, lists and maps are written out as
// ["a", nil] and {"k"=>1}.
func (v Value) AppendRuby(dst []byte) []byte {
	switch v.Kind() {
	case String:
		return append(dst, v.Str()...)
	case Null:
		return dst
	default:
		return v.AppendInspect(dst)
	}
}

// AppendInspect appends the value as Ruby's inspect shows it.
func (v Value) AppendInspect(dst []byte) []byte {
	switch v.Kind() {
	case String:
		return appendQuoted(dst, v.Str())
	case Null:
		return append(dst, "nil"...)
	case Float:
		return appendRubyFloat(dst, v.Float())
	case Time:
		return AppendTime(dst, v.Time())
	case List:
		dst = append(dst, '[')
		for i, x := range v.List() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = x.AppendInspect(dst)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		for i, f := range *v.Map() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(appendQuoted(dst, f.Name), "=>"...)
			dst = f.Value.AppendInspect(dst)
		}
		return append(dst, '}')
	default:
		return v.AppendJSON(dst)
	}
}

// appendQuoted appends s in double quotes with Ruby's escapes.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1 || r < ' ' || r == 0x7f:
			dst = appendControl(dst, s[i])
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '#' && i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '$' || s[i+1] == '@'): // an interpolation
			dst = append(dst, `\#`...)
		case !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r): // cannot be seen
			dst = appendUnseen(dst, r)
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}

const upperHex = "0123456789ABCDEF"

// appendControl appends a control character, or a byte that is no character, as an escape.
func appendControl(dst []byte, c byte) []byte {
	const short, letters = "\a\b\t\n\v\f\r\x1b", "abtnvfre"
	if i := strings.IndexByte(short, c); i >= 0 {
		return append(dst, '\\', letters[i])
	}
	return append(dst, '\\', 'x', upperHex[c>>4], upperHex[c&15])
}

// appendUnseen appends a character beyond ASCII as an escape: \u200B, \u{E0001}.
func appendUnseen(dst []byte, r rune) []byte {
	if r > math.MaxUint16 {
		return fmt.Appendf(dst, `\u{%X}`, r)
	}
	return fmt.Appendf(dst, `\u%04X`, r)
}

// appendRubyFloat appends f plainly from 0.0001 up to, and without, 1e16, and with an exponent beyond.
func appendRubyFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	n := len(dst)
	if a := math.Abs(f); a == 0 || a >= 1e-4 && a < 1e16 {
		return withPoint(strconv.AppendFloat(dst, f, 'f', -1, 64), n)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64) // d.ddde±dd, or de±dd, which Ruby writes d.0e±dd
	if mark := n + bytes.IndexByte(dst[n:], 'e'); bytes.IndexByte(dst[n:mark], '.') < 0 {
		dst = slices.Insert(dst, mark, '.', '0')
	}
	return dst
}

// withPoint adds ".0" to a number, written from position n on, that has no point.
func withPoint(dst []byte, n int) []byte {
	if bytes.IndexByte(dst[n:], '.') < 0 {
		return append(dst, ".0"...)
	}
	return dst
}
