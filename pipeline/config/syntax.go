package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// parse reads the YAML of a file into its tree.
func (l *loader) parse(s *source, text []byte) {
	s.setText(text)
	if !l.checkBytes(s, text) {
		return
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	err := d.Decode(&doc)
	if errors.Is(err, io.EOF) {
		l.reportAt(s, 1, 1, "the file is empty; expected "+list(topKeys()))
		return
	}
	if err != nil {
		l.syntax(s, text, err)
		return
	}
	var second yaml.Node
	if err := d.Decode(&second); err == nil {
		l.reportAt(s, second.Line, 1, `a second document begins here; write one pipeline a file`)
	} else if !errors.Is(err, io.EOF) {
		l.syntax(s, text, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		l.reportAt(s, 1, 1, "the file is empty; expected "+list(topKeys()))
		return
	}
	b := &builder{l: l, src: s, open: map[*yaml.Node]bool{}}
	s.root = b.build(doc.Content[0])
}

// checkBytes refuses what YAML cannot hold, with the place.
func (l *loader) checkBytes(s *source, text []byte) bool {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		bad := ""
		switch {
		case r == utf8.RuneError && n == 1:
			bad = "found the byte 0x" + strconv.FormatUint(uint64(text[i]), 16) + ", which is not UTF-8; save the file as UTF-8"
		case r < ' ' && r != '\t' && r != '\r' && r != '\n' || r == 0x7f:
			bad = "found the control character 0x" + strconv.FormatUint(uint64(r), 16) + "; in text, write it as an escape in double quotes"
		}
		if bad != "" {
			line, col := s.position(i)
			l.reportAt(s, line, col, bad)
			return false
		}
		i += n
	}
	return true
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// syntax reports what the YAML library refuses. Its own positions are often those of the surrounding map, so
// the place is found anew: the first line with which the file does not parse.
func (l *loader) syntax(s *source, text []byte, err error) {
	msg, said := yamlMessage(err), 1
	if at := yamlError.FindStringSubmatch(err.Error()); len(at) > 1 && at[1] != "" {
		said, _ = strconv.Atoi(at[1])
	}
	line := max(1, min(said, len(s.lines)))
	if len(text) <= maxSearched {
		line = s.badLine(text)
		if scanner := msg == cannotStart || msg == badEscape; scanner && said > line {
			line = said // inside of brackets that are never closed before it
		} else if prefix := s.prefixError(text, line); !scanner && prefix != nil {
			msg = yamlMessage(prefix)
		}
	}
	col, cause := explain(s, line, msg)
	l.reportAt(s, line, col, cause)
}

func yamlMessage(err error) string {
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		return m[2]
	}
	return err.Error()
}

// maxSearched bounds the files that are parsed again and again to find the place; in larger ones the
// library's own line is shown.
const maxSearched = 512 << 10

// lookAhead is how many lines brackets or quotes may span before a broken line is taken for the culprit.
const lookAhead = 50

// badLine returns the first line after which no prefix of the file parses.
func (s *source) badLine(text []byte) int {
	good, bad := 0, len(s.lines)
	for {
		for bad-good > 1 {
			mid := (good + bad) / 2
			if s.prefixError(text, mid) == nil {
				good = mid
			} else {
				bad = mid
			}
		}
		further := 0
		for k := bad + 1; k <= min(bad+lookAhead, len(s.lines)-1); k++ {
			if s.prefixError(text, k) == nil {
				further = k
			}
		}
		if further == 0 {
			return bad
		}
		good, bad = further, len(s.lines)
	}
}

// prefixError parses the first n lines.
func (s *source) prefixError(text []byte, n int) error {
	end := s.ends[min(n, len(s.ends))-1]
	d := yaml.NewDecoder(bytes.NewReader(text[:end]))
	for {
		var doc yaml.Node
		if err := d.Decode(&doc); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// Messages of yaml.v3 that say enough to be worded better.
const (
	cannotStart = "found character that cannot start any token"
	badEscape   = "found unknown escape character"
)

var (
	unquoted  = regexp.MustCompile("(?:^|[:\\-,\\[{]\\s+|[\\[{,])([@`%&*!|>])")
	wrongTail = regexp.MustCompile(`\\[^0abtnvfre "/\\N_LPxuU\t]`)
	inPlain   = regexp.MustCompile(`^[^'"]*?:\s+[^'"\[{#|>&*!]*?(: )`)
	flowVar   = regexp.MustCompile(`[\[{,]\s*(?:[\w-]+:\s*)?[^'"\s]*(\$\{)`)
	bareIf    = regexp.MustCompile(`^\s*(?:- +)*(?:\w+: *)?\{?if:\s+([\["!(])`)
	openQuote = regexp.MustCompile(`(?:^\s*|[:\-,\[{]\s*)(["'])`)
)

// explain words a message of yaml.v3, and finds the column in the line.
func explain(s *source, line int, msg string) (col int, text string) {
	l := s.line(line)
	first := len(l) - len(strings.TrimLeft(l, " \t"))
	at := func(i int) int { return colOf(l, i) }
	if i := strings.IndexByte(l[:first], '\t'); i >= 0 {
		return at(i), "found a tab in the indentation; YAML allows only spaces there"
	}
	if m := bareIf.FindStringSubmatchIndex(l); m != nil {
		return at(m[2]), `put the condition in single quotes: if: '[field] == "text"'`
	}
	switch {
	case msg == cannotStart:
		if m := unquoted.FindStringSubmatchIndex(l); m != nil {
			return at(m[2]), "text cannot begin with " + quote(l[m[2]:m[3]]) + "; put it in single quotes"
		}
	case msg == badEscape:
		if i := wrongTail.FindStringIndex(l); i != nil {
			return at(i[0]), "in double quotes " + l[i[0]:i[1]] + " is no escape of YAML; put regexes in single quotes"
		}
	case strings.Contains(msg, "unexpected end of stream") || strings.Contains(msg, "unexpected document indicator"):
		if m := openQuote.FindAllStringSubmatchIndex(l, -1); m != nil {
			i := m[len(m)-1][2]
			return at(i), "the quote " + l[i:i+1] + " is not closed"
		}
	case strings.Contains(msg, "expected ',' or"):
		if m := flowVar.FindStringSubmatchIndex(l); m != nil {
			return at(m[2]), "a variable within { } or [ ] must be in quotes: '${NAME}'"
		}
		if i := openBracket(l); i >= 0 {
			return at(i), quote(l[i:i+1]) + " is not closed, or a comma is missing behind it"
		}
	case strings.HasPrefix(msg, "mapping values"):
		if m := inPlain.FindStringSubmatchIndex(l); m != nil {
			return at(m[2]), `found ": " in unquoted text; put the text in single quotes`
		}
		return at(first), "the line is indented deeper than the line above it allows"
	case strings.HasPrefix(msg, "did not find expected node content"):
		return at(first), "a value is missing, or a bracket or comma stands where none belongs"
	case strings.HasPrefix(msg, "block sequence entries"):
		return at(first), `found "- " behind a key; a list begins on the next line`
	case strings.HasPrefix(msg, "unknown anchor"):
		name := strings.Trim(strings.TrimPrefix(strings.TrimSuffix(msg, " referenced"), "unknown anchor "), "'")
		return at(max(0, strings.Index(l, "*"+name))), "the alias " + quote("*"+name) + " has no anchor (&" + name + ") before it; text that begins with * needs quotes"
	case strings.HasPrefix(msg, "could not find expected ':'"):
		return at(first), `expected "key: value"; found no ": "`
	case strings.HasPrefix(msg, "did not find expected key") || strings.Contains(msg, "'-' indicator"):
		return at(first), "the line does not fit: it is indented differently from those above, or text with special characters is not quoted"
	}
	return at(first), "the YAML is broken: " + msg
}

// openBracket returns the place of the last bracket of a line that is not closed in it, or -1.
func openBracket(l string) int {
	var open []int
	for i := range len(l) {
		switch l[i] {
		case '[', '{':
			open = append(open, i)
		case ']', '}':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return -1
	}
	return open[len(open)-1]
}
