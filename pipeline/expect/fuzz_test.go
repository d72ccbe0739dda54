package expect_test

import (
	"strings"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/expect"
)

// FuzzCompare compares Compare in mode Exact with plain equality of fields.
func FuzzCompare(f *testing.F) {
	f.Add(`{"a":1}`, `{"a":1.0}`)
	f.Add(`{"a":{"b":[1,{"c":null}]}}`, `{"a":{"b":[1,{}]}}`)
	f.Add(`{"a":"2026-01-01T00:00:00Z","b":[]}`, `{"b":[],"a":"2026-01-01T00:00:00Z"}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		x, errA := event.ParseJSON([]byte(a))
		y, errB := event.ParseJSON([]byte(b))
		if errA != nil || errB != nil || x.Map() == nil || y.Map() == nil || !plain(*x.Map()) || !plain(*y.Map()) {
			return
		}
		if d := expect.Compare(*x.Map(), *x.Map(), expect.Exact); d != nil {
			t.Errorf("%s differs from itself: %v", a, d)
		}
		d := expect.Compare(*x.Map(), *y.Map(), expect.Exact)
		if (d == nil) != x.Map().Equal(*y.Map()) {
			t.Errorf("Compare(%s, %s): %v, but equal is %v", a, b, d, x.Map().Equal(*y.Map()))
		}
		line := expect.AppendLine(nil, *x.Map())
		back, err := expect.ParseLines(string(line))
		if err != nil || len(back) != 1 || !back[0].Equal(*x.Map()) {
			t.Errorf("AppendLine(%s) = %s: %v", a, line, err)
		}
	})
}

// plain reports whether no name at the top means something else than itself.
func plain(f event.Fields) bool {
	for _, x := range f {
		if strings.HasPrefix(x.Name, "[") || expect.Special(x.Name) {
			return false
		}
	}
	return true
}
