// Package joda formats and parses times by Joda-Time patterns, the language of Logstash's date options:
// yyyy-MM-dd'T'HH:mm:ss.SSSZ. The letters are those of org.joda.time.format.DateTimeFormat.
//
// Text is parsed as Joda does it: numbers may have fewer digits than letters, names are matched whole, in
// lower or in upper case, and the whole text must match. A text without a year gets one by the year rule
// (Parser.Parse). A Format is read-only after Compile and may be used concurrently; a Parser keeps the
// zones that it has met and belongs to one goroutine.
package joda

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Format is a compiled pattern.
type Format struct {
	pattern string
	ops     []op
	names   *locale // of months, days and the like, for parsing
}

// op is one run of a pattern letter, or literal text when letter is 0.
type op struct {
	letter byte
	n      int
	text   string
	max    int  // digits that parsing takes at most
	strict bool // a year of two digits that takes exactly two: another number follows at once
}

const letters = "GCYxweEyDMdaKhHkmsSzZ"

// Compile reads a pattern. An unknown letter or an open quote is an error that names its position.
func Compile(pattern string) (*Format, error) {
	f := &Format{pattern: pattern, names: &locales[0]}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			text, n, err := quoted(pattern[i:])
			if err != nil {
				return nil, fmt.Errorf("date pattern %q: %w", pattern, err)
			}
			f.literal(text)
			i += n
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if strings.IndexByte(letters, c) < 0 {
				return nil, fmt.Errorf("date pattern %q: unknown letter %q at %d; the letters are %s", pattern, c, i+1, letters)
			}
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			f.ops = append(f.ops, op{letter: c, n: n})
			i += n
		default:
			f.literal(pattern[i : i+1])
			i++
		}
	}
	f.plan()
	return f, nil
}

// quoted reads 'text' or ”, which stands for one quote, and returns its length.
func quoted(s string) (text string, n int, err error) {
	if strings.HasPrefix(s, "''") {
		return "'", 2, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		return b.String(), i + 1, nil
	}
	return "", 0, errors.New("quote not closed")
}

func (f *Format) literal(s string) {
	if n := len(f.ops); n > 0 && f.ops[n-1].letter == 0 {
		f.ops[n-1].text += s
		return
	}
	f.ops = append(f.ops, op{text: s})
}

// String returns the pattern.
func (f *Format) String() string { return f.pattern }

// Append appends t, in its own zone, with English names.
func (f *Format) Append(dst []byte, t time.Time) []byte {
	for _, o := range f.ops {
		if o.letter == 0 {
			dst = append(dst, o.text...)
			continue
		}
		dst = o.append(dst, t)
	}
	return dst
}

func (o op) append(dst []byte, t time.Time) []byte {
	switch o.letter {
	case 'G':
		return append(dst, "AD"...)
	case 'C':
		return pad(dst, t.Year()/100, o.n)
	case 'Y', 'y':
		return year(dst, t.Year(), o.n)
	case 'x':
		y, _ := t.ISOWeek()
		return year(dst, y, o.n)
	case 'w':
		_, w := t.ISOWeek()
		return pad(dst, w, o.n)
	case 'e':
		return pad(dst, (int(t.Weekday())+6)%7+1, o.n)
	case 'E':
		return name(dst, t.Weekday().String(), o.n)
	case 'D':
		return pad(dst, t.YearDay(), o.n)
	case 'M':
		if o.n >= 3 {
			return name(dst, t.Month().String(), o.n)
		}
		return pad(dst, int(t.Month()), o.n)
	case 'd':
		return pad(dst, t.Day(), o.n)
	case 'z', 'Z':
		return zone(dst, t, o)
	default:
		return o.appendClock(dst, t)
	}
}

func (o op) appendClock(dst []byte, t time.Time) []byte {
	switch o.letter {
	case 'a':
		if t.Hour() < 12 {
			return append(dst, "AM"...)
		}
		return append(dst, "PM"...)
	case 'K':
		return pad(dst, t.Hour()%12, o.n)
	case 'h':
		return pad(dst, (t.Hour()+11)%12+1, o.n)
	case 'H':
		return pad(dst, t.Hour(), o.n)
	case 'k':
		return pad(dst, (t.Hour()+23)%24+1, o.n)
	case 'm':
		return pad(dst, t.Minute(), o.n)
	case 's':
		return pad(dst, t.Second(), o.n)
	default: // S: a fraction, cut to n digits
		ns := t.Nanosecond()
		for i, unit := 0, 100_000_000; i < o.n; i++ {
			if unit == 0 {
				dst = append(dst, '0')
				continue
			}
			dst = append(dst, byte('0'+ns/unit%10))
			unit /= 10
		}
		return dst
	}
}

// year writes two digits for a pattern of two letters, else the whole year.
func year(dst []byte, y, n int) []byte {
	if n == 2 {
		return pad(dst, ((y%100)+100)%100, 2)
	}
	return pad(dst, y, n)
}

func name(dst []byte, s string, n int) []byte {
	if n < 4 {
		s = s[:3]
	}
	return append(dst, s...)
}

func zone(dst []byte, t time.Time, o op) []byte {
	zoneName, sec := t.Zone()
	switch {
	case o.letter == 'z':
		return append(dst, zoneName...)
	case o.n >= 3:
		return append(dst, t.Location().String()...)
	}
	sign := byte('+')
	if sec < 0 {
		sign, sec = '-', -sec
	}
	dst = pad(append(dst, sign), sec/3600, 2)
	if o.n == 2 {
		dst = append(dst, ':')
	}
	return pad(dst, sec/60%60, 2)
}

// pad appends v with at least n digits.
func pad(dst []byte, v, n int) []byte {
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	var digits [20]byte
	i := len(digits)
	for v > 0 || len(digits)-i < min(n, len(digits)) {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	if i == len(digits) {
		return append(dst, '0')
	}
	return append(dst, digits[i:]...)
}
