package event

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParsePath(t *testing.T) {
	f := func(s, steps string) {
		t.Helper()
		p, err := ParsePath(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			return
		}
		var names []string
		for _, x := range p.steps {
			names = append(names, x.name)
		}
		if got := strings.Join(names, "|"); got != steps {
			t.Errorf("%s: steps %s, want %s", s, got, steps)
		}
		if p.String() != s || p.IsZero() {
			t.Errorf("%s: String %q, IsZero %v", s, p, p.IsZero())
		}
	}
	f("a", "a")
	f("a b.c", "a b.c")
	f("[a]", "a")
	f("[a][b][0][-1]", "a|b|0|-1")
	f("[[a][b]][c]", "a|b|c")
	f("[a][[b][c]]", "a|b|c")
	f("[[[a]]]", "a")
	f("[@metadata][x][y]", "x|y")
	f("@metadata", "")
	f("[@timestamp]", "")
}

func TestParsePathErrors(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if _, err := ParsePath(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", s, err, want)
		}
	}
	f("", "empty field reference")
	f("a[b]", `has "[" outside brackets`)
	f("a]", `has "]" outside brackets`)
	f("[a]b", `found "b" where "[" was expected`)
	f("[a]]", `found "]" where "[" was expected`)
	f("[a", "not closed")
	f("[a][b", "not closed")
	f("[", "not closed")
	f("[[a]", "not closed")
	f("[[a][b]", "not closed")
	f("[[a]b]", "not closed")
	f("[]", "empty name")
	f("[a][]", "empty name")
	f("[[]]", "empty name")
	f("[@timestamp][x]", "has no parts")
}

func TestPathKinds(t *testing.T) {
	p := MustPath("[a]")
	if p.Name() != "a" || p.IsTimestamp() {
		t.Errorf("[a]: name %q", p.Name())
	}
	p = MustPath("[a][b]")
	if p.Name() != "" {
		t.Errorf("[a][b]: name %q", p.Name())
	}
	p = MustPath("@timestamp")
	if p.Name() != "" || !p.IsTimestamp() {
		t.Error("@timestamp is not the timestamp")
	}
	defer func() {
		if r, _ := recover().(string); !strings.HasPrefix(r, "BUG: ") {
			t.Errorf("MustPath: %v", r)
		}
	}()
	MustPath("[")
}

func TestZeroPath(t *testing.T) {
	var p Path
	e := sample()
	if v, ok := p.Get(e); ok || !v.IsNull() || p.Has(e) || !p.IsZero() {
		t.Error("the zero path refers to something")
	}
	if err := p.Set(e, IntOf(1)); err == nil {
		t.Error("the zero path was set")
	}
	if _, ok := p.Remove(e); ok || !bytes.Equal(e.AppendJSON(nil), sample().AppendJSON(nil)) {
		t.Error("the zero path was removed")
	}
}

