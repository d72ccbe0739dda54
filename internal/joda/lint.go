package joda

import "strings"

// Lint returns what is doubtful about a pattern, a sentence for each slip; parse says that it reads
// text, not writes it.
func Lint(pattern string, parse bool) []string {
	f, err := Compile(pattern)
	if err != nil {
		return nil
	}
	n := map[byte]int{}
	minuteBeforeHour := false
	for _, o := range f.ops {
		if o.letter == 'm' && n['H']+n['h']+n['k']+n['K'] == 0 {
			minuteBeforeHour = true
		}
		n[o.letter] = max(n[o.letter], o.n)
	}
	var w []string
	if n['D'] > 0 && (n['M'] > 0 || n['D'] == 2) {
		w = append(w, `"D" is the day of the year; the day of the month is "d"`)
	}
	if n['Y']+n['y'] > 0 && n['w'] > 0 {
		w = append(w, `"w" counts the weeks of the week year "x"; with "y" or "Y" days around New Year get a wrong date`)
	}
	if n['x'] > 0 && n['M'] > 0 {
		w = append(w, `"x" is the year of ISO weeks; the year of a month is "y"`)
	}
	if (n['h'] > 0 || n['K'] > 0) && n['a'] == 0 {
		w = append(w, `"h" and "K" are hours of half a day and need "a" (AM or PM); hours from 0 to 23 are "H"`)
	}
	if minuteBeforeHour && n['M'] == 0 && (n['y']+n['Y']+n['d'] > 0) {
		w = append(w, `"m" is the minute; the month is "M"`)
	}
	if n['S'] > 0 && n['s'] == 0 {
		w = append(w, `"S" is a fraction of a second; the second is "s"`)
	}
	if parse && !strings.ContainsAny(letterSet(n), "yYxCMdDweE") {
		w = append(w, "the pattern has no day: the day on which the line was first read is used")
	}
	return w
}

func letterSet(n map[byte]int) string {
	var b strings.Builder
	for c := range n {
		if c != 0 {
			b.WriteByte(c)
		}
	}
	return b.String()
}
