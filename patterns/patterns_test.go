package patterns

import (
	"regexp"
	"strings"
	"testing"
)

// match returns the captures of an expression in text as "field=text" in order, and "" for no match.
func match(t *testing.T, lib *Library, expr, text string) string {
	t.Helper()
	x, err := lib.Expand(expr, true)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	re, err := regexp.Compile("(?sm)" + x.Text)
	if err != nil {
		t.Fatalf("%s: %v", expr, err)
	}
	m := re.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	var parts []string
	for _, c := range x.Captures {
		if s := m[re.SubexpIndex(c.Group)]; s != "" {
			parts = append(parts, c.Field+"="+s)
		}
	}
	return "|" + strings.Join(parts, "|")
}

// TestSets compiles every pattern of both sets.
func TestSets(t *testing.T) {
	for _, ecs := range []bool{false, true} {
		lib := NewLibrary(ecs)
		for _, name := range lib.Names() {
			x, err := lib.Expand("%{"+name+"}", true)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if _, err := regexp.Compile(x.Text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, c := range x.Captures {
				if ecs == !strings.HasPrefix(c.Field, "[") && ecs && c.Field != "timestamp" && c.Field != "message" {
					t.Errorf("%s captures %q, which is no ECS name", name, c.Field)
				}
			}
		}
	}
	a, b := NewLibrary(false).Names(), NewLibrary(true).Names()
	if strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("the sets have different names: %v and %v", a, b)
	}
}

// TestWhole says for single names which texts they match as a whole, and which they do not.
func TestWhole(t *testing.T) {
	lib := NewLibrary(false)
	f := func(name string, yes, no []string) {
		t.Helper()
		for i, list := range [][]string{yes, no} {
			for _, text := range list {
				if got := match(t, lib, `\A%{`+name+`}\z`, text) != ""; got != (i == 0) {
					t.Errorf("%s matches %q: %v", name, text, got)
				}
			}
		}
	}
	f("INT", []string{"1", "-12", "+0"}, []string{"", "1.5", "x"})
	f("NUMBER", []string{"1", "-1.5", ".5"}, []string{"5.", "1e3", ""})
	f("WORD", []string{"a_1"}, []string{"a-b", ""})
	f("LOGLEVEL", []string{"error", "ERR", "Warning", "crit", "emerg", "information"}, []string{"errors", ""})
	f("QS", []string{`"a\"b"`, `""`, `'x'`, "`y`"}, []string{`"a"b"`, `"a`, "a"})
	f("UUID", []string{"123e4567-e89b-12d3-a456-426614174000"}, []string{"123e4567-e89b-12d3-a456-42661417400"})
	f("MAC", []string{"00:1A:2b:3c:4d:5e", "00-1a-2b-3c-4d-5e", "001a.2b3c.4d5e"}, []string{"00:1a:2b:3c:4d"})
	f("IPV4", []string{"10.0.0.1", "255.255.255.255", "01.02.03.04"}, []string{"256.1.1.1", "1.2.3", "1.2.3.4.5"})
	f("IPV6", []string{"::1", "::", "fe80::1%eth0", "2001:db8:0:0:0:0:2:1", "2001:db8::2:1", "::ffff:10.0.0.1", "1::"}, []string{"10:05:03", "1:2:3:4:5:6:7", "x::1"})
	f("HOSTNAME", []string{"x", "a-b.example.com", "example.com."}, []string{"-a", "a..b", "a_b"})
	f("HOSTPORT", []string{"a:80", "10.0.0.1:443"}, []string{"a:0", "a"})
	f("UNIXPATH", []string{"/", "/var/log/x.log", "/a//b"}, []string{"a/b", "/a b"})
	f("WINPATH", []string{`C:\Windows\x`, `\\srv\share\x`}, []string{`C:`, `x\y`})
	f("TTY", []string{"/dev/pts/1", "/dev/ttyS0"}, []string{"/dev/null"})
	f("URN", []string{"urn:isbn:0451450523"}, []string{"urn:", "urn:x"})
	f("URI", []string{"http://a", "https://u:p@example.com:8080/a/b?c=d&e", "ftp:///x"}, []string{"a/b", "http:/a"})
	f("URIPATHPARAM", []string{"/a?b=c", "/"}, []string{"?a", "/a b"})
	f("EMAILADDRESS", []string{"a.b+c@example.com"}, []string{"a", "@b"})
	f("MONTH", []string{"Jan", "january", "SEP", "Sept", "Mai", "Dezember"}, []string{"Janu", "Marvel"})
	f("MONTHDAY", []string{"1", "01", "31"}, []string{"0", "32"})
	f("TIME", []string{"00:00:00", "23:59:60", "7:05:03,123"}, []string{"24:00:00", "1:60:00"})
	f("TIMESTAMP_ISO8601", []string{"2015-05-17T10:05:03.123Z", "2015-05-17 10:05:03,1", "2015-05-17T10:05+02:00", "15-5-1 1:02"}, []string{"2015-13-01T00:00:00", "2015-05-17"})
	f("HTTPDATE", []string{"17/May/2015:10:05:03 +0000"}, []string{"17/Foo/2015:10:05:03 +0000"})
	f("SYSLOGTIMESTAMP", []string{"May 17 10:05:03", "May  7 10:05:03"}, []string{"17 May 10:05:03"})
	f("DATESTAMP_RFC2822", []string{"Sun, 17 May 2015 10:05:03 +0000"}, nil)
	f("DATESTAMP_RFC822", []string{"Sun May 17 2015 10:05:03 UTC"}, nil)
	f("DATESTAMP_OTHER", []string{"Sun May 17 10:05:03 UTC 2015"}, nil)
	f("DATESTAMP_EVENTLOG", []string{"20150517100503"}, nil)
	f("DATESTAMP", []string{"05/17/2015 10:05:03", "17.05.2015-10:05:03"}, nil)
	f("SYSLOGPROG", []string{"sshd[42]", "postfix/smtp"}, []string{"a b"})
}