func TestPathTimestamp(t *testing.T) {
	p := MustPath("[@timestamp]")
	var e Event
	if p.Has(&e) {
		t.Error("an event without a time has one")
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	if err := p.Set(&e, TimeOf(now)); err != nil || !e.Time.Equal(now) {
		t.Errorf("%v, time %v", err, e.Time)
	}
	if v, ok := p.Get(&e); !ok || !v.Time().Equal(now) {
		t.Errorf("got %v, %v", v.Time(), ok)
	}
	if err := p.Set(&e, StringOf("2026")); err == nil || err.Error() != "set @timestamp: found a string, expected a timestamp" {
		t.Errorf("got %v", err)
	}
	if v, ok := p.Remove(&e); !ok || !v.Time().Equal(now) || !e.Time.IsZero() || len(e.Fields) != 0 {
		t.Errorf("removed %v, %v; time %v", v.Time(), ok, e.Time)
	}
}

// TestPathMetadata checks @metadata as a whole, above all that its memory is not shared with the event's,
// which is recycled.
func TestPathMetadata(t *testing.T) {
	p := MustPath("[@metadata]")
	var e Event
	f := Fields{{"a", IntOf(1)}}
	if err := p.Set(&e, MapOf(&f)); err != nil {
		t.Fatal(err)
	}
	v, ok := p.Get(&e)
	if !ok || !v.Equal(MapOf(&f)) {
		t.Errorf("got %s", v.AppendJSON(nil))
	}
	clear(e.Meta) // as Recycle does
	if got := string(v.AppendJSON(nil)); got != `{"a":1}` || f[0].Name != "a" {
		t.Errorf("the map was recycled with the event: %s, %v", got, f)
	}
	if err := p.Set(&e, IntOf(1)); err == nil || err.Error() != "set @metadata: found a integer, expected a map" {
		t.Errorf("got %v", err)
	}
	e.Meta = Fields{{"b", IntOf(2)}}
	if v, _ := p.Remove(&e); string(v.AppendJSON(nil)) != `{"b":2}` || len(e.Meta) != 0 {
		t.Errorf("removed %s", v.AppendJSON(nil))
	}
}

func TestPathSetErrors(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		e := Event{Fields: Fields{{"s", StringOf("x")}, {"l", ListOf(StringOf("y"), ListOf(IntOf(1)))}}}
		before := string(e.AppendJSON(nil))
		p := MustPath(path)
		err := p.Set(&e, IntOf(1))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
		if after := string(e.AppendJSON(nil)); after != before {
			t.Errorf("%s: changed to %s", path, after)
		}
	}
	f("[s][a]", "set [s][a]: the parent is neither a map nor a list, but a string")
	f("[l][0][a]", "set [0][a]: the parent is neither a map nor a list, but a string")
	f("[l][x]", `set index "x" of a list: expected a number up to 65535`)
	f("[l][-3]", `set index "-3" of a list`)
	f("[l][1][x]", `set index "x" of a list`)
	f("[l][99999]", `set index "99999" of a list`)
	p := MustPath("[s][a]")
	if err := p.Set(&Event{Fields: Fields{{"s", BoolOf(true)}}}, IntOf(1)); !errors.Is(err, ErrNotContainer) {
		t.Errorf("got %v, want ErrNotContainer", err)
	}
}

// plain turns a value into what the model uses: map[string]any, []any and scalars.
func plain(v Value) any {
	switch v.Kind() {
	case Map:
		m := map[string]any{}
		for _, f := range *v.Map() {
			m[f.Name] = plain(f.Value)
		}
		return m
	case List:
		l := []any{}
		for _, x := range v.List() {
			l = append(l, plain(x))
		}
		return l
	case Null:
		return nil
	default:
		return string(v.AppendJSON(nil))
	}
}

// modelIndex returns the index that a name is in a list of n.
func modelIndex(name string, n int) (int, bool) {
	var i int
	if _, err := fmt.Sscanf(name, "%d", &i); err != nil {
		return 0, false
	}
	if i < 0 {
		i += n
	}
	return i, i >= 0
}

func modelGet(in any, steps []string) (any, bool) {
	if len(steps) == 0 {
		return in, true
	}
	switch in := in.(type) {
	case map[string]any:
		if v, ok := in[steps[0]]; ok {
			return modelGet(v, steps[1:])
		}
	case []any:
		if i, ok := modelIndex(steps[0], len(in)); ok && i < len(in) {
			return modelGet(in[i], steps[1:])
		}
	}
	return nil, false
}

// modelSet returns in with v set below it, or false where that cannot be.
func modelSet(in any, steps []string, v any) (any, bool) {
	if len(steps) == 0 {
		return v, true
	}
	switch x := in.(type) {
	case nil:
		x2, ok := modelSet(nil, steps[1:], v)
		return map[string]any{steps[0]: x2}, ok
	case map[string]any:
		x2, ok := modelSet(x[steps[0]], steps[1:], v)
		if ok {
			x[steps[0]] = x2
		}
		return x, ok
	case []any:
		i, ok := modelIndex(steps[0], len(x))
		if !ok {
			return in, false
		}
		for len(x) <= i {
			x = append(x, nil)
		}
		x2, ok := modelSet(x[i], steps[1:], v)
		if ok {
			x[i] = x2
		}
		return x, ok
	}
	return in, false
}

