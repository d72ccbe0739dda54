package event

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"

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
		dst = json.AppendName(dst, f[i].Name)
		dst = f[i].Value.AppendJSON(dst)
	}
	return dst
}

// AppendJSON appends the value as JSON. Floats are written as Logstash does; NaN, for which JSON has
// nothing, becomes null, and an infinity a number (1e999) that reads back as one.
func (v Value) AppendJSON(dst []byte) []byte {
	switch r := v.ref.(type) {
	case stringPtr:
		return json.AppendString(dst, unsafe.String((*byte)(r), int(v.num)))
	case Kind:
		switch r {
		case Int:
			return json.AppendInt(dst, v.Int())
		case Float:
			return appendFloat(dst, v.Float())
		case Bool:
			return strconv.AppendBool(dst, v.Bool())
		}
	case listPtr:
		dst = append(dst, '[')
		for i, x := range v.List() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = x.AppendJSON(dst)
		}
		return append(dst, ']')
	case *Fields:
		return r.AppendJSON(dst)
	}
	if v.Kind() == Time {
		dst = append(dst, '"')
		dst = AppendTime(dst, v.Time())
		return append(dst, '"')
	}
	return append(dst, "null"...)
}

// Limits outside of which a float is written with an exponent, as Java does.
const minPlain, maxPlain = 1e-3, 1e7

// appendFloat appends f as Java writes it, and so Logstash: 12.7, 1.0, 1.0E20. Infinities are written as a
// number that reads back as one; JSON has nothing for NaN.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "null"...)
	case math.IsInf(f, 1):
		return append(dst, "1e999"...)
	case math.IsInf(f, -1):
		return append(dst, "-1e999"...)
	}
	start := len(dst)
	if a := math.Abs(f); a == 0 || a >= minPlain && a < maxPlain {
		return withPoint(strconv.AppendFloat(dst, f, 'f', -1, 64), start) // so that a float stays one for who reads it
	}
	var room [32]byte
	digits, exponent, _ := bytes.Cut(strconv.AppendFloat(room[:0], f, 'e', -1, 64), []byte{'e'})
	dst = append(withPoint(append(dst, digits...), start), 'E')
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	return append(dst, bytes.TrimLeft(exponent, "+-0")...)
}
