package config

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

type operandKind uint8

const (
	fieldOperand operandKind = iota
	valueOperand
	listOperand
	regexOperand
)

// operand is one side of an operator.
type operand struct {
	kind  operandKind
	path  event.Path
	value event.Value // of a valueOperand; the pattern of a regexOperand
	list  []event.Value
	text  string // as written
	off   int
}

// comparison compiles an operator with its operands.
func (p *condParser) comparison(l operand, op string, off int, r operand) (plugin.Condition, *condError) {
	if l.kind == regexOperand || r.kind == regexOperand && op != "=~" && op != "!~" {
		bad := l
		if l.kind != regexOperand {
			bad = r
		}
		return nil, p.fail(bad.off, "a regex stands only to the right of =~ and !~; found it beside %s", op)
	}
	p.warnOneItem(l)
	p.warnOneItem(r)
	switch op {
	case "=~", "!~":
		c, err := p.match(l, op, r)
		if op == "!~" && err == nil {
			c = &notCond{c}
		}
		return c, err
	case "in", "not in":
		c, err := p.membership(l, r)
		if op == "not in" && err == nil {
			c = &notCond{c}
		}
		return c, err
	case "==", "!=":
		c, err := p.equality(l, op, r)
		if op == "!=" && err == nil {
			c = &notCond{c}
		}
		return c, err
	default:
		return p.order(l, op, off, r)
	}
}

// warnOneItem warns of ["x"], which Logstash's grammar takes for a field named "x" with its quotes.
func (p *condParser) warnOneItem(o operand) {
	if o.kind != fieldOperand || strings.Count(o.text, "[") != 1 {
		return
	}
	name := strings.TrimSpace(o.text[1 : len(o.text)-1])
	if c := name[:min(1, len(name))]; c == `"` || c == `'` || c >= "0" && c <= "9" {
		p.warn(o.off, "%s is read as a field of that name, as in Logstash: a list has two items at least; compare with == %s",
			o.text, name)
	}
}

func (p *condParser) equality(l operand, op string, r operand) (plugin.Condition, *condError) {
	for _, o := range [...]operand{l, r} {
		if o.kind == listOperand {
			return nil, p.fail(o.off, `a list cannot be compared by %s; use "in" or "not in"`, op)
		}
	}
	switch {
	case l.kind == valueOperand && r.kind == valueOperand:
		return constCond(l.value.Equal(r.value)), nil
	case l.kind == fieldOperand && r.kind == fieldOperand:
		return &equalFields{l.path, r.path}, nil
	case l.kind == valueOperand:
		l, r = r, l
	}
	if s, ok := r.value.AsString(); ok {
		return &equalText{l.path, s}, nil
	}
	return &equalValue{l.path, r.value}, nil
}

// order compiles <, <=, > and >=.
func (p *condParser) order(l operand, op string, off int, r operand) (plugin.Condition, *condError) {
	for _, o := range [...]operand{l, r} {
		if o.kind == listOperand {
			return nil, p.fail(o.off, `a list cannot be compared by %s; use "in" or "not in"`, op)
		}
	}
	accept := orderOf(op)
	if l.kind == fieldOperand && r.kind == fieldOperand {
		return &orderFields{l.path, r.path, accept}, nil
	}
	if l.kind == valueOperand && r.kind == valueOperand {
		c, ok := compare(l.value, r.value)
		if !ok {
			return nil, p.fail(off, "%s compares text with a number, which have no order", op)
		}
		return constCond(accept.has(c)), nil
	}
	if l.kind == valueOperand { // 5 < [a] is [a] > 5
		l, r = r, l
		accept = orderOf(strings.NewReplacer("<", ">", ">", "<").Replace(op))
	}
	return &orderValue{l.path, r.value, accept}, nil
}

