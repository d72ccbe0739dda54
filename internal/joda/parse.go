package joda

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The reasons for which a text is no time of a format. They carry no details, so that failing costs nothing.
var (
	ErrNoMatch = errors.New("the text does not have the pattern's form")
	ErrRange   = errors.New("a part of the text is out of its range")
	ErrGap     = errors.New("the local time was skipped when the clocks went forward")
	ErrNoYear  = errors.New("the text has no year and there is no time to take it from")
)

// maxYearDigits is how many digits a year may have that no other number follows, as in Joda; maxDigits bounds
// numbers whose pattern has more letters than a number can have digits.
const maxYearDigits, maxDigits = 9, 18

// plan works out for parsing how many digits each number may take.
func (f *Format) plan() {
	for i := range f.ops {
		o := &f.ops[i]
		numberNext := i+1 < len(f.ops) && f.ops[i+1].numeric()
		switch o.letter {
		case 'x', 'y', 'Y':
			o.max, o.strict = maxYearDigits, o.n == 2 && numberNext
			if numberNext {
				o.max = min(o.n, maxDigits)
			}
		case 'C':
			o.max = min(o.n, maxDigits)
		case 'S':
			o.max = o.n
		case 'e':
			o.max = 1
		case 'D':
			o.max = 3
		default:
			o.max = 2
		}
	}
}

// numeric reports whether the text of o begins with a digit.
func (o op) numeric() bool {
	switch o.letter {
	case 'M':
		return o.n <= 2
	case 'C', 'x', 'y', 'Y', 'd', 'h', 'H', 'k', 'K', 'm', 's', 'S', 'e', 'D', 'w':
		return true
	}
	return false
}

// CompileParse is Compile for a format that is to parse text with the names of a locale ("en", "de-CH";
// "" is English). It refuses what cannot be parsed: long zone names (zzzz), and names of an unknown locale.
func CompileParse(pattern, tag string) (*Format, error) {
	f, err := Compile(pattern)
	if err != nil {
		return nil, err
	}
	if len(f.ops) == 0 {
		return nil, errors.New("the date pattern is empty")
	}
	names := false
	for _, o := range f.ops {
		if o.letter == 'z' && o.n >= 4 {
			return nil, fmt.Errorf("date pattern %q: long zone names (zzzz) cannot be parsed; use z for EST, PDT and the like, ZZZ for Europe/Paris", pattern)
		}
		names = names || strings.IndexByte("EaG", o.letter) >= 0 && o.letter != 0 || o.letter == 'M' && o.n >= 3
	}
	l, ok := localeOf(tag)
	if !ok && names {
		return nil, fmt.Errorf("date pattern %q: names of locale %q are not known; the locales are %s", pattern, tag, localeTags)
	}
	if ok {
		f.names = l
	}
	return f, nil
}

// fields is what was read of a text. A zero bit of set means that the field was not there.
type fields struct {
	set     uint32
	yearBy  byte // the letter that gave the year: y, Y or x; the last one counts
	year    int
	era     int // 0 is BC
	century int
	month   int
	day     int
	yday    int
	week    int
	wday    int // 1 is Monday
	half    int // 0 is AM
	hour    int // of the day, 0 to 23
	hour12  int // of the half day, 0 to 11
	minute  int
	second  int
	nano    int
	offset  int // seconds east of UTC
	zone    *Zone
}

const (
	hasYear = 1 << iota
	hasEra
	hasCentury
	hasMonth
	hasDay
	hasYday
	hasWeek
	hasWday
	hasHalf
	hasHour
	hasHour12
	hasOffset
)

// hasDate is what tells a day.
const hasDate = hasYear | hasCentury | hasMonth | hasDay | hasYday | hasWeek | hasWday

func (d *fields) has(bits uint32) bool { return d.set&bits != 0 }

// Parser parses text into times. It keeps the zones that it has met, so each lane has its own.
type Parser struct {
	zone  *Zone // of texts that name none
	zones map[string]*Zone
}

// NewParser returns a parser for texts that are in loc where they name no zone.
func NewParser(loc *time.Location) *Parser {
	return &Parser{zone: NewZone(loc), zones: map[string]*Zone{}}
}

// Parse returns the time, in UTC, that s says in format f. Texts without a zone are in zone z; nil is
// the parser's own.
//
// A text without a year gets the latest year that puts it not more than a day after observed, the time at
// which the line was first read; a text with neither year, month nor day gets the latest day that puts it
// not more than an hour after. Years of two digits are those from 80 years before observed to 19 years after.
func (p *Parser) Parse(f *Format, s string, observed time.Time, z *Zone) (time.Time, error) {
	var d fields
	if err := p.read(f, s, observed, &d); err != nil {
		return time.Time{}, err
	}
	if z == nil {
		z = p.zone
	}
	return d.resolve(observed, z)
}

// read fills d from s.
func (p *Parser) read(f *Format, s string, observed time.Time, d *fields) error {
	pos := 0
	for i := range f.ops {
		o := &f.ops[i]
		var n int
		switch o.letter {
		case 0:
			if !hasPrefix(s[pos:], o.text) {
				return ErrNoMatch
			}
			n = len(o.text)
		case 'y', 'Y', 'x':
			n = d.readYear(o, s[pos:], observed)
		case 'M':
			n = d.readMonth(o, f.names, s[pos:])
		case 'E', 'a', 'G':
			n = d.readName(o.letter, f.names, s[pos:])
		case 'S':
			d.nano, n = fraction(s[pos:], o.max)
		case 'Z', 'z':
			n = p.readZone(o, s[pos:], d)
		default:
			n = d.readNumber(o, s[pos:])
		}
		if n <= 0 {
			return ErrNoMatch
		}
		pos += n
	}
	if pos != len(s) {
		return ErrNoMatch
	}
	return nil
}

