package harness

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Want is what a document must hold. Field values are string, int64, float64 or nil for a field that
// must not be there; Time is zero where the line has none: then the document has the time of its first reading.
type Want struct {
	Time   time.Time
	Fields map[string]any
}

// Expect says what must become of one event of a type that configs/reader.yaml knows. It reads lines with
// expressions of its own, so that both would have to be wrong in the same way. ok is false for a line that does
// not have the form of its type: of such a line only the text is expected.
func Expect(typ string, e Event, seen time.Time) (w Want, ok bool) {
	switch typ {
	case "syslog", "messages":
		return expectSyslog(e.Text, seen)
	case "nginx-access":
		return expectAccess(e.Text)
	case "nginx-error":
		return expectError(e.Text)
	case "app":
		return expectApp(e.Text)
	case "kafka":
		return expectKafka(e.Text)
	}
	panic("BUG: no expectations for type " + typ)
}

var (
	syslogLine = regexp.MustCompile(`^(\w{3} [ \d]\d \d\d:\d\d:\d\d) (\S+) ([^\s\[:]+)(?:\[(\d+)\])?: (.*)$`)
	accessLine = regexp.MustCompile(`^([\d.]+) - (\S+) \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+|-)` +
		` "([^"]*)" "([^"]*)"(?: "([^"]*)" ([\d.]+) (\S.*))?$`)
	requestLine = regexp.MustCompile(`^([A-Z]+) (\S+) HTTP/([\d.]+)$`)
	errorLine   = regexp.MustCompile(`^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#(\d+): (?:\*(\d+) )?`)
	appLine     = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (\w+) (\w+): ([^\n]*)`)
	kafkaLine   = regexp.MustCompile(`^\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})\] (\w+) `)
)

func expectSyslog(text string, seen time.Time) (Want, bool) {
	m := syslogLine.FindStringSubmatch(text)
	if m == nil {
		return Want{}, false
	}
	at, err := time.Parse("2006 Jan _2 15:04:05", strconv.Itoa(seen.Year())+" "+m[1])
	if err != nil {
		return Want{}, false
	}
	if at.After(seen.Add(24 * time.Hour)) {
		at = at.AddDate(-1, 0, 0)
	}
	return Want{at, map[string]any{
		"logsource": m[2], "program": m[3], "pid": optional(m[4]), "message": m[5], "timestamp": nil, "tags": nil,
	}}, true
}

func expectAccess(text string) (Want, bool) {
	m := accessLine.FindStringSubmatch(text)
	if m == nil {
		return Want{}, false
	}
	r := requestLine.FindStringSubmatch(m[4])
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[3])
	if r == nil || err != nil {
		return Want{}, false
	}
	w := Want{at, map[string]any{
		"clientip": m[1], "auth": dash(m[2]), "verb": r[1], "request": r[2], "httpversion": r[3],
		"response": number(m[5]), "bytes": nil, "referrer": dash(m[7]), "agent": dash(m[8]), "message": text,
		"timestamp": nil, "tags": nil, "cookie": dash(m[9]), "requesttime": nil, "upstreamtime": dash(m[11]),
	}}
	if m[6] != "-" {
		w.Fields["bytes"] = number(m[6])
	}
	if m[10] != "" {
		seconds, err := strconv.ParseFloat(m[10], 64)
		if err != nil {
			return Want{}, false
		}
		w.Fields["requesttime"] = seconds
	}
	return w, true
}

func expectError(text string) (Want, bool) {
	m := errorLine.FindStringSubmatch(text)
	if m == nil {
		return Want{}, false
	}
	at, err := time.Parse("2006/01/02 15:04:05", m[1])
	if err != nil {
		return Want{}, false
	}
	w := Want{at, map[string]any{
		"loglevel": m[2], "pid": number(m[3]), "tid": number(m[4]), "connection": nil, "message": text,
		"timestamp": nil, "tags": nil,
	}}
	if m[5] != "" {
		w.Fields["connection"] = number(m[5])
	}
	return w, true
}

func expectApp(text string) (Want, bool) {
	m := appLine.FindStringSubmatch(text)
	if m == nil {
		return Want{}, false
	}
	at, err := time.Parse("2006-01-02 15:04:05,000", m[1])
	return Want{at, map[string]any{
		"loglevel": m[2], "logger": m[3], "summary": m[4], "message": text, "timestamp": nil,
	}}, err == nil
}

func expectKafka(text string) (Want, bool) {
	m := kafkaLine.FindStringSubmatch(text)
	if m == nil {
		return Want{}, false
	}
	at, err := time.Parse("2006-01-02 15:04:05,000", m[1])
	return Want{at, map[string]any{"loglevel": m[2], "message": text, "timestamp": nil}}, err == nil
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func dash(s string) any {
	if s == "-" || s == "" {
		return nil
	}
	return s
}

func number(s string) any {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("BUG: digits that are no number: " + s)
	}
	return n
}

// Differences compares a document with what is wanted, types included.
func (w Want) Differences(d Doc) []string {
	var diffs []string
	for name, want := range w.Fields {
		got, there := d.Source[name]
		if want == nil && !there {
			continue
		}
		if !there || !sameValue(got, want) {
			diffs = append(diffs, fmt.Sprintf("%s: %T %.80q, want %T %.80q", name, got, fmt.Sprint(got), want, fmt.Sprint(want)))
		}
	}
	if !w.Time.IsZero() {
		if at, err := d.Time(); err != nil || !at.Equal(w.Time) {
			diffs = append(diffs, fmt.Sprintf("@timestamp: %v, want %v", d.Source["@timestamp"], w.Time.UTC()))
		}
	}
	return diffs
}

// sameValue compares a JSON value with a wanted one. A float must have been written as one, or Elasticsearch
// would map the field by whichever document came first.
func sameValue(got, want any) bool {
	switch want := want.(type) {
	case string:
		return got == want
	case int64:
		n, ok := got.(json.Number)
		return ok && n.String() == strconv.FormatInt(want, 10)
	case float64:
		n, ok := got.(json.Number)
		if !ok || !strings.ContainsAny(n.String(), ".eE") {
			return false
		}
		f, err := n.Float64()
		return err == nil && f == want
	}
	return false
}

// Time is the document's @timestamp.
func (d Doc) Time() (time.Time, error) {
	s, _ := d.Source["@timestamp"].(string)
	return time.Parse(time.RFC3339Nano, s)
}
