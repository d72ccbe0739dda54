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

	"sluice/internal/charset"
)

const (
	hex = "0123456789abcdef"

	wordBytes = 8

	// One bit pattern in each byte of a word.
	ones      = 0x0101010101010101
	highBits  = 0x80 * ones
	spaces    = ' ' * ones
	backslash = '\\' * ones
)

// AppendString appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one
// for each byte.
//
// It copies and scans eight bytes at a time, and goes on so after each escape.
func AppendString(dst []byte, s string) []byte {
	start := len(dst)
	if need := len(s) + wordBytes + 2; cap(dst)-start < need { // room for a word beyond the end
		dst = slices.Grow(dst, need)
	}
	out := dst[start:cap(dst)]
	out[0] = '"'
	n := copyPlain(out[1:], s)
	if n < len(s) {
		return appendSpecial(dst[:start+1+n], s[n:])
	}
	out[1+n] = '"'
	return dst[:start+n+2]
}

// AppendName appends the name of a member: as AppendString does, and a colon.
func AppendName(dst []byte, name string) []byte {
	start := len(dst)
	if need := len(name) + wordBytes + 3; cap(dst)-start < need {
		dst = slices.Grow(dst, need)
	}
	out := dst[start:cap(dst)]
	out[0] = '"'
	n := copyPlain(out[1:], name)
	if n < len(name) {
		return append(appendSpecial(dst[:start+1+n], name[n:]), ':')
	}
	out[n+1], out[n+2] = '"', ':'
	return dst[:start+n+3]
}

// maxDigits is how many characters an int64 may have.
const maxDigits = 20

// AppendInt appends i in decimal digits. It writes them in place: to copy bytes that were just written one
// by one would stall.
func AppendInt(dst []byte, i int64) []byte {
	if cap(dst)-len(dst) < maxDigits {
		dst = slices.Grow(dst, maxDigits)
	}
	u := uint64(i)
	if i < 0 {
		dst = append(dst, '-')
		u = -u
	}
	n := digits(u)
	out := dst[len(dst) : len(dst)+n]
	at := n
	for u >= 100 {
		at -= 2
		pair := pairs[2*(u%100):]
		out[at], out[at+1] = pair[0], pair[1]
		u /= 100
	}
	if u >= 10 {
		out[0], out[1] = pairs[2*u], pairs[2*u+1]
	} else {
		out[0] = byte('0' + u)
	}
	return dst[:len(dst)+n]
}

// digits returns how many decimal digits u has.
func digits(u uint64) int {
	n := 1
	for ; u >= 10_000; u /= 10_000 {
		n += 4
	}
	switch {
	case u >= 1000:
		return n + 3
	case u >= 100:
		return n + 2
	case u >= 10:
		return n + 1
	}
	return n
}

const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

// appendSpecial appends the rest of a string, which begins with a byte that cannot be copied as it is.
func appendSpecial(dst []byte, s string) []byte {
	for {
		if s[0] < utf8.RuneSelf {
			dst = appendEscaped(dst, s[0])
			s = s[1:]
		} else {
			n := 1
			for n < len(s) && s[n] >= utf8.RuneSelf {
				n++
			}
			dst = append(dst, charset.Repair(s[:n])...)
			s = s[n:]
		}
		if need := len(s) + wordBytes + 1; cap(dst)-len(dst) < need {
			dst = slices.Grow(dst, need)
		}
		n := copyPlain(dst[len(dst):cap(dst)], s)
		dst = dst[:len(dst)+n]
		if s = s[n:]; s == "" {
			return append(dst, '"')
		}
	}
}

// copyPlain copies s up to the first byte that needs an escape or is not ASCII, and returns how many bytes
// that were. out must have room for a word more than s.
func copyPlain(out []byte, s string) int {
	if len(out) < len(s)+wordBytes {
		panic("BUG: no room for a word beyond the text")
	}
	from, to := unsafe.Pointer(unsafe.StringData(s)), unsafe.Pointer(unsafe.SliceData(out))
	i := 0
	for ; i <= len(s)-wordBytes; i += wordBytes {
		w := load(from, i)
		store(to, i, w)
		if m := notPlain(w); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	if i == len(s) {
		return i
	}
	w := tail(s, len(s)-i)
	store(to, i, w)
	if m := notPlain(w); m != 0 {
		return i + bits.TrailingZeros64(m)/8
	}
	return len(s)
}

// load and store spare the bounds checks of slices; their callers have checked the ends.
func load(p unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[wordBytes]byte)(unsafe.Add(p, i))[:])
}

func store(p unsafe.Pointer, i int, w uint64) {
	binary.LittleEndian.PutUint64((*[wordBytes]byte)(unsafe.Add(p, i))[:], w)
}

// tail returns the last k bytes of s, 1 to 7, as a word filled up with spaces.
func tail(s string, k int) uint64 {
	fill := uint64(spaces) << (8 * k)
	if len(s) >= wordBytes {
		return load(unsafe.Pointer(unsafe.StringData(s)), len(s)-wordBytes)>>(8*(wordBytes-k)) | fill
	}
	b := unsafe.Slice(unsafe.StringData(s), len(s))
	if k >= 4 { // two halves that may overlap
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[k-4:]))<<(8*(k-4)) | fill
	}
	// First, middle and last, which may be the same.
	return uint64(b[0]) | uint64(b[k/2])<<(8*(k/2)) | uint64(b[k-1])<<(8*(k-1)) | fill
}

// notPlain has the highest bit of each byte set that must be escaped or is not ASCII, right up to the lowest
// such byte: a subtraction borrows only from bytes above.
func notPlain(w uint64) uint64 {
	return (belowSpaceOrQuote(w) | ((w ^ backslash) - ones) | w) & highBits
}

// special has the highest bit of each byte set that must be escaped, right up to the lowest such byte.
func special(w uint64) uint64 {
	b := w ^ backslash
	return (belowSpaceOrQuote(w)&^w | (b-ones)&^b) & highBits
}

// belowSpaceOrQuote sets the highest bit of ASCII bytes below a space, and of quotes: flipping one bit
// makes a quote a space and leaves what is below there, so that one comparison is enough.
func belowSpaceOrQuote(w uint64) uint64 { return (w ^ ('"'^' ')*ones) - (' '+1)*ones }

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
