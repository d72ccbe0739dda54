package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// maxCondDepth bounds the nesting of parentheses, so that no text can exhaust the stack.
const maxCondDepth = 200

// condError is what is wrong with a condition, at a byte offset of its text.
type condError struct {
	off  int
	text string
}

func (e *condError) Error() string { return e.text }

// condParser reads Logstash's condition language. The grammar has no separate tokens: what "[" or "/" opens
// depends on the place.
type condParser struct {
	s     string
	pos   int
	depth int
	warns []condError
}

// parseCondition compiles a condition. The warnings are doubts about text that is valid.
func parseCondition(s string) (c plugin.Condition, warnings []condError, err *condError) {
	p := &condParser{s: s}
	p.space()
	if p.pos == len(s) {
		return nil, nil, &condError{0, "the condition is empty"}
	}
	c, err = p.condition()
	if err == nil && p.pos < len(s) {
		err = p.trailing()
	}
	if err != nil {
		return nil, p.warns, err
	}
	return c, p.warns, nil
}

func (p *condParser) fail(off int, format string, args ...any) *condError {
	return &condError{off, fmt.Sprintf(format, args...)}
}

func (p *condParser) warn(off int, format string, args ...any) {
	p.warns = append(p.warns, condError{off, fmt.Sprintf(format, args...)})
}

// trailing says what is wrong with text behind a complete condition.
func (p *condParser) trailing() *condError {
	rest := p.s[p.pos:]
	switch {
	case rest[0] == ')':
		return p.fail(p.pos, `found ")" without "("`)
	case strings.HasPrefix(rest, "&&"):
		return p.fail(p.pos, `found "&&"; write "and"`)
	case strings.HasPrefix(rest, "||"):
		return p.fail(p.pos, `found "||"; write "or"`)
	case rest[0] == '=' && !strings.HasPrefix(rest, "=="):
		return p.fail(p.pos, `found "="; write "=="`)
	}
	return p.fail(p.pos, `found %s where an operator or the end was expected; operators are ==, !=, <, <=, >, >=, =~, !~, in, `+
		`not in, and, or, xor, nand`, p.word())
}

// word quotes what stands at the position, for messages.
func (p *condParser) word() string {
	if p.pos == len(p.s) {
		return "the end"
	}
	return quote(p.rawWord())
}

// rawWord is the word, or else the character, at the position, which is not the end.
func (p *condParser) rawWord() string {
	rest := p.s[p.pos:]
	n := strings.IndexFunc(rest, func(r rune) bool { return !isWordRune(r) })
	switch n {
	case -1:
		n = len(rest)
	case 0:
		_, n = utf8.DecodeRuneInString(rest)
	}
	return rest[:n]
}

func isWordRune(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// space skips white space and comments, which run from # to the end of the line.
func (p *condParser) space() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		case '#':
			n := strings.IndexByte(p.s[p.pos:], '\n')
			if n < 0 {
				p.pos = len(p.s)
				return
			}
			p.pos += n
		default:
			return
		}
	}
}

