package leaf_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"sluice/internal/regex/leaf"
)

// line returns a random text that begins with what the leaf is about, and the bytes that follow it.
func line(name string, r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	month := func() string {
		return pick("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
	}
	clock := func() string { return fmt.Sprintf("%02d:%02d:%02d", r.IntN(24), r.IntN(60), r.IntN(60)) }
	day := func() int { return 1 + r.IntN(28) }
	switch name {
	case "IPOrHost", "IP", "IPv4":
		return fmt.Sprintf("%d.%d.%d.%d - - [", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	case "IPv6":
		return fmt.Sprintf("2001:db8:%x:%x::%x - - [", r.IntN(65536), r.IntN(65536), r.IntN(65536))
	case "Hostname":
		return fmt.Sprintf("%s-%d.example%d.com - -", pick("web", "db", "cache"), r.IntN(1000), r.IntN(100))
	case "HTTPDate":
		return fmt.Sprintf("%02d/%s/2026:%s +0%d00] \"GET", day(), month(), clock(), r.IntN(9))
	case "HAProxyDate":
		return fmt.Sprintf("%02d/%s/2026:%s.%03d] front", day(), month(), clock(), r.IntN(1000))
	case "SyslogTimestamp":
		return fmt.Sprintf("%s %2d %s host", month(), day(), clock())
	case "TimestampISO8601":
		return fmt.Sprintf("2026-%02d-%02d %s,%03d [main]", 1+r.IntN(12), day(), clock(), r.IntN(1000))
	case "LogLevel", "LogLevelBeforeClass":
		return pick("INFO", "WARN", "ERROR", "DEBUG") + "  [more]"
	case "HTTPUser", "User":
		return pick("-", "frank", "admin", "j.doe@example.com") + " [10/Oct"
	case "TZ":
		return pick("UTC", "MST", "EST") + " [12"
	case "JavaClass":
		return pick("com.example.app.Main", "org.apache.kafka.clients.Metadata", "o.s.web.Servlet") + " - more"
	case "Day":
		return pick("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") + " 12"
	case "CiscoTimestamp":
		return fmt.Sprintf("%s %2d 2026 %s host", month(), day(), clock())
	case "CiscoAction":
		return pick("Built", "Teardown", "Deny", "denied", "permitted") + " more"
	case "HTTPDErrorDate":
		return fmt.Sprintf("%s %s %02d %s 2026] more", pick("Mon", "Tue", "Wed"), month(), day(), clock())
	case "NginxErrorDate":
		return fmt.Sprintf("2026/%02d/%02d %s [error]", 1+r.IntN(12), day(), clock())
	case "TomcatTimestamp":
		return fmt.Sprintf("%02d-%s-2026 %s.%03d INFO", day(), month(), clock(), r.IntN(1000))
	case "MAC":
		return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x more", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	case "Month":
		return month() + " 12"
	case "Time":
		return clock() + " more"
	default:
		return pick(strconv.Itoa(r.IntN(100000)), fmt.Sprintf("%d.%03d", r.IntN(10), r.IntN(1000))) + " more"
	}
}

// BenchmarkLeaf compares functions with tables.
func BenchmarkLeaf(b *testing.B) {
	var c leaf.Cache
	behind := [4]uint64{1 << ' ', 1 << (']' & 63)}
	f := leaf.NewFollow(behind, false)
	for _, src := range sources(b) {
		d, ok := c.Build(src.Node, src.Mode)
		table, _ := leaf.NewWalk(src.Node, src.Mode)
		if !ok || !d.Native() {
			b.Fatalf("%s: found no function", src.Name)
		}
		r := rand.New(rand.NewPCG(7, 7))
		lines := make([]string, 8192)
		bytes := 0
		for i := range lines {
			lines[i] = line(src.Name, r)
			if end := table.Run(lines[i], f); end > 0 {
				bytes += end
			} else {
				b.Fatalf("%s: found no end in %q", src.Name, lines[i])
			}
		}
		run := func(name string, one func(s string, i int, f *leaf.Follow) int, first func(s string, i int) int) {
			b.Run(src.Name+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(bytes / len(lines)))
				b.ReportAllocs()
				k, sum := 0, 0
				for b.Loop() {
					if src.Mode == leaf.Ends {
						sum += one(lines[k&8191], 0, f)
					} else {
						sum += first(lines[k&8191], 0)
					}
					k++
				}
				if sum < 0 {
					b.Fatal("found no ends")
				}
			})
		}
		run("table", table.One, table.First)
		run("function", d.One, d.First)
	}
}
