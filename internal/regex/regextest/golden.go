package regextest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Golden is an expression and what an engine that is trusted makes of it.
//
// In a file an expression is a line "=" and its text quoted as Go does, or "!" and its text if it is refused; behind it, each
// after a tab, the names of its groups, where they have any. A case is a line with the subject, quoted, and, if it matches, a tab and the
// offsets, in bytes, of begin and end of the whole and of each group: "0,3 1,2 -", "-" for a group that took no part.
type Golden struct {
	Expr    string
	Refused bool
	Names   []string
	Cases   []GoldenCase
}

// GoldenCase is a text, and where it matches: begin and end of the whole, then of each group, -1 and -1 for one that took no part. Caps is
// nil if it does not.
type GoldenCase struct {
	Subject string
	Caps    []int32
}

// ReadGolden calls yield for each expression of a file.
func ReadGolden(r io.Reader, yield func(Golden)) error {
	var g Golden
	begun := false
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		var err error
		switch {
		case strings.HasPrefix(line, "#") || line == "":
			continue
		case line[0] == '=' || line[0] == '!':
			if begun {
				yield(g)
			}
			begun = true
			text, names, named := strings.Cut(line[1:], "\t")
			g = Golden{Refused: line[0] == '!'}
			g.Expr, err = strconv.Unquote(text)
			if named {
				g.Names = strings.Split(names, "\t")
			}
		default:
			var c GoldenCase
			c, err = parseCase(line)
			g.Cases = append(g.Cases, c)
		}
		if err != nil {
			return fmt.Errorf("golden file, line %d: %w", n, err)
		}
	}
	if begun {
		yield(g)
	}
	return s.Err()
}

func parseCase(line string) (c GoldenCase, err error) {
	text, offsets, matches := strings.Cut(line, "\t")
	if c.Subject, err = strconv.Unquote(text); err != nil || !matches {
		return c, err
	}
	c.Caps, err = ParseCaps(offsets)
	return c, err
}

// ParseCaps reads offsets as they stand in a golden file: "0,3 1,2 -". A group that took no part may also be "-1,-1".
func ParseCaps(s string) ([]int32, error) {
	var caps []int32
	for part := range strings.FieldsSeq(s) {
		if part == "-" {
			caps = append(caps, -1, -1)
			continue
		}
		begin, end, _ := strings.Cut(part, ",")
		b, err := strconv.ParseInt(begin, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("found %q, expected offsets like 0,3: %w", part, err)
		}
		e, err := strconv.ParseInt(end, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("found %q, expected offsets like 0,3: %w", part, err)
		}
		caps = append(caps, int32(b), int32(e))
	}
	return caps, nil
}

// FormatCaps writes offsets as ParseCaps reads them.
func FormatCaps(caps []int32) string {
	var b strings.Builder
	for i := 0; i+1 < len(caps); i += 2 {
		if i > 0 {
			b.WriteByte(' ')
		}
		if caps[i] < 0 {
			b.WriteByte('-')
			continue
		}
		fmt.Fprintf(&b, "%d,%d", caps[i], caps[i+1])
	}
	return b.String()
}

// Write appends the expression and its cases to a golden file.
func (g *Golden) Write(w io.Writer) error {
	mark := "="
	if g.Refused {
		mark = "!"
	}
	head := mark + strconv.Quote(g.Expr)
	if len(g.Names) > 0 {
		head += "\t" + strings.Join(g.Names, "\t")
	}
	if _, err := fmt.Fprintln(w, head); err != nil {
		return err
	}
	for _, c := range g.Cases {
		line := strconv.Quote(c.Subject)
		if c.Caps != nil {
			line += "\t" + FormatCaps(c.Caps)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
