package grok

import (
	"slices"
	"strconv"
	"strings"
)

// Proposal is an expression that describes sample lines.
type Proposal struct {
	Expr    string
	Covered int   // how many of the lines it matches
	Lines   []int // which, by index
}

// known returns expressions of usual formats, the more specific ones first: where one describes a whole line, nothing
// better can be made up. One that the library cannot expand is passed over.
func known() []string {
	return []string{
		"%{HAPROXYHTTP}", "%{HAPROXYTCP}", "%{COMBINEDAPACHELOG}", "%{NGINXACCESS}", "%{HTTPD_COMBINEDLOG}", "%{HTTPD_COMMONLOG}",
		"%{HTTPD_ERRORLOG}", "%{NGINXERROR}", "%{S3_ACCESS_LOG}", "%{ELB_ACCESS_LOG}", "%{CLOUDFRONT_ACCESS_LOG}", "%{SQUID3}", "%{REDISLOG}",
		"%{REDISMONLOG}", "%{MONGO3_LOG}", "%{TOMCATLOG}", "%{CATALINALOG}", "%{RAILS3}", "%{NAGIOSLOGLINE}", "%{RFC5424}", "%{SYSLOG5424LINE}",
		"%{SYSLOGBASE} %{GREEDYDATA:message}",
	}
}

// shapes are patterns of parts of a line, with the fields that they are proposed for. They are tried at each place, the
// more specific ones first.
var shapes = []struct{ name, field string }{
	{"TIMESTAMP_ISO8601", "timestamp"},
	{"HTTPDATE", "timestamp"},
	{"SYSLOGTIMESTAMP", "timestamp"},
	{"DATESTAMP_RFC2822", "timestamp"},
	{"DATESTAMP_OTHER", "timestamp"},
	{"DATESTAMP", "timestamp"},
	{"UUID", "id"},
	{"MAC", "mac"},
	{"IP", "ip"},
	{"URI", "url"},
	{"TIME", "time"},
	{"EMAILADDRESS", "email"},
	{"LOGLEVEL", "level"},
	{"QUOTEDSTRING", "text"},
	{"UNIXPATH", "path"},
	{"NUMBER", "number"},
	{"INT", "number"},
	{"WORD", "word"},
}

// token is a part of a line: a shape's text, or text that stands for itself.
type token struct {
	shape int // index of shapes, or literal
	text  string
}

const literal = -1

// Discover proposes expressions for sample lines, the one that covers most first, at most three. Each is the
// expression of a usual format, or made of the shapes that lines have in common. All patterns come from the library.
func Discover(lib *Library, lines []string) ([]Proposal, error) {
	d, err := newDiscovery(lib)
	if err != nil {
		return nil, err
	}
	var list []Proposal
	left := make([]int, 0, len(lines))
	for i, line := range lines {
		if line != "" {
			left = append(left, i)
		}
	}
	for len(left) > 0 && len(list) < maxProposals {
		expr := d.usual(lines, left)
		if expr == "" {
			expr = d.compose(lines, left)
		}
		p, err := d.cover(expr, lines, left)
		if err != nil {
			return nil, err
		}
		if p.Covered == 0 {
			break
		}
		list = append(list, p)
		left = slices.DeleteFunc(left, func(i int) bool { return slices.Contains(p.Lines, i) })
	}
	slices.SortStableFunc(list, func(a, b Proposal) int { return b.Covered - a.Covered })
	return list, nil
}

const maxProposals = 3

// discovery is what is compiled for one Discover.
type discovery struct {
	lib    *Library
	shapes []*Matcher // by index of shapes; nil where the library lacks the pattern
	cache  map[string][]token
}

func newDiscovery(lib *Library) (*discovery, error) {
	d := &discovery{lib: lib, shapes: make([]*Matcher, len(shapes)), cache: map[string][]token{}}
	for i, s := range shapes {
		if lib.Definition(s.name) == nil {
			continue
		}
		m, err := d.matcher(`\A%{` + s.name + `}(?![0-9A-Za-z_])`)
		if err != nil {
			return nil, err
		}
		d.shapes[i] = m
	}
	return d, nil
}

func (d *discovery) matcher(expr string) (*Matcher, error) {
	x, err := d.lib.Expand(expr, true)
	if err != nil {
		return nil, err
	}
	p, err := Compile(x, 0)
	if err != nil {
		return nil, err
	}
	return p.NewMatcher(), nil
}

