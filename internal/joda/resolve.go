package joda

import "time"

// Years that a time may have: what ISO 8601 writes with four digits.
const minYear, maxYear = 0, 9999

const (
	secondsPerDay  = 24 * 60 * 60
	secondsPerHour = 60 * 60

	yearSlack    = 24 * time.Hour // a time without a year may be so much later than its line was read
	daySlack     = time.Hour      // a time without a day
	maxOffset    = secondsPerDay  // no zone is so far from UTC
	leapYearSpan = 8              // the most years between two leap years, as around 1900 and 2100
)

// resolve turns the fields into a time in UTC.
func (d *fields) resolve(observed time.Time, z *Zone) (time.Time, error) {
	clock, err := d.clock()
	if err != nil {
		return time.Time{}, err
	}
	if d.zone != nil {
		z = d.zone
	}
	switch {
	case d.has(hasYear):
		if err := d.fixYear(); err != nil {
			return time.Time{}, err
		}
		days, err := d.days(d.year)
		if err != nil {
			return time.Time{}, err
		}
		return d.instant(days*secondsPerDay+clock, z)
	case observed.IsZero():
		return time.Time{}, ErrNoYear
	case d.has(hasDate):
		return d.nearestYear(clock, observed, z)
	default:
		return d.nearestDay(clock, observed, z)
	}
}

// clock returns the seconds since midnight.
func (d *fields) clock() (int64, error) {
	if d.hour > 23 || d.hour12 > 11 || d.minute > 59 || d.second > 59 {
		return 0, ErrRange
	}
	h := d.hour
	if d.has(hasHalf) && !d.has(hasHour) {
		h = d.half * 12
	}
	if d.has(hasHour12) {
		h = h/12*12 + d.hour12
	}
	return int64(h*secondsPerHour + d.minute*60 + d.second), nil
}

// fixYear applies the era, which counts only for a year of era (Y), and checks the range.
func (d *fields) fixYear() error {
	if d.yearBy == 'Y' {
		if d.year < 1 {
			return ErrRange
		}
		if d.has(hasEra) && d.era == 0 {
			d.year = 1 - d.year
		}
	}
	if d.year < minYear || d.year > maxYear {
		return ErrRange
	}
	return nil
}

// nearestYear finds the latest year for which the time is not more than a day after observed. The 29th of
// February looks for a leap year; a local time that does not exist in the year found is an error, not
// a reason for another year.
func (d *fields) nearestYear(clock int64, observed time.Time, z *Zone) (time.Time, error) {
	limit := observed.Add(yearSlack)
	last := limit.Year() + 1
	for y := last; y >= last-leapYearSpan-2; y-- {
		days, err := d.days(y)
		if err != nil {
			continue
		}
		local := days*secondsPerDay + clock
		if local-maxOffset > limit.Unix() {
			continue
		}
		t, err := d.instant(local, z)
		if err != nil || !t.After(limit) {
			return t, err
		}
	}
	return time.Time{}, ErrRange
}

// nearestDay finds the latest day on which the clock time is not more than an hour after observed.
func (d *fields) nearestDay(clock int64, observed time.Time, z *Zone) (time.Time, error) {
	limit := observed.Add(daySlack)
	day := limit.Unix()/secondsPerDay + 1
	for i := range int64(4) {
		t, err := d.instant((day-i)*secondsPerDay+clock, z)
		if err != nil || !t.After(limit) {
			return t, err
		}
	}
	return time.Time{}, ErrRange
}

// instant puts local seconds since 1970 into the text's zone.
func (d *fields) instant(local int64, z *Zone) (time.Time, error) {
	offset := int64(d.offset)
	if !d.has(hasOffset) {
		var ok bool
		if offset, ok = z.offset(local); !ok {
			return time.Time{}, ErrGap
		}
	}
	return time.Unix(local-offset, int64(d.nano)).UTC(), nil
}

// days returns the day in year y that the fields say, as days since 1970. Larger fields come first, and
// later ones move within what they found: so a weekday beside a day of the month moves within its week.
func (d *fields) days(y int) (int64, error) {
	var day int64
	switch {
	case d.has(hasWeek):
		var err error
		if day, err = d.weekStart(y); err != nil {
			return 0, err
		}
	case d.yearBy == 'x':
		day = firstWeek(y)
	default:
		day = civil(y, 1, 1)
	}
	if d.has(hasYday) {
		if d.yday < 1 || d.yday > yearDays(y) {
			return 0, ErrRange
		}
		day = civil(y, 1, 1) + int64(d.yday) - 1
	}
	if d.has(hasMonth | hasDay) {
		m, dd := 1, 1
		if d.has(hasMonth) {
			m = d.month
		}
		if d.has(hasDay) {
			dd = d.day
		}
		if m < 1 || m > 12 || dd < 1 || dd > monthDays(y, m) {
			return 0, ErrRange
		}
		day = civil(y, m, dd)
	}
	if d.has(hasWday) {
		if d.wday < 1 || d.wday > 7 {
			return 0, ErrRange
		}
		day = monday(day) + int64(d.wday) - 1
	}
	return day, nil
}

// weekStart returns the Monday of the week. With a calendar year (yyyy) it counts, as Joda does, in the
// week year of that year's first of January: the reason for the lint.
func (d *fields) weekStart(y int) (int64, error) {
	if d.yearBy != 'x' && civil(y, 1, 1) < firstWeek(y) {
		y--
	}
	first := firstWeek(y)
	day := first + int64(d.week-1)*7
	if d.week < 1 || day >= firstWeek(y+1) {
		return 0, ErrRange
	}
	return day, nil
}

// firstWeek returns the Monday of a year's first ISO week, the one with the 4th of January.
func firstWeek(y int) int64 { return monday(civil(y, 1, 4)) }

// monday returns the Monday of the day's week. 1970 began on a Thursday.
func monday(day int64) int64 {
	return day - ((day+3)%7+7)%7
}

// civil returns the days from 1970-01-01 to a day of the Gregorian calendar. The year is counted from
// March, so that the leap day is the last one.
func civil(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	inEra := y - era*400
	yday := (153*(m-3)+2)/5 + d - 1
	return int64(era)*146097 + int64(inEra*365+inEra/4-inEra/100+yday) - 719468
}

func leap(y int) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func yearDays(y int) int {
	if leap(y) {
		return 366
	}
	return 365
}

func monthDays(y, m int) int {
	switch m {
	case 2:
		if leap(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
