package json

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"sluice/internal/charset"
)

// MaxDepth is how deep objects and arrays may be nested: what Logstash's parser allows.
const MaxDepth = 1000

// Kind is the type of a JSON value.
type Kind uint8

// The kinds. An Int is a number without fraction and exponent that fits an int64; all others are Floats.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Array
	Object
)

// SyntaxError says where text is not JSON and what was expected there.
type SyntaxError struct {
	Offset   int    // in bytes from the start
	Found    string // the byte at Offset, quoted, or "end of text"
	Expected string
}

// Error returns the message.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: found %s, expected %s", e.Offset, e.Found, e.Expected)
}

// ErrDepth is the error of text that is nested deeper than MaxDepth.
var ErrDepth = errors.New("JSON is nested too deep: at most " + strconv.Itoa(MaxDepth) + " levels")

// Reader pulls values out of a JSON text. After Next has returned
//
//	Bool, Int, Float, String   the value is in the field of that name;
//	Array                      Element is to be called until it returns false, and Next after each true;
//	Object                     Key is to be called until it returns false, and Next after each true.
//
// End, at last, checks that nothing follows. After an error the Reader must not be used further.
//
// Strings share the memory of the text, which must not change any more, but for those with escapes.
type Reader struct {
	Bool  bool
	Int   int64
	Float float64 // ±Inf when the number is too large for it
	Str   string  // of a String, or the name that Key found

	src   string
	pos   int
	depth int
	first bool   // nothing was read yet of the array or object that was opened last
	spare []byte // room for strings that had escapes
}

// NewReader returns a Reader for src, which it keeps. Invalid UTF-8 in src is read as U+FFFD, one for each
// byte; offsets in errors are then those in the text so replaced.
func NewReader(src []byte) Reader {
	s := unsafe.String(unsafe.SliceData(src), len(src))
	return Reader{src: charset.Repair(s)}
}

// Next reads the next value, or the opening bracket of an array or object.
func (r *Reader) Next() (Kind, error) {
	r.space()
	if r.pos >= len(r.src) {
		return 0, r.fail("a value")
	}
	switch c := r.src[r.pos]; c {
	case '"':
		r.pos++
		var err error
		r.Str, err = r.str()
		return String, err
	case '{':
		return Object, r.open()
	case '[':
		return Array, r.open()
	case 't':
		r.Bool = true
		return Bool, r.literal("true")
	case 'f':
		r.Bool = false
		return Bool, r.literal("false")
	case 'n':
		return Null, r.literal("null")
	default:
		if c == '-' || isDigit(c) {
			return r.number()
		}
		return 0, r.fail("a value")
	}
}

// Element goes to the next element of an array; false says that the array has ended.
func (r *Reader) Element() (bool, error) {
	if r.first {
		r.first = false
		r.space()
		if r.at(']') {
			r.leave()
			return false, nil
		}
		return true, nil
	}
	return r.more(']', `"," or "]"`)
}

// Key goes to the next name of an object and puts it into Str; false says that the object has ended.
func (r *Reader) Key() (bool, error) {
	if r.first {
		r.first = false
		r.space()
		if r.at('}') {
			r.leave()
			return false, nil
		}
		return true, r.key(`a name in quotes or "}"`)
	}
	ok, err := r.more('}', `"," or "}"`)
	if !ok || err != nil {
		return false, err
	}
	r.space()
	return true, r.key("a name in quotes")
}

// End checks that nothing but white space follows.
func (r *Reader) End() error {
	r.space()
	if r.pos < len(r.src) {
		return r.fail("the end of the text")
	}
	return nil
}

// more reads a comma, or the bracket that closes what is open.
func (r *Reader) more(closing byte, expected string) (bool, error) {
	r.space()
	switch {
	case r.at(','):
		r.pos++
		return true, nil
	case r.at(closing):
		r.leave()
		return false, nil
	}
	return false, r.fail(expected)
}

func (r *Reader) key(expected string) error {
	if !r.at('"') {
		return r.fail(expected)
	}
	r.pos++
	var err error
	if r.Str, err = r.str(); err != nil {
		return err
	}
	if !r.at(':') {
		if r.space(); !r.at(':') {
			return r.fail(`":"`)
		}
	}
	r.pos++
	return nil
}

func (r *Reader) open() error {
	if r.depth == MaxDepth {
		return ErrDepth
	}
	r.depth++
	r.pos++
	r.first = true
	return nil
}

func (r *Reader) leave() {
	r.depth--
	r.pos++
}

func (r *Reader) at(c byte) bool { return r.pos < len(r.src) && r.src[r.pos] == c }

