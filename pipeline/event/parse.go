package event

import (
	"fmt"
	"slices"

	"sluice/internal/json"
)

// Tags and fields by which Logstash says that something of a new event could not be used.
const (
	TimestampFailureTag   = "_timestampparsefailure"
	TimestampFailureField = "_@timestamp"
	TagsFailureTag        = "_tagsparsefailure"
	TagsFailureField      = "_tags"
	JSONFailureTag        = "_jsonparsefailure"
)

// ParseJSON returns the value that src holds. src belongs to the value afterwards: its strings point into
// it. Of members with the same name the last one counts. Whole numbers that do not fit an int64 become
// floats, which keep 15 to 17 digits of them.
func ParseJSON(src []byte) (Value, error) {
	r := json.NewReader(src)
	v, err := parseValue(&r)
	if err != nil {
		return Value{}, err
	}
	return v, r.End()
}

// smallList is how many elements of a list are collected before memory is taken for them.
const smallList = 8

// smallMap is a map with room for its first fields, taken at once.
type smallMap struct {
	fields Fields
	room   [4]Field
}

func parseValue(r *json.Reader) (Value, error) {
	kind, err := r.Next()
	if err != nil {
		return Value{}, err
	}
	switch kind {
	case json.String:
		return StringOf(r.Str), nil
	case json.Int:
		return IntOf(r.Int), nil
	case json.Float:
		return FloatOf(r.Float), nil
	case json.Bool:
		return BoolOf(r.Bool), nil
	case json.Array:
		return parseList(r)
	case json.Object:
		m := &smallMap{}
		m.fields = m.room[:0]
		return MapOf(&m.fields), parseFields(r, &m.fields, nil)
	default:
		return Value{}, nil
	}
}

func parseList(r *json.Reader) (Value, error) {
	var room [smallList]Value
	n := 0
	var items []Value // once room is full
	for {
		ok, err := r.Element()
		if err != nil {
			return Value{}, err
		}
		if !ok {
			break
		}
		v, err := parseValue(r)
		if err != nil {
			return Value{}, err
		}
		if n < smallList {
			room[n] = v
			n++
			continue
		}
		if items == nil {
			items = append(make([]Value, 0, 4*smallList), room[:]...)
		}
		items = append(items, v)
	}
	if items == nil {
		items = make([]Value, n)
		copy(items, room[:])
	}
	return ListOf(items...), nil
}

// parseFields reads the members of an object into f, which must be empty. Those that special takes are
// left out.
func parseFields(r *json.Reader, f *Fields, special func(name string, v Value) bool) error {
	var seen names
	for {
		ok, err := r.Key()
		if !ok || err != nil {
			return err
		}
		name := r.Str
		v, err := parseValue(r)
		if err != nil {
			return err
		}
		if special != nil && isSpecial(name) && special(name, v) {
			continue
		}
		if i := seen.find(*f, name); i >= 0 {
			(*f)[i].Value = v
			continue
		}
		f.Add(name, v)
	}
}

// names finds names that are in a list of fields already, without comparing each new name with all.
type names struct {
	mask  uint64         // a bit for each name seen, by its length, first and last byte
	index map[string]int // of all names, once there are many
}

// manyNames is how many fields are looked through one by one.
const manyNames = 48

// find returns the place of name in f, or -1 when it is new: then it is expected to be added to f.
func (n *names) find(f Fields, name string) int {
	if n.index == nil && len(f) >= manyNames {
		n.index = make(map[string]int, 2*len(f))
		for i := range f {
			n.index[f[i].Name] = i
		}
	}
	if n.index != nil {
		if i, ok := n.index[name]; ok {
			return i
		}
		n.index[name] = len(f)
		return -1
	}
	var h uint
	if len(name) > 0 {
		h = uint(len(name)) + 7*uint(name[0]) + 29*uint(name[len(name)-1])
	}
	bit := uint64(1) << (h % 64)
	if n.mask&bit == 0 {
		n.mask |= bit
		return -1
	}
	return slices.IndexFunc(f, func(x Field) bool { return x.Name == name })
}

// FillJSON gives e, which must have no fields yet, the members of the JSON object in src as Logstash makes
// an event of them: @timestamp becomes Time, @metadata becomes Meta, and tags must be text or a list of
// texts. A @timestamp that is no ISO 8601 time is kept in _@timestamp, other tags are kept in _tags, and
// the event is tagged. src belongs to the event afterwards. After an error e is as it was.
func (e *Event) FillJSON(src []byte) error {
	r := json.NewReader(src)
	kind, err := r.Next()
	if err != nil {
		return err
	}
	if kind != json.Object {
		return fmt.Errorf("make an event of JSON: found %s, expected an object", jsonName(kind))
	}
	s := specials{}
	if err = parseFields(&r, &e.Fields, s.take); err == nil {
		err = r.End()
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		clear(e.Fields)
		e.Fields = e.Fields[:0]
		return err
	}
	s.apply(e)
	return nil
}

