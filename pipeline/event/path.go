package event

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Path is a compiled field reference: name, [a][b], [list][0], [list][-1], [@metadata][x].
// The zero Path refers to nothing. A Path is read-only and may be used concurrently.
type Path struct {
	text  string
	name  string // set when the path is one top-level name, the usual case
	root  root
	steps []step // below the root
}

type root uint8

const (
	inFields root = iota
	inMeta
	isTime
	isMeta // [@metadata] itself
)

// step is one level of a path. A number is an index where a list is found, a name where a map is.
type step struct {
	name  string
	index int
	isNum bool
}

// ErrNotContainer is the error of a Set below a value that can have no elements.
var ErrNotContainer = errors.New("the parent is neither a map nor a list")

// ParsePath compiles a field reference. Names without brackets stand for one top-level field.
func ParsePath(s string) (Path, error) {
	names, err := splitPath(s)
	if err != nil {
		return Path{}, err
	}
	p := Path{text: s}
	switch {
	case names[0] == TimestampField && len(names) == 1:
		p.root = isTime
		return p, nil
	case names[0] == MetadataField && len(names) == 1:
		p.root = isMeta
		return p, nil
	case names[0] == TimestampField:
		return Path{}, fmt.Errorf("field reference %q: %s is a time and has no parts", s, TimestampField)
	case names[0] == MetadataField:
		p.root = inMeta
		names = names[1:]
	case len(names) == 1:
		p.name = names[0]
	}
	for _, n := range names {
		i, err := strconv.Atoi(n)
		p.steps = append(p.steps, step{n, i, err == nil})
	}
	return p, nil
}

func splitPath(s string) ([]string, error) {
	if s == "" {
		return nil, errors.New("empty field reference")
	}
	if s[0] != '[' {
		if i := strings.IndexAny(s, "[]"); i >= 0 {
			return nil, fmt.Errorf("field reference %q has %q outside brackets: write [a][b]", s, s[i:i+1])
		}
		return []string{s}, nil
	}
	names, rest, err := splitBrackets(nil, s)
	if err != nil {
		return nil, fmt.Errorf("field reference %q %w", s, err)
	}
	if rest != "" {
		return nil, fmt.Errorf("field reference %q: found %q where \"[\" was expected", s, rest[:1])
	}
	return names, nil
}

// splitBrackets appends the names of [a][b]..., where a name may be such a list itself: [[a][b]][c] is
// [a][b][c]. It returns what follows.
func splitBrackets(names []string, s string) ([]string, string, error) {
	for strings.HasPrefix(s, "[") {
		s = s[1:]
		if strings.HasPrefix(s, "[") {
			var err error
			if names, s, err = splitBrackets(names, s); err != nil {
				return nil, "", err
			}
		} else {
			end := strings.IndexAny(s, "[]")
			if end == 0 {
				return nil, "", errors.New("has an empty name")
			}
			if end < 0 {
				return nil, "", errors.New("has a bracket that is not closed")
			}
			names = append(names, s[:end])
			s = s[end:]
		}
		if !strings.HasPrefix(s, "]") {
			return nil, "", errors.New("has a bracket that is not closed")
		}
		s = s[1:]
	}
	return names, s, nil
}

// MustPath is ParsePath for references in the program's own text; it panics for a bad one.
func MustPath(s string) Path {
	p, err := ParsePath(s)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return p
}

// String returns the reference as it was written.
func (p Path) String() string { return p.text }

// IsZero reports whether p refers to nothing.
func (p Path) IsZero() bool { return p.text == "" }

// Name returns the top-level name when the path is just one, else "".
func (p Path) Name() string { return p.name }

// IsTimestamp reports whether the path is @timestamp.
func (p Path) IsTimestamp() bool { return p.root == isTime }

// Get returns the value at the path and whether it is there.
func (p *Path) Get(e *Event) (Value, bool) {
	if p.name != "" {
		return e.Fields.Get(p.name)
	}
	return p.getSlow(e)
}

func (p *Path) getSlow(e *Event) (Value, bool) {
	switch p.root {
	case isTime:
		return TimeOf(e.Time), !e.Time.IsZero()
	case isMeta:
		f := slices.Clone(e.Meta) // the event's own memory is recycled
		return MapOf(&f), true
	}
	if len(p.steps) == 0 {
		return Value{}, false
	}
	v, ok := p.top(e).Get(p.steps[0].name)
	for _, s := range p.steps[1:] {
		if !ok {
			return Value{}, false
		}
		v, ok = v.child(s)
	}
	return v, ok
}

func (p *Path) top(e *Event) *Fields {
	if p.root == inMeta {
		return &e.Meta
	}
	return &e.Fields
}

// child returns the element of a map or list.
func (v Value) child(s step) (Value, bool) {
	if f := v.Map(); f != nil {
		return f.Get(s.name)
	}
	if items := v.List(); s.isNum {
		if i, ok := at(s.index, len(items)); ok {
			return items[i], true
		}
	}
	return Value{}, false
}

