package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error tells why an expression is refused.
type Error struct {
	Pos, End int    // the part of Expr that is wrong, in bytes; Pos == End: something is missing there
	Expr     string // the whole expression
	Msg      string // what was found and what was expected
}

// Error returns the position and the message, on one line.
func (e *Error) Error() string {
	return fmt.Sprintf("parse expression at byte %d: %s", e.Pos, e.Msg)
}

// caretWidth is how many characters of a long line Caret shows on either side of the error.
const caretWidth = 60

// Caret returns the line of the expression that is wrong, cut where it is very long, and a second line with
// a caret under each wrong character. Control characters are shown as blanks, invalid bytes as U+FFFD.
func (e *Error) Caret() string {
	pos := min(max(e.Pos, 0), len(e.Expr))
	end := min(max(e.End, pos), len(e.Expr))
	start := strings.LastIndexByte(e.Expr[:pos], '\n') + 1
	stop := len(e.Expr)
	if i := strings.IndexByte(e.Expr[pos:], '\n'); i >= 0 {
		stop = pos + i
	}
	before, inside, after := visible(e.Expr[start:pos]), visible(e.Expr[pos:min(end, stop)]), visible(e.Expr[min(end, stop):stop])
	if len(before) > caretWidth {
		before = append([]rune("..."), before[len(before)-caretWidth:]...)
	}
	if len(inside) > caretWidth {
		inside, after = inside[:caretWidth], []rune("...")
	}
	if len(after) > caretWidth {
		after = append(after[:caretWidth:caretWidth], []rune("...")...)
	}
	return string(before) + string(inside) + string(after) + "\n" +
		strings.Repeat(" ", len(before)) + strings.Repeat("^", max(len(inside), 1))
}

// visible returns the characters of s as they can stand on a terminal, one column each.
func visible(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if r < ' ' || r >= 0x7F && r < 0xA0 {
			r = ' '
		}
		out = append(out, r)
	}
	return out
}

// quote returns a part of an expression for a message: in quotes, and not too long.
func quote(s string) string {
	const most = 64
	if len(s) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "..."
	}
	return fmt.Sprintf("%q", s)
}