func (p *condParser) membership(l, r operand) (plugin.Condition, *condError) {
	switch {
	case l.kind == listOperand:
		return nil, p.fail(l.off, `a list cannot stand to the left of "in"; found %s`, quote(l.text))
	case l.kind == fieldOperand && r.kind == listOperand:
		texts := make([]string, len(r.list))
		for i := range r.list {
			texts[i] = r.list[i].Text()
		}
		return &inList{l.path, texts}, nil
	case l.kind == fieldOperand && r.kind == valueOperand:
		return &inText{l.path, r.value.Text()}, nil
	case l.kind == fieldOperand:
		return &inField{l.path, r.path}, nil
	case r.kind == fieldOperand:
		return &valueInField{l.value, r.path}, nil
	case r.kind == listOperand:
		found := false
		for i := range r.list {
			found = found || r.list[i].Text() == l.value.Text()
		}
		return constCond(found), nil
	}
	return constCond(strings.Contains(r.value.Text(), l.value.Text())), nil
}

func (p *condParser) match(l operand, op string, r operand) (plugin.Condition, *condError) {
	if _, isText := r.value.AsString(); !isText || r.kind == listOperand {
		return nil, p.fail(r.off, "found %s to the right of %s, expected a regex; write %s /pattern/", quote(r.text), op, op)
	}
	if _, isText := l.value.AsString(); l.kind != fieldOperand && !isText {
		return nil, p.fail(l.off, "found %s to the left of %s, expected a field", quote(l.text), op)
	}
	matches, err := compileRegex(r.value.Str())
	if err != nil {
		return nil, p.fail(r.off, "%v", err)
	}
	if l.kind == valueOperand {
		return constCond(matches(l.value.Str())), nil
	}
	return &matchCond{l.path, matches}, nil
}

type constCond bool

func (c constCond) Eval(*event.Event) (bool, error) { return bool(c), nil }

type notCond struct{ c plugin.Condition }

func (c *notCond) Eval(e *event.Event) (bool, error) {
	yes, err := c.c.Eval(e)
	return !yes && err == nil, err
}

type andCond struct{ l, r plugin.Condition }

func (c *andCond) Eval(e *event.Event) (bool, error) {
	if yes, err := c.l.Eval(e); !yes || err != nil {
		return false, err
	}
	return c.r.Eval(e)
}

type orCond struct{ l, r plugin.Condition }

func (c *orCond) Eval(e *event.Event) (bool, error) {
	if yes, err := c.l.Eval(e); yes || err != nil {
		return yes, err
	}
	return c.r.Eval(e)
}

type xorCond struct{ l, r plugin.Condition }

func (c *xorCond) Eval(e *event.Event) (bool, error) {
	l, err := c.l.Eval(e)
	if err != nil {
		return false, err
	}
	r, err := c.r.Eval(e)
	return l != r && err == nil, err
}

// truthyCond is [a]: false where a is missing, null, false, "" or "false".
type truthyCond struct{ path event.Path }

func (c *truthyCond) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	if s, ok := v.AsString(); ok {
		return s != "" && s != "false", nil
	}
	k := v.Kind()
	return k != event.Null && (k != event.Bool || v.Bool()), nil
}

type equalText struct {
	path event.Path
	text string
}

func (c *equalText) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	s, ok := v.AsString()
	return ok && s == c.text, nil
}

// equalValue compares with a number: kinds must be the same, 1 is not 1.0.
type equalValue struct {
	path  event.Path
	value event.Value
}

func (c *equalValue) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	return v.Equal(c.value), nil
}

// equalFields holds too where both are missing, but not where one is null.
type equalFields struct{ l, r event.Path }

func (c *equalFields) Eval(e *event.Event) (bool, error) {
	l, hasL := c.l.Get(e)
	r, hasR := c.r.Get(e)
	return hasL == hasR && l.Equal(r), nil
}

// order is the set of results of a comparison that satisfy an operator.
type order struct{ less, equal, greater bool }

func orderOf(op string) order {
	return order{less: op[0] == '<', equal: strings.HasSuffix(op, "="), greater: op[0] == '>'}
}

func (o order) has(c int) bool {
	switch {
	case c < 0:
		return o.less
	case c == 0:
		return o.equal
	default:
		return o.greater
	}
}

// orderValue compares a field with text or a number.
type orderValue struct {
	path   event.Path
	value  event.Value
	accept order
}

func (c *orderValue) Eval(e *event.Event) (bool, error) {
	v, ok := c.path.Get(e)
	if !ok {
		return false, &orderError{missing, c.value.Kind().String(), c.path.String()}
	}
	n, ok := compare(v, c.value)
	if !ok {
		return false, &orderError{v.Kind().String(), c.value.Kind().String(), c.path.String()}
	}
	return c.accept.has(n), nil
}

