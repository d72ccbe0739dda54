package event

import "time"

// AppendTime appends t as ISO 8601 in UTC with milliseconds, and with micro- or nanoseconds only where t
// has them.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 { // more digits, or a sign
		return append(t.AppendFormat(dst, "2006-01-02T15:04:05"), fraction(t)...)
	}
	hour, minute, second := t.Clock()
	n := len(dst)
	dst = append(dst, "0000-00-00T00:00:00.000Z"...)
	b := dst[n : n+len("0000-00-00T00:00:00.000Z")] // written in place: to copy single bytes again would stall
	two(b[0:2], year/100)
	two(b[2:4], year%100)
	two(b[5:7], int(month))
	two(b[8:10], day)
	two(b[11:13], hour)
	two(b[14:16], minute)
	two(b[17:19], second)
	ns := t.Nanosecond()
	if ns%1_000_000 != 0 {
		return append(dst[:n+19], fraction(t)...)
	}
	ms := ns / 1_000_000
	two(b[20:22], ms/10)
	b[22] = byte('0' + ms%10)
	return dst
}

// two writes n, 0 to 99, as two digits.
func two(b []byte, n int) {
	_ = b[1]
	b[0], b[1] = byte('0'+n/10), byte('0'+n%10)
}

// fraction returns the fraction of a second of t with 3, 6 or 9 digits, and the Z.
func fraction(t time.Time) string {
	switch ns := t.Nanosecond(); {
	case ns%1_000_000 == 0:
		return t.Format(".000Z")
	case ns%1_000 == 0:
		return t.Format(".000000Z")
	default:
		return t.Format(".000000000Z")
	}
}

// ParseTime reads an ISO 8601 time as Logstash does for @timestamp: 2015-05-17T10:05:03.123Z, with a dot or
// a comma before a fraction of 1 to 9 digits, seconds that may be missing, and Z, +hh, +hhmm, +hh:mm or
// nothing (UTC) as zone. It reports whether s is one.
func ParseTime(s string) (time.Time, bool) {
	c := clock{rest: s, ok: true}
	year := c.digits(4)
	c.skip("-")
	month := c.digits(2)
	c.skip("-")
	day := c.digits(2)
	c.skip("T")
	hour := c.digits(2)
	c.skip(":")
	minute := c.digits(2)
	var second, ns int
	if c.peek() == ':' {
		c.skip(":")
		second = c.digits(2)
		if c.peek() == '.' || c.peek() == ',' {
			ns = c.fraction()
		}
	}
	offset := c.zone()
	if !c.ok || c.rest != "" || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, ns, time.UTC)
	if t.Day() != day { // a day that the month has not
		return time.Time{}, false
	}
	return t.Add(-time.Duration(offset) * time.Minute), true
}

// clock reads the parts of a time; ok turns false at the first that is not there.
type clock struct {
	rest string
	ok   bool
}

func (c *clock) peek() byte {
	if c.rest == "" {
		return 0
	}
	return c.rest[0]
}

func (c *clock) skip(text string) {
	if len(c.rest) < len(text) || c.rest[:len(text)] != text {
		c.ok = false
		return
	}
	c.rest = c.rest[len(text):]
}

func (c *clock) digits(n int) int {
	if len(c.rest) < n {
		c.ok = false
		return 0
	}
	v := 0
	for _, d := range []byte(c.rest[:n]) {
		if d < '0' || d > '9' {
			c.ok = false
			return 0
		}
		v = v*10 + int(d-'0')
	}
	c.rest = c.rest[n:]
	return v
}

// fraction reads a dot or comma and 1 to 9 digits as nanoseconds.
func (c *clock) fraction() int {
	c.rest = c.rest[1:]
	n := 0
	for n < len(c.rest) && c.rest[n] >= '0' && c.rest[n] <= '9' {
		n++
	}
	if n == 0 || n > 9 {
		c.ok = false
		return 0
	}
	ns := c.digits(n)
	for ; n < 9; n++ {
		ns *= 10
	}
	return ns
}

// zone reads a zone and returns how many minutes it is east of UTC.
func (c *clock) zone() int {
	sign := 1
	switch c.peek() {
	case 0:
		return 0
	case 'Z':
		c.skip("Z")
		return 0
	case '-':
		sign = -1
	case '+':
	default:
		c.ok = false
		return 0
	}
	c.rest = c.rest[1:]
	hours := c.digits(2)
	minutes := 0
	if c.rest != "" {
		if c.peek() == ':' {
			c.skip(":")
		}
		minutes = c.digits(2)
	}
	if hours > 18 || minutes > 59 { // no zone is further from UTC
		c.ok = false
	}
	return sign * (hours*60 + minutes)
}
