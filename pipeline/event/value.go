package event

import (
	"math"
	"time"
	"unsafe"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of a Value. Null is the kind of the zero Value.
const (
	Null Kind = iota
	String
	Int
	Float
	Bool
	Time
	List
	Map
)

// String returns the kind's name as error messages use it.
func (k Kind) String() string {
	return [...]string{"null", "string", "integer", "float", "boolean", "timestamp", "list", "map"}[k]
}

// Value is one field's value: 24 bytes, and no allocation for strings, numbers, booleans and times.
// The zero Value is null. A Value is immutable but for lists and maps, whose elements are shared by
// copies of the Value; Clone makes an independent one. Not safe for concurrent change.
type Value struct {
	num uint64 // an integer's, float's or boolean's bits, a time's nanoseconds, a string's or list's length
	ref any    // the kind of a number, or a pointer whose type tells the kind (as log/slog does)
}

type (
	stringPtr *byte
	listPtr   *Value
)

// StringOf returns s as a Value.
func StringOf(s string) Value {
	return Value{uint64(len(s)), stringPtr(unsafe.StringData(s))}
}

// BytesOf returns b as a string Value without copying: the caller must never change b again.
func BytesOf(b []byte) Value {
	return Value{uint64(len(b)), stringPtr(unsafe.SliceData(b))}
}

// IntOf returns i as a Value.
func IntOf(i int64) Value { return Value{uint64(i), Int} }

// FloatOf returns f as a Value.
func FloatOf(f float64) Value { return Value{math.Float64bits(f), Float} }

// BoolOf returns b as a Value.
func BoolOf(b bool) Value {
	if b {
		return Value{1, Bool}
	}
	return Value{0, Bool}
}

// Years whose times fit 64 bits of nanoseconds, with a margin.
const minNanoYear, maxNanoYear = 1679, 2261

// TimeOf returns t, in UTC, as a Value. Times outside the years 1679 to 2261 cost an allocation.
func TimeOf(t time.Time) Value {
	t = t.UTC()
	if y := t.Year(); y < minNanoYear || y > maxNanoYear {
		return Value{0, t}
	}
	return Value{uint64(t.UnixNano()), Time}
}

// ListOf returns a list of the given values; it keeps items, which the caller must not change.
func ListOf(items ...Value) Value {
	return Value{uint64(len(items)), listPtr(unsafe.SliceData(items))}
}

// MapOf returns a map Value that shares f with the caller.
func MapOf(f *Fields) Value { return Value{0, f} }

// Kind returns the value's kind.
func (v Value) Kind() Kind {
	switch r := v.ref.(type) {
	case stringPtr:
		return String
	case Kind:
		return r
	case *Fields:
		return Map
	case listPtr:
		return List
	case time.Time:
		return Time
	}
	return Null
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.ref == nil }

// Str returns a string's text, and "" for any other kind.
func (v Value) Str() string {
	if p, ok := v.ref.(stringPtr); ok {
		return unsafe.String((*byte)(p), int(v.num))
	}
	return ""
}

// AsString returns a string's text and whether v is a string.
func (v Value) AsString() (string, bool) {
	if p, ok := v.ref.(stringPtr); ok {
		return unsafe.String((*byte)(p), int(v.num)), true
	}
	return "", false
}

// Int returns an integer, and 0 for any other kind.
func (v Value) Int() int64 {
	if v.ref == Int {
		return int64(v.num)
	}
	return 0
}

// Float returns a float, and 0 for any other kind.
func (v Value) Float() float64 {
	if v.ref == Float {
		return math.Float64frombits(v.num)
	}
	return 0
}

// Number returns an integer or float as a float64 and whether v is a number.
func (v Value) Number() (float64, bool) {
	switch v.ref {
	case Int:
		return float64(int64(v.num)), true
	case Float:
		return math.Float64frombits(v.num), true
	}
	return 0, false
}

// Bool returns a boolean, and false for any other kind.
func (v Value) Bool() bool { return v.ref == Bool && v.num == 1 }

// Time returns a time in UTC, and the zero time for any other kind.
func (v Value) Time() time.Time {
	switch r := v.ref.(type) {
	case Kind:
		if r == Time {
			return time.Unix(0, int64(v.num)).UTC()
		}
	case time.Time:
		return r
	}
	return time.Time{}
}

// List returns a list's elements, shared with v, and nil for any other kind.
func (v Value) List() []Value {
	if p, ok := v.ref.(listPtr); ok {
		return unsafe.Slice((*Value)(p), int(v.num))
	}
	return nil
}

// Map returns a map's fields, shared with v, and nil for any other kind.
func (v Value) Map() *Fields {
	f, _ := v.ref.(*Fields)
	return f
}

// Same reports whether v and o are the same value held in the same memory: always right when it says yes.
// It is the cheap test for "this field was not touched".
func (v Value) Same(o Value) bool {
	if v.num != o.num {
		return false
	}
	if _, ok := v.ref.(time.Time); ok {
		return v.Equal(o)
	}
	return v.ref == o.ref
}

// Equal reports whether v and o have the same kind and content. Maps compare without regard to order.
func (v Value) Equal(o Value) bool {
	k := v.Kind()
	if k != o.Kind() {
		return false
	}
	switch k {
	case String:
		return v.Str() == o.Str()
	case Time:
		return v.Time().Equal(o.Time())
	case Float:
		return v.Float() == o.Float()
	case List:
		return equalLists(v.List(), o.List())
	case Map:
		return v.Map().Equal(*o.Map())
	default:
		return v.num == o.num
	}
}

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}

// Clone returns a copy that shares no list or map with v. Text is shared: it never changes.
func (v Value) Clone() Value {
	switch v.Kind() {
	case List:
		items := make([]Value, len(v.List()))
		for i, x := range v.List() {
			items[i] = x.Clone()
		}
		return ListOf(items...)
	case Map:
		f := v.Map().Clone()
		return MapOf(&f)
	default:
		return v
	}
}
