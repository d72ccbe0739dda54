package grok

import (
	"strconv"
	"strings"

	"sluice/pipeline/event"
)

// converterOf returns what makes a value of a capture's text, or nil where it is kept as a text: an unknown type
// does that, too.
func converterOf(typ string) func(string) event.Value {
	switch typ {
	case "int":
		return toInt
	case "float":
		return toFloat
	}
	return nil
}

// number returns the part of s that Ruby's to_i and to_f take for a number: white space in front is skipped,
// digits may have single underscores between them, and what follows is ignored.
func number(s string, float bool) string {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	i, ok := digits(s, i)
	if !ok {
		return "0"
	}
	if !float {
		return strings.ReplaceAll(s[:i], "_", "")
	}
	if i < len(s) && s[i] == '.' {
		if end, ok := digits(s, i+1); ok {
			i = end
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		start := i + 1
		if start < len(s) && (s[start] == '+' || s[start] == '-') {
			start++
		}
		if end, ok := digits(s, start); ok {
			i = end
		}
	}
	return strings.ReplaceAll(s[:i], "_", "")
}

// digits returns where the digits that begin at i end, and whether there are any.
func digits(s string, i int) (int, bool) {
	start := i
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '_' && i > start && s[i-1] != '_') {
		i++
	}
	if i > start && s[i-1] == '_' {
		i--
	}
	return i, i > start
}

// toInt converts as Ruby's to_i. A number beyond 64 bits becomes a float of the same size.
func toInt(s string) event.Value {
	n := number(s, false)
	if i, err := strconv.ParseInt(n, 10, 64); err == nil {
		return event.IntOf(i)
	}
	return toFloat(n)
}

// toFloat converts as Ruby's to_f.
func toFloat(s string) event.Value {
	n := number(s, true)
	if strings.HasPrefix(strings.TrimLeft(s, " \t\n\v\f\r+-"), ".") { // ".5"; Ruby 3.4 and JRuby take it for 0.5
		n = leadingPoint(s)
	}
	f, _ := strconv.ParseFloat(n, 64) // out of range gives an infinity, as in Ruby
	return event.FloatOf(f)
}

// leadingPoint is number for a text whose digits begin with the point.
func leadingPoint(s string) string {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	sign := ""
	if s[0] == '-' {
		sign = "-"
	}
	return sign + number("0"+strings.TrimLeft(s, "+-"), true)
}
