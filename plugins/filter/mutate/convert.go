package mutate

import (
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/pipeline/event"
)

// conversion is a type that convert knows: f reports whether the value could be converted.
type conversion struct {
	name string
	f    func(event.Value) (event.Value, bool)
}

var conversions = []conversion{ //nolint:gochecknoglobals // a table, never written
	{"integer", toInteger},
	{"float", toFloat},
	{"string", toText},
	{"boolean", toBoolean},
	{"integer_eu", func(v event.Value) (event.Value, bool) { return toInteger(fromEU(v)) }},
	{"float_eu", func(v event.Value) (event.Value, bool) { return toFloat(fromEU(v)) }},
}

// convertOp converts a field's value, or the elements of its list. Maps and nulls stay as they are.
type convertOp struct {
	path event.Path
	f    func(event.Value) (event.Value, bool)
}

func (o *convertOp) apply(e *event.Event, _ *scratch) bool {
	v, ok := o.path.Get(e)
	if !ok {
		return true
	}
	switch v.Kind() {
	case event.Null, event.Map:
		return true
	case event.List:
		items := make([]event.Value, len(v.List()))
		for i, x := range v.List() {
			if items[i] = x; x.IsNull() {
				continue
			}
			if items[i], ok = o.f(x); !ok {
				return false
			}
		}
		return o.path.Set(e, event.ListOf(items...)) == nil
	}
	out, ok := o.f(v)
	if !ok || out.Same(v) {
		return ok
	}
	return o.path.Set(e, out) == nil
}

// toInteger cuts fractions off. Text may have white space around it, a sign, commas and single underscores
// between digits, a fraction or 0x; a number beyond 64 bits becomes a float of the same size.
func toInteger(v event.Value) (event.Value, bool) {
	switch v.Kind() {
	case event.Int:
		return v, true
	case event.Float:
		return truncate(v.Float())
	case event.Bool:
		if v.Bool() {
			return event.IntOf(1), true
		}
		return event.IntOf(0), true
	case event.Time:
		return event.IntOf(v.Time().Unix()), true
	case event.String:
		return textToInteger(plainNumber(v.Str()))
	default:
		return v, false
	}
}

func textToInteger(s string) (event.Value, bool) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return event.IntOf(i), true
	}
	f, ok := parseFloat(s)
	switch {
	case !ok:
		return event.Value{}, false
	case isHex(s):
		if i, err := strconv.ParseInt(s, 0, 64); err == nil {
			return event.IntOf(i), true
		}
		return truncate(f)
	case strings.Contains(s, "."):
		return truncate(f)
	case strings.Contains(s, "e"): // 1e3 without a point is no integer in Ruby
		return event.Value{}, false
	default:
		return truncate(f)
	}
}

// truncate cuts a fraction off. What has more than 64 bits stays a float.
func truncate(f float64) (event.Value, bool) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return event.Value{}, false
	case f >= -(1<<63) && f < 1<<63:
		return event.IntOf(int64(f)), true
	default:
		return event.FloatOf(f), true
	}
}

func toFloat(v event.Value) (event.Value, bool) {
	switch v.Kind() {
	case event.Float:
		return v, true
	case event.Int:
		return event.FloatOf(float64(v.Int())), true
	case event.Bool:
		if v.Bool() {
			return event.FloatOf(1), true
		}
		return event.FloatOf(0), true
	case event.Time:
		return event.FloatOf(float64(v.Time().UnixMicro()) / float64(time.Second/time.Microsecond)), true
	case event.String:
		f, ok := parseFloat(plainNumber(v.Str()))
		return event.FloatOf(f), ok
	default:
		return v, false
	}
}

func toText(v event.Value) (event.Value, bool) {
	if v.Kind() == event.String {
		return v, true
	}
	return event.BytesOf(v.AppendRuby(nil)), true
}

// toBoolean leaves what is neither true nor false as it is, which is no failure.
func toBoolean(v event.Value) (event.Value, bool) {
	s, ok := v.AsString()
	if !ok {
		switch v.Kind() {
		case event.Int:
			switch v.Int() {
			case 1:
				return event.BoolOf(true), true
			case 0:
				return event.BoolOf(false), true
			}
		case event.Float:
			switch v.Float() {
			case 1:
				return event.BoolOf(true), true
			case 0:
				return event.BoolOf(false), true
			}
		}
		return v, true
	}
	for _, word := range [...]string{"true", "t", "yes", "y", "1", "1.0"} {
		if strings.EqualFold(s, word) {
			return event.BoolOf(true), true
		}
	}
	for _, word := range [...]string{"false", "f", "no", "n", "0", "0.0", ""} {
		if strings.EqualFold(s, word) {
			return event.BoolOf(false), true
		}
	}
	return v, true
}

// fromEU swaps points and commas.
func fromEU(v event.Value) event.Value {
	s, ok := v.AsString()
	if !ok || !strings.ContainsAny(s, ".,") {
		return v
	}
	b := []byte(s)
	for i, c := range b {
		switch c {
		case '.':
			b[i] = ','
		case ',':
			b[i] = '.'
		}
	}
	return event.BytesOf(b)
}

// plainNumber takes away white space around s and commas, and puts letters in lower case.
func plainNumber(s string) string {
	s = strings.TrimFunc(s, isSpace)
	if strings.IndexByte(s, ',') >= 0 {
		s = strings.ReplaceAll(s, ",", "")
	}
	return strings.ToLower(s)
}

func isHex(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, "+-"), "0x")
}

// parseFloat reads a number as Ruby's Float() does: digits on both sides of the point where there is one
// (but ".5" is fine), underscores only between digits, an exponent, or 0x.
func parseFloat(s string) (float64, bool) {
	body := s
	if s != "" && (s[0] == '+' || s[0] == '-') {
		body = s[1:]
	}
	if strings.HasPrefix(body, "0x") {
		return parseHex(s, body[2:])
	}
	if !isDecimal(body) {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, err == nil
}

func parseHex(s, digits string) (float64, bool) {
	u, err := strconv.ParseUint(digits, 16, 64)
	if err != nil {
		return 0, false
	}
	f := float64(u)
	if s[0] == '-' {
		f = -f
	}
	return f, true
}

// isDecimal reports whether s is digits, an optional point with digits, and an optional exponent.
func isDecimal(s string) bool {
	rest, ok := takeDigits(s)
	if !ok && (s == "" || s[0] != '.') {
		return false
	}
	if rest != "" && rest[0] == '.' {
		if rest, ok = takeDigits(rest[1:]); !ok {
			return false
		}
	}
	if rest != "" && rest[0] == 'e' {
		rest = rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if rest, ok = takeDigits(rest); !ok {
			return false
		}
	}
	return rest == ""
}

// takeDigits takes digits with single underscores between them from the front of s.
func takeDigits(s string) (rest string, ok bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '_' && i > 0 && s[i-1] != '_') {
		i++
	}
	if i == 0 || s[i-1] == '_' {
		return s, false
	}
	return s[i:], true
}
