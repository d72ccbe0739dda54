package joda

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var observed = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func location(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := LoadZone(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func TestParse(t *testing.T) {
	f := func(pattern, text, want string) {
		t.Helper()
		format, err := CompileParse(pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewParser(nil).Parse(format, text, observed, nil)
		s := got.Format(time.RFC3339Nano)
		if err != nil {
			s = err.Error()
		}
		if s != want {
			t.Errorf("Parse(%q, %q) = %s, want %s", pattern, text, s, want)
		}
	}
	noMatch, outOfRange := ErrNoMatch.Error(), ErrRange.Error()

	f("dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 -0730", "2015-05-17T17:35:03Z")
	f("dd/MMM/yyyy:HH:mm:ss Z", "7/MAY/2015:1:5:3 z", "2015-05-07T01:05:03Z")
	f("dd/MMM/yyyy:HH:mm:ss Z", "17/mAy/2015:10:05:03 +0000", noMatch)
	f("dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 +0000 ", noMatch)
	f("dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03", noMatch)
	f("dd/MMM/yyyy:HH:mm:ss Z", "", noMatch)
	f("dd MMM yyyy", "17 December 2015", "2015-12-17T00:00:00Z")

	f("yyyyMMddHHmmssSSS", "20150517100503123", "2015-05-17T10:05:03.123Z")
	f("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "2015-05-17 10:05:03.123456789", "2015-05-17T10:05:03.123456789Z")
	f("yyyy-MM-dd HH:mm:ss.SSS", "2015-05-17 10:05:03.1234", noMatch)
	f("yyyy-MM-dd", "-0001-01-01", outOfRange)
	f("yyyy-MM-dd", "12015-01-01", outOfRange)
	f("yyyy-MM-dd", "+2015-01-01", "2015-01-01T00:00:00Z")
	f("yyyy-MM-dd", "2015-02-29", outOfRange)
	f("yyyy-MM-dd", "2016-02-29", "2016-02-29T00:00:00Z")
	f("yyyy-MM-dd", "2016-13-01", outOfRange)
	f("yyyy-MM-dd", "2016-00-01", outOfRange)
	f("yyyy-MM-dd HH:mm:ss", "2016-01-01 24:00:00", outOfRange)
	f("yyyy-MM-dd HH:mm:ss", "2016-01-01 23:59:60", outOfRange)
	f("yyyy-MM-dd kk", "2016-01-01 24", "2016-01-01T00:00:00Z")
	f("yyyy-MM-dd kk", "2016-01-01 0", outOfRange)
	f("yyyy-MM-dd hh a", "2016-01-01 12 pm", "2016-01-01T12:00:00Z")
	f("yyyy-MM-dd KK a", "2016-01-01 11 PM", "2016-01-01T23:00:00Z")
	f("yyyy-MM-dd hh a", "2016-01-01 13 pm", outOfRange)

	f("yy-MM-dd", "46-01-01", "1946-01-01T00:00:00Z")
	f("yy-MM-dd", "45-01-01", "2045-01-01T00:00:00Z")
	f("yy-MM-dd", "15-01-01", "2015-01-01T00:00:00Z")
	f("yyMMdd", "150517", "2015-05-17T00:00:00Z")
	f("yyMMdd", "1505", noMatch)
	f("yy-MM-dd", "115-01-01", "0115-01-01T00:00:00Z")

	f("yyyy-DDD", "2016-366", "2016-12-31T00:00:00Z")
	f("yyyy-DDD", "2015-366", outOfRange)
	f("xxxx-'W'ww-e", "2015-W20-7", "2015-05-17T00:00:00Z")
	f("xxxx-'W'ww-e", "2020-W53-5", "2021-01-01T00:00:00Z")
	f("xxxx-'W'ww-e", "2019-W53-5", outOfRange)
	f("xxxx-'W'ww-e", "2019-W01-8", outOfRange)
	f("EEE MMM dd yyyy", "Mon May 17 2015", "2015-05-11T00:00:00Z")
	f("YYYY G", "1 BC", "0000-01-01T00:00:00Z")
	f("YYYY G", "2015 AD", "2015-01-01T00:00:00Z")
	f("yyyy G", "2015 bce", "2015-01-01T00:00:00Z")

	f("yyyy-MM-dd HH z", "2015-05-17 10 PST", "2015-05-17T17:00:00Z")
	f("yyyy-MM-dd HH z", "2015-05-17 10 CEST", noMatch)
	f("yyyy-MM-dd HH ZZZ", "2015-05-17 10 Europe/Berlin", "2015-05-17T08:00:00Z")
	f("yyyy-MM-dd HH ZZZ", "2015-05-17 10 Etc/GMT+5", "2015-05-17T15:00:00Z")
	f("yyyy-MM-dd HH ZZZ", "2015-05-17 10 Local", noMatch)
	f("yyyy-MM-dd HH ZZZ", "2015-05-17 10 ../../etc/passwd", noMatch)
	f("yyyy-MM-dd HH ZZZ'-x'", "2015-05-17 10 UTC-x", "2015-05-17T10:00:00Z")
	f("yyyy Z", "2015 +02", "2014-12-31T22:00:00Z")
	f("yyyy Z", "2015 +02:30:15", "2014-12-31T21:29:45Z")
	f("yyyy Z", "2015 +2", noMatch)
	f("yyyy Z", "2015 +0260", noMatch)
	f("yyyy Z", "2015 +24", noMatch)
	f("yyyy Z", "2015 +02:", noMatch)
}

func TestYearRule(t *testing.T) {
	f := func(pattern, text, observed, want string) {
		t.Helper()
		format, err := CompileParse(pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, observed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewParser(location(t, "America/New_York")).Parse(format, text, now, nil)
		s := got.Format(time.RFC3339)
		if err != nil {
			s = err.Error()
		}
		if s != want {
			t.Errorf("Parse(%q, %q) at %s = %s, want %s", pattern, text, observed, s, want)
		}
	}
	syslog := "MMM dd HH:mm:ss"
	f(syslog, "Dec 31 23:59:59", "2026-01-01T06:00:00Z", "2026-01-01T04:59:59Z")
	f(syslog, "Jan 1 00:00:00", "2025-12-31T23:00:00Z", "2026-01-01T05:00:00Z") // a clock that is ahead
	f(syslog, "Jan 2 00:00:00", "2025-12-31T23:00:00Z", "2025-01-02T05:00:00Z") // too far ahead
	f(syslog, "Mar 1 07:00:00", "2026-03-01T11:59:59Z", "2026-03-01T12:00:00Z")
	f(syslog, "Mar 2 07:00:00", "2026-03-01T11:59:59Z", "2025-03-02T12:00:00Z")
	f(syslog, "Feb 29 12:00:00", "2026-03-01T12:00:00Z", "2024-02-29T17:00:00Z")
	f(syslog, "Feb 29 12:00:00", "2103-03-01T12:00:00Z", "2096-02-29T17:00:00Z") // 2100 is no leap year
	f(syslog, "Feb 30 12:00:00", "2026-03-01T12:00:00Z", ErrRange.Error())
	f(syslog, "Mar 8 02:30:00", "2015-05-01T00:00:00Z", ErrGap.Error())
	f("MM-dd HH:mm Z", "12-31 23:00 -0500", "2026-01-01T06:00:00Z", "2026-01-01T04:00:00Z")

	f("HH:mm:ss", "23:59:59", "2026-03-02T05:00:30Z", "2026-03-02T04:59:59Z")
	f("HH:mm:ss", "00:00:10", "2026-03-02T04:59:59Z", "2026-03-02T05:00:10Z")
	f("HH:mm:ss", "02:00:00", "2026-03-02T05:00:30Z", "2026-03-01T07:00:00Z")

	format, err := Compile(syslog)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewParser(nil).Parse(format, "Dec 31 23:59:59", time.Time{}, nil); !errors.Is(err, ErrNoYear) {
		t.Errorf("without a reference: %v", err)
	}
}

func TestParseISO(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := NewParser(nil).ParseISO(text, observed, NewZone(location(t, "+02:00")))
		s := got.Format(time.RFC3339Nano)
		if err != nil {
			s = "error"
		}
		if s != want {
			t.Errorf("ParseISO(%q) = %s, want %s", text, s, want)
		}
	}
	f("2015-05-17T10:05:03.123Z", "2015-05-17T10:05:03.123Z")
	f("2015-05-17T10:05:03.123456789Z", "2015-05-17T10:05:03.123456789Z")
	f("2015-05-17T10:05:03,5+01:00", "2015-05-17T09:05:03.5Z")
	f("2015-05-17T10:05:03+0100", "2015-05-17T09:05:03Z")
	f("2015-05-17T10:05:03", "2015-05-17T08:05:03Z")
	f("2015-05-17T10:05", "2015-05-17T08:05:00Z")
	f("2015-05-17T10.5", "2015-05-17T08:30:00Z")
	f("2015-05-17T10:05.25Z", "2015-05-17T10:05:15Z")
	f("2015-05-17T", "2015-05-16T22:00:00Z")
	f("2015-05-17TZ", "2015-05-17T00:00:00Z")
	f("2015-05-17", "2015-05-16T22:00:00Z")
	f("2015-05", "2015-04-30T22:00:00Z")
	f("2015", "2014-12-31T22:00:00Z")
	f("2015-137", "2015-05-16T22:00:00Z")
	f("2015-W20-7", "2015-05-16T22:00:00Z")
	f("2015-W20", "2015-05-10T22:00:00Z")
	f("T10:05:03Z", "1970-01-01T10:05:03Z")
	f("2015-05-17 10:05:03.123", "2015-05-17T08:05:03.123Z")
	f("2015-05-17 10:05:03,123+0000", "2015-05-17T10:05:03.123Z")
	for _, bad := range []string{
		"", "T", "20150517", "2015-", "2015-05-", "2015-W", "2015-W20-", "2015-05-17X", "2015-05-17Z",
		"2015-05-17T10:", "2015-05-17T10:05:03.", "2015-05-17T10:05:03Zx", "2015-02-30T00:00:00Z", "2015-05-17T25:00", "x",
	} {
		f(bad, "error")
	}
}

func TestLocales(t *testing.T) {
	f := func(tag, pattern, text, want string) {
		t.Helper()
		format, err := CompileParse(pattern, tag)
		if err != nil {
			t.Fatal(err)
		}
		got, err := NewParser(nil).Parse(format, text, observed, nil)
		s := got.Format(time.DateOnly)
		if err != nil {
			s = "error"
		}
		if s != want {
			t.Errorf("%s: Parse(%q, %q) = %s, want %s", tag, pattern, text, s, want)
		}
	}
	f("de", "dd MMM yyyy", "17 März 2015", "2015-03-17")
	f("de-AT", "dd MMM yyyy", "17 dez. 2015", "2015-12-17")
	f("de", "dd MMM yyyy", "17 May 2015", "error")
	f("fr_FR", "EEEE dd MMMM yyyy", "dimanche 17 mai 2015", "2015-05-17")
	f("fr", "EEE dd MMM yyyy", "DIM. 1 FÉVR. 2015", "2015-02-01")
	f("es", "dd MMM yyyy", "17 ene. 2015", "2015-01-17")
	f("it", "dd MMM yyyy", "17 giugno 2015", "2015-06-17")
	f("pt-BR", "dd MMM yyyy", "17 mai. 2015", "2015-05-17")
	f("nl", "dd MMM yyyy", "17 mrt. 2015", "2015-03-17")
	f("ja", "yyyy-MM-dd", "2015-05-17", "2015-05-17")
	if _, err := CompileParse("dd MMM yyyy", "ja"); err == nil || !strings.Contains(err.Error(), `locale "ja"`) {
		t.Errorf("names of an unknown locale: %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	f := func(pattern, want string) {
		t.Helper()
		_, err := CompileParse(pattern, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CompileParse(%q): %v, want %q", pattern, err, want)
		}
	}
	f("yyyy-MM-ddTHH", `unknown letter 'T' at 11`)
	f("yyyy 'x", "quote not closed")
	f("yyyy zzzz", "cannot be parsed")
	f("", "empty")
}

func TestLint(t *testing.T) {
	f := func(pattern string, want string) {
		t.Helper()
		got := strings.Join(Lint(pattern, true), "|")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("Lint(%q) = %q, want %q", pattern, got, want)
		}
	}
	f("dd/MMM/yyyy:HH:mm:ss Z", "")
	f("yyyy-DDD", "")
	f("YYYY.MM.dd", "")
	f("hh:mm a dd MM", "")
	f("xxxx-'W'ww-e", "")
	f("yyyy-MM-DD", "day of the year")
	f("YYYY-'W'ww", "week year")
	f("xxxx-MM-dd", "ISO weeks")
	f("yyyy-MM-dd hh:mm", `need "a"`)
	f("yyyy-mm-dd", `"m" is the minute`)
	f("yyyy-MM-dd HH:mm:SS", "fraction of a second")
	f("HH:mm:ss", "no day")
}

// TestZoneOffsets compares the remembered stretches with the rule itself, tried over every second offset
// that the zone has around the time.
func TestZoneOffsets(t *testing.T) {
	slow := func(loc *time.Location, local int64) (int64, bool) {
		best, found := int64(0), false
		for _, near := range []int64{-30, -3, 0, 3, 30} {
			_, s := time.Unix(local+near*3600, 0).In(loc).Zone()
			off := int64(s)
			if _, is := time.Unix(local-off, 0).In(loc).Zone(); int64(is) == off && (!found || off > best) {
				best, found = off, true // the greater offset is the earlier instant
			}
		}
		return best, found
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "America/St_Johns"} {
		loc := location(t, name)
		z := NewZone(loc)
		for range 20_000 {
			local := r.Int64N(60 * 366 * secondsPerDay)
			if r.IntN(2) == 0 { // close to a change of the clocks
				_, end := time.Unix(local, 0).In(loc).ZoneBounds()
				if end.IsZero() {
					continue
				}
				local = end.Unix() + r.Int64N(6*3600) - 3*3600 + int64(offsetAt(end, loc))
			}
			got, ok := z.offset(local)
			want, wantOK := slow(loc, local)
			if ok != wantOK || ok && got != want {
				t.Fatalf("%s: offset of local %s = %d %v, want %d %v", name, time.Unix(local, 0).UTC(), got, ok, want, wantOK)
			}
		}
	}
}

func offsetAt(t time.Time, loc *time.Location) int {
	_, s := t.In(loc).Zone()
	return s
}

func TestCivil(t *testing.T) {
	for y := -500; y < 3000; y++ {
		for m := 1; m <= 12; m++ {
			first := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC)
			if got, want := civil(y, m, 1), first.Unix()/secondsPerDay; got != want {
				t.Fatalf("civil(%d, %d, 1) = %d, want %d", y, m, got, want)
			}
			if got, want := monthDays(y, m), first.AddDate(0, 1, -1).Day(); got != want {
				t.Fatalf("monthDays(%d, %d) = %d, want %d", y, m, got, want)
			}
		}
	}
}

func TestZoneNamesAreBounded(t *testing.T) {
	p := NewParser(nil)
	for i := range 3 * maxZones {
		p.Zone("No/Zone" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)))
	}
	if len(p.zones) > maxZones {
		t.Errorf("%d zones are kept, the bound is %d", len(p.zones), maxZones)
	}
}

// FuzzRoundTrip: what a format writes, it reads.
func FuzzRoundTrip(f *testing.F) {
	formats := []string{
		"dd/MMM/yyyy:HH:mm:ss.SSSSSSSSS Z", "yyyy-DDD kk:mm:ss.SSSSSSSSS ZZ", "xxxx-'W'ww-e hh:mm:ss.SSSSSSSSS a Z",
		"EEEE, dd MMMM yyyy K:m:s.SSSSSSSSS a Z", "yyyyMMddHHmmssSSSSSSSSSZ",
	}
	compiled := make([]*Format, len(formats))
	for i, p := range formats {
		compiled[i] = mustCompile(p)
	}
	f.Add(int64(1431857103), uint32(123456789), int16(-450))
	f.Add(int64(253402300799), uint32(0), int16(0))
	f.Fuzz(func(t *testing.T, sec int64, ns uint32, minutes int16) {
		want := time.Unix(sec, int64(ns%1e9)).In(time.FixedZone("", int(minutes)%1440*60))
		if y, _ := want.ISOWeek(); want.Year() < 1 || want.Year() > maxYear || y > maxYear {
			return // outside the years that have a form
		}
		p := NewParser(nil)
		for _, format := range compiled {
			text := string(format.Append(nil, want))
			got, err := p.Parse(format, text, observed, nil)
			if err != nil || !got.Equal(want) {
				t.Fatalf("%s: %q gives %v, %v; want %v", format, text, got, err, want)
			}
		}
		text := want.Format("2006-01-02T15:04:05.999999999Z07:00")
		if got, err := p.ParseISO(text, observed, nil); err != nil || !got.Equal(want) {
			t.Fatalf("ISO %q gives %v, %v; want %v", text, got, err, want)
		}
	})
}

// FuzzParse: no text makes parsing panic or give a year without four digits.
func FuzzParse(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "2015-05-17T10:05:03.123+02:00")
	f.Add("EEE, dd MMM yy hh:mm a z", "Sun, 17 May 15 10:05 PM EST")
	f.Add("xxxx ww e D C G k ZZZ", "2015 20 7 1 20 AD 24 Europe/Berlin")
	p := NewParser(time.UTC)
	f.Fuzz(func(t *testing.T, pattern, text string) {
		format, err := CompileParse(pattern, "")
		if err != nil {
			return
		}
		got, err := p.Parse(format, text, observed, nil)
		if err == nil && (got.Year() < minYear-1 || got.Year() > maxYear+1) {
			t.Fatalf("Parse(%q, %q) = %v", pattern, text, got)
		}
		Lint(pattern, true)
		_, _ = p.ParseISO(text, observed, nil)
	})
}

func TestNoAllocations(t *testing.T) {
	p := NewParser(location(t, "Europe/Berlin"))
	f := func(pattern, text string) {
		t.Helper()
		format := mustCompile(pattern)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := p.Parse(format, text, observed, nil); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("Parse(%q): %v allocations", pattern, n)
		}
	}
	f("dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 +0000")
	f("MMM dd HH:mm:ss", "May 17 10:05:03")
	f("yyyy-MM-dd HH:mm:ss ZZZ", "2015-05-17 10:05:03 Europe/Paris")
}

func BenchmarkParse(b *testing.B) {
	run := func(pattern, text string) {
		b.Run(pattern, func(b *testing.B) {
			p := NewParser(location(b, "Europe/Berlin"))
			format := mustCompile(pattern)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(format, text, observed, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("dd/MMM/yyyy:HH:mm:ss Z", "17/May/2015:10:05:03 +0000")
	run("MMM dd HH:mm:ss", "May 17 10:05:03")
	run("yyyy-MM-dd HH:mm:ss,SSS", "2015-05-17 10:05:03,123")
	b.Run("ISO8601", func(b *testing.B) {
		p := NewParser(nil)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.ParseISO("2015-05-17T10:05:03.123Z", observed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
