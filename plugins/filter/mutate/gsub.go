package mutate

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"sluice/pipeline/event"
)

// gsubOp replaces what matches in a text or in the texts of a list.
type gsubOp struct {
	path   event.Path
	expr   *expression // nil when the expression depends on the event
	exprOf event.Template
	repl   replacement // when it does not depend on the event
	replOf event.Template
}

// expression is a compiled regular expression, or the plain text that it stands for.
type expression struct {
	literal string // "" when it takes a regular expression
	re      *regexp.Regexp
	line    bool // every match begins at the beginning of a line
}

// newGsub compiles what does not depend on the event.
func newGsub(path event.Path, expr, repl string, loc *time.Location) (*gsubOp, error) {
	g := &gsubOp{path: path}
	var err error
	if g.replOf, err = event.ParseTemplate(repl, loc); err != nil {
		return nil, err
	}
	g.repl = parseReplacement(repl)
	if strings.Contains(expr, "%{") {
		if g.exprOf, err = event.ParseTemplate(expr, loc); err != nil {
			return nil, err
		}
		if !g.exprOf.IsConst() {
			return g, nil
		}
	}
	g.expr, err = compileExpression(expr)
	return g, err
}

// compileExpression compiles a regular expression in which, as in Ruby, ^ and $ stand for the ends of lines.
func compileExpression(s string) (*expression, error) {
	re, err := regexp.Compile("(?m)" + s)
	if err != nil {
		return nil, fmt.Errorf("regular expression %.128q: %w", s, err)
	}
	x := &expression{re: re, line: beginsLine(s)}
	if s != "" && regexp.QuoteMeta(s) == s {
		x.literal = s
	}
	return x, nil
}

// beginsLine reports whether a valid expression begins with ^ on every way through it.
func beginsLine(s string) bool {
	tree, err := syntax.Parse("(?m)"+s, syntax.Perl)
	if err != nil {
		return false
	}
	return startsWithLine(tree)
}

func startsWithLine(t *syntax.Regexp) bool {
	switch t.Op {
	case syntax.OpBeginLine:
		return true
	case syntax.OpConcat, syntax.OpCapture:
		return startsWithLine(t.Sub[0])
	case syntax.OpAlternate:
		return !slices.ContainsFunc(t.Sub, func(sub *syntax.Regexp) bool { return !startsWithLine(sub) })
	default:
		return false
	}
}

func (o *gsubOp) apply(e *event.Event, s *scratch) bool {
	v, ok := o.path.Get(e)
	if !ok || v.Kind() != event.String && v.Kind() != event.List {
		return true
	}
	x, r := o.expr, o.repl
	if x == nil {
		if x, ok = s.regexps.compile(s.text(&o.exprOf, e)); !ok {
			return false
		}
	}
	if !o.replOf.IsConst() {
		r = parseReplacement(s.text(&o.replOf, e))
	}
	if text, ok := v.AsString(); ok {
		out, changed := x.replaceAll(text, r, s)
		return !changed || o.path.Set(e, event.StringOf(out)) == nil
	}
	items := make([]event.Value, len(v.List()))
	for i, item := range v.List() {
		items[i] = item
		if text, ok := item.AsString(); ok {
			out, _ := x.replaceAll(text, r, s)
			items[i] = event.StringOf(out)
		}
	}
	return o.path.Set(e, event.ListOf(items...)) == nil
}

// replaceAll returns the text with its matches replaced, and whether there was one.
func (x *expression) replaceAll(text string, r replacement, s *scratch) (string, bool) {
	if x.literal != "" {
		if !strings.Contains(text, x.literal) {
			return text, false
		}
		if len(r) <= 1 && r.isConst() {
			return strings.ReplaceAll(text, x.literal, r.text()), true
		}
	}
	matches := x.re.FindAllStringSubmatchIndex(text, -1)
	if matches == nil {
		return text, false
	}
	out, last := s.buf[:0], 0
	for _, m := range matches {
		if x.line && m[0] == len(text) && m[0] > 0 {
			break // in Ruby no line begins behind the last newline
		}
		out = append(out, text[last:m[0]]...)
		out = r.append(out, x.re, text, m)
		last = m[1]
	}
	out = append(out, text[last:]...)
	s.buf = out
	return string(out), true
}

// replacement is text between references to groups.
type replacement []piece

// piece is text, or a group by number, or a group by name.
type piece struct {
	text  string
	group int // -1: none
	name  string
}

func (r replacement) isConst() bool {
	return len(r) == 0 || len(r) == 1 && r[0].group < 0 && r[0].name == ""
}

func (r replacement) text() string {
	if len(r) == 0 {
		return ""
	}
	return r[0].text
}

// parseReplacement reads Ruby's references: \0 and \& for the match, \1 to \9, \k<name>, and \\ for a
// backslash. Any other backslash stands for itself.
func parseReplacement(s string) replacement {
	var r replacement
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			r = append(r, piece{text: text.String(), group: -1})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			text.WriteByte(s[i])
			continue
		}
		switch c := s[i+1]; {
		case c >= '0' && c <= '9':
			flush()
			r = append(r, piece{group: int(c - '0')})
			i++
		case c == '&':
			flush()
			r = append(r, piece{group: 0})
			i++
		case c == '\\':
			text.WriteByte('\\')
			i++
		case c == 'k' && strings.HasPrefix(s[i+2:], "<") && strings.IndexByte(s[i+3:], '>') > 0:
			flush()
			n := strings.IndexByte(s[i+3:], '>')
			r = append(r, piece{group: -1, name: s[i+3 : i+3+n]})
			i += 3 + n
		default:
			text.WriteByte('\\')
		}
	}
	flush()
	return r
}

func (r replacement) append(dst []byte, re *regexp.Regexp, text string, m []int) []byte {
	for i := range r {
		p := &r[i]
		g := p.group
		if p.name != "" {
			g = re.SubexpIndex(p.name)
		}
		switch {
		case g < 0:
			dst = append(dst, p.text...)
		case 2*g+1 < len(m) && m[2*g] >= 0:
			dst = append(dst, text[m[2*g]:m[2*g+1]]...)
		}
	}
	return dst
}

// maxRegexps bounds the expressions that a worker keeps of those that depend on events.
const maxRegexps = 256

// regexpCache keeps the compiled expressions of one worker.
type regexpCache map[string]*expression

// compile returns the compiled expression, and false for a text that is none.
func (c *regexpCache) compile(s string) (*expression, bool) {
	x, known := (*c)[s]
	if !known {
		x, _ = compileExpression(s) // nil is kept for a bad one
		if *c == nil || len(*c) >= maxRegexps {
			*c = regexpCache{}
		}
		(*c)[s] = x
	}
	return x, x != nil
}
