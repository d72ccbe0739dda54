package config

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
)

type goldenCase struct {
	Name    string
	Filters []struct{ If string }
	Events  []map[string]any
	Want    []map[string]any
	Log     []string
	Error   string
}

// differences are the golden cases that differ on purpose, with the reason.
var differences = map[string]string{
	"conditions/013 [a] < [b]":  "Logstash's pipeline crashed at a list compared with text, so nothing came out; here such an event is tagged",
	"conditions/014 [a] <= [b]": "as 013",
}

func TestConditionsAsLogstash(t *testing.T) {
	file, err := os.ReadFile("testdata/logstash/conditions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(file))
	lines.Buffer(nil, len(file))
	cases, events, errors := 0, 0, 0
	for lines.Scan() {
		var c goldenCase
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&c); err != nil {
			t.Fatal(err)
		}
		cases++
		if reason, differs := differences[c.Name]; differs {
			t.Logf("%s differs: %s", c.Name, reason)
			continue
		}
		n, failed := checkGolden(t, &c)
		events += n
		errors += failed
	}
	t.Logf("%d cases, %d events, %d of them errors", cases, events, errors)
	if cases < 57 || events < 1500 || errors < 30 {
		t.Errorf("compared %d cases, %d events and %d errors; the file holds more", cases, events, errors)
	}
}

func checkGolden(t *testing.T, c *goldenCase) (events, errors int) {
	t.Helper()
	cond, _, cerr := parseCondition(c.Filters[0].If)
	if (cerr != nil) != (c.Error != "") {
		t.Errorf("%s: parse: %v; Logstash: %q", c.Name, cerr, c.Error)
		return 0, 0
	}
	if cerr != nil {
		return 0, 0
	}
	want := c.Want
	for _, in := range c.Events {
		events++
		got, err := cond.Eval(testEvent(in))
		if len(want) == 0 || !sameInput(in, want[0]) { // dropped there
			errors++
			if err == nil {
				t.Errorf("%s: %v: got %v, Logstash cannot evaluate it", c.Name, in, got)
			}
			continue
		}
		if wanted := want[0]["r"] == "yes"; err != nil || got != wanted {
			t.Errorf("%s: %v: got %v, %v; want %v", c.Name, in, got, err, wanted)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("%s: %d expected events were not compared", c.Name, len(want))
	}
	return events, errors
}

// sameInput reports whether the output event out was made from in.
func sameInput(in, out map[string]any) bool {
	made := map[string]bool{"@timestamp": true, "@version": true, "r": true}
	for k, v := range out {
		if !made[k] && !reflect.DeepEqual(in[k], v) {
			return false
		}
	}
	for k := range in {
		if _, ok := out[k]; !ok {
			return false
		}
	}
	return true
}

// testEvent makes an event of decoded JSON, as Logstash's defaults complete it.
func testEvent(m map[string]any) *event.Event {
	e := &event.Event{Time: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)}
	for k, v := range m {
		e.Fields.Set(k, testValue(v))
	}
	return e
}

func testValue(v any) event.Value {
	switch v := v.(type) {
	case string:
		return event.StringOf(v)
	case bool:
		return event.BoolOf(v)
	case json.Number:
		if i, err := v.Int64(); err == nil && !strings.ContainsAny(v.String(), ".eE") {
			return event.IntOf(i)
		}
		f, _ := v.Float64()
		return event.FloatOf(f)
	case []any:
		var items []event.Value
		for _, x := range v {
			items = append(items, testValue(x))
		}
		return event.ListOf(items...)
	case map[string]any:
		f := &event.Fields{}
		for k, x := range v {
			f.Set(k, testValue(x))
		}
		return event.MapOf(f)
	}
	return event.Value{}
}
