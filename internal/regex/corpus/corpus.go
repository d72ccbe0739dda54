// Package corpus makes the log lines that the regular-expression engines are measured and compared on: six formats, each
// with lines that match, lines that are damaged late, and lines of other formats. Dates, addresses and paths are random in
// each line, which is harder on branch prediction than real logs are.
package corpus

import (
	"embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Format is a kind of log, and the grok expression (of the ECS set) for it.
type Format struct {
	Name string
	Grok string
}

// Formats returns the six formats.
func Formats() []Format {
	return []Format{
		{"apache", `%{COMBINEDAPACHELOG}`},
		{"nginx", `%{IPORHOST:[source][address]} - (?:-|%{HTTPDUSER:[user][name]}) \[%{HTTPDATE:timestamp}\] ` +
			`"(?:%{WORD:[http][request][method]} %{NOTSPACE:[url][original]}(?: HTTP/%{NUMBER:[http][version]})?|%{DATA})" ` +
			`%{INT:[http][response][status_code]:int} %{INT:[http][response][body][bytes]:int} "(?:-|%{DATA:[http][request][referrer]})" ` +
			`"(?:-|%{DATA:[user_agent][original]})" "(?:-|%{DATA:[nginx][access][forwarded_for]})" ` +
			`rt=%{NUMBER:[nginx][access][request_time]:float} uct="(?:-|%{NUMBER:[nginx][access][connect_time]:float})" ` +
			`uht="(?:-|%{NUMBER:[nginx][access][header_time]:float})" urt="(?:-|%{NUMBER:[nginx][access][upstream_time]:float})"`},
		{"syslog", `%{SYSLOGLINE}`},
		{"haproxy", `%{HAPROXYHTTP}`},
		{"log4j", `%{TIMESTAMP_ISO8601:timestamp} \[%{DATA:[process][thread][name]}\] %{LOGLEVEL:[log][level]}%{SPACE}` +
			`%{JAVACLASS:[log][logger]} - %{GREEDYDATA:message}`},
		{"pg", `%{TIMESTAMP_ISO8601:timestamp} %{TZ:[event][timezone]} \[%{POSINT:[process][pid]:int}-%{POSINT:[event][sequence]:int}\] ` +
			`%{USERNAME:[user][name]}@%{USERNAME:[postgresql][log][database]} %{WORD:[log][level]}:  %{GREEDYDATA:message}`},
	}
}

//go:embed expr/*.txt
var exprs embed.FS

// Expr returns the expanded expression of a format: a regular expression in Ruby's syntax. It panics for a format that is
// none.
func Expr(format string) string {
	text, err := exprs.ReadFile("expr/" + format + ".txt")
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return strings.TrimSuffix(string(text), "\n")
}

// Kind says what is wrong with the lines, if anything is.
type Kind uint8

// The kinds of lines.
const (
	Hit     Kind = iota // match
	Near                // one damage, late in what the expression looks at: no match
	Foreign             // lines of other formats: no match
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Hit, Near, Foreign} }

func (k Kind) String() string { return [...]string{"hit", "near", "foreign"}[k] }

// Size is the usual number of lines of a corpus.
const Size = 12000

// Lines returns n lines, all different, always the same ones. It panics for a format that is none.
func Lines(format string, kind Kind, n int) []string {
	g := &generator{rand.New(rand.NewPCG(uint64(kind)+1, seed(format)))} //nolint:gosec // the same lines each time
	seen := make(map[string]bool, n)
	lines := make([]string, 0, n)
	for len(lines) < n {
		var line string
		switch kind {
		case Hit:
			line = g.line(format)
		case Near:
			line = g.near(format)
		case Foreign:
			others := foreign(format)
			line = g.line(others[g.IntN(len(others))])
		}
		if !seen[line] {
			seen[line] = true
			lines = append(lines, line)
		}
	}
	return lines
}

// Mixed returns n lines of all six formats, in random order.
func Mixed(n int) []string {
	g := &generator{rand.New(rand.NewPCG(1, seed("mixed")))} //nolint:gosec // the same lines each time
	formats := Formats()
	lines := make([]string, n)
	for i := range lines {
		lines[i] = g.line(formats[g.IntN(len(formats))].Name)
	}
	return lines
}

func seed(format string) (h uint64) {
	for _, c := range []byte(format) {
		h = h*131 + uint64(c)
	}
	return h
}

// foreign returns formats of which no line matches, and none is a near miss by its nature (apache lines are the
// beginning of nginx ones).
func foreign(format string) []string {
	switch format {
	case "apache", "nginx":
		return []string{"syslog", "haproxy", "log4j", "pg", "json", "text"}
	case "syslog": // whose text may be anything behind a date
		return []string{"apache", "nginx", "json", "text"}
	case "haproxy":
		return []string{"apache", "nginx", "syslog", "log4j", "pg", "json", "text"}
	case "log4j":
		return []string{"apache", "nginx", "syslog", "haproxy", "pg", "json", "text"}
	default:
		return []string{"apache", "nginx", "syslog", "haproxy", "log4j", "json", "text"}
	}
}

// generator makes lines.
type generator struct{ *rand.Rand }

func (g *generator) line(format string) string {
	switch format {
	case "apache":
		return g.apache()
	case "nginx":
		return g.nginx()
	case "syslog":
		return g.syslog()
	case "haproxy":
		return g.haproxy()
	case "log4j":
		return g.log4j()
	case "pg":
		return g.pg()
	case "json":
		return fmt.Sprintf(`{"ts":%d,"level":%q,"caller":"%s/%s.go:%d","msg":%q,"took":0.%04d}`,
			1700000000+g.IntN(1e8), g.of("info warn error debug"), g.word(), g.word(), g.IntN(900)+1, g.text(20+g.IntN(60)), g.IntN(10000))
	case "text":
		return g.text(40 + g.IntN(160))
	}
	panic("BUG: no format " + format)
}

// near is a line with one damage.
func (g *generator) near(format string) string {
	line := g.line(format)
	switch format {
	case "apache":
		if g.IntN(2) == 0 {
			return strings.TrimSuffix(line, `"`)
		}
		return replaceLast(line, `" "`, `" '`)
	case "nginx":
		return replaceLast(line, g.pick(`urt="`, `uht="`), g.pick(`urt=`, `uht=`))
	case "syslog": // all behind the date is text: the date's last digits are as late as a damage can be
		return line[:len("Jan  2 15:04:")] + g.pick("x", "?", ":") + line[len("Jan  2 15:04:0"):]
	case "haproxy":
		i := strings.Index(line, " {")
		if i < 0 {
			i = strings.Index(line, ` "`)
		}
		return replaceLast(line[:i], "/", g.pick("-", " ", "|")) + line[i:]
	case "log4j":
		return strings.Replace(line, " - ", g.pick(" : ", " -", " = "), 1)
	default:
		head, text, _ := strings.Cut(line, ":  ")
		return head + g.pick(";  ", ": ", " : ") + text
	}
}

func replaceLast(s, old, repl string) string {
	i := strings.LastIndex(s, old)
	if i < 0 {
		panic("BUG: no " + old + " in " + s)
	}
	return s[:i] + repl + s[i+len(old):]
}
