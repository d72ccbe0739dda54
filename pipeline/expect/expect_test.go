package expect_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/pipeline/event"
	"sluice/pipeline/expect"
)

func fields(t *testing.T, json string) event.Fields {
	t.Helper()
	all, err := expect.ParseLines(json)
	if err != nil || len(all) != 1 {
		t.Fatalf("%q: %d objects, %v", json, len(all), err)
	}
	return all[0]
}

func TestCompare(t *testing.T) {
	f := func(mode expect.Mode, want, got string, diffs ...expect.Difference) {
		t.Helper()
		found := expect.Compare(fields(t, want), fields(t, got), mode)
		if d := cmp.Diff(diffs, found); d != "" {
			t.Errorf("Compare(%s, %s):\n%s", want, got, d)
		}
	}
	type d = expect.Difference
	f(expect.Subset, `{}`, `{"a":1}`)
	f(expect.Exact, `{}`, `{"a":1}`, d{"a", "", "1"})
	f(expect.Subset, `{"a":1}`, `{"a":"1"}`, d{"a", "1", `"1"`})
	f(expect.Subset, `{"a":1}`, `{"a":1.0}`, d{"a", "1", "1.0"})
	f(expect.Subset, `{"a":null}`, `{"b":1}`)
	f(expect.Subset, `{"a":null}`, `{"a":1}`, d{"a", "", "1"})
	f(expect.Subset, `{"a":null}`, `{"a":null}`, d{"a", "", "null"})
	f(expect.Exact, `{"a":null}`, `{"a":null}`)
	f(expect.Exact, `{"a":null}`, `{}`, d{"a", "null", ""})
	f(expect.Subset, `{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`)
	f(expect.Exact, `{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`, d{"[a][c]", "", "2"})
	f(expect.Subset, `{"[a][b]":1,"[a][x]":null}`, `{"a":{"b":1,"c":2}}`)
	f(expect.Subset, `{"[a][b]":2}`, `{"a":{"b":1}}`, d{"[a][b]", "2", "1"})
	f(expect.Subset, `{"[@metadata][x]":1}`, `{"@metadata":{"x":1}}`)
	f(expect.Subset, `{"a":[1,{"b":2}]}`, `{"a":[1,{"b":3},4]}`, d{"[a][1][b]", "2", "3"}, d{"[a][2]", "", "4"})
	f(expect.Subset, `{"a":[1,2]}`, `{"a":[1]}`, d{"[a][1]", "2", ""})
	f(expect.Exact, `{}`, `{"@index":"x","@timestamp":"y","@metadata":{}}`)
	f(expect.Subset, `{}`, `{"@rejected":"because"}`, d{"@rejected", "", `"because"`})
	f(expect.Subset, `{"@rejected":"because"}`, `{"@rejected":"because"}`)
}

func TestCompareTime(t *testing.T) {
	var e event.Event
	e.Time = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	e.Fields.Set("t", event.TimeOf(e.Time))
	got := expect.Shown(&e)
	f := func(want string, n int) {
		t.Helper()
		if d := expect.Compare(fields(t, want), got, expect.Subset); len(d) != n {
			t.Errorf("%s: differences %v, expected %d", want, d, n)
		}
	}
	f(`{"@timestamp":"2026-03-01T10:00:00Z","t":"2026-03-01T11:00:00+01:00"}`, 0)
	f(`{"@timestamp":"2026-03-01T10:00:01Z"}`, 1)
	f(`{"@timestamp":"soon"}`, 1)
	f(`{"@timestamp":null}`, 1)
}

func TestLines(t *testing.T) {
	in := fields(t, `{"@id":"x","b":{"d":1,"c":[{"z":1,"y":2}]},"a":"text","@timestamp":"t"}`)
	got := string(expect.AppendLine(nil, in))
	if want := `{"a":"text","b":{"c":[{"y":2,"z":1}],"d":1},"@id":"x","@timestamp":"t"}` + "\n"; got != want {
		t.Errorf("AppendLine:\n%s%s", got, want)
	}
	for text, want := range map[string]string{
		"{}\n\n{}\nx":   "line 4: ",
		"{}\n[1]\n":     "line 2: found a list, expected an object",
		`{"a":1} {"b":`: "line 1: ",
	} {
		_, err := expect.ParseLines(text)
		if err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("ParseLines(%q): %v, expected %q", text, err, want)
		}
	}
}