func TestLines(t *testing.T) {
	lib := NewLibrary(false)
	f := func(expr, line, want string) {
		t.Helper()
		if got := match(t, lib, expr, line); got != want {
			t.Errorf("%s\n line %s\n got  %s\n want %s", expr, line, got, want)
		}
	}
	f("%{COMMONAPACHELOG}", `127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326`,
		"|clientip=127.0.0.1|ident=-|auth=frank|timestamp=10/Oct/2000:13:55:36 -0700|verb=GET|request=/apache_pb.gif|httpversion=1.0|response=200|bytes=2326")
	f("%{HTTPD_ERRORLOG}", `[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist: /usr/local/apache2/htdocs/favicon.ico`,
		"|timestamp=Fri Sep 09 10:42:29.902022 2011|module=core|loglevel=error|pid=35708|tid=4328636416|clientip=72.15.99.187|errorcode=File does not exist|message=/usr/local/apache2/htdocs/favicon.ico")
	f("%{HTTPD_ERRORLOG}", `[Wed Oct 11 14:32:52 2000] [error] [client 127.0.0.1] client denied by server configuration`,
		"|timestamp=Wed Oct 11 14:32:52 2000|loglevel=error|clientip=127.0.0.1|message=client denied by server configuration")
	f("%{SYSLOGLINE}", `2015-05-17T10:05:03.123456+02:00 web1 kernel: [1.0] eth0: up`,
		"|timestamp8601=2015-05-17T10:05:03.123456+02:00|logsource=web1|program=kernel|message=[1.0] eth0: up")
	f("%{SYSLOGLINE}", `May 17 10:05:03 web1 last message repeated 2 times`, "|timestamp=May 17 10:05:03|logsource=web1|message=last message repeated 2 times")
	f("%{SYSLOGBASE}", `May 17 10:05:03 <1.6> web1 cron[7]: x`, "|timestamp=May 17 10:05:03|facility=1|priority=6|logsource=web1|program=cron|pid=7")

	access := `10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 12`
	base := "|clientip=10.0.0.1|ident=-|timestamp=10/Oct/2000:13:55:36 -0700|verb=GET|request=/|httpversion=1.1|response=200|bytes=12"
	f("%{NGINXACCESS}", access, base)
	f("%{NGINXACCESS}", access+` "-" "curl/7"`, base+"|agent=curl/7")
	f("%{NGINXACCESS}", access+` "http://x/" "-" 0.005`, base+"|referrer=http://x/|requesttime=0.005")
	f("%{NGINXACCESS}", access+` "-" "a" "sid=1" 0.005 0.001, 0.002 : -`, base+"|agent=a|cookie=sid=1|requesttime=0.005|upstreamtime=0.001, 0.002 : -")
	f("%{NGINXACCESS}", access+` "-" "a" "-" 0.005 -`, base+"|agent=a|requesttime=0.005")
	f("%{NGINXACCESS}", `10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "\x16\x03" 400 0 "-" "-"`,
		`|clientip=10.0.0.1|ident=-|auth=bob|timestamp=10/Oct/2000:13:55:36 -0700|rawrequest=\x16\x03|response=400|bytes=0`)
	f("%{NGINXACCESS}", access+" surplus", "")
	f("%{NGINXERROR}", `2015/05/17 10:05:03 [error] 1234#0: *90 open() "/x" failed (2: No such file or directory), client: 10.0.0.1, server: example.com, request: "GET /x HTTP/1.1", upstream: "http://10.0.0.2:80/x", host: "example.com", referrer: "http://y/"`,
		`|timestamp=2015/05/17 10:05:03|loglevel=error|pid=1234|tid=0|connection=90|errormessage=open() "/x" failed (2: No such file or directory)|clientip=10.0.0.1|server=example.com|verb=GET|request=/x|httpversion=1.1|upstream=http://10.0.0.2:80/x|vhost=example.com|referrer=http://y/`)
	f("%{NGINXERROR}", `2015/05/17 10:05:03 [notice] 1#1: signal process started`,
		"|timestamp=2015/05/17 10:05:03|loglevel=notice|pid=1|tid=1|errormessage=signal process started")
	f("%{PYTHON_TRACEBACK}", "Traceback (most recent call last):", "|")
	f("%{PYTHON_FRAME}", `  File "/srv/app/main.py", line 12, in <module>`, "|file=/srv/app/main.py|line=12|function=<module>")
	f("%{PYTHON_EXCEPTION}", "Traceback ...\n  x\nrequests.exceptions.ConnectionError: refused: 1", "|exception=ConnectionError|reason=refused: 1")
	f("%{PYTHON_EXCEPTION}", "AssertionError", "|exception=AssertionError")
}