// take moves over s if it stands at the position.
func (p *condParser) take(s string) bool {
	if strings.HasPrefix(p.s[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

// condition reads expressions joined by boolean operators: "and" binds tighter than "or"; "xor" and "nand"
// stand alone.
func (p *condParser) condition() (plugin.Condition, *condError) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxCondDepth {
		return nil, p.fail(p.pos, "parentheses are nested deeper than %d", maxCondDepth)
	}
	first, err := p.expression()
	if err != nil {
		return nil, err
	}
	terms := []plugin.Condition{first}
	var ops []string
	for {
		p.space()
		off := p.pos
		op := p.booleanOperator()
		if op == "" {
			return join(terms, ops), nil
		}
		ops = append(ops, op)
		if alone := op == "xor" || op == "nand"; len(ops) > 1 && (alone || ops[0] == "xor" || ops[0] == "nand") {
			return nil, p.fail(off, `%q follows %q: xor and nand mix with no other operator; use parentheses`, op, ops[len(ops)-2])
		}
		next, err := p.expression()
		if err != nil {
			return nil, err
		}
		terms = append(terms, next)
	}
}

// join combines terms with the operators between them.
func join(terms []plugin.Condition, ops []string) plugin.Condition {
	var some plugin.Condition
	all := terms[0]
	for i, op := range ops {
		next := terms[i+1]
		switch op {
		case "and":
			all = &andCond{all, next}
		case "nand":
			all = &notCond{&andCond{all, next}}
		case "xor":
			all = &xorCond{all, next}
		default:
			some, all = orNil(some, all), next
		}
	}
	return orNil(some, all)
}

func orNil(some, c plugin.Condition) plugin.Condition {
	if some == nil {
		return c
	}
	return &orCond{some, c}
}

func (p *condParser) booleanOperator() string {
	for _, op := range [...]string{"and", "or", "xor", "nand"} {
		if p.take(op) {
			return op
		}
	}
	return ""
}

// expression reads one term.
func (p *condParser) expression() (plugin.Condition, *condError) {
	p.space()
	switch {
	case p.take("("):
		return p.parenthesis(p.pos - 1)
	case p.take("!"):
		return p.negation()
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	p.space()
	off := p.pos
	op, err := p.operator()
	if err != nil {
		return nil, err
	}
	if op == "" {
		if left.kind != fieldOperand {
			return nil, p.fail(left.off, "%s alone is no condition; compare it with a field", left.text)
		}
		return &truthyCond{left.path}, nil
	}
	p.space()
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	return p.comparison(left, op, off, right)
}

// parenthesis reads what follows "(", which stands at offset open.
func (p *condParser) parenthesis(open int) (plugin.Condition, *condError) {
	c, err := p.condition()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		if p.pos < len(p.s) {
			return nil, p.trailing()
		}
		return nil, p.fail(open, `"(" is not closed`)
	}
	return c, nil
}

// negation reads what follows "!".
func (p *condParser) negation() (plugin.Condition, *condError) {
	p.space()
	off := p.pos
	if p.take("(") {
		c, err := p.parenthesis(off)
		return &notCond{c}, err
	}
	o, ok, err := p.selector()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, p.fail(off, `found %s behind "!", expected a field or a parenthesis; write ![field] or !( ... )`, p.word())
	}
	end := p.pos
	p.space()
	at := p.pos
	if op, _ := p.operator(); op != "" {
		return nil, p.fail(at, `"!" applies to the field alone, and %q cannot follow; write !(%s %s ...)`, op, o.text, op)
	}
	p.pos = end
	return &notCond{&truthyCond{o.path}}, nil
}

// operator reads an operator that takes two operands, and returns "" when there is none.
func (p *condParser) operator() (string, *condError) {
	off := p.pos
	if strings.HasPrefix(p.s[p.pos:], "===") {
		return "", p.fail(off, `found "==="; write "=="`)
	}
	for _, op := range [...]string{"==", "!=", "<=", ">=", "<", ">", "=~", "!~"} {
		if p.take(op) {
			return op, nil
		}
	}
	if p.take("in") {
		if p.pos < len(p.s) && isWordRune(rune(p.s[p.pos])) { // a word that begins like it: index
			p.pos = off
			return "", nil
		}
		return "in", nil
	}
	if p.take("not ") {
		p.space()
		if p.take("in") {
			return "not in", nil
		}
		return "", p.fail(off, `found "not" without "in"; write [field] not in ..., or !( ... )`)
	}
	return "", nil
}

// operand reads a string, number, field, list or regex.
func (p *condParser) operand() (operand, *condError) {
	if p.pos == len(p.s) {
		end := len(strings.TrimRight(p.s, " \t\r\n"))
		return operand{}, p.fail(end, "the condition ends where a field or a value was expected")
	}
	off := p.pos
	switch c := p.s[p.pos]; {
	case c == '"' || c == '\'':
		text, err := p.delimited(c)
		if err == nil && strings.Contains(text, `\`+string(c)) {
			p.warn(off, `\%c keeps its backslash, as in Logstash; to have the quote alone, use the other kind of quotes`, c)
		}
		return operand{kind: valueOperand, value: event.StringOf(text), text: p.s[off:p.pos], off: off}, err
	case c == '/':
		text, err := p.delimited(c)
		return operand{kind: regexOperand, value: event.StringOf(text), text: p.s[off:p.pos], off: off}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case c == '[':
		o, ok, err := p.selector()
		if ok || err != nil {
			return o, err
		}
		return p.list()
	}
	return operand{}, p.notAnOperand()
}

// notAnOperand says what is wrong where an operand should be.
func (p *condParser) notAnOperand() *condError {
	off, word := p.pos, p.rawWord()
	switch {
	case word == "not":
		return p.fail(off, `found "not"; write ![field] or !( ... )`)
	case word == "true" || word == "false":
		return p.fail(off, "found %s; there are no boolean values here: test the field alone, as in [field] or ![field]", word)
	case word == "null" || word == "nil":
		return p.fail(off, "found %s; test the field alone, as in [field] or ![field]", word)
	case isWordRune(rune(word[0])) && (word[0] < '0' || word[0] > '9'):
		if strings.HasPrefix(p.s[p.pos+len(word):], "(") {
			return p.fail(off, "found %s(; conditions have no functions", word)
		}
		short := word[:min(len(word), maxQuoted)]
		return p.fail(off, "found %q; write a field as [%s] and text as \"%s\"", short, short, short)
	}
	return p.fail(off, "found %s where a field or a value was expected", p.word())
}

// delimited reads text up to the next q that has no backslash before it. The backslash stays in the text.
func (p *condParser) delimited(q byte) (string, *condError) {
	start := p.pos
	for i := start + 1; i < len(p.s); i++ {
		switch {
		case p.s[i] == '\\' && i+1 < len(p.s) && p.s[i+1] == q:
			i++
		case p.s[i] == q:
			p.pos = i + 1
			return p.s[start+1 : i], nil
		}
	}
	p.pos = len(p.s)
	return "", p.fail(start, "%c is not closed", q)
}

func (p *condParser) number() (operand, *condError) {
	off := p.pos
	p.take("-")
	digits := func() int {
		start := p.pos
		for p.pos < len(p.s) && p.s[p.pos] >= '0' && p.s[p.pos] <= '9' {
			p.pos++
		}
		return p.pos - start
	}
	if digits() == 0 {
		p.pos = off
		return operand{}, p.fail(off, `found "-" without a number`)
	}
	o := operand{kind: valueOperand, off: off}
	if p.take(".") {
		digits()
		f, err := strconv.ParseFloat(p.s[off:p.pos], 64)
		if err != nil {
			return o, p.fail(off, "the number %s is too large", quote(p.s[off:p.pos]))
		}
		o.value = event.FloatOf(f)
	} else {
		i, err := strconv.ParseInt(p.s[off:p.pos], 10, 64)
		if err != nil {
			return o, p.fail(off, "the number %s does not fit 64 bits", quote(p.s[off:p.pos]))
		}
		o.value = event.IntOf(i)
	}
	o.text = p.s[off:p.pos]
	return o, nil
}

// selector reads [a][b]. It reports false, without moving, where the brackets hold a list: names have no
// comma and no brackets.
func (p *condParser) selector() (operand, bool, *condError) {
	off := p.pos
	for p.pos < len(p.s) && p.s[p.pos] == '[' {
		n := strings.IndexAny(p.s[p.pos+1:], "[],")
		if n <= 0 || p.s[p.pos+1+n] != ']' {
			break
		}
		p.pos += n + 2
	}
	if p.pos == off {
		return operand{}, false, nil
	}
	text := p.s[off:p.pos]
	path, err := event.ParsePath(text)
	if err != nil {
		return operand{}, false, p.fail(off, "%v", err)
	}
	return operand{kind: fieldOperand, path: path, text: text, off: off}, true, nil
}

// list reads ["a", 1, word].
func (p *condParser) list() (operand, *condError) {
	o := operand{kind: listOperand, off: p.pos}
	p.pos++
	for first := true; ; first = false {
		p.space()
		if p.pos == len(p.s) {
			return o, p.fail(o.off, `"[" is not closed`)
		}
		if first && p.take("]") {
			break
		}
		item, err := p.listItem()
		if err != nil {
			return o, err
		}
		o.list = append(o.list, item)
		p.space()
		if p.take("]") {
			break
		}
		if !p.take(",") {
			if p.pos == len(p.s) {
				return o, p.fail(o.off, `"[" is not closed`)
			}
			return o, p.fail(p.pos, `found %s in a list, expected "," or "]"`, p.word())
		}
	}
	o.text = p.s[o.off:p.pos]
	return o, nil
}

func (p *condParser) listItem() (event.Value, *condError) {
	off := p.pos
	c := p.s[p.pos]
	if c == '"' || c == '\'' || c == '-' || c >= '0' && c <= '9' {
		o, err := p.operand()
		return o.value, err
	}
	n := strings.IndexFunc(p.s[p.pos:], func(r rune) bool { return !isWordRune(r) })
	if n < 2 { // Logstash's bare words have two characters at least
		return event.Value{}, p.fail(off, "found %s in a list, expected text in quotes or a number", p.word())
	}
	p.pos += n
	return event.StringOf(p.s[off:p.pos]), nil
}
