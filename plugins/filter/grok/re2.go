package grok

import (
	"errors"
	"fmt"
	"regexp/syntax"

	vjeantet "github.com/vjeantet/grok"

	"sluice/patterns"
)

// re2 is the engine on vjeantet/grok, which runs Go's regexp: its time grows with the length of the text
// and with nothing else.
type re2 struct{}

// flags are what grok expressions expect: "." matches newlines too, ^ and $ match at every line.
const flags = "(?sm)"

// whole is the group around the expression, by which a match without captures is told from none.
const whole = "whole"

// compile gives the expression, whose references are expanded already, to the library under a short name.
func (re2) compile(x patterns.Expanded) (matcher, error) {
	if _, err := syntax.Parse(flags+x.Text, syntax.Perl); err != nil {
		return nil, explain(err)
	}
	g, err := vjeantet.NewWithConfig(&vjeantet.Config{
		NamedCapturesOnly: true, SkipDefaultPatterns: true,
		Patterns: map[string]string{"X": flags + x.Text},
	})
	if err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	m := &re2Matcher{grok: g, expr: "%{X:" + whole + "}"}
	if _, err := g.Match(m.expr, ""); err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	for _, c := range x.Captures {
		m.groups = append(m.groups, c.Group)
	}
	return m, nil
}

// errLacks says what RE2 has not.
var errLacks = errors.New("engine re2 has neither look-ahead, look-behind, back references nor possessive quantifiers")

// explain adds to a syntax error what may be behind it.
func explain(err error) error {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		switch e.Code {
		case syntax.ErrInvalidPerlOp, syntax.ErrInvalidNamedCapture, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidEscape:
			return fmt.Errorf("compile expression: %w (%w)", err, errLacks)
		}
	}
	return fmt.Errorf("compile expression: %w", err)
}

type re2Matcher struct {
	grok   *vjeantet.Grok
	expr   string
	groups []string // the name of each capture's group
}

func (m *re2Matcher) match(text string, caps []string) bool {
	found, err := m.grok.Parse(m.expr, text)
	if err != nil {
		panic("BUG: " + err.Error()) // it was compiled before
	}
	if _, ok := found[whole]; !ok {
		return false
	}
	for i, group := range m.groups {
		caps[i] = found[group]
	}
	return true
}