// modelRemove returns in without what is below it.
func modelRemove(in any, steps []string) any {
	switch x := in.(type) {
	case map[string]any:
		if v, ok := x[steps[0]]; ok && len(steps) > 1 {
			x[steps[0]] = modelRemove(v, steps[1:])
		} else {
			delete(x, steps[0])
		}
	case []any:
		i, ok := modelIndex(steps[0], len(x))
		if !ok || i >= len(x) {
			return in
		}
		if len(steps) > 1 {
			x[i] = modelRemove(x[i], steps[1:])
			return x
		}
		return append(x[:i:i], x[i+1:]...)
	}
	return in
}

// TestPathModel compares Get, Set and Remove with those on map[string]any.
func TestPathModel(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	names := []string{"a", "b", "c", "0", "1", "-1", "2"}
	for round := range 3000 {
		var e Event
		root := MapOf(&Fields{})
		for range 3 {
			e.Fields.Set(names[r.IntN(3)], randomValue(r, 3))
		}
		root.Map().Set("x", Value{})
		for range 12 {
			var steps []string
			for range 1 + r.IntN(3) {
				steps = append(steps, names[r.IntN(len(names))])
			}
			path := "[" + strings.Join(steps, "][") + "]"
			fields := &e.Fields
			if r.IntN(4) == 0 {
				path, fields = "[@metadata]"+path, &e.Meta
			}
			p := MustPath(path)
			before := plain(MapOf(fields))
			want, found := modelGet(before, steps)
			got, ok := p.Get(&e)
			if ok != found || found && !reflect.DeepEqual(plain(got), want) || p.Has(&e) != found {
				t.Fatalf("round %d: Get %s of %v: %v, %v; want %v, %v", round, path, before, plain(got), ok, want, found)
			}
			if r.IntN(2) == 0 {
				v := randomValue(r, 2)
				want, ok := modelSet(plain(MapOf(fields)), steps, plain(v))
				err := p.Set(&e, v.Clone())
				if (err == nil) != ok || ok && !reflect.DeepEqual(plain(MapOf(fields)), want) {
					t.Fatalf("round %d: Set %s of %v: %v, %v; want %v, %v", round, path, before, plain(MapOf(fields)), err, want, ok)
				}
				continue
			}
			want = modelRemove(plain(MapOf(fields)), steps)
			removed, ok := p.Remove(&e)
			if ok != found || !removed.Equal(got) || !reflect.DeepEqual(plain(MapOf(fields)), want) {
				t.Fatalf("round %d: Remove %s of %v: %v, %v; want %v, %v", round, path, before, plain(MapOf(fields)), ok, want, found)
			}
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"a", "[a][b]", "[[a][b]][c]", "[@metadata][x]", "[0][-1]", "[a", "]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		var e Event
		switch p.root {
		case isTime, isMeta:
			return
		}
		if err := p.Set(&e, IntOf(1)); err != nil {
			t.Fatalf("%q: set in an empty event: %v", s, err)
		}
		if v, ok := p.Get(&e); !ok || v.Int() != 1 {
			t.Fatalf("%q: got %v, %v", s, v, ok)
		}
		if _, ok := p.Remove(&e); !ok || p.Has(&e) {
			t.Fatalf("%q: not removed", s)
		}
	})
}

func BenchmarkPathGet(b *testing.B) {
	e := document()
	nested := MustPath("[log][file][path]")
	if err := nested.Set(e, StringOf("x")); err != nil {
		b.Fatal(err)
	}
	for _, p := range []Path{MustPath("response"), nested} {
		b.Run(p.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Get(e)
			}
		})
	}
}
