package grok

import (
	"context"
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Real forms of the lines that the built-in patterns are for.
const (
	apacheLine = `83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1" 200 203023 "http://semicomplete.com/presentations/logstash-monitorama-2013/" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36"`
	nginxLine  = `10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /api/v1/items?page=2 HTTP/1.1" 200 5316 "-" "curl/7.64.0" "session=abc" 0.005 0.004, 0.001`
	syslogLine = `May 17 10:05:03 web1 sshd[42]: Accepted publickey for root from 10.0.0.1 port 22 ssh2`
)

func BenchmarkGrok(b *testing.B) {
	run := func(name, expr, line string, matches bool) {
		b.Run(name, func(b *testing.B) {
			f := testFilter(b, config("message", expr), plugin.Env{ECS: strings.HasSuffix(name, "ecs")})
			batch := &event.Batch{Now: time.Unix(0, 0)}
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			cpu := cputime.Start(b)
			for b.Loop() {
				a := event.NewAck(func(event.Status) {})
				e := batch.Append(a)
				e.Fields.Add("message", event.StringOf(line))
				a.Seal()
				if err := f.Process(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
				if e.Fields.Has("tags") == matches {
					b.Fatalf("%s: %s", expr, e.AppendJSON(nil))
				}
				batch.Settle(event.Delivered)
			}
			cpu.Report(1)
		})
	}
	run("apache", "%{COMBINEDAPACHELOG}", apacheLine, true)
	run("apache ecs", "%{COMBINEDAPACHELOG}", apacheLine, true)
	run("nginx", "%{NGINXACCESS}", nginxLine, true)
	run("syslog", "%{SYSLOGLINE}", syslogLine, true)
	run("foreign", "%{COMBINEDAPACHELOG}", syslogLine, false)
	run("near", "%{COMBINEDAPACHELOG}", apacheLine[:len(apacheLine)-1], false)
}
