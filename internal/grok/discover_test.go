package grok

import (
	"strings"
	"testing"
)

func TestDiscover(t *testing.T) {
	lib := library(t, "TIMESTAMP_ISO8601", `\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d`, "IP", `\d+\.\d+\.\d+\.\d+`, "LOGLEVEL", "INFO|WARN",
		"NUMBER", `(?<![0-9.+-])\d+(?:\.\d+)?`, "INT", `[+-]?\d+`, "WORD", `\b\w+\b`, "GREEDYDATA", ".*", "HTTPD_COMMONLOG", "%{IP:client} - %{WORD:user}")
	f := func(want string, lines ...string) {
		t.Helper()
		list, err := Discover(lib, lines)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range list {
			got = append(got, p.Expr)
		}
		if s := strings.Join(got, " | "); s != want {
			t.Errorf("%q: %s, want %s", lines, s, want)
		}
	}
	f("^%{HTTPD_COMMONLOG}$", "1.2.3.4 - x", "1.2.3.5 - y")
	f(`^%{TIMESTAMP_ISO8601:timestamp} \[job-%{INT:number}\] %{LOGLEVEL:level} %{IP:ip} %{NUMBER:number2} ms$`,
		"2026-01-02 03:04:05 [job-1] INFO 1.2.3.4 12 ms", "2026-01-02T03:04:06 [job-2] WARN 1.2.3.5 7 ms")
	f(`^%{LOGLEVEL:level} %{WORD:word}=%{NUMBER:number}: %{GREEDYDATA:message}$`, "INFO a=1: one two three four", "WARN b=2: five six seven")
	f(`^%{LOGLEVEL:level} x$ | ^é$`, "INFO x", "é", "WARN x", "")
	f("", "")
}
