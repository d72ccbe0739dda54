package grok

import (
	"fmt"
	"slices"
	"strings"
)

// Capture is one group of an expression that puts what it matches into a field.
type Capture struct {
	Group int    // its number in the expression, from 1
	Name  string // its name: "INT:bytes:int"
	Field string // the field that gets the text, as a field reference
	Type  string // "", or what the text becomes: "int", "float"; other types are unknown and keep the text
}

// Captures returns the captures of an expression whose groups, from 1 on, have these names ("" for none), in the
// order in which jls-grok reports them: by name, in the order of first appearance, then by number. Of groups with
// one name only the first converts its text, as there.
func Captures(names []string) ([]Capture, error) {
	var list []Capture
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			continue
		}
		field, typ := splitName(name)
		if field == "" {
			return nil, fmt.Errorf("group %q: the field's name is empty", name)
		}
		for j := i; j < len(names); j++ {
			if names[j] != name {
				continue
			}
			list = append(list, Capture{j + 1, name, field, typ})
			typ = ""
		}
	}
	return list, nil
}

// splitName takes NAME:field:type apart. A name without a colon is the field itself.
func splitName(name string) (field, typ string) {
	parts := strings.Split(strings.TrimRight(name, ":"), ":")
	if len(parts) == 1 {
		return parts[0], ""
	}
	if len(parts) > 2 {
		typ = parts[2]
	}
	return parts[1], typ
}
