package grok

import (
	"strings"
	"unicode/utf8"
)

// reference is a %{...} in a text.
type reference struct {
	start, end int    // in the text
	name       string // the pattern's
	group      string // the name with field and type: "INT:bytes:int"; the name alone where there is no field
	def        string // an inline definition
	defines    bool
	ignored    string // what stands before the "}" without a meaning
}

// hasField reports whether the reference names a field.
func (r *reference) hasField() bool { return len(r.group) > len(r.name) }

// findReference returns the first reference in s. What looks like one and is none ("%{}", "%{A" without an
// end) is text.
func findReference(s string) (r reference, ok bool) {
	last := strings.LastIndexByte(s, '}')
	for at := 0; ; {
		i := strings.Index(s[at:], "%{")
		if i < 0 || at+i > last {
			return reference{}, false
		}
		at += i
		if r, ok := parseReference(s, at, last); ok {
			return r, true
		}
		at += len("%{")
	}
}

// parseReference reads the reference that may begin at start; last is the place of the last "}" in s.
func parseReference(s string, start, last int) (reference, bool) {
	r := reference{start: start}
	i := start + len("%{")
	for i < len(s) && isNameByte(s[i]) {
		i++
	}
	r.name = s[start+len("%{") : i]
	if r.name == "" || i > last {
		return r, false
	}
	if s[i] == ':' {
		end := i + 1
		for end < len(s) && isFieldByte(s[end]) {
			end++
		}
		if end > i+1 {
			i = end
		}
	}
	r.group = s[start+len("%{") : i]
	if i > last {
		return r, false
	}
	if s[i] == '=' {
		if end := definitionEnd(s, i+1, last); end > i+1 {
			r.def, r.defines, i = s[i+1:end], true, end
		}
	}
	end := i + strings.IndexByte(s[i:], '}')
	r.ignored, r.end = s[i:end], end+1
	return r, true
}

// isFieldByte is the class of what may stand in a field and its type: [@\[\]A-z0-9_:.-].
func isFieldByte(c byte) bool { return isNameByte(c) || strings.IndexByte("@:.-", c) >= 0 }

// definitionEnd returns where an inline definition that begins at i ends, as the expression by which jls-grok
// finds it has it, or i where there is none. Braces in it are balanced, with one exception that users meet: a
// backslash takes all up to the last "}" of its line that leaves one to close the reference.
func definitionEnd(s string, i, last int) int {
	for i < last {
		switch s[i] {
		case '\\':
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				end = len(s)
			} else {
				end += i
			}
			end = min(end, last)
			if _, n := utf8.DecodeRuneInString(s[i+1:]); end < i+1+n || s[i+1] == '\n' {
				return i
			}
			i = end
		case '{':
			end := balanced(s, i)
			if end < 0 || end > last {
				return i
			}
			i = end
		case '}':
			return i
		default:
			i++
		}
	}
	return i
}

// balanced returns the position behind the "}" that closes the "{" at i, or -1.
func balanced(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}
