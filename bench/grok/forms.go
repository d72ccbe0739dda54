package main

import "strings"

// Forms of one expression for other engines. The expressions have names, so that plain parentheses are no groups; named ones become
// plain groups, which every engine numbers in the same way.

// token is a piece of an expression: an escape, a class, the head of a group, a repeat in braces, or a character.
func token(s string) string {
	switch s[0] {
	case '\\':
		return s[:2]
	case '[':
		return s[:classEnd(s)]
	case '{':
		if end := strings.IndexByte(s, '}'); end > 0 && strings.Trim(s[1:end], "0123456789,") == "" {
			return s[:end+1]
		}
	case '(':
		return s[:groupHead(s)]
	}
	return s[:1]
}

func groupHead(s string) int {
	switch {
	case !strings.HasPrefix(s, "(?"):
		return 1
	case strings.HasPrefix(s, "(?<=") || strings.HasPrefix(s, "(?<!"):
		return 4
	case strings.HasPrefix(s, "(?<"):
		return strings.IndexByte(s, '>') + 1
	}
	return 3 // (?: (?> (?= (?!
}

// classEnd is where the class that s begins with ends; it may hold others.
func classEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			depth++
			if j := i + 1; j < len(s) && s[j] == '^' {
				i = j
			}
			if j := i + 1; j < len(s) && s[j] == ']' {
				i = j
			}
		case ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

func named(head string) bool {
	return strings.HasPrefix(head, "(?<") && len(head) > len("(?<=")
}

// perl is the form for PCRE2 and .NET's syntax.
func perl(expr string) string {
	var b strings.Builder
	for expr != "" {
		t := token(expr)
		expr = expr[len(t):]
		switch {
		case t == "(":
			t = "(?:"
		case named(t):
			t = "("
		}
		b.WriteString(t)
	}
	return b.String()
}

// re2 is the form for engines that have neither look-around nor atomic groups: those are dropped or made plain, and repeats with a large
// bound have none. It matches what the expression matches, and may match more.
func re2(expr string) string {
	var b strings.Builder
	for expr != "" {
		t := token(expr)
		expr = expr[len(t):]
		switch {
		case t == "(" || t == "(?>":
			t = "(?:"
		case t == "(?=" || t == "(?!" || t == "(?<=" || t == "(?<!":
			expr = expr[closing(expr):]
			t = ""
		case named(t):
			t = "("
		case t == "{0,62}" || t == "{0,63}":
			t = "*"
		case t == "{1,64}" || t == "{1,63}":
			t = "+"
		}
		b.WriteString(t)
	}
	return b.String()
}

// closing is the length of s up to the parenthesis that closes a group which is open before s.
func closing(s string) int {
	depth := 1
	for i := 0; i < len(s); {
		t := token(s[i:])
		i += len(t)
		switch {
		case t[0] == '(':
			depth++
		case t == ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}