// cover counts the lines that an expression matches.
func (d *discovery) cover(expr string, lines []string, left []int) (Proposal, error) {
	p := Proposal{Expr: expr}
	m, err := d.matcher(expr)
	if err != nil {
		return p, err
	}
	for _, i := range left {
		if m.Match(lines[i]) {
			p.Lines = append(p.Lines, i)
		}
	}
	p.Covered = len(p.Lines)
	return p, nil
}

// usual returns the usual format that describes most of the lines, if that is half of them or more.
func (d *discovery) usual(lines []string, left []int) string {
	best, most := "", (len(left)+1)/2-1
	for _, format := range known() {
		expr := "^" + format + "$"
		if p, err := d.cover(expr, lines, left); err == nil && p.Covered > most {
			best, most = expr, p.Covered
		}
	}
	return best
}

// compose makes an expression of what the lines with the most frequent sequence of shapes have in common.
func (d *discovery) compose(lines []string, left []int) string {
	groups := map[string][]int{}
	best := ""
	for _, i := range left {
		key := signature(d.tokens(lines[i]))
		groups[key] = append(groups[key], i)
		if len(groups[key]) > len(groups[best]) {
			best = key
		}
	}
	members := make([][]token, 0, len(groups[best]))
	for _, i := range groups[best] {
		members = append(members, d.tokens(lines[i]))
	}
	return expression(members)
}

// tokens takes a line apart: at each place, the first shape that fits, or a character that stands for itself.
func (d *discovery) tokens(line string) []token {
	if list, ok := d.cache[line]; ok {
		return list
	}
	var list []token
	for rest := line; rest != ""; {
		t := d.next(rest, list)
		rest = rest[len(t.text):]
		if n := len(list); t.shape == literal && n > 0 && list[n-1].shape == literal {
			list[n-1].text += t.text
			continue
		}
		list = append(list, t)
	}
	d.cache[line] = list
	return list
}

// next returns the token that rest begins with.
func (d *discovery) next(rest string, before []token) token {
	if n := len(before); n == 0 || before[n-1].shape == literal { // shapes are separated by something
		for i, m := range d.shapes {
			if m == nil || shapes[i].name == "NUMBER" && n > 0 && strings.HasSuffix(before[n-1].text, "-") || !m.Match(rest) {
				continue // a NUMBER looks behind itself, and is none behind a hyphen
			}
			if text, _ := m.Capture(0); text != "" {
				return token{i, text}
			}
		}
	}
	end := 1
	for end < len(rest) && rest[end] >= 0x80 { // a character of several bytes is not taken apart
		end++
	}
	return token{literal, rest[:end]}
}

// signature tells which lines are alike: their shapes up to the first words of free text, and the punctuation between.
func signature(list []token) string {
	var b strings.Builder
	for _, t := range list[:head(list)] {
		if t.shape == literal {
			b.WriteString(t.text)
		} else {
			b.WriteString("\x00" + strconv.Itoa(t.shape))
		}
	}
	return b.String()
}

// head returns how many tokens stand before the free text that ends many lines: three words with blanks between.
func head(list []token) int {
	words := 0
	for i, t := range list {
		switch {
		case t.shape != literal && shapes[t.shape].name == "WORD":
			if words++; words == 3 {
				return max(i-4, 0)
			}
		case t.shape != literal || t.text != " ":
			words = 0
		}
	}
	return len(list)
}

// expression writes the tokens of lines that are alike as an expression: what is equal in all of them stands for
// itself, the rest are captures.
func expression(members [][]token) string {
	n := head(members[0])
	free := false
	for _, m := range members {
		free = free || len(m) > n
	}
	var b strings.Builder
	b.WriteByte('^')
	used := map[string]int{}
	for i := range n {
		t := members[0][i]
		if t.shape == literal || shapes[t.shape].name == "WORD" && len(members) > 1 && same(members, i) {
			b.WriteString(quoteMeta(t.text))
			continue
		}
		s := shapes[t.shape]
		used[s.field]++
		field := s.field
		if used[s.field] > 1 {
			field += strconv.Itoa(used[s.field])
		}
		b.WriteString("%{" + s.name + ":" + field + "}")
	}
	if free {
		b.WriteString("%{GREEDYDATA:message}")
	}
	b.WriteByte('$')
	return b.String()
}

// same reports whether a token has the same text in all lines.
func same(members [][]token, i int) bool {
	for _, m := range members {
		if m[i].text != members[0][i].text {
			return false
		}
	}
	return true
}

// quoteMeta writes text as an expression that matches it.
func quoteMeta(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
