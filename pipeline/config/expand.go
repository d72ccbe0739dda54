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
		name, fallback, hasFallback, length := variable(raw[i:])
		if length == 0 {
			b.WriteByte(raw[i])
			i++
			continue
		}
		value, ok := l.o.LookupEnv(name)
		switch {
		case ok && (value != "" || !hasFallback):
			l.redact.add(value, "${"+name+"}", minVariable)
		case hasFallback:
			value = fallback
		default:
			l.undefined(n, i, name)
		}
		b.WriteString(value)
		n.moves = append(n.moves, move{variable: i, from: i + length, to: b.Len()})
		i += length
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

// variable reads ${NAME} or ${NAME:-default} at the start of s; length 0 means that there is none.
func variable(s string) (name, fallback string, hasFallback bool, length int) {
	if !strings.HasPrefix(s, "${") {
		return "", "", false, 0
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", "", false, 0
	}
	name, fallback, hasFallback = strings.Cut(s[2:end], ":-")
	for i, r := range name {
		if !isWordRune(r) || i == 0 && r >= '0' && r <= '9' {
			return "", "", false, 0
		}
	}
	if name == "" {
		return "", "", false, 0
	}
	return name, fallback, hasFallback, end + 1
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