func (r *Reader) space() {
	for r.pos < len(r.src) && r.src[r.pos] <= ' ' {
		switch r.src[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

func (r *Reader) literal(word string) error {
	rest := r.src[r.pos:]
	if strings.HasPrefix(rest, word) {
		r.pos += len(word)
		return nil
	}
	for i := 0; i < len(rest) && rest[i] == word[i]; i++ {
		r.pos++
	}
	return r.fail(strconv.Quote(word))
}

func (r *Reader) fail(expected string) error {
	found := "end of text"
	if r.pos < len(r.src) {
		c, _ := utf8.DecodeRuneInString(r.src[r.pos:])
		found = strconv.Quote(string(c))
	}
	return &SyntaxError{r.pos, found, expected}
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// maxQuickDigits is how many digits cannot overflow an int64.
const maxQuickDigits = 18

func (r *Reader) number() (Kind, error) {
	start := r.pos
	if r.at('-') {
		r.pos++
	}
	first := r.pos
	var n int64
	for ; r.pos < len(r.src) && isDigit(r.src[r.pos]); r.pos++ {
		n = n*10 + int64(r.src[r.pos]-'0') // wraps when there are too many: then it is not used
	}
	digits := r.pos - first
	switch {
	case digits == 0:
		return 0, r.fail("a digit")
	case digits > 1 && r.src[first] == '0':
		r.pos = first + 1
		return 0, r.fail(`no digit after a leading "0"`)
	}
	whole, err := r.fraction()
	if err != nil {
		return 0, err
	}
	text := r.src[start:r.pos]
	if whole && digits <= maxQuickDigits {
		if r.Int = n; first > start {
			r.Int = -n
		}
		return Int, nil
	}
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			r.Int = n
			return Int, nil
		}
	}
	r.Float, _ = strconv.ParseFloat(text, 64) // the only error can be its range: then it is an infinity
	return Float, nil
}

// fraction reads what may follow the digits of a number and reports whether nothing did.
func (r *Reader) fraction() (whole bool, err error) {
	whole = true
	if r.at('.') {
		whole = false
		r.pos++
		if err := r.digits(); err != nil {
			return false, err
		}
	}
	if r.at('e') || r.at('E') {
		whole = false
		r.pos++
		if r.at('+') || r.at('-') {
			r.pos++
		}
		if err := r.digits(); err != nil {
			return false, err
		}
	}
	return whole, nil
}

func (r *Reader) digits() error {
	start := r.pos
	for r.pos < len(r.src) && isDigit(r.src[r.pos]) {
		r.pos++
	}
	if r.pos == start {
		return r.fail("a digit")
	}
	return nil
}

// str reads the rest of a string whose opening quote was read.
func (r *Reader) str() (string, error) {
	end := r.plain(r.pos)
	if end < len(r.src) && r.src[end] == '"' {
		s := r.src[r.pos:end]
		r.pos = end + 1
		return s, nil
	}
	return r.strSlow(end)
}

// plain returns the place of the first byte from i on that ends a string, begins an escape or must not
// stand in a string.
func (r *Reader) plain(i int) int {
	p := unsafe.Pointer(unsafe.StringData(r.src))
	for ; i <= len(r.src)-wordBytes; i += wordBytes {
		if m := special(load(p, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(r.src) && r.src[i] != '"' && r.src[i] != '\\' && r.src[i] >= ' ' {
		i++
	}
	return i
}

// spareBytes is how much room for strings with escapes is taken at once.
const spareBytes = 1024

// strSlow reads a string that has escapes or is bad; its first special byte is at end.
func (r *Reader) strSlow(end int) (string, error) {
	out := r.spare
	if need := end - r.pos + utf8.UTFMax; cap(out) < need {
		out = make([]byte, 0, max(need, min(len(r.src)-r.pos, spareBytes)))
	}
	for {
		out = append(out, r.src[r.pos:end]...)
		r.pos = end
		switch {
		case r.at('"'):
			r.pos++
			s := unsafe.String(unsafe.SliceData(out), len(out))
			r.spare = out[len(out):]
			return s, nil
		case !r.at('\\'):
			return "", r.fail("a character of a string or its closing quote")
		}
		var err error
		if out, err = r.escape(out); err != nil {
			return "", err
		}
		end = r.plain(r.pos)
	}
}

const expectedEscape = `one of "\/bfnrtu after a backslash`

// escape reads one escape and appends what it stands for.
func (r *Reader) escape(out []byte) ([]byte, error) {
	r.pos++
	if r.pos >= len(r.src) {
		return nil, r.fail(expectedEscape)
	}
	c := r.src[r.pos]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r.pos++
		u, err := r.unicode()
		return utf8.AppendRune(out, u), err
	default:
		return nil, r.fail(expectedEscape)
	}
	r.pos++
	return append(out, c), nil
}

// Halves of a pair that stands for one character beyond U+FFFF.
const (
	highHalf, lowHalf, endOfHalves = 0xD800, 0xDC00, 0xE000
	beyond                         = 0x10000
)

// unicode reads the digits of a \u escape, and those of the second half of a pair. A half without the
// other is read as U+FFFD.
func (r *Reader) unicode() (rune, error) {
	u, err := r.hex4()
	if err != nil || u < highHalf || u >= endOfHalves {
		return u, err
	}
	if u >= lowHalf || !strings.HasPrefix(r.src[r.pos:], `\u`) {
		return utf8.RuneError, nil
	}
	after := r.pos
	r.pos += 2
	low, err := r.hex4()
	if err != nil {
		return 0, err
	}
	if low < lowHalf || low >= endOfHalves {
		r.pos = after // it stands for itself
		return utf8.RuneError, nil
	}
	return (u-highHalf)<<10 | (low - lowHalf) + beyond, nil
}

func (r *Reader) hex4() (rune, error) {
	var u rune
	for range 4 {
		var c byte
		if r.pos < len(r.src) {
			c = r.src[r.pos]
		}
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, r.fail("four hexadecimal digits")
		}
		u = u<<4 | rune(c)
		r.pos++
	}
	return u, nil
}
