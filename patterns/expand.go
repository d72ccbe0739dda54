package patterns

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/nearest"
)

// Capture is one group of an expanded expression.
type Capture struct {
	Group string // the group's name in the expression, unique in it
	Field string // the field that gets the text, as a field reference
	Type  string // "", or what stands after the second colon: "int", "float"
}

// Expanded is an expression in which every reference has been replaced by its definition and every capture is a
// group (?P<gN>...), numbered from 0 in the order in which the groups open.
type Expanded struct {
	Text     string
	Captures []Capture
	// Plain says that the expression had atomic groups (?>...), which were made plain ones: RE2 has none.
	// Whatever matched still matches; in rare cases so does more.
	Plain bool
}

// Limits of an expansion, so that definitions that multiply each other fail and do not fill the memory.
const (
	maxDepth    = 100
	maxExpanded = 1 << 20
)

// Expand replaces references: %{NAME}, %{NAME:field}, %{NAME:field:type}, and %{NAME=expression} with or
// without a field, which defines the name for this expression. With named, references without a field
// capture nothing; otherwise they capture under their pattern's name. Unknown names and cycles are errors that
// name them.
func (l *Library) Expand(expr string, named bool) (Expanded, error) {
	x := expansion{lib: l, named: named, inline: map[string]string{}}
	if err := x.expand(expr); err != nil {
		return Expanded{}, err
	}
	x.out.Text = x.text.String()
	return x.out, nil
}

// expansion is the state of one Expand.
type expansion struct {
	lib    *Library
	named  bool
	inline map[string]string // definitions within the expression
	path   []string          // names being expanded, the outermost first
	text   strings.Builder
	out    Expanded
}

func (x *expansion) expand(s string) error {
	if len(x.path) > maxDepth || x.text.Len() > maxExpanded {
		return fmt.Errorf("the expression is too large: expanding %s", strings.Join(x.path, " > "))
	}
	inClass := false
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			x.text.WriteString(rest[:2])
			i += 2
		case inClass || rest[0] == '[':
			n := classPart(rest, inClass)
			inClass = rest[0] != ']'
			if rest[0] == '%' {
				x.text.WriteString(`\x25`) // an engine that knows references must see none
			} else {
				x.text.WriteString(rest[:n])
			}
			i += n
		case strings.HasPrefix(rest, "%{"):
			n, err := x.reference(rest)
			if err != nil {
				return err
			}
			i += n
		case strings.HasPrefix(rest, "(?>"):
			x.out.Plain = true
			x.text.WriteString("(?:")
			i += len("(?>")
		case strings.HasPrefix(rest, "(?<") || strings.HasPrefix(rest, "(?P<"):
			i += x.group(rest)
		default:
			x.text.WriteByte(rest[0])
			i++
		}
	}
	return nil
}

// classPart returns how much of s, which begins with "[" or lies in a character class, must be taken at once
// so that a "]" that does not end the class is not taken for its end: []...], [^]...], [[:alpha:]].
func classPart(s string, inClass bool) int {
	n := 1
	switch {
	case inClass && strings.HasPrefix(s, "[:"):
		if end := strings.Index(s, ":]"); end > 0 {
			n = end + len(":]")
		}
	case !inClass:
		if n < len(s) && s[n] == '^' {
			n++
		}
		if n < len(s) && s[n] == ']' {
			n++
		}
	}
	return n
}

// group copies the head of a named group under a name of our own and returns its length. Look-behind is no
// group: the engine will say what it thinks of it.
func (x *expansion) group(s string) int {
	start := strings.IndexByte(s, '<') + 1
	end := strings.IndexByte(s, '>')
	if end <= start || s[start] == '=' || s[start] == '!' {
		x.text.WriteString(s[:start])
		return start
	}
	x.open(s[start:end], "")
	return end + 1
}

// open begins a capturing group.
func (x *expansion) open(field, typ string) {
	g := "g" + strconv.Itoa(len(x.out.Captures))
	x.out.Captures = append(x.out.Captures, Capture{g, field, typ})
	x.text.WriteString("(?P<" + g + ">")
}

// reference expands the reference that s begins with and returns its length.
func (x *expansion) reference(s string) (int, error) {
	end := referenceEnd(s)
	if end < 0 {
		return 0, fmt.Errorf("%.64q is not closed by \"}\"", s)
	}
	body, def, defines := strings.Cut(s[len("%{"):end], "=")
	name, field, hasField := strings.Cut(body, ":")
	field, typ, _ := strings.Cut(field, ":")
	if err := checkName(name); err != nil {
		return 0, fmt.Errorf("%.64q: %w", s[:end+1], err)
	}
	if hasField && field == "" {
		return 0, fmt.Errorf("%.64q: the field's name is empty", s[:end+1])
	}
	if defines {
		x.inline[name] = def
	}
	text, err := x.lookup(name)
	if err != nil {
		return 0, err
	}
	switch {
	case hasField:
		x.open(field, typ)
	case x.named:
		x.text.WriteString("(?:")
	default:
		x.open(name, "")
	}
	x.path = append(x.path, name)
	if err := x.expand(text); err != nil {
		return 0, err
	}
	x.path = x.path[:len(x.path)-1]
	x.text.WriteByte(')')
	return end + 1, nil
}

func (x *expansion) lookup(name string) (string, error) {
	if slices.Contains(x.path, name) {
		cycle := strings.Join(x.path[slices.Index(x.path, name):], " > ")
		return "", fmt.Errorf("pattern %q refers to itself: %s > %s", name, cycle, name)
	}
	if text, ok := x.inline[name]; ok {
		return text, nil
	}
	if text, ok := x.lib.Lookup(name); ok {
		return text, nil
	}
	in := ""
	if n := len(x.path); n > 0 {
		in = fmt.Sprintf(" in pattern %q", x.path[n-1])
		if d := x.lib.defs[x.path[n-1]]; d.origin != "" {
			in += " (" + d.origin + ")"
		}
	}
	hint := ""
	if near := nearest.Name(name, x.lib.Names()); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return "", fmt.Errorf("unknown pattern %q%s%s", name, in, hint)
}

// referenceEnd returns the position of the "}" that closes a reference, in which an inline definition may have
// braces of its own, or -1.
func referenceEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}