func TestExpand(t *testing.T) {
	lib := NewLibrary(false)
	for name, text := range map[string]string{"A": "x|y", "B": "%{A:a}%{A}", "LOOP": "%{POOL}", "POOL": "%{LOOP}", "HUGE0": "x"} {
		if err := lib.Define(name, text); err != nil {
			t.Fatal(err)
		}
	}
	f := func(expr string, named bool, want string) {
		t.Helper()
		x, err := lib.Expand(expr, named)
		if err != nil {
			t.Fatal(err)
		}
		if x.Text != want {
			t.Errorf("Expand(%q) = %s, want %s", expr, x.Text, want)
		}
	}
	f("%{A}", true, "(?:x|y)")
	f("%{A}", false, "(?P<g0>x|y)")
	f("%{A:f}%{B:g:int}", true, "(?P<g0>x|y)(?P<g1>(?P<g2>x|y)(?:x|y))")
	f(`\%{A}[%{A}]`, true, `\%{A}[\x25{A}]`)
	f("[]%{A}][^]a][[:alpha:]]%{A}", true, `[]\x25{A}][^]a][[:alpha:]](?:x|y)`)
	f("(?<n>a)(?P<m>b)(?<=c)(?<!d)(?>e)", true, "(?P<g0>a)(?P<g1>b)(?<=c)(?<!d)(?:e)")
	f("%{C=a{2}}%{C}", true, "(?:a{2})(?:a{2})")

	bad := func(expr, want string) {
		t.Helper()
		if _, err := lib.Expand(expr, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Expand(%q): %v, want %q", expr, err, want)
		}
	}
	bad("%{LOOP}", `pattern "LOOP" refers to itself: LOOP > POOL > LOOP`)
	bad("%{NUMBR}", `did you mean "NUMBER"?`)
	bad("%{QQQQQQQQ}", `unknown pattern "QQQQQQQQ"`)
	bad("%{}", "is empty")
	bad("%{A B}", "expected letters")
	bad("%{A", "not closed")
	if err := lib.Define("INNER", "%{NOPE}"); err != nil {
		t.Fatal(err)
	}
	bad("%{INNER}", `unknown pattern "NOPE" in pattern "INNER"`)
	for i, last := 1, "HUGE0"; i < 30; i++ { // doubles each time
		name := "HUGE" + strings.Repeat("I", i)
		if err := lib.Define(name, "%{"+last+"}%{"+last+"}"); err != nil {
			t.Fatal(err)
		}
		last = name
	}
	bad("%{HUGE"+strings.Repeat("I", 29)+"}", "too large")
}

func TestRead(t *testing.T) {
	bad := func(text, want string) {
		t.Helper()
		err := NewLibrary(false).Read(strings.NewReader(text), "mine")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q): %v, want %q", text, err, want)
		}
	}
	bad("A x\nNAME\n", `mine:2: found "NAME"`)
	bad("NA%ME x\n", `mine:1: found`)
	bad(" x\n", "mine:1")
	bad(strings.Repeat("x", maxDefinition+10), "too long")
}

func TestLibrariesAreApart(t *testing.T) {
	a, b := NewLibrary(false), NewLibrary(false)
	if err := a.Define("INT", "changed"); err != nil {
		t.Fatal(err)
	}
	if text, _ := b.Lookup("INT"); text == "changed" {
		t.Error("a change of one library shows in another")
	}
}

// FuzzExpand: no expression makes expanding panic, and what it returns compiles or not, but has as many groups as
// captures.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"%{COMBINEDAPACHELOG}", "%{A=[}]}", "(?<x>[[:a", "%{INT:a:b:c}", "[^]%{"} {
		f.Add(s)
	}
	lib := NewLibrary(false)
	f.Fuzz(func(t *testing.T, expr string) {
		x, err := lib.Expand(expr, false)
		if err != nil {
			return
		}
		re, err := regexp.Compile(x.Text)
		if err != nil {
			return
		}
		for _, c := range x.Captures {
			if re.SubexpIndex(c.Group) < 0 {
				t.Errorf("Expand(%q): group %s of %q is not in %s", expr, c.Group, c.Field, x.Text)
			}
		}
	})
}
