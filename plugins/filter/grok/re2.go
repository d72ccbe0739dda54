package grok

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"

	vjeantet "github.com/vjeantet/grok"

	"sluice/internal/grok"
)

// re2 is the engine on vjeantet/grok, which runs Go's regexp: its time grows with the length of the text
// and with nothing else.
type re2 struct{}

// flags are what grok expressions expect: "." matches newlines too, ^ and $ match at every line.
const flags = "(?sm)"

// whole is the group around the expression, by which a match without captures is told from none.
const whole = "whole"

// compile gives the expression, whose references are expanded already, to the library under a short name.
func (re2) compile(x *grok.Expanded) (program, error) {
	r := translation{in: x.Text}
	if err := r.run(); err != nil {
		return nil, x.Error(r.at, err)
	}
	text := r.out.String()
	if _, err := syntax.Parse(flags+text, syntax.Perl); err != nil {
		return nil, explain(err)
	}
	captures, err := grok.Captures(r.names)
	if err != nil {
		return nil, err
	}
	g, err := vjeantet.NewWithConfig(&vjeantet.Config{
		NamedCapturesOnly: true, SkipDefaultPatterns: true,
		Patterns: map[string]string{"X": flags + text},
	})
	if err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	p := &re2Program{grok: g, list: captures, expr: "%{X:" + whole + "}", plain: r.plain, filter: newPrefilter(text)}
	if _, err := g.Match(p.expr, ""); err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	return p, nil
}

// translation turns an expression into one that Go's regexp understands in the same way: groups get names of
// their own, g1 and so on, and atomic groups become plain ones. What it cannot turn is an error, and what it lets
// pass Go's parser judges.
type translation struct {
	in    string
	at    int
	out   strings.Builder
	names []string // of the groups, by number
	plain bool     // there was an atomic group
	depth int      // of brackets
	first bool     // what follows is the first member of a class
}

// errLacks says what RE2 has not.
var errLacks = errors.New("engine re2 has neither look-ahead, look-behind, back references nor possessive quantifiers; engine sluice has")

func (t *translation) run() error {
	for t.at < len(t.in) {
		rest := t.in[t.at:]
		n := 1
		var err error
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			n, err = t.escape(rest)
		case t.depth > 0:
			n, err = t.class(rest)
		case rest[0] == '[':
			n, t.depth, t.first = 1, 1, true
			if strings.HasPrefix(rest, "[^") {
				n = 2
			}
			t.out.WriteString(rest[:n])
		case strings.HasPrefix(rest, "%{"):
			t.out.WriteString(`\x25`) // the library must see no reference
		case strings.HasPrefix(rest, "{,"):
			t.out.WriteString("{0")
		case rest[0] == '(':
			n, err = t.group(rest)
		default:
			t.out.WriteByte(rest[0])
		}
		if err != nil {
			return err
		}
		t.at += n
	}
	return nil
}

// escape copies an escape. Those that mean something else to Go are refused.
func (t *translation) escape(s string) (int, error) {
	t.first = false
	switch c := s[1]; {
	case strings.IndexByte("hHRXGKkgZQCZBb", c) >= 0 && (c != 'b' && c != 'B' || t.depth > 0), c >= '1' && c <= '9':
		return 0, fmt.Errorf("%w: found %s", errLacks, s[:2])
	case c == 's':
		if t.depth > 0 {
			t.out.WriteString(`\s\v`)
		} else {
			t.out.WriteString(`[\s\v]`)
		}
	case c == 'S':
		if t.depth > 0 {
			return 0, fmt.Errorf("%w: found \\S in a class", errLacks)
		}
		t.out.WriteString(`[^\s\v]`)
	case c == '_' || c == 'e' || c >= 0x80:
		return 0, fmt.Errorf("%w: found the escape of %q", errLacks, c)
	default:
		t.out.WriteString(s[:2])
	}
	return 2, nil
}

// class copies a part of a character class.
func (t *translation) class(s string) (int, error) {
	first := t.first
	t.first = false
	switch {
	case strings.HasPrefix(s, "[:"):
		end := strings.Index(s, ":]")
		if end < 0 {
			return 0, errors.New(`found "[:" without ":]"`)
		}
		t.out.WriteString(s[:end+2])
		return end + 2, nil
	case s[0] == '[', strings.HasPrefix(s, "&&"):
		return 0, errors.New("engine re2 has no classes within classes; engine sluice has")
	case s[0] == ']' && first:
		t.out.WriteString(`\]`)
		return 1, nil
	case s[0] == ']':
		t.depth--
	case s[0] == '%':
		t.out.WriteString(`\x25`)
		return 1, nil
	}
	t.out.WriteByte(s[0])
	return 1, nil
}

// group copies the head of a group.
func (t *translation) group(s string) (int, error) {
	head := strings.TrimPrefix(s, "(?P<")
	if len(head) == len(s) {
		head = strings.TrimPrefix(s, "(?<")
	}
	switch {
	case strings.HasPrefix(s, "(?i)") && t.at == 0: // elsewhere the two disagree about how far it reaches
		t.out.WriteString("(?i)")
		return len("(?i)"), nil
	case strings.HasPrefix(s, "(?>"):
		t.plain = true
		t.out.WriteString("(?:")
		return len("(?>"), nil
	case len(head) < len(s) && head != "" && head[0] != '=' && head[0] != '!':
		end := strings.IndexByte(head, '>')
		if end <= 0 {
			return 0, errors.New(`found a group whose name has no ">"`)
		}
		t.names = append(t.names, head[:end])
		t.out.WriteString("(?P<g" + strconv.Itoa(len(t.names)) + ">")
		return len(s) - len(head) + end + 1, nil
	case !strings.HasPrefix(s, "(?"):
		t.out.WriteString("(?:") // plain parentheses capture nothing
		return 1, nil
	case strings.HasPrefix(s, "(?:"), strings.HasPrefix(s, "(?i:"):
		n := strings.IndexByte(s, ':') + 1
		t.out.WriteString(s[:n])
		return n, nil
	}
	return 0, fmt.Errorf("%w: found %.8q", errLacks, s)
}

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

// re2Program is safe for concurrent use.
type re2Program struct {
	grok   *vjeantet.Grok
	expr   string
	list   []grok.Capture
	plain  bool // atomic groups were made plain ones
	filter prefilter
}

func (p *re2Program) captures() []grok.Capture { return p.list }

func (p *re2Program) newMatcher() matcher { return &re2Matcher{p: p} }

type re2Matcher struct {
	p     *re2Program
	found map[string]string
}

func (m *re2Matcher) match(text string) outcome {
	if !m.p.filter.mayMatch(text) {
		return no
	}
	found, err := m.p.grok.Parse(m.p.expr, text)
	if err != nil {
		panic("BUG: " + err.Error()) // it was compiled before
	}
	if _, ok := found[whole]; !ok {
		return no
	}
	m.found = found
	return yes
}

// capture cannot tell a group that matched the empty text from one that took no part.
func (m *re2Matcher) capture(group int) (string, bool) {
	text := m.found["g"+strconv.Itoa(group)]
	return text, text != ""
}
