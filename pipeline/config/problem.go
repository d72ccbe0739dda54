package config

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one thing that is wrong, or (Warning) doubtful, at a place in a file. Line and Col count from
// 1, Col in characters.
type Problem struct {
	File      string
	Line, Col int
	Path      string // what is wrong: filters[2].grok.match
	Text      string // cause, and a suggestion after "; "
	Warning   bool

	excerpt string // the line, without secrets
}

// String returns file:line:col: path: text.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Col)
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Failed reports whether one of the problems is more than a warning.
func Failed(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// Render writes one line for each problem; with excerpt also the line of the file and a caret under the
// place. Secrets are shown as stars.
func Render(w io.Writer, problems []Problem, excerpt bool) {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
		if excerpt && strings.TrimSpace(p.excerpt) != "" {
			text, col := window(p.excerpt, p.Col)
			number := fmt.Sprintf("%5d", p.Line)
			fmt.Fprintf(&b, "%s | %s\n%s | %s^\n", number, text, strings.Repeat(" ", len(number)), strings.Repeat(" ", col-1))
		}
	}
	_, _ = io.WriteString(w, b.String()) // messages on their way to a person: there is nowhere to report a failure to
}

// Width of an excerpt, and how much of it stands before the caret.
const excerptWidth, excerptBefore = 100, 60

// window cuts a long line around the column, which it returns as it is in the cut. Control characters become
// spaces, so that the caret stands right and a terminal is left alone.
func window(line string, col int) (string, int) {
	runes := []rune(line)
	for i, r := range runes {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			runes[i] = ' '
		}
	}
	col = max(1, min(col, len(runes)+1))
	if len(runes) <= excerptWidth {
		return string(runes), col
	}
	from := max(0, min(col-excerptBefore, len(runes)-excerptWidth))
	to := min(len(runes), from+excerptWidth)
	text, shown := string(runes[from:to]), col-from
	if from > 0 {
		text, shown = "..."+text, shown+3
	}
	if to < len(runes) {
		text += "..."
	}
	return text, shown
}

func sortProblems(p []Problem) {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
}

// redactor hides secrets in texts.
type redactor struct {
	secrets map[string]string // text -> what is shown for it
	order   []string          // longest first
}

const stars = "********"

// Shorter texts would hide half of a message and are no secrets.
const minSecret, minVariable = 3, 6

// add says that text is to be shown as shown.
func (r *redactor) add(text, shown string, least int) {
	if len(text) < least {
		return
	}
	if r.secrets == nil {
		r.secrets = map[string]string{}
	}
	if r.secrets[text] != stars {
		r.secrets[text] = shown
	}
}

// secretKey finds values of keys that look like secrets: a mistyped key is not decoded as one.
var secretKey = regexp.MustCompile(`(?i)(["']?[\w-]*(?:pas+w|passphrase|pwd|secret|token|credential|api_?key|access_?key)[\w-]*["']?\s*:\s*)[^\s].*`)

func (r *redactor) text(s string) string {
	for _, secret := range r.order {
		s = strings.ReplaceAll(s, secret, r.secrets[secret])
	}
	return s
}

// problems hides what add was told, in all texts and excerpts.
func (r *redactor) problems(list []Problem) {
	r.order = r.order[:0]
	for s := range r.secrets {
		r.order = append(r.order, s)
	}
	slices.SortFunc(r.order, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for i := range list {
		p := &list[i]
		p.Text, p.Path = r.text(p.Text), r.text(p.Path)
		p.excerpt = r.text(p.excerpt)
		p.excerpt = secretKey.ReplaceAllString(p.excerpt, "${1}"+stars)
	}
}
