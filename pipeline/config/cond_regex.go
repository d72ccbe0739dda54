package config

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// compileRegex compiles a pattern of a condition. It is the only place that knows which engine is used.
// Patterns are Ruby's: ^ and $ stand at every line, (?m) lets "." match line ends, \h is a hex digit.
func compileRegex(pattern string) (func(string) bool, error) {
	re, err := regexp.Compile("(?m:" + fromRuby(pattern) + ")")
	if err != nil {
		return nil, regexProblem(pattern, err)
	}
	if text, all := re.LiteralPrefix(); all {
		return func(s string) bool { return strings.Contains(s, text) }, nil
	}
	return re.MatchString, nil
}

// regexProblem words an error of the engine.
func regexProblem(pattern string, err error) error {
	se, ok := err.(*syntax.Error) //nolint:errorlint // regexp documents that type
	if !ok {
		return fmt.Errorf("regex %s: %w", quote(pattern), err)
	}
	for _, part := range [...]string{"(?=", "(?!", "(?<=", "(?<!", "(?>", "\\1", "\\2", "\\k<", "++", "*+", "?+"} {
		if strings.Contains(pattern, part) {
			return fmt.Errorf("regex %s: look-around, atomic groups, possessive repeats and back-references (here %q) are not supported",
				quote(pattern), part)
		}
	}
	text := strings.Replace(se.Expr, "(?m:", "", 1)
	return fmt.Errorf("regex %s: %s in %s", quote(pattern), se.Code, quote(text))
}

// fromRuby writes a Ruby pattern as Go's.
func fromRuby(p string) string {
	var b strings.Builder
	class := 0 // depth of brackets
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '\\' && i+1 < len(p):
			i++
			b.WriteString(escapeFromRuby(p[i], class > 0))
		case c == '[' && (class == 0 || strings.HasPrefix(p[i:], "[:")):
			class++
			b.WriteByte(c)
		case c == '[': // a plain bracket in a class
			b.WriteString(`\[`)
		case c == ']' && class > 0:
			class--
			b.WriteByte(c)
		case class == 0 && strings.HasPrefix(p[i:], "(?"):
			n := flagsFromRuby(&b, p[i:])
			i += n - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeFromRuby(c byte, inClass bool) string {
	switch {
	case c == 'h' && inClass:
		return "0-9a-fA-F"
	case c == 'h':
		return "[0-9a-fA-F]"
	case c == 'H' && !inClass:
		return "[^0-9a-fA-F]"
	case c == 'Z' && !inClass:
		return `(?:\n?\z)`
	case c == 'e':
		return `\x1b`
	}
	return `\` + string(c)
}

// flagsFromRuby writes the start of a group whose flags have Ruby's meaning, and returns how many bytes it
// read.
func flagsFromRuby(b *strings.Builder, p string) int {
	n := 2
	for n < len(p) && strings.IndexByte("imx-", p[n]) >= 0 {
		n++
	}
	if n == len(p) || n == 2 || p[n] != ':' && p[n] != ')' {
		b.WriteString(p[:2])
		return 2
	}
	b.WriteString(strings.ReplaceAll(p[:n], "m", "s"))
	return n
}
