package corpus

import (
	"fmt"
	"strconv"
	"strings"
)

func (g *generator) apache() string {
	return fmt.Sprintf(`%s - %s [%s] "%s %s HTTP/%s" %s %s %q %q`, g.client(), g.user(), g.httpDate(), g.method(), g.path(24),
		g.of("1.1 1.1 1.1 1.0 2.0"), g.status(), g.size(), g.referrer(), g.agent())
}

func (g *generator) nginx() string {
	forwarded := "-"
	if g.IntN(3) == 0 {
		forwarded = g.ipv4()
	}
	connect, header, response := "-", "-", "-"
	if g.IntN(8) > 0 {
		connect, header, response = g.seconds(), g.seconds(), g.seconds()
	}
	return fmt.Sprintf(`%s - %s [%s] "%s %s HTTP/%s" %s %d %q %q %q rt=%s uct=%q uht=%q urt=%q`, g.client(), g.user(), g.httpDate(),
		g.method(), g.path(48), g.of("1.1 2.0 2.0"), g.status(), g.IntN(200000), g.referrer(), g.agent(), forwarded, g.seconds(), connect, header, response)
}

func (g *generator) syslog() string {
	prog := g.of("sshd cron systemd kernel postfix/smtpd dhclient sudo rsyslogd named CRON NetworkManager dockerd")
	if g.IntN(5) > 0 {
		prog += fmt.Sprintf("[%d]", 1+g.IntN(65000))
	}
	return fmt.Sprintf("%s %s %s: %s", g.syslogDate(), g.host(), prog, g.text(20+g.IntN(139)))
}

func (g *generator) haproxy() string {
	frontend := g.of("www http-in https~ api-front public main_ssl~")
	captured := ""
	if g.IntN(2) == 0 {
		captured = fmt.Sprintf(" {%s|%s} {%s}", g.domain(), g.word(), g.of("gzip text/html nginx application/json"))
	}
	return fmt.Sprintf(`%s %s haproxy[%d]: %s:%d [%02d/%s/%d:%s.%03d] %s %s/%s%d %d/%d/%d/%d/%s%d %s %d %s %s %s %d/%d/%d/%d/%d %d/%d%s "%s %s HTTP/1.1"`,
		g.syslogDate(), g.host(), 1+g.IntN(65000), g.ipv4(), 1024+g.IntN(64000), 1+g.IntN(28), g.month(), g.year(), g.clock(), g.IntN(1000),
		frontend, g.of("static app-servers api_pool backend-eu"), g.of("web srv node app-"), 1+g.IntN(40), g.IntN(300), g.IntN(20), g.IntN(60), g.IntN(900),
		g.pick("", "", "", "+"), g.IntN(2500), g.status(), g.IntN(300000), g.pick("-", "-", "-", "SESSION="+g.word()), "-",
		g.of("---- ---- ---- --VN --NI cD-- SC-- sH--"), g.IntN(900), g.IntN(900), g.IntN(300), g.IntN(90), g.IntN(3), g.IntN(4), g.IntN(4), captured,
		g.method(), g.path(56))
}

func (g *generator) log4j() string {
	level := g.of("INFO INFO INFO DEBUG WARN ERROR TRACE FATAL")
	class := g.of("org com net io") + "." + g.word() + "." + g.word() + "." + g.word() + "." + g.of("Request Session Cache Index Order Message Job Pool") +
		g.of("Handler Manager Service Listener Factory Worker Controller")
	thread := g.of("main http-nio-8080-exec- pool-3-thread- kafka-consumer- scheduler-")
	if strings.HasSuffix(thread, "-") {
		thread += strconv.Itoa(1 + g.IntN(200))
	}
	return fmt.Sprintf("%d-%02d-%02d %s,%03d [%s] %-5s %s - %s", g.year(), 1+g.IntN(12), 1+g.IntN(28), g.clock(), g.IntN(1000), thread, level, class,
		g.text(28+g.IntN(160)))
}

func (g *generator) pg() string {
	var text string
	switch g.IntN(3) {
	case 0:
		text = fmt.Sprintf("duration: %d.%03d ms  statement: SELECT %s, %s FROM %s WHERE %s = '%s'", g.IntN(5000), g.IntN(1000), g.word(), g.word(), g.word(), g.word(), g.word())
	case 1:
		text = fmt.Sprintf("connection received: host=%s port=%d, %s", g.ipv4(), 1024+g.IntN(64000), g.text(20+g.IntN(50)))
	default:
		text = g.text(50 + g.IntN(80))
	}
	return fmt.Sprintf("%d-%02d-%02d %s.%03d UTC [%d-%d] %s@%s %s:  %s", g.year(), 1+g.IntN(12), 1+g.IntN(28), g.clock(), g.IntN(1000), 1+g.IntN(65000), 1+g.IntN(900),
		g.of("postgres app_rw reporting web etl.job"), g.of("orders users metrics-eu app_prod"), g.of("LOG LOG LOG ERROR WARNING FATAL STATEMENT DETAIL"), text)
}

