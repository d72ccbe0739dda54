package event

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// randomValue returns a value, nested at most depth deep.
func randomValue(r *rand.Rand, depth int) Value {
	n := 8
	if depth == 0 {
		n = 6
	}
	switch Kind(r.IntN(n)) {
	case String:
		return StringOf(strings.Repeat("aé\n\"\x00"[r.IntN(3):], r.IntN(4)))
	case Int:
		return IntOf(int64(r.Uint64() >> r.IntN(64)))
	case Float:
		return FloatOf((r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(40)-20)))
	case Bool:
		return BoolOf(r.IntN(2) == 0)
	case Time:
		return TimeOf(time.Unix(r.Int64N(1<<36)-1<<35, r.Int64N(1e9)))
	case List:
		items := make([]Value, r.IntN(4))
		for i := range items {
			items[i] = randomValue(r, depth-1)
		}
		return ListOf(items...)
	case Map:
		f := Fields{}
		for i := range r.IntN(4) {
			f.Add("abcd"[i:i+1], randomValue(r, depth-1))
		}
		return MapOf(&f)
	}
	return Value{}
}

func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(Value{}); n != 24 && unsafe.Sizeof(uintptr(0)) == 8 {
		t.Errorf("a Value has %d bytes", n)
	}
	e := Event{Raw: "12345"}
	empty := e.Size()
	e.Fields.Add("list", ListOf(StringOf(strings.Repeat("x", 1000)), MapOf(&Fields{{"a", StringOf(strings.Repeat("y", 500))}})))
	if got := e.Size() - empty; got < 1500 || got > 1800 {
		t.Errorf("1500 bytes of text count %d", got)
	}
}

func TestKinds(t *testing.T) {
	now := time.Now()
	f := func(v Value, k Kind, name string) {
		t.Helper()
		if v.Kind() != k || k.String() != name {
			t.Errorf("%s: kind %v %q", v.AppendJSON(nil), v.Kind(), v.Kind())
		}
		if v.IsNull() != (k == Null) {
			t.Error("IsNull")
		}
		// All accessors but its own give zero.
		if _, ok := v.AsString(); ok != (k == String) {
			t.Error("AsString")
		}
		if _, ok := v.Number(); ok != (k == Int || k == Float) {
			t.Error("Number")
		}
		if k != String && v.Str() != "" || k != Int && v.Int() != 0 || k != Float && v.Float() != 0 || k != Bool && v.Bool() ||
			k != Time && !v.Time().IsZero() || k != List && v.List() != nil || k != Map && v.Map() != nil {
			t.Errorf("%v answers for another kind", k)
		}
	}
	f(Value{}, Null, "null")
	f(StringOf("x"), String, "string")
	f(StringOf(""), String, "string")
	f(BytesOf(nil), String, "string")
	f(BytesOf([]byte("x")), String, "string")
	f(IntOf(math.MinInt64), Int, "integer")
	f(FloatOf(-1.5), Float, "float")
	f(BoolOf(true), Bool, "boolean")
	f(BoolOf(false), Bool, "boolean")
	f(TimeOf(now), Time, "timestamp")
	f(TimeOf(time.Date(9000, 1, 1, 0, 0, 0, 1, time.UTC)), Time, "timestamp")
	f(ListOf(), List, "list")
	f(ListOf(IntOf(1)), List, "list")
	f(MapOf(&Fields{}), Map, "map")

	if v := TimeOf(now); !v.Time().Equal(now) || v.Time().Location() != time.UTC {
		t.Errorf("got %v, want %v in UTC", v.Time(), now)
	}
	if far := time.Date(9000, 1, 1, 0, 0, 0, 1, time.UTC); !TimeOf(far).Time().Equal(far) {
		t.Errorf("got %v", TimeOf(far).Time())
	}
	if n, _ := IntOf(-3).Number(); n != -3 {
		t.Errorf("got %v", n)
	}
}

func TestEqualAndClone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		a, b := randomValue(r, 3), randomValue(r, 3)
		if same := a; !a.Equal(same) || !a.Same(same) {
			t.Fatalf("%s is not equal to itself", a.AppendJSON(nil))
		}
		c := a.Clone()
		if !a.Equal(c) || !c.Equal(a) {
			t.Fatalf("%s is not equal to its clone", a.AppendJSON(nil))
		}
		sameText := a.Kind() == b.Kind() && bytes.Equal(a.AppendJSON(nil), b.AppendJSON(nil))
		if sameText && !a.Equal(b) {
			t.Fatalf("%s is not equal to %s", a.AppendJSON(nil), b.AppendJSON(nil))
		}
		if a.Equal(b) != b.Equal(a) || a.Same(b) && !a.Equal(b) {
			t.Fatalf("%s, %s", a.AppendJSON(nil), b.AppendJSON(nil))
		}
	}
	f := func(a, b Value, want bool) {
		t.Helper()
		if a.Equal(b) != want || b.Equal(a) != want {
			t.Errorf("%s equals %s: want %v", a.AppendJSON(nil), b.AppendJSON(nil), want)
		}
	}
	f(IntOf(1), FloatOf(1), false)
	f(Value{}, StringOf(""), false)
	f(MapOf(&Fields{{"a", IntOf(1)}, {"b", IntOf(2)}}), MapOf(&Fields{{"b", IntOf(2)}, {"a", IntOf(1)}}), true)
	f(MapOf(&Fields{{"a", IntOf(1)}}), MapOf(&Fields{{"b", IntOf(1)}}), false)
	f(ListOf(IntOf(1), IntOf(2)), ListOf(IntOf(2), IntOf(1)), false)
	f(ListOf(IntOf(1)), ListOf(IntOf(1), IntOf(1)), false)
	far := time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	f(TimeOf(far), TimeOf(far), true)
	if !TimeOf(far).Same(TimeOf(far)) {
		t.Error("times are not the same")
	}
}