// SetFields gives e, which must have no fields yet, the fields of f as FillJSON does with those of an object.
func (e *Event) SetFields(f Fields) error {
	s := specials{}
	for i := range f {
		if isSpecial(f[i].Name) {
			s.take(f[i].Name, f[i].Value)
		}
	}
	if err := s.check(); err != nil {
		return err
	}
	for i := range f {
		if !isSpecial(f[i].Name) {
			e.Fields.Add(f[i].Name, f[i].Value)
		}
	}
	s.apply(e)
	return nil
}

func jsonName(k json.Kind) string {
	return [...]string{"null", "a boolean", "a number", "a number", "a string", "an array", "an object"}[k]
}

// specials are the members of an object that mean something to an event.
type specials struct {
	time, meta, tags Value
	hasTags          bool
}

func isSpecial(name string) bool {
	return name == TimestampField || name == TagsField || name == MetadataField
}

func (s *specials) take(name string, v Value) bool {
	switch name {
	case TimestampField:
		s.time = v
	case MetadataField:
		s.meta = v
	default:
		s.tags, s.hasTags = v, true
	}
	return true
}

func (s *specials) check() error {
	if k := s.meta.Kind(); k != Map && k != Null {
		return fmt.Errorf("make an event of JSON: %s: found a %s, expected a map", MetadataField, k)
	}
	return nil
}

func (s *specials) apply(e *Event) {
	if f := s.meta.Map(); f != nil {
		e.Meta = append(e.Meta[:0], *f...)
	}
	if s.hasTags {
		if legalTags(s.tags) {
			e.Fields.Set(TagsField, s.tags)
		} else {
			e.Fields.Set(TagsFailureField, ListOf(s.tags))
			e.Tag(TagsFailureTag)
		}
	}
	switch s.time.Kind() {
	case Null:
	case Time:
		e.Time = s.time.Time()
	default:
		if t, ok := ParseTime(s.time.Str()); ok {
			e.Time = t
			return
		}
		e.Fields.Set(TimestampFailureField, s.time)
		e.Tag(TimestampFailureTag)
	}
}

func legalTags(v Value) bool {
	switch v.Kind() {
	case String, Null:
		return true
	case List:
		return !slices.ContainsFunc(v.List(), func(x Value) bool { return x.Kind() != String })
	}
	return false
}

// DecodeJSON appends the events that the JSON text src stands for: one for an object, one for each object of
// an array, none for white space. With a target (not the zero Path) each value, of any kind, is put there
// and not into the root. Text from which no event can be made becomes one event with the text in message
// and the tag _jsonparsefailure. src belongs to the events afterwards; it should be valid UTF-8.
func (b *Batch) DecodeJSON(src []byte, a *Ack, target *Path) {
	first := firstByte(src)
	if first == 0 {
		return
	}
	if first != '[' && target.IsZero() {
		e := b.Append(a)
		e.Raw = textOf(src)
		if err := e.FillJSON(src); err != nil {
			e.failJSON()
		}
		return
	}
	values, err := jsonEvents(src)
	if err == nil && target.IsZero() {
		err = checkObjects(values)
	}
	if err != nil {
		e := b.Append(a)
		e.Raw = textOf(src)
		e.failJSON()
		return
	}
	for _, v := range values {
		e := b.Append(a)
		if len(values) == 1 {
			e.Raw = textOf(src)
		}
		if target.IsZero() {
			_ = e.SetFields(*v.Map()) // checked above
			continue
		}
		if target.Set(e, v) != nil { // @timestamp or @metadata as target, and a value that does not fit
			e.Raw = textOf(src)
			e.failJSON()
		}
	}
}

func (e *Event) failJSON() {
	e.Fields.Add(MessageField, StringOf(e.Raw))
	e.Tag(JSONFailureTag)
}

// firstByte returns the first byte that is not white space, 0 when there is none.
func firstByte(src []byte) byte {
	for _, c := range src {
		switch c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func textOf(src []byte) string { return BytesOf(src).Str() }

// jsonEvents returns the values of which each is to become an event.
func jsonEvents(src []byte) ([]Value, error) {
	v, err := ParseJSON(src)
	if err != nil {
		return nil, err
	}
	if v.Kind() == List {
		return v.List(), nil
	}
	return []Value{v}, nil
}

func checkObjects(values []Value) error {
	for _, v := range values {
		f := v.Map()
		if f == nil {
			return fmt.Errorf("make an event of JSON: found a %s, expected a map", v.Kind())
		}
		meta, _ := f.Get(MetadataField)
		if err := (&specials{meta: meta}).check(); err != nil {
			return err
		}
	}
	return nil
}
