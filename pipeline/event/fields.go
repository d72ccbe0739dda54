package event

import "slices"

// Field is a name and its value. Names of one level are unique.
type Field struct {
	Name  string
	Value Value
}

// Fields is an ordered list of fields, looked up linearly: log events have few.
// Not safe for concurrent change.
type Fields []Field

// Get returns the value of a name, and whether the name is there (it may be null).
func (f Fields) Get(name string) (Value, bool) {
	for i := range f {
		if f[i].Name == name {
			return f[i].Value, true
		}
	}
	return Value{}, false
}

// Has reports whether the name is there.
func (f Fields) Has(name string) bool {
	_, ok := f.Get(name)
	return ok
}

// Set gives name the value v, in place or at the end.
func (f *Fields) Set(name string, v Value) {
	s := *f
	for i := range s {
		if s[i].Name == name {
			s[i].Value = v
			return
		}
	}
	f.Add(name, v)
}

// Add appends a field without looking for its name: only for a caller that knows the name is new.
func (f *Fields) Add(name string, v Value) {
	n := len(*f)
	if n == cap(*f) {
		*f = slices.Grow(*f, 1)
	}
	*f = (*f)[:n+1]
	x := &(*f)[n] // written word by word: append would build it on the stack and copy it in wider pieces, which stalls
	x.Name = name
	x.Value.num = v.num
	x.Value.ref = v.ref
}

// Remove takes a field away, keeping the order of the others, and returns its value.
func (f *Fields) Remove(name string) (Value, bool) {
	s := *f
	for i := range s {
		if s[i].Name == name {
			v := s[i].Value
			*f = slices.Delete(s, i, i+1) // clears the freed slot: a stale field would pin its block
			return v, true
		}
	}
	return Value{}, false
}

// Clone returns a deep copy (Value.Clone).
func (f Fields) Clone() Fields {
	c := make(Fields, len(f), len(f)+4)
	for i := range f {
		c[i] = Field{f[i].Name, f[i].Value.Clone()}
	}
	return c
}

// Equal reports whether both have the same fields with equal values, in any order.
func (f Fields) Equal(o Fields) bool {
	if len(f) != len(o) {
		return false
	}
	for i := range f {
		v, ok := o.Get(f[i].Name)
		if !ok || !f[i].Value.Equal(v) {
			return false
		}
	}
	return true
}
