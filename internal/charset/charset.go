// Package charset turns text of named encodings into UTF-8.
//
// A Charset is read-only and may be used concurrently.
package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

// Charset is one encoding.
type Charset struct {
	name string
	enc  encoding.Encoding // nil for UTF-8
}

// UTF8 is the name of the encoding that needs no conversion.
const UTF8 = "UTF-8"

// alias gives the IANA name of encodings that Ruby, and so Logstash, calls otherwise.
func alias(name string) string {
	switch strings.ToUpper(name) {
	case "UTF8":
		return UTF8
	case "BINARY", "ASCII-8BIT": // beyond ASCII nothing is known of it
		return "US-ASCII"
	case "CP932", "WINDOWS-31J": // the library's Shift_JIS is Microsoft's
		return "Shift_JIS"
	case "CP936":
		return "GBK"
	}
	if number, ok := strings.CutPrefix(strings.ToLower(name), "cp125"); ok {
		return "windows-125" + number
	}
	return name
}

// Lookup returns the encoding with an IANA name ("ISO-8859-1", "Shift_JIS"), or one of the names that Ruby has
// for it ("CP1252"), in any case.
func Lookup(name string) (*Charset, error) {
	known := alias(name)
	if strings.EqualFold(known, UTF8) {
		return &Charset{name: name}, nil
	}
	enc, err := ianaindex.IANA.Encoding(known)
	if err != nil || enc == nil || enc == encoding.Replacement || strings.TrimSpace(name) != name { // nil: a name without an implementation
		return nil, fmt.Errorf("unknown charset %q: expected an IANA name such as UTF-8, ISO-8859-1 or Shift_JIS", name)
	}
	return &Charset{name, enc}, nil
}

// String returns the name by which the charset was asked for.
func (c *Charset) String() string { return c.name }

// Decode returns src as valid UTF-8: src itself where it is that already, else new memory. Bytes that
// the encoding does not know become U+FFFD.
func (c *Charset) Decode(src []byte) []byte {
	if c.enc == nil {
		s := unsafe.String(unsafe.SliceData(src), len(src))
		if utf8.ValidString(s) {
			return src
		}
		return repair(s)
	}
	out, err := c.enc.NewDecoder().Bytes(src)
	if err != nil { // an encoding that refuses what it does not know: nothing may be lost for that
		return bytes.ToValidUTF8(src, []byte(string(utf8.RuneError)))
	}
	return out
}

// Repair returns s with each byte that is not UTF-8 replaced by U+FFFD, and s itself where all are.
func Repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string(repair(s))
}

func repair(s string) []byte {
	out := make([]byte, 0, len(s)+len(s)/4)
	for _, r := range s { // gives U+FFFD for each bad byte
		out = utf8.AppendRune(out, r)
	}
	return out
}