type orderFields struct {
	l, r   event.Path
	accept order
}

func (c *orderFields) Eval(e *event.Event) (bool, error) {
	l, hasL := c.l.Get(e)
	r, hasR := c.r.Get(e)
	if n, ok := compare(l, r); ok && hasL && hasR {
		return c.accept.has(n), nil
	}
	kinds := [2]string{missing, missing}
	if hasL {
		kinds[0] = l.Kind().String()
	}
	if hasR {
		kinds[1] = r.Kind().String()
	}
	return false, &orderError{kinds[0], kinds[1], c.l.String() + " and " + c.r.String()}
}

const missing = "missing field"

// orderError says that two values have no order.
type orderError struct{ left, right, fields string }

func (e *orderError) Error() string {
	return "compare " + e.fields + ": a " + e.left + " and a " + e.right + " have no order"
}

// compare orders two values as Logstash does: text by bytes, numbers as numbers, times as times. A boolean
// or null to the left is equal to anything but a list or a map, which have no order.
func compare(l, r event.Value) (int, bool) {
	if s, ok := l.AsString(); ok {
		t, ok := r.AsString()
		return strings.Compare(s, t), ok
	}
	switch l.Kind() {
	case event.Int:
		if r.Kind() == event.Int {
			return cmp.Compare(l.Int(), r.Int()), true
		}
		f, ok := r.Number()
		return cmp.Compare(float64(l.Int()), f), ok
	case event.Float:
		f, ok := r.Number()
		return cmp.Compare(l.Float(), f), ok
	case event.Time:
		if r.Kind() != event.Time {
			return 0, false
		}
		return l.Time().Compare(r.Time()), true
	case event.Bool, event.Null:
		return 0, r.Kind() != event.List && r.Kind() != event.Map
	default:
		return 0, false
	}
}

// inList is [a] in ["x", 3]: the text of the field is one of the texts.
type inList struct {
	path  event.Path
	texts []string
}

func (c *inList) Eval(e *event.Event) (bool, error) {
	v, ok := c.path.Get(e)
	if !ok {
		return false, nil
	}
	if s, isText := v.AsString(); isText {
		return slices.Contains(c.texts, s), nil
	}
	if k := v.Kind(); k == event.List || k == event.Map {
		return false, nil
	}
	var buf [len(time.RFC3339Nano) + 8]byte
	text := v.AppendText(buf[:0])
	return slices.ContainsFunc(c.texts, func(t string) bool { return string(text) == t }), nil
}

// inText is [a] in "text": the field is text that is part of the text.
type inText struct {
	path event.Path
	text string
}

func (c *inText) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	s, ok := v.AsString()
	return ok && strings.Contains(c.text, s), nil
}

// valueInField is "x" in [a]: part of the field's text, or an element of the field's list.
type valueInField struct {
	value event.Value
	path  event.Path
}

func (c *valueInField) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	if s, ok := v.AsString(); ok {
		t, isText := c.value.AsString()
		return isText && strings.Contains(s, t), nil
	}
	return contains(v.List(), c.value), nil
}

// inField is [a] in [b].
type inField struct{ l, r event.Path }

func (c *inField) Eval(e *event.Event) (bool, error) {
	l, ok := c.l.Get(e)
	if k := l.Kind(); !ok || k == event.List || k == event.Map {
		return false, nil
	}
	r, ok := c.r.Get(e)
	if !ok {
		return false, nil
	}
	if s, isText := l.AsString(); isText {
		if t, isText := r.AsString(); isText {
			return strings.Contains(t, s), nil
		}
	}
	if r.Kind() == event.List {
		return contains(r.List(), l), nil
	}
	return l.Equal(r), nil
}

func contains(items []event.Value, v event.Value) bool {
	for i := range items {
		if items[i].Equal(v) {
			return true
		}
	}
	return false
}

// matchCond is [a] =~ /x/: only text matches.
type matchCond struct {
	path    event.Path
	matches func(string) bool
}

func (c *matchCond) Eval(e *event.Event) (bool, error) {
	v, _ := c.path.Get(e)
	s, ok := v.AsString()
	return ok && c.matches(s), nil
}
