package event

import (
	"strings"
	"testing"
	"time"

	"sluice/internal/cputime"
)

const benchEvents = 1000

// steady runs the life of a batch of events once: append, ten fields, settle.
func steady(b *Batch, fill func(*Event)) {
	a := NewAck(func(Status) {})
	for range benchEvents {
		fill(b.Append(a))
	}
	a.Seal()
	b.Settle(Delivered)
}

// tenFields adds ten fields with constant names.
func tenFields(e *Event) {
	f := &e.Fields
	f.Add("message", StringOf("text"))
	f.Add("path", StringOf("/var/log/nginx/access.log"))
	f.Add("host", StringOf("ip-10-0-0-1"))
	f.Add("clientip", StringOf("10.0.0.1"))
	f.Add("verb", StringOf("GET"))
	f.Add("request", StringOf("/index.html"))
	f.Add("response", IntOf(200))
	f.Add("bytes", IntOf(12345))
	f.Add("requesttime", FloatOf(0.013))
	f.Add("ok", BoolOf(true))
}

func BenchmarkAppendSettle(b *testing.B) {
	batch := &Batch{Now: time.Now().UTC()}
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		steady(batch, tenFields)
	}
	cpu.Report(benchEvents)
}

// document is an event of 14 fields whose JSON has 515 bytes.
func document() *Event {
	return &Event{
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Fields: Fields{
			{"message", StringOf(`83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /presentations/logstash-monitorama-2013/ HTTP/1.1" 200 203023 "-" "Mozilla/5.0"`)},
			{"path", StringOf("/var/log/nginx/access.log")},
			{"host", StringOf("ip-10-0-0-1")},
			{"stream", StringOf("0123456789abcdef")},
			{"offset", IntOf(123456789)},
			{"clientip", StringOf("83.149.9.216")},
			{"ident", StringOf("-")},
			{"auth", StringOf("-")},
			{"verb", StringOf("GET")},
			{"request", StringOf("/presentations/logstash-monitorama-2013/")},
			{"httpversion", StringOf("1.1")},
			{"response", IntOf(200)},
			{"bytes", IntOf(203023)},
			{"agent", StringOf("Mozilla/5.0 (X11; Linux x86_64; rv:30.0) Gecko")},
		},
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := document()
	dst := e.AppendJSON(nil)
	if len(dst) != 515 {
		b.Fatalf("%d bytes", len(dst))
	}
	b.SetBytes(int64(len(dst)))
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		dst = e.AppendJSON(dst[:0])
	}
	cpu.Report(1)
}

// BenchmarkAppendJSONMany encodes documents that are not in the cache.
func BenchmarkAppendJSONMany(b *testing.B) {
	docs := make([]*Event, benchEvents)
	for i := range len(docs) {
		docs[i] = document()
		for j := range docs[i].Fields {
			if s, ok := docs[i].Fields[j].Value.AsString(); ok {
				docs[i].Fields[j].Value = StringOf(strings.Clone(s))
			}
		}
	}
	var dst []byte
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		dst = dst[:0]
		for _, e := range docs {
			dst = append(e.AppendJSON(dst), '\n')
		}
	}
	cpu.Report(benchEvents)
	b.SetBytes(int64(len(dst)))
}

func BenchmarkDecodeJSON(b *testing.B) {
	src := document().AppendJSON(nil)
	batch := &Batch{Now: time.Now().UTC()}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	none := &Path{}
	for b.Loop() {
		a := NewAck(func(Status) {})
		batch.DecodeJSON(src, a, none)
		a.Seal()
		batch.Settle(Delivered)
	}
}

func BenchmarkAppendTime(b *testing.B) {
	t := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	var dst []byte
	for b.Loop() {
		dst = AppendTime(dst[:0], t)
	}
}

func BenchmarkParseTime(b *testing.B) {
	for b.Loop() {
		ParseTime("2026-01-02T03:04:05.678Z")
	}
}

func BenchmarkTemplate(b *testing.B) {
	e := document()
	tmpl := MustTemplate("logs-%{verb}-%{+yyyy.MM.dd}")
	var dst []byte
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		dst, _ = tmpl.Append(dst[:0], e)
	}
	cpu.Report(1)
}
