// Package json appends and parses JSON as events need it: without reflection, into memory that the
// caller gives, with text left where it is, and with invalid UTF-8 replaced and not refused.
//
// Its functions keep no state and may be called concurrently; a Reader belongs to one goroutine.
package json

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

const (
	hex = "0123456789abcdef"

	wordBytes = 8

	// One bit pattern in each byte of a word.
	ones      = 0x0101010101010101
	highBits  = 0x80 * ones
	spaces    = ' ' * ones
	quotes    = '"' * ones
	backslash = '\\' * ones
)

// AppendString appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one
// for each byte.
//
// It copies and scans eight bytes at a time, and goes on so after each escape.
func AppendString(dst []byte, s string) []byte {
	dst = slices.Grow(dst, len(s)+wordBytes+2)
	dst = append(dst, '"')
	high := uint64(highBits) // 0 once the rest is known to be valid UTF-8
	checked := false
	for i := 0; ; {
		var n int
		dst, n = appendPlain(dst, s[i:], high)
		if i += n; i == len(s) {
			return append(dst, '"')
		}
		if c := s[i]; c < utf8.RuneSelf {
			dst = appendEscaped(dst, c)
			i++
			continue
		}
		if !checked {
			if checked = true; utf8.ValidString(s[i:]) {
				high = 0
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
}

// appendPlain appends s up to the first byte that needs an escape, or has a bit of high, and returns how
// many bytes that were.
func appendPlain(dst []byte, s string, high uint64) ([]byte, int) {
	dst = slices.Grow(dst, len(s)+wordBytes)
	out := dst[len(dst):cap(dst)]
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	i := 0
	for ; len(b)-i >= wordBytes; i += wordBytes {
		w := binary.LittleEndian.Uint64(b[i:])
		binary.LittleEndian.PutUint64(out[i:], w)
		if m := special(w) | w&high; m != 0 {
			i += bits.TrailingZeros64(m) / 8
			return dst[:len(dst)+i], i
		}
	}
	if k := len(b) - i; k > 0 {
		w := tail(b, k)
		binary.LittleEndian.PutUint64(out[i:], w)
		if m := special(w) | w&high; m != 0 {
			k = bits.TrailingZeros64(m) / 8
		}
		i += k
	}
	return dst[:len(dst)+i], i
}

// tail returns the last k bytes of b, 1 to 7, as a word filled up with spaces.
func tail(b []byte, k int) uint64 {
	var w uint64
	if len(b) >= wordBytes {
		w = binary.LittleEndian.Uint64(b[len(b)-wordBytes:]) >> (8 * (wordBytes - k))
	} else {
		switch {
		case k >= 4: // two halves that may overlap
			w = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[k-4:]))<<(8*(k-4))
		default: // first, middle and last, which may be the same
			w = uint64(b[0]) | uint64(b[k/2])<<(8*(k/2)) | uint64(b[k-1])<<(8*(k-1))
		}
	}
	return w | spaces<<(8*k)
}

// special has the highest bit of each byte set that must be escaped, right up to the lowest such byte.
func special(w uint64) uint64 {
	q, b := w^quotes, w^backslash
	return ((w-spaces)&^w | (q-ones)&^q | (b-ones)&^b) & highBits
}

// appendEscaped appends a quote, a backslash or a control character.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