// at resolves an index, which counts from the end when negative.
func at(i, n int) (int, bool) {
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}

// Has reports whether something is at the path, null included.
func (p *Path) Has(e *Event) bool {
	_, ok := p.Get(e)
	return ok
}

// Set puts v at the path, making the maps above it. A list grows by nulls up to the index. It fails with
// ErrNotContainer when a value on the way is neither a map nor a list, and for @timestamp when v is no time.
func (p *Path) Set(e *Event, v Value) error {
	if p.name != "" {
		e.Fields.Set(p.name, v)
		return nil
	}
	switch p.root {
	case isTime:
		if v.Kind() != Time {
			return fmt.Errorf("set @timestamp: found a %s, expected a timestamp", v.Kind())
		}
		e.Time = v.Time()
		return nil
	case isMeta:
		f := v.Map()
		if f == nil {
			return fmt.Errorf("set @metadata: found a %s, expected a map", v.Kind())
		}
		e.Meta = slices.Clone(*f)
		return nil
	}
	return setIn(p.top(e), p.steps, v)
}

// newFields returns an empty map with room for a few fields, which most maps are content with, in one allocation.
func newFields() *Fields {
	type small struct {
		fields Fields
		room   [4]Field
	}
	s := &small{}
	s.fields = s.room[:0]
	return &s.fields
}

func setIn(f *Fields, steps []step, v Value) error {
	if len(steps) == 0 {
		return errors.New("set the zero field reference: it refers to nothing")
	}
	if len(steps) == 1 {
		f.Set(steps[0].name, v)
		return nil
	}
	child, ok := f.Get(steps[0].name)
	if !ok || child.IsNull() {
		m := newFields()
		f.Set(steps[0].name, MapOf(m))
		return setIn(m, steps[1:], v)
	}
	if m := child.Map(); m != nil {
		return setIn(m, steps[1:], v)
	}
	if child.Kind() != List {
		return fmt.Errorf("set [%s][%s]: %w, but a %s", steps[0].name, steps[1].name, ErrNotContainer, child.Kind())
	}
	items, err := setItem(child.List(), steps[1:], v)
	if err == nil {
		f.Set(steps[0].name, ListOf(items...))
	}
	return err
}

// maxIndex bounds how far a Set may grow a list.
const maxIndex = 65535

func setItem(items []Value, steps []step, v Value) ([]Value, error) {
	s := steps[0]
	i := s.index
	if i < 0 {
		i += len(items)
	}
	if !s.isNum || i < 0 || i > maxIndex {
		return nil, fmt.Errorf("set index %q of a list: expected a number up to %d", s.name, maxIndex)
	}
	for len(items) <= i {
		items = append(items, Value{})
	}
	if len(steps) == 1 {
		items[i] = v
		return items, nil
	}
	if items[i].Kind() == List {
		sub, err := setItem(items[i].List(), steps[1:], v)
		if err == nil {
			items[i] = ListOf(sub...)
		}
		return items, err
	}
	m := items[i].Map()
	if m == nil {
		if !items[i].IsNull() {
			return nil, fmt.Errorf("set [%s][%s]: %w, but a %s", s.name, steps[1].name, ErrNotContainer, items[i].Kind())
		}
		m = &Fields{}
		items[i] = MapOf(m)
	}
	return items, setIn(m, steps[1:], v)
}

// Remove takes the value at the path away and returns it. Removing @timestamp leaves the event without a time.
func (p *Path) Remove(e *Event) (Value, bool) {
	if p.name != "" {
		return e.Fields.Remove(p.name)
	}
	switch p.root {
	case isTime:
		v, ok := p.Get(e)
		e.Time = time.Time{}
		return v, ok
	case isMeta:
		f := e.Meta
		e.Meta = nil
		return MapOf(&f), true
	}
	return removeIn(p.top(e), p.steps)
}

func removeIn(f *Fields, steps []step) (Value, bool) {
	if len(steps) == 0 {
		return Value{}, false
	}
	if len(steps) == 1 {
		return f.Remove(steps[0].name)
	}
	child, _ := f.Get(steps[0].name)
	if m := child.Map(); m != nil {
		return removeIn(m, steps[1:])
	}
	items, v, ok := removeItem(child.List(), steps[1:])
	if ok {
		f.Set(steps[0].name, ListOf(items...))
	}
	return v, ok
}

func removeItem(items []Value, steps []step) ([]Value, Value, bool) {
	i, ok := at(steps[0].index, len(items))
	if !ok || !steps[0].isNum {
		return items, Value{}, false
	}
	if len(steps) == 1 {
		v := items[i]
		rest := append([]Value{}, items[:i]...)
		return append(rest, items[i+1:]...), v, true
	}
	if m := items[i].Map(); m != nil {
		v, ok := removeIn(m, steps[1:])
		return items, v, ok
	}
	sub, v, ok := removeItem(items[i].List(), steps[1:])
	if ok {
		items[i] = ListOf(sub...)
	}
	return items, v, ok
}