func TestCloneIsIndependent(t *testing.T) {
	inner := &Fields{{"x", IntOf(1)}}
	v := ListOf(MapOf(inner), ListOf(IntOf(1)))
	c := v.Clone()
	inner.Set("x", IntOf(2))
	v.List()[1] = Value{}
	if got := string(c.AppendJSON(nil)); got != `[{"x":1},[1]]` {
		t.Errorf("the clone changed: %s", got)
	}
}

func TestFields(t *testing.T) {
	var f Fields
	f.Set("a", IntOf(1))
	f.Add("b", IntOf(2))
	f.Set("c", IntOf(3))
	f.Set("a", IntOf(4))
	if got := string(f.AppendJSON(nil)); got != `{"a":4,"b":2,"c":3}` {
		t.Errorf("got %s", got)
	}
	if !f.Has("b") || f.Has("x") {
		t.Error("Has")
	}
	if v, ok := f.Remove("b"); !ok || v.Int() != 2 {
		t.Errorf("Remove gave %v, %v", v, ok)
	}
	if last := f[:3][2]; last.Name != "" || !last.Value.IsNull() {
		t.Errorf("Remove left %v behind", last)
	}
	if _, ok := f.Remove("b"); ok {
		t.Error("removed twice")
	}
	g := f.Clone()
	g.Set("a", Value{})
	if v, _ := f.Get("a"); v.Int() != 4 || f.Equal(g) || !f.Equal(f.Clone()) {
		t.Error("Clone shares or is not equal")
	}
}

func TestValuesDoNotAllocate(t *testing.T) {
	now, b := time.Now(), []byte("bytes")
	var f Fields
	f.Add("x", Value{})
	if n := testing.AllocsPerRun(100, func() {
		f.Set("x", StringOf("text"))
		f.Set("x", BytesOf(b))
		f.Set("x", IntOf(1<<40))
		f.Set("x", FloatOf(1.5))
		f.Set("x", BoolOf(true))
		f.Set("x", TimeOf(now))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTags(t *testing.T) {
	f := func(tags Value, once bool, want string) {
		t.Helper()
		var e Event
		if !tags.IsNull() {
			e.Fields.Set(TagsField, tags)
		}
		for range 2 {
			if once {
				e.Tag("a")
			} else {
				e.AddTag("a")
			}
		}
		v, _ := e.Fields.Get(TagsField)
		if got := string(v.AppendJSON(nil)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(Value{}, true, `["a"]`)
	f(Value{}, false, `["a","a"]`)
	f(StringOf("a"), true, `"a"`)
	f(StringOf("b"), true, `["b","a"]`)
	f(StringOf("b"), false, `["b","a","a"]`)
	f(ListOf(StringOf("x"), StringOf("a")), true, `["x","a"]`)
	f(ListOf(StringOf("x")), true, `["x","a"]`)
	f(ListOf(), true, `["a"]`)
	f(MapOf(&Fields{}), true, `[{},"a"]`)
}

// TestTagsAreNotShared adds tags to two events that had the same list.
func TestTagsAreNotShared(t *testing.T) {
	var a, b Event
	a.Tag("common")
	b.Fields = append(b.Fields, a.Fields...)
	a.Tag("of a")
	b.Tag("of b")
	a.Tag("also of a")
	f := func(e *Event, want string) {
		t.Helper()
		v, _ := e.Fields.Get(TagsField)
		if got := v.Text(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(&a, "common,of a,also of a")
	f(&b, "common,of b")
}

func TestID(t *testing.T) {
	f := func(id ID, want string) {
		t.Helper()
		e := Event{ID: id}
		if got := string(e.AppendID([]byte(">"))); got != ">"+want {
			t.Errorf("got %s, want %s", got, want)
		}
		if e.HasID() != (id.Stream != 0) {
			t.Error("HasID")
		}
	}
	f(ID{}, "AAAAAAAAAAAAAAAAAAAAAAAA")
	f(ID{Stream: 1<<64 - 1, Offset: 1<<48 - 1, Hash: 1<<32 - 1}, strings.Repeat("_", 24))
	f(ID{Stream: 1 << 63}, "gAAAAAAAAAAAAAAAAAAAAAAA")
	f(ID{Stream: 1}, "AAAAAAAAAAEAAAAAAAAAAAAA")
	f(ID{Offset: 1}, "AAAAAAAAAAAAAAAAAAEAAAAA")
	f(ID{Hash: 1}, "AAAAAAAAAAAAAAAAAAAAAAAB")
	f(ID{Stream: 5, Part: 1}, "AAAAAAAAAAUAAAAAAAAAAAAA.1")
	f(ID{Stream: 5, Part: 4294967295}, "AAAAAAAAAAUAAAAAAAAAAAAA.4294967295")
}

func TestMarks(t *testing.T) {
	var e Event
	if e.Dropped() || e.Rejected() || e.Released() || e.Err() != nil {
		t.Error("a new event is marked")
	}
	e.Drop()
	e.Release()
	e.Reject(nil)
	if !e.Dropped() || !e.Rejected() || !e.Released() || e.Err() == nil {
		t.Error("a mark was forgotten, or a rejection has no reason")
	}
}
