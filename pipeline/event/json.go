package event

import (
	"math"
	"strconv"
	"time"

	"sluice/internal/json"
)

// AppendJSON appends the event as one JSON object: @timestamp when it has one, then the fields.
// Meta is left out.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if !e.Time.IsZero() {
		dst = append(dst, `"@timestamp":"`...)
		dst = AppendTime(dst, e.Time)
		dst = append(dst, '"')
		if len(e.Fields) > 0 {
			dst = append(dst, ',')
		}
	}
	return append(e.Fields.appendInner(dst), '}')
}

// AppendJSON appends the fields as one JSON object.
func (f Fields) AppendJSON(dst []byte) []byte {
	return append(f.appendInner(append(dst, '{')), '}')
}

func (f Fields) appendInner(dst []byte) []byte {
	for i := range f {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = json.AppendString(dst, f[i].Name)
		dst = append(dst, ':')
		dst = f[i].Value.AppendJSON(dst)
	}
	return dst
}

// AppendJSON appends the value as JSON. Numbers that JSON cannot express (NaN, infinities) become null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.Kind() {
	case String:
		return json.AppendString(dst, v.Str())
	case Int:
		return strconv.AppendInt(dst, v.Int(), 10)
	case Float:
		return appendFloat(dst, v.Float())
	case Bool:
		return strconv.AppendBool(dst, v.Bool())
	case Time:
		dst = append(dst, '"')
		dst = AppendTime(dst, v.Time())
		return append(dst, '"')
	case List:
		dst = append(dst, '[')
		for i, x := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	case Map:
		return v.Map().AppendJSON(dst)
	default:
		return append(dst, "null"...)
	}
}

func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	for _, c := range dst[n:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...) // so that a float stays one for who reads it
}

// AppendTime appends t as ISO 8601 in UTC with milliseconds, and more digits only where t has them.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	switch ns := t.Nanosecond(); {
	case ns%1_000_000 == 0:
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000Z")
	case ns%1_000 == 0:
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	default:
		return t.AppendFormat(dst, "2006-01-02T15:04:05.000000000Z")
	}
}
