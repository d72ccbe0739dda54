package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/dlclark/regexp2/v2"
	elastic "github.com/elastic/go-grok" //nolint:depguard // it is not a client of Elasticsearch
	"github.com/vjeantet/grok"

	"sluice/internal/regex"
)

// engine matches the lines of one format. Match returns the offsets of the whole and of each group, as regex.Matcher does, valid until
// the next call; nil if the line does not match.
type engine interface {
	match(line string) []int32
}

type ours struct{ *regex.Matcher }

func newOurs(expr string) (engine, error) {
	p, err := regex.Compile(expr, regex.Options{})
	if err != nil {
		return nil, err
	}
	return ours{p.NewMatcher()}, nil
}

func (e ours) match(line string) []int32 {
	if caps, ok := e.Match(line); ok {
		return caps
	}
	return nil
}

type goRegexp struct {
	*regexp.Regexp
	caps []int32
}

func newGoRegexp(expr string) (engine, error) {
	re, err := regexp.Compile("(?sm)" + re2(expr))
	return &goRegexp{Regexp: re}, err
}

func (e *goRegexp) match(line string) []int32 {
	loc := e.FindStringSubmatchIndex(line)
	if loc == nil {
		return nil
	}
	e.caps = e.caps[:0]
	for _, v := range loc {
		e.caps = append(e.caps, int32(v))
	}
	return e.caps
}

type dotNet struct {
	*regexp2.Regexp
	caps []int32
}

func newDotNet(expr string) (engine, error) {
	re, err := regexp2.Compile(perl(expr), regexp2.Singleline|regexp2.Multiline)
	return &dotNet{Regexp: re}, err
}

func (e *dotNet) match(line string) []int32 {
	m, err := e.FindStringMatch(line)
	if err != nil || m == nil {
		return nil
	}
	e.caps = e.caps[:0]
	for i := range m.GroupCount() {
		g := m.GroupByNumber(i)
		if len(g.Captures) == 0 {
			e.caps = append(e.caps, -1, -1)
			continue
		}
		begin, n := g.ByteRange()
		e.caps = append(e.caps, int32(begin), int32(begin+n))
	}
	return e.caps
}

// Go's grok libraries have patterns and an interface of their own: a map of texts. What they find is compared with what we find
// text by text, but for quotes, and for "-", which our patterns leave out.

// library is a grok library.
type library interface {
	parse(line string) (map[string]string, error)
}

type vjeantet struct {
	*grok.Grok
	expr string
}

func newVjeantet(expr string) (library, error) {
	g, err := grok.NewWithConfig(&grok.Config{NamedCapturesOnly: true})
	if err != nil {
		return nil, err
	}
	if _, err := g.Match(expr, ""); err != nil {
		return nil, err
	}
	return &vjeantet{g, expr}, nil
}

func (l *vjeantet) parse(line string) (map[string]string, error) { return l.Parse(l.expr, line) }

type goGrok struct{ *elastic.Grok }

func newGoGrok(expr string) (library, error) {
	g, err := elastic.NewComplete()
	if err != nil {
		return nil, err
	}
	if err := g.Compile(expr, true); err != nil {
		return nil, err
	}
	return &goGrok{g}, nil
}

func (l *goGrok) parse(line string) (map[string]string, error) { return l.ParseString(line) }

// libraryExpr is the expression of a format in the patterns of the libraries, "" for one that they cannot express.
func libraryExpr(format string) string {
	switch format {
	case "apache":
		return `%{COMBINEDAPACHELOG}`
	case "nginx":
		return `%{COMBINEDAPACHELOG} "%{DATA:forwarded}" rt=%{NUMBER:rt} uct="(?:-|%{NUMBER:uct})" uht="(?:-|%{NUMBER:uht})" urt="(?:-|%{NUMBER:urt})"`
	case "syslog":
		return `%{SYSLOGTIMESTAMP:timestamp} %{SYSLOGHOST:host} %{PROG:prog}(?:\[%{POSINT:pid}\])?: %{GREEDYDATA:msg}`
	case "log4j":
		return `%{TIMESTAMP_ISO8601:timestamp} \[%{DATA:thread}\] %{LOGLEVEL:level}%{SPACE}%{JAVACLASS:class} - %{GREEDYDATA:msg}`
	case "pg":
		return `%{TIMESTAMP_ISO8601:timestamp} %{TZ:zone} \[%{POSINT:pid}-%{POSINT:seq}\] %{USERNAME:user}@%{USERNAME:db} %{WORD:level}:  %{GREEDYDATA:msg}`
	}
	return ""
}

// texts are the texts that a library or we found, in an order that can be compared.
func texts(found map[string]string) []string {
	var list []string
	for _, v := range found {
		if v = strings.Trim(v, `"`); v != "" && v != "-" {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return list
}

// agrees says why a library's answers are not ours, nil if they are, but for texts that lie within one of ours, or hold only such.
func agrees(l library, e engine, lines []string) error {
	for _, line := range lines {
		found, err := l.parse(line)
		if err != nil {
			return err
		}
		caps := e.match(line)
		if (len(found) == 0) != (caps == nil) {
			return fmt.Errorf("found %d texts in %q", len(found), line)
		}
		want := map[string]string{}
		for i := 2; i < len(caps); i += 2 {
			if caps[i] >= 0 {
				want[strconv.Itoa(i)] = line[caps[i]:caps[i+1]]
			}
		}
		if a, b := texts(found), texts(want); !slices.Equal(a, b) {
			return fmt.Errorf("found %q, expected %q", a, b)
		}
	}
	return nil
}

// cpuTime is the process's time on a processor, so that others on the machine disturb less.
func cpuTime() time.Duration {
	var t syscall.Timespec
	const processCPUTime = 2 // CLOCK_PROCESS_CPUTIME_ID
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, processCPUTime, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		panic("BUG: clock_gettime: " + errno.Error())
	}
	return time.Duration(t.Nano())
}

// timed returns the nanoseconds a line takes, in the best pass of those that fit into the time, of two at least.
func timed(lines []string, limit time.Duration, pass func([]string)) float64 {
	best := time.Duration(1 << 62)
	for n, begin := 0, cpuTime(); n < 2 || cpuTime()-begin < limit; n++ {
		t := cpuTime()
		pass(lines)
		best = min(best, cpuTime()-t)
	}
	return float64(best.Nanoseconds()) / float64(len(lines))
}

// sum is the work that is measured: begin and end of each group.
func sum(e engine, lines []string) (total int64) {
	for _, l := range lines {
		caps := e.match(l)
		for i := 2; i < len(caps); i += 2 {
			if caps[i] >= 0 {
				total += int64(caps[i+1] - caps[i])
			}
		}
	}
	return total
}

// result is what an engine did with a corpus.
type result struct {
	ns      float64 // a line
	matches int
	hash    uint64 // of all offsets, so that engines can be compared
	err     error
}

// run measures an engine of Go's on lines.
func run(e engine, lines []string, limit time.Duration) result {
	r := result{hash: 0xcbf29ce484222325}
	mix := func(v int64) { r.hash = (r.hash ^ uint64(v)) * 0x100000001b3 }
	for _, l := range lines {
		caps := e.match(l)
		if caps == nil {
			mix(0)
			continue
		}
		r.matches++
		mix(1)
		for _, v := range caps {
			mix(int64(v))
		}
	}
	var sink int64
	r.ns = timed(lines, limit, func(lines []string) { sink += sum(e, lines) })
	if sink < 0 {
		panic("BUG: groups that end before they begin")
	}
	return r
}
