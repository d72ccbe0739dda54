package event

import (
	"regexp"
	"testing"
	"time"
)

// obviousTime is AppendTime by the standard library.
func obviousTime(t time.Time) string {
	t = t.UTC()
	for _, f := range []struct {
		unit   int
		layout string
	}{{1e6, "2006-01-02T15:04:05.000Z"}, {1e3, "2006-01-02T15:04:05.000000Z"}} {
		if t.Nanosecond()%f.unit == 0 {
			return t.Format(f.layout)
		}
	}
	return t.Format("2006-01-02T15:04:05.000000000Z")
}

func FuzzAppendTime(f *testing.F) {
	for _, s := range []int64{0, -1, 951782400, 1767323045, 253402300799, 253402300800, -62135596800, -62167219200, -62167219201} {
		f.Add(s, int64(0))
		f.Add(s, int64(123e6))
		f.Add(s, int64(999999999))
		f.Add(s, int64(1000))
	}
	f.Fuzz(func(t *testing.T, seconds, ns int64) {
		const limit = 1 << 40 // some 35,000 years
		at := time.Unix(seconds%limit, ns%1e9).In(time.FixedZone("x", 7200))
		got, want := string(AppendTime([]byte(">"), at)), ">"+obviousTime(at)
		if got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if year := at.UTC().Year(); year < 0 || year > 9999 {
			return
		}
		if back, ok := ParseTime(got[1:]); !ok || !back.Equal(at) {
			t.Fatalf("%s reads back as %v, %v", got, back, ok)
		}
	})
}

// TestAppendTimeDays writes each day of four centuries.
func TestAppendTimeDays(t *testing.T) {
	at := time.Date(1799, 12, 31, 23, 59, 59, 999e6, time.UTC)
	for range 366 * 400 {
		if got, want := string(AppendTime(nil, at)), obviousTime(at); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		at = at.AddDate(0, 0, 1)
	}
}

func TestParseTime(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		got, ok := ParseTime(s)
		if !ok {
			t.Errorf("%s was refused", s)
			return
		}
		if text := got.Format(time.RFC3339Nano); text != want {
			t.Errorf("%s: got %s, want %s", s, text, want)
		}
	}
	f("2015-05-17T10:05:03Z", "2015-05-17T10:05:03Z")
	f("2015-05-17T10:05:03.5Z", "2015-05-17T10:05:03.5Z")
	f("2015-05-17T10:05:03,123Z", "2015-05-17T10:05:03.123Z")
	f("2015-05-17T10:05:03.123456789Z", "2015-05-17T10:05:03.123456789Z")
	f("2015-05-17T10:05:03", "2015-05-17T10:05:03Z")
	f("2015-05-17T10:05Z", "2015-05-17T10:05:00Z")
	f("2015-05-17T10:05:03+02:00", "2015-05-17T08:05:03Z")
	f("2015-05-17T10:05:03-0730", "2015-05-17T17:35:03Z")
	f("2015-05-17T10:05:03+02", "2015-05-17T08:05:03Z")
	f("2016-02-29T00:00:00Z", "2016-02-29T00:00:00Z")
	f("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z")

	for _, s := range []string{
		"", "bad", "2015-05-17", "2015-05-17 10:05:03", "2015-05-17T10", "2015-05-17T10:05:0", "2015-05-17T10:05:03.",
		"2015-05-17T10:05:03.1234567890Z", "2015-13-17T10:05:03Z", "2015-00-17T10:05:03Z", "2015-02-29T10:05:03Z",
		"2015-05-32T10:05:03Z", "2015-05-00T10:05:03Z", "2015-05-17T24:05:03Z", "2015-05-17T10:60:03Z", "2015-05-17T10:05:60Z",
		"2015-05-17T10:05:03z", "2015-05-17T10:05:03+", "2015-05-17T10:05:03+2", "2015-05-17T10:05:03+02:", "2015-05-17T10:05:03+02:60",
		"2015-05-17T10:05:03+19:00", "2015-05-17T10:05:03Zx", "15-05-17T10:05:03Z", "2015-5-17T10:05:03Z", "２015-05-17T10:05:03Z",
	} {
		if got, ok := ParseTime(s); ok {
			t.Errorf("%q was read as %v", s, got)
		}
	}
}

// FuzzParseTime compares with the standard library on all that both take. What it takes and we do not: zones
// that do not exist (+19:00, +00:60), hours of one digit, more than nine digits of a fraction.
func FuzzParseTime(f *testing.F) {
	f.Add("2015-05-17T10:05:03.123+02:00")
	f.Add("2015-05-17T10:05")
	f.Add("0000-01-01T00:00:00+00:60")
	strict := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d{1,9})?(Z|[+-](0\d|1[0-8]):[0-5]\d)$`)
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseTime(s)
		want, err := time.Parse(time.RFC3339Nano, s)
		if strict.MatchString(s) && (ok != (err == nil) || ok && !got.Equal(want)) {
			t.Errorf("%q: got %v, %v, want %v, %v", s, got, ok, want, err)
		}
	})
}
