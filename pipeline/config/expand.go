package config

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// expandVars replaces ${NAME} and ${NAME:-default} in a scalar; any other $ stays. What a variable holds is
// text: it never becomes YAML structure, but it decides the type of an unquoted scalar.
func (l *loader) expandVars(n *node) {
	raw := n.raw
	if !strings.Contains(raw, "${") {
		return
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		v := variable(raw[i:])
		if v.length == 0 {
			b.WriteByte(raw[i])
			i++
			continue
		}
		value, ok := l.o.LookupEnv(v.name)
		switch {
		case ok && (value != "" || !v.hasDefault):
			l.redact.add(value, "${"+v.name+"}", minVariable)
		case v.hasDefault:
			value = v.byDefault
		default:
			l.undefined(n, i, v.name)
		}
		b.WriteString(value)
		n.moves = append(n.moves, move{variable: i, from: i + v.length, to: b.Len()})
		i += v.length
	}
	if n.moves == nil {
		return
	}
	n.text = b.String()
	if n.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		n.tag = (&yaml.Node{Kind: yaml.ScalarNode, Value: n.text}).ShortTag()
		if n.tag == "!!merge" {
			n.tag = "!!str"
		}
	}
}

// reference is a ${NAME} or ${NAME:-default} of so many bytes.
type reference struct {
	name, byDefault string
	hasDefault      bool
	length          int
}

// variable reads a reference at the start of s; length 0 means that there is none.
func variable(s string) reference {
	inner, _, closed := strings.Cut(s, "}")
	if !closed || !strings.HasPrefix(inner, "${") {
		return reference{}
	}
	r := reference{length: len(inner) + 1}
	r.name, r.byDefault, r.hasDefault = strings.Cut(inner[2:], ":-")
	for i, c := range r.name {
		if !isWordRune(c) || i == 0 && c >= '0' && c <= '9' {
			return reference{}
		}
	}
	if r.name == "" {
		return reference{}
	}
	return r
}

// undefined reports a variable that is not set.
func (l *loader) undefined(n *node, off int, name string) {
	line, col := n.locate(off)
	l.problems = append(l.problems, Problem{
		File: n.src.name, Line: line, Col: col, excerpt: n.src.line(line),
		Text: "the environment variable " + quote(name) + " is not set; set it, or give a default: ${" + name + ":-value}",
	})
	n.undefined = true
}
