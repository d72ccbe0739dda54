package joda

import "time"

// isoYearDigits is how many digits a year of an ISO 8601 date has. Joda takes up to nine, and so reads
// 20150517 as a year.
const isoYearDigits = 4

// The forms with a blank that Logstash's ISO8601 takes beside the standard's.
var casual = [...]*Format{ //nolint:gochecknoglobals // compiled tables, never written
	mustCompile("yyyy-MM-dd HH:mm:ss.SSSZ"),
	mustCompile("yyyy-MM-dd HH:mm:ss.SSS"),
	mustCompile("yyyy-MM-dd HH:mm:ss,SSSZ"),
	mustCompile("yyyy-MM-dd HH:mm:ss,SSS"),
}

func mustCompile(pattern string) *Format {
	f, err := Compile(pattern)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return f
}

// ParseISO returns the time, in UTC, of an ISO 8601 text as Logstash's date filter takes it: a calendar,
// ordinal or week date, then "T" with a time and an offset, each part optional from the right; or a date and
// a time with a blank between. Texts without an offset are in zone z; nil is the parser's own.
func (p *Parser) ParseISO(s string, observed time.Time, z *Zone) (time.Time, error) {
	if z == nil {
		z = p.zone
	}
	var d fields
	err := d.readISO(s)
	if err == nil {
		return d.resolve(observed, z)
	}
	for _, f := range casual {
		d = fields{}
		if p.read(f, s, observed, &d) == nil {
			return d.resolve(observed, z)
		}
	}
	return time.Time{}, err
}

func (d *fields) readISO(s string) error {
	n := 0
	if s != "" && s[0] != 'T' && s[0] != 't' {
		if n = d.isoDate(s); n == 0 {
			return ErrNoMatch
		}
	} else { // a time alone is of the first day of 1970
		d.year, d.yearBy, d.set = 1970, 'y', hasYear
	}
	if n == len(s) && n > 0 {
		return nil
	}
	if n >= len(s) || s[n] != 'T' && s[n] != 't' {
		return ErrNoMatch
	}
	n++
	k, ok := d.isoTime(s[n:])
	if !ok || n == 1 && k == 0 {
		return ErrNoMatch
	}
	n += k
	if n < len(s) {
		sec, k := offset(s[n:])
		if k == 0 || n+k != len(s) {
			return ErrNoMatch
		}
		d.offset, d.set = sec, d.set|hasOffset
	}
	return nil
}

// isoDate reads yyyy, yyyy-MM, yyyy-MM-dd, yyyy-DDD, yyyy-'W'ww or yyyy-'W'ww-e and returns its length.
func (d *fields) isoDate(s string) int {
	y, n := digits(s, isoYearDigits+1)
	if n == 0 || n > isoYearDigits {
		return 0
	}
	d.year, d.yearBy, d.set = y, 'y', hasYear
	if n+1 < len(s) && s[n] == '-' && (s[n+1] == 'W' || s[n+1] == 'w') {
		return d.isoWeek(s, n+2)
	}
	if n == len(s) || s[n] != '-' {
		return n
	}
	v, k := digits(s[n+1:], 3)
	switch k {
	case 0:
		return 0
	case 3:
		d.yday, d.set = v, d.set|hasYday
		return n + 1 + k
	}
	d.month, d.set = v, d.set|hasMonth
	n += 1 + k
	if n < len(s) && s[n] == '-' {
		if v, k = digits(s[n+1:], 2); k == 0 {
			return 0
		}
		d.day, d.set = v, d.set|hasDay
		n += 1 + k
	}
	return n
}

func (d *fields) isoWeek(s string, at int) int {
	v, k := digits(s[at:], 2)
	if k == 0 {
		return 0
	}
	d.week, d.yearBy, d.set = v, 'x', d.set|hasWeek
	at += k
	if at < len(s) && s[at] == '-' {
		if v, k = digits(s[at+1:], 1); k == 0 {
			return 0
		}
		d.wday, d.set = v, d.set|hasWday
		at += 1 + k
	}
	return at
}

// isoTime reads HH, HH:mm or HH:mm:ss, the last part with a fraction or without, and returns its length,
// 0 when there is no time.
func (d *fields) isoTime(s string) (int, bool) {
	var n int
	unit := int64(time.Hour)
	for i, to := range [...]*int{&d.hour, &d.minute, &d.second} {
		at := n
		if i > 0 {
			if at >= len(s) || s[at] != ':' {
				break
			}
			at++
			unit /= 60
		}
		v, k := digits(s[at:], 2)
		if k == 0 {
			return 0, i == 0
		}
		*to, n = v, at+k
	}
	if n > 0 && n < len(s) && (s[n] == '.' || s[n] == ',') {
		ns, k := isoFraction(s[n+1:], unit)
		if k == 0 {
			return 0, false
		}
		d.addFraction(ns)
		n += 1 + k
	}
	d.set |= hasHour
	return n, true
}

// maxFraction is how many digits a fraction may have.
const maxFraction = 9

// isoFraction reads a fraction of a unit of so many nanoseconds and returns it in nanoseconds.
func isoFraction(s string, unit int64) (ns int64, n int) {
	scale := int64(1)
	v := int64(0)
	for n < len(s) && n < maxFraction && s[n] >= '0' && s[n] <= '9' {
		v = v*10 + int64(s[n]-'0')
		scale *= 10
		n++
	}
	whole := unit / int64(time.Second) // the unit in seconds, so that nothing overflows
	return v*whole/scale*int64(time.Second) + v*whole%scale*int64(time.Second)/scale, n
}

// addFraction adds a part of the smallest unit that was read to the fields below it.
func (d *fields) addFraction(ns int64) {
	d.minute += int(ns / int64(time.Minute))
	d.second += int(ns % int64(time.Minute) / int64(time.Second))
	d.nano = int(ns % int64(time.Second))
}
