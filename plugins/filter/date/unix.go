package date

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/pipeline/event"
)

var errNumber = errors.New("the value is not a number of seconds, milliseconds or TAI64N units")

// maxSeconds is the greatest number that UNIX takes, Logstash's limit: it tells seconds from milliseconds
// by mistake.
const maxSeconds = math.MaxInt32

// maxMillis is the greatest number that UNIX_MS takes: the last millisecond of the year 9999.
const maxMillis = 253402300799999

func appendNumber(dst []byte, v event.Value) []byte {
	if v.Kind() == event.Int {
		return strconv.AppendInt(dst, v.Int(), 10)
	}
	return strconv.AppendFloat(dst, v.Float(), 'f', -1, 64)
}

// parseDecimal reads a number of units since 1970. Seconds may have a fraction, of which nine digits count.
func parseDecimal(s string, unit time.Duration) (time.Time, error) {
	whole, frac, dot := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || dot && unit != time.Second {
		return time.Time{}, errNumber
	}
	if unit == time.Millisecond {
		if n > maxMillis || n < -maxMillis {
			return time.Time{}, errNumber
		}
		return time.UnixMilli(n).UTC(), nil
	}
	if n > maxSeconds || n < -maxMillis/1000 {
		return time.Time{}, errNumber
	}
	var ns int64
	scale := int64(time.Second)
	for i := range len(frac) {
		c := frac[i] - '0'
		if c > 9 {
			return time.Time{}, errNumber
		}
		scale /= 10
		ns += int64(c) * scale
	}
	if strings.HasPrefix(whole, "-") {
		ns = -ns
	}
	return time.Unix(n, ns).UTC(), nil
}

// The parts of a TAI64N label, https://cr.yp.to/libtai/tai64.html: 16 hexadecimal digits of seconds, counted
// from 2^62 at the beginning of 1970 TAI, and 8 of nanoseconds. Logstash takes TAI to be 10 seconds ahead of
// UTC, whatever leap seconds came later, and so do we.
const (
	taiSecondDigits = 16
	taiDigits       = taiSecondDigits + 8
	taiMask         = 1<<62 - 1
	taiAhead        = 10
)

func parseTAI64N(s string) (time.Time, error) {
	s = strings.TrimPrefix(s, "@")
	if len(s) < taiDigits {
		return time.Time{}, errNumber
	}
	sec, err := strconv.ParseUint(s[:taiSecondDigits], 16, 63)
	ns, nsErr := strconv.ParseUint(s[taiSecondDigits:taiDigits], 16, 31)
	sec &= taiMask
	if err != nil || nsErr != nil || sec > maxMillis/1000 || ns >= uint64(time.Second) {
		return time.Time{}, errNumber
	}
	return time.Unix(int64(sec)-taiAhead, int64(ns)).UTC(), nil
}
