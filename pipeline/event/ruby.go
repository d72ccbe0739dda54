package event

import (
	"bytes"
	"math"
	"slices"
	"strconv"
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
		return v.appendInspect(dst)
	}
}

// appendInspect appends the value as Ruby's inspect shows it.
func (v Value) appendInspect(dst []byte) []byte {
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
			dst = x.appendInspect(dst)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		for i, f := range *v.Map() {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(appendQuoted(dst, f.Name), "=>"...)
			dst = f.Value.appendInspect(dst)
		}
		return append(dst, '}')
	default:
		return v.AppendJSON(dst)
	}
}

// appendQuoted appends s in double quotes with Ruby's escapes.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '#': // only before what would be an interpolation
			if i+1 < len(s) && (s[i+1] == '{' || s[i+1] == '$' || s[i+1] == '@') {
				dst = append(dst, '\\')
			}
			dst = append(dst, c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		case 0x1b:
			dst = append(dst, '\\', 'e')
		default:
			if c < 0x20 || c == 0x7f {
				const digits = "0123456789ABCDEF"
				dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
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