// hasPrefix is strings.HasPrefix without regard to the case of ASCII letters, as Joda compares literals.
func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && (s[:len(prefix)] == prefix || strings.EqualFold(s[:len(prefix)], prefix))
}

// digits reads up to most digits of s and returns their value and how many there were.
func digits(s string, most int) (v, n int) {
	for n < len(s) && n < most {
		c := s[n] - '0'
		if c > 9 {
			break
		}
		v = v*10 + int(c)
		n++
	}
	return v, n
}

// fraction reads up to most digits of a fraction of a second, in nanoseconds; digits beyond the ninth are
// read and forgotten.
func fraction(s string, most int) (ns, n int) {
	unit := 100_000_000
	for n < len(s) && n < most {
		c := s[n] - '0'
		if c > 9 {
			break
		}
		ns += int(c) * unit
		unit /= 10
		n++
	}
	return ns, n
}

func (d *fields) readNumber(o *op, s string) int {
	sign := 0
	if o.letter == 'C' && len(s) > 1 && (s[0] == '+' || s[0] == '-') {
		sign = 1
	}
	v, n := digits(s[sign:], o.max)
	if n == 0 {
		return 0
	}
	switch o.letter {
	case 'C':
		if sign == 1 && s[0] == '-' {
			v = -v
		}
		d.century, d.set = v, d.set|hasCentury
	case 'd':
		d.day, d.set = v, d.set|hasDay
	case 'D':
		d.yday, d.set = v, d.set|hasYday
	case 'w':
		d.week, d.set = v, d.set|hasWeek
	case 'e':
		d.wday, d.set = v, d.set|hasWday
	default:
		d.setClock(o.letter, v)
	}
	return sign + n
}

// outOfRange is a value that no clock field can have.
const outOfRange = 99

func (d *fields) setClock(letter byte, v int) {
	switch letter {
	case 'H':
		d.hour, d.set = v, d.set|hasHour
	case 'k': // 1 to 24, where 24 is midnight
		if v == 0 || v > 24 {
			v = outOfRange
		}
		d.hour, d.set = v, d.set|hasHour
		if v == 24 {
			d.hour = 0
		}
	case 'K':
		d.hour12, d.set = v, d.set|hasHour12
	case 'h': // 1 to 12, where 12 is 0
		if v == 0 || v > 12 {
			v = outOfRange
		}
		d.hour12, d.set = v, d.set|hasHour12
		if v == 12 {
			d.hour12 = 0
		}
	case 'm':
		d.minute = v
	case 's':
		d.second = v
	}
}

func (d *fields) readMonth(o *op, l *locale, s string) int {
	if o.n >= 3 {
		v, n := l.months.find(s)
		d.month, d.set = v, d.set|hasMonth
		return n
	}
	v, n := digits(s, 2)
	d.month, d.set = v, d.set|hasMonth
	return n
}

func (d *fields) readName(letter byte, l *locale, s string) int {
	var n int
	switch letter {
	case 'E':
		d.wday, n = l.days.find(s)
		d.set |= hasWday
	case 'a':
		d.half, n = l.halves.find(s)
		d.set |= hasHalf
	default:
		d.era, n = l.eras.find(s)
		d.set |= hasEra
	}
	return n
}

// readYear reads a year. Two letters mean two digits around observed, but any other number of digits is
// taken as it is, unless a number follows at once.
func (d *fields) readYear(o *op, s string, observed time.Time) int {
	if o.n == 2 {
		return d.readShortYear(o, s, observed)
	}
	sign := 0
	if o.letter != 'Y' && len(s) > 1 && (s[0] == '+' || s[0] == '-') {
		sign = 1
	}
	v, n := digits(s[sign:], o.max)
	if n == 0 {
		return 0
	}
	if sign == 1 && s[0] == '-' {
		v = -v
	}
	d.year, d.yearBy, d.set = v, o.letter, d.set|hasYear
	return sign + n
}

func (d *fields) readShortYear(o *op, s string, observed time.Time) int {
	sign := 0
	if !o.strict && len(s) > 1 && (s[0] == '+' || s[0] == '-') {
		sign = 1
	}
	most := maxYearDigits
	if o.strict {
		most = 2
	}
	v, n := digits(s[sign:], most)
	switch {
	case n == 0 || o.strict && n < 2:
		return 0
	case sign == 1 && s[0] == '-':
		v = -v
	case sign == 0 && n == 2:
		v = around(v, observed)
	}
	d.year, d.yearBy, d.set = v, o.letter, d.set|hasYear
	return sign + n
}

// Joda's pivot for years of two digits: the century around the year thirty years ago.
const pivotYears, halfCentury = 30, 50

// around returns the year that ends in the two digits of v and lies from 80 years before to 19 years
// after observed.
func around(v int, observed time.Time) int {
	low := observed.Year() - pivotYears - halfCentury
	return low + ((v-low)%100+100)%100
}
