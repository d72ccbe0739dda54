package json

import (
	stdjson "encoding/json"
	"strings"
	"testing"
)

var sink []byte

func BenchmarkAppendString(b *testing.B) {
	for name, s := range map[string]string{
		"name":    "clientip",
		"line":    strings.Repeat("GET /index.html HTTP/1.1 ", 10),
		"quoted":  strings.Repeat(`"GET /index.html HTTP/1.1" 200 `, 8),
		"unicode": strings.Repeat("журнал ", 30),
	} {
		b.Run(name, func(b *testing.B) {
			dst := make([]byte, 0, 1024)
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				sink = AppendString(dst, s)
			}
		})
	}
}

const document = `{"@timestamp":"2015-05-17T10:05:03.000Z","message":"83.149.9.216 - - [17/May/2015:10:05:03 +0000] \"GET /presentations/logstash-monitorama-2013/images/kibana-search.png HTTP/1.1\" 200 203023","host":"ip-10-0-0-1","path":"/var/log/nginx/access.log","clientip":"83.149.9.216","verb":"GET","response":200,"bytes":203023,"requesttime":0.013,"tags":["a","b"],"nested":{"x":true,"y":null}}`

func BenchmarkReader(b *testing.B) {
	b.SetBytes(int64(len(document)))
	b.ReportAllocs()
	src := []byte(document)
	for b.Loop() {
		r := NewReader(src)
		if err := skip(&r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStandardValid is encoding/json doing the same, for comparison.
func BenchmarkStandardValid(b *testing.B) {
	b.SetBytes(int64(len(document)))
	src := []byte(document)
	for b.Loop() {
		if !stdjson.Valid(src) {
			b.Fatal("invalid")
		}
	}
}

// skip reads one value and forgets it.
func skip(r *Reader) error {
	k, err := r.Next()
	if err != nil {
		return err
	}
	for k == Array || k == Object {
		next := r.Element
		if k == Object {
			next = r.Key
		}
		ok, err := next()
		if !ok || err != nil {
			return err
		}
		if err := skip(r); err != nil {
			return err
		}
	}
	return nil
}