// of is one of some words, which have one blank between them.
func (g *generator) of(words string) string {
	for range g.IntN(strings.Count(words, " ") + 1) {
		_, words, _ = strings.Cut(words, " ")
	}
	word, _, _ := strings.Cut(words, " ")
	return word
}

// pick is one of some texts.
func (g *generator) pick(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g *generator) word() string {
	const syllables = "raneloti" + "kasumove" + "dipashiro" + "gertonbel" + "anerisolun" + "trastep"
	var b strings.Builder
	for range 2 + g.IntN(2) {
		i := g.IntN(len(syllables) - 3)
		b.WriteString(syllables[i : i+2+g.IntN(2)])
	}
	return b.String()
}

// text is words, and now and then a number, an address or a quotation, of about n bytes.
func (g *generator) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		switch g.IntN(14) {
		case 0:
			fmt.Fprint(&b, g.IntN(100000))
		case 1:
			b.WriteString(g.word() + "=" + g.word())
		case 2:
			b.WriteString(g.of("from for to by with on user session failed accepted closed timeout"))
		case 3:
			b.WriteString("(" + g.word() + "),")
		default:
			b.WriteString(g.word())
		}
	}
	return b.String()
}

func (g *generator) ipv4() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+g.IntN(254), g.IntN(256), g.IntN(256), g.IntN(256))
}

// client is an address: mostly of version 4, at times of version 6 or a name.
func (g *generator) client() string {
	switch g.IntN(20) {
	case 0:
		return fmt.Sprintf("2001:db8:%x:%x::%x", g.IntN(65536), g.IntN(65536), 1+g.IntN(65535))
	case 1:
		return g.domain()
	}
	return g.ipv4()
}

func (g *generator) domain() string {
	return g.word() + "." + g.word() + g.of(".com .org .net .example")
}

func (g *generator) host() string {
	return g.of("web db cache mail edge node") + fmt.Sprintf("-%02d", g.IntN(100))
}

func (g *generator) user() string {
	if g.IntN(6) > 0 {
		return "-"
	}
	return g.word()
}

func (g *generator) year() int { return 2019 + g.IntN(8) }

func (g *generator) month() string { return g.of("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec") }

func (g *generator) clock() string {
	return fmt.Sprintf("%02d:%02d:%02d", g.IntN(24), g.IntN(60), g.IntN(60))
}

func (g *generator) httpDate() string {
	return fmt.Sprintf("%02d/%s/%d:%s %s", 1+g.IntN(28), g.month(), g.year(), g.clock(), g.of("+0000 +0100 -0500 +0530"))
}

func (g *generator) syslogDate() string {
	return fmt.Sprintf("%s %2d %s", g.month(), 1+g.IntN(28), g.clock())
}

func (g *generator) seconds() string {
	return fmt.Sprintf("%d.%03d", g.IntN(3)*g.IntN(4), g.IntN(1000))
}

func (g *generator) method() string { return g.of("GET GET GET GET POST PUT HEAD DELETE") }

func (g *generator) status() string { return g.of("200 200 200 200 304 301 404 403 500 201") }

func (g *generator) size() string {
	if g.IntN(12) == 0 {
		return "-"
	}
	return strconv.Itoa(g.IntN(200000))
}

// path is a path, in half of the cases with a query, of about n bytes on average.
func (g *generator) path(n int) string {
	var b strings.Builder
	for b.Len() < n/3+g.IntN(n) {
		b.WriteString("/" + g.word())
	}
	b.WriteString(g.of(".html .php / .js .css .png") + "")
	if g.IntN(2) == 0 {
		fmt.Fprintf(&b, "?%s=%s&id=%d", g.word(), g.word(), g.IntN(100000))
	}
	return b.String()
}

func (g *generator) referrer() string {
	if g.IntN(3) == 0 {
		return "-"
	}
	return "https://" + g.domain() + g.path(9)
}

func (g *generator) agent() string {
	v := 80 + g.IntN(60)
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", v, v)
	case 1:
		return fmt.Sprintf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_%d) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.%d Safari/605.1.15", g.IntN(8), g.IntN(6))
	case 2, 3:
		return fmt.Sprintf("%s/%d.%d.%d", g.of("curl Go-http-client okhttp python-requests Wget"), 1+g.IntN(8), g.IntN(90), g.IntN(10))
	default:
		return fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", v, 4000+g.IntN(2000), g.IntN(200))
	}
}
