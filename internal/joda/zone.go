package joda

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Zone is a time zone with the stretch of local time looked up last, since the lines of a log lie close
// together. It belongs to one goroutine.
type Zone struct {
	loc      *time.Location
	from, to int64 // local seconds since 1970 from which, and up to which, off holds
	off      int64 // seconds east of UTC
}

// NewZone returns the zone of a location; nil is UTC.
func NewZone(loc *time.Location) *Zone {
	if loc == nil {
		loc = time.UTC
	}
	return &Zone{loc: loc, from: math.MaxInt64, to: math.MinInt64}
}

// offset returns the seconds east of UTC at a local time. Of a time that came twice when the clocks went
// back it is the earlier one; false says that the time never was.
func (z *Zone) offset(local int64) (int64, bool) {
	if local >= z.from && local < z.to {
		return z.off, true
	}
	return z.offsetSlow(local)
}

// offsetSlow goes through the stretches of equal offset around the time, the earliest first.
func (z *Zone) offsetSlow(local int64) (int64, bool) {
	for u := local - maxOffset; ; {
		t := time.Unix(u, 0).In(z.loc)
		_, seconds := t.Zone()
		off := int64(seconds)
		start, end := t.ZoneBounds()
		from, to := int64(math.MinInt64), int64(math.MaxInt64)
		if !start.IsZero() {
			_, before := start.Add(-time.Second).Zone()
			from = start.Unix() + max(off, int64(before))
		}
		if !end.IsZero() {
			to = end.Unix() + off
		}
		if local < from {
			return 0, false
		}
		if local < to {
			z.from, z.to, z.off = from, to, off
			return off, true
		}
		u = end.Unix()
	}
}

// maxZones bounds the zones that a parser keeps, names that are none included.
const maxZones = 1024

// Zone returns the zone of a name: Europe/Paris, UTC, +02:00. Names that are not zones are remembered too.
func (p *Parser) Zone(name string) (*Zone, bool) {
	z, known := p.zones[name]
	if !known {
		if len(p.zones) >= maxZones {
			clear(p.zones)
		}
		if loc, err := LoadZone(name); err == nil {
			z = NewZone(loc)
		}
		p.zones[strings.Clone(name)] = z // the name may point into a block of lines
	}
	return z, z != nil
}

// LoadZone returns the location of a zone's name, as the option timezone takes it: a name of the zone
// database or an offset such as +02:00.
func LoadZone(name string) (*time.Location, error) {
	if name != "" && (name[0] == '+' || name[0] == '-') {
		if sec, n := offset(name); n == len(name) {
			return time.FixedZone(name, sec), nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fmt.Errorf("unknown time zone %q; expected a name such as Europe/Paris or UTC, or an offset such as +02:00", name)
	}
	return loc, nil
}

// readZone reads an offset (Z, ZZ), a zone's id (ZZZ) or an abbreviation (z).
func (p *Parser) readZone(o *op, s string, d *fields) int {
	switch {
	case o.letter == 'z':
		for _, a := range abbreviations {
			if strings.HasPrefix(s, a.name) {
				d.zone, _ = p.Zone(a.id)
				return len(a.name)
			}
		}
		return 0
	case o.n >= 3:
		z, n := p.longestZone(s)
		d.zone = z
		return n
	}
	sec, n := offset(s)
	if n > 0 {
		d.offset, d.set = sec, d.set|hasOffset
	}
	return n
}

// abbreviations are the zone names that Joda parses; a longer one stands before a shorter one that
// begins it.
var abbreviations = [...]struct{ name, id string }{ //nolint:gochecknoglobals // a table, never written
	{"UTC", "UTC"},
	{"UT", "UTC"},
	{"GMT", "UTC"},
	{"EST", "America/New_York"},
	{"EDT", "America/New_York"},
	{"CST", "America/Chicago"},
	{"CDT", "America/Chicago"},
	{"MST", "America/Denver"},
	{"MDT", "America/Denver"},
	{"PST", "America/Los_Angeles"},
	{"PDT", "America/Los_Angeles"},
}

// maxZoneName is the length of the longest name in the zone database,
// America/Argentina/ComodRivadavia.
const maxZoneName = 32

// longestZone reads the longest zone id that s begins with, ending where a word ends.
func (p *Parser) longestZone(s string) (*Zone, int) {
	end := 0
	for end < len(s) && end < maxZoneName && (isAlnum(s[end]) || strings.IndexByte("/_+-", s[end]) >= 0) {
		end++
	}
	if end == 0 || !isAlnum(s[0]) {
		return nil, 0
	}
	for n := end; n > 0; n-- {
		if n < end && isAlnum(s[n]) {
			continue
		}
		if z, ok := p.Zone(s[:n]); ok {
			return z, n
		}
	}
	return nil, 0
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// offset reads Z, +hh, +hhmm, +hh:mm, with seconds and a fraction after either, and returns the seconds
// east of UTC and the length, 0 when there is none.
func offset(s string) (sec, n int) {
	if s == "" {
		return 0, 0
	}
	sign := 1
	switch s[0] {
	case 'Z', 'z':
		return 0, 1
	case '+':
	case '-':
		sign = -1
	default:
		return 0, 0
	}
	h, k := digits(s[1:], 2)
	if k < 2 || h > 23 {
		return 0, 0
	}
	sec, n = h*secondsPerHour, 3
	colon := n < len(s) && s[n] == ':'
	for _, unit := range [...]int{60, 1} {
		at := n
		if colon {
			if at >= len(s) || s[at] != ':' {
				return sign * sec, n
			}
			at++
		}
		v, k := digits(s[at:], 2)
		if k == 0 && !colon {
			return sign * sec, n
		}
		if k < 2 || v > 59 {
			return 0, 0
		}
		sec += v * unit
		n = at + 2
	}
	return sign * sec, n
}
