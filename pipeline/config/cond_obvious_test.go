package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// absent stands for a field that is not there.
type absent struct{}

var errNoOrder = errors.New("no order")

// obvious is what an operator means, on values as encoding/json decodes them (with json.Number).
func obvious(l any, op string, r any) (bool, error) {
	switch op {
	case "==":
		return reflect.DeepEqual(l, r) && (!isNumber(l) || isInt(l) == isInt(r)), nil
	case "!=", "not in":
		yes, err := obvious(l, map[string]string{"!=": "==", "not in": "in"}[op], r)
		return !yes, err
	case "in":
		return obviousIn(l, r), nil
	}
	c, err := obviousOrder(l, r)
	if err != nil {
		return false, err
	}
	return strings.HasSuffix(op, "=") && c == 0 || op[0] == '<' && c < 0 || op[0] == '>' && c > 0, nil
}

func isNumber(x any) bool { _, ok := x.(json.Number); return ok }

func isInt(x any) bool { return isNumber(x) && !strings.Contains(fmt.Sprint(x), ".") }

func obviousIn(l, r any) bool {
	text, isText := l.(string)
	_, isList := l.([]any)
	_, isMap := l.(map[string]any)
	if l == (absent{}) || isList || isMap {
		return false
	}
	if in, ok := r.(string); ok {
		return isText && strings.Contains(in, text)
	}
	if items, ok := r.([]any); ok {
		for _, x := range items {
			if yes, _ := obvious(l, "==", x); yes {
				return true
			}
		}
		return false
	}
	yes, _ := obvious(l, "==", r)
	return yes
}

func obviousOrder(l, r any) (int, error) {
	if l == (absent{}) || r == (absent{}) {
		return 0, errNoOrder
	}
	switch l := l.(type) {
	case string:
		if r, ok := r.(string); ok {
			return bytes.Compare([]byte(l), []byte(r)), nil
		}
	case json.Number:
		if r, ok := r.(json.Number); ok {
			a, _ := l.Float64()
			b, _ := r.Float64()
			return map[bool]int{a < b: -1, a > b: 1}[true], nil
		}
	case bool, nil:
		switch r.(type) {
		case []any, map[string]any:
		default:
			return 0, nil
		}
	}
	return 0, errNoOrder
}

// TestOperatorsAgainstTheObvious compares each operator, between two fields and, where there is a literal, between a
// field and a value, with its plain meaning on every pair of values.
func TestOperatorsAgainstTheObvious(t *testing.T) {
	var values []any
	d := json.NewDecoder(strings.NewReader(`[null, true, false, "", "x", "xy", "1", "false", 0, 1, 2, -1, 1.0, 1.5, -0.5, [], ["x", 1], [1.0, null], {}, {"k": "x"}]`))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		t.Fatal(err)
	}
	values = append(values, absent{})
	compared := 0
	for _, op := range []string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"} {
		for _, l := range values {
			for _, r := range values {
				compared += compareOperator(t, op, l, r)
			}
		}
	}
	if compared < 4000 {
		t.Errorf("only %d comparisons were made", compared)
	}
}

func compareOperator(t *testing.T, op string, l, r any) (compared int) {
	t.Helper()
	fields := map[string]any{}
	if l != any(absent{}) {
		fields["l"] = l
	}
	if r != any(absent{}) {
		fields["r"] = r
	}
	want, wantErr := obvious(l, op, r)
	if op == "in" && r == any(absent{}) || op == "not in" && r == any(absent{}) {
		want, wantErr = op == "not in", nil
	}
	texts := []string{"[l] " + op + " [r]"}
	if lit := literal(r); lit != "" && !strings.HasSuffix(op, "in") {
		texts = append(texts, "[l] "+op+" "+lit)
	}
	if lit := literal(l); lit != "" && literal(r) == "" && (op == "==" || op == "!=") {
		texts = append(texts, lit+" "+op+" [r]")
	}
	for _, text := range texts {
		c, _, perr := parseCondition(text)
		if perr != nil {
			t.Errorf("%s: %s", text, perr.text)
			continue
		}
		got, err := c.Eval(testEvent(fields))
		if got != want && wantErr == nil || (err == nil) != (wantErr == nil) {
			t.Errorf("%s with %v: got %v, %v; want %v, %v", text, fields, got, err, want, wantErr)
		}
		compared++
	}
	return compared
}

// literal writes a value in a condition, "" where that cannot be done.
func literal(x any) string {
	switch x := x.(type) {
	case string:
		return `"` + x + `"`
	case json.Number:
		return x.String()
	}
	return ""
}
