package golden

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/pipeline"
	"sluice/pipeline/config"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/plugins/filter/date"
	"sluice/plugins/filter/drop"
	"sluice/plugins/filter/grok"
	"sluice/plugins/filter/mutate"
)

// goldenCase is one configuration with events and what Logstash made of them.
type goldenCase struct {
	Name, Family string
	ECS          string
	Filters      json.RawMessage // the steps in our terms
	Events       []json.RawMessage
	Want         []json.RawMessage
	Error        string // why Logstash refused the configuration
}

// The time of events that bring none, and the time at which they were read.
var (
	eventTime = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	readTime  = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
)

// TestGolden compares every event with Logstash's. What differs must stand in differences.txt with its
// reason, and what stands there must differ.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	listed := readDifferences(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			events, different := 0, 0
			for _, c := range readCases(t, file) {
				d := listed[c.Name]
				delete(listed, c.Name)
				n := compareCase(t, &c, d)
				events += max(len(c.Events), 1)
				different += n
			}
			t.Logf("%d of %d events equal, %d differ on purpose", events-different, events, different)
		})
	}
	for name := range listed {
		t.Errorf("differences.txt lists %q, which is no case", name)
	}
}

// compareCase reports each unexpected difference, and each expected one that is none, and returns how many
// events differ.
func compareCase(t *testing.T, c *goldenCase, listed *difference) int {
	t.Helper()
	steps, err := loadSteps(t, c)
	if c.Error != "" || err != nil {
		differs := c.Error == "" || err == nil
		switch {
		case differs && !listed.has(0):
			t.Errorf("%s: Logstash said %q, we say %v", c.Name, c.Error, err)
		case !differs && listed != nil:
			t.Errorf("%s: is listed as different, but both refuse it", c.Name)
		}
		if differs {
			return max(len(c.Events), 1)
		}
		return 0
	}
	n := 0
	want := align(t, c)
	chain := pipeline.NewChain(steps, pipeline.ChainOptions{Reject: func(*plugin.FilterStep, *event.Event) {}})
	for i, in := range c.Events {
		got := runOne(t, chain, in)
		differs := !sameEvents(got, want[i])
		if differs {
			n++
		}
		switch {
		case differs && !listed.has(i):
			t.Errorf("%s, event %d\n  in   %s\n  want %s\n  got  %s", c.Name, i, in, show(want[i]), show(got))
		case !differs && listed.has(i):
			t.Errorf("%s, event %d: is listed as different, but is equal: %s", c.Name, i, show(got))
		}
	}
	return n
}

// runOne passes one event through the chain, as a batch of its own, and returns what came out.
func runOne(t *testing.T, chain *pipeline.Chain, in []byte) []map[string]any {
	t.Helper()
	b := &event.Batch{Now: readTime}
	ack := event.NewAck(func(event.Status) {})
	e := b.Append(ack)
	e.Time = eventTime
	if err := e.FillJSON(in); err != nil {
		t.Fatal(err)
	}
	ack.Seal()
	if err := chain.Run(context.Background(), b); err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for e := range b.All() {
		out = append(out, decode(t, e.AppendJSON(nil)))
	}
	b.Settle(event.Delivered)
	return out
}

// align finds what Logstash made of each event. Where it lost events (a condition that could not be
// evaluated), those that came out are told by the fields that they kept.
func align(t *testing.T, c *goldenCase) [][]map[string]any {
	t.Helper()
	want := make([][]map[string]any, len(c.Events))
	next := 0
	for i, in := range c.Events {
		if next == len(c.Want) {
			break
		}
		w := decode(t, c.Want[next])
		if len(c.Want) == len(c.Events) || contains(w, decode(t, in)) {
			want[i] = append(want[i], w)
			next++
		}
	}
	if next != len(c.Want) {
		t.Fatalf("%s: event %d of Logstash's belongs to none of the input", c.Name, next)
	}
	return want
}

func contains(all, some map[string]any) bool {
	for k, v := range some {
		if w, ok := all[k]; !ok || !same(v, w) {
			return false
		}
	}
	return true
}

// decode reads an object, numbers as they are written, without what is not compared.
func decode(t *testing.T, src []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %s", err, src)
	}
	delete(m, "@version")
	delete(m, "@metadata")
	return m
}

func sameEvents(a, b []map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

// same compares numbers by value and everything else exactly.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(a) == len(b) && contains(b, a)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case json.Number:
		b, ok := b.(json.Number)
		return ok && sameNumber(a, b)
	default:
		return a == b
	}
}

// tolerance is the relative difference up to which a float is the same.
const tolerance = 1e-12

func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, errX := a.Float64()
	y, errY := b.Float64()
	if errX != nil || errY != nil {
		return false
	}
	if !strings.ContainsAny(string(a)+string(b), ".eE") {
		return false // integers are the same to the last digit
	}
	return math.Abs(x-y) <= tolerance*max(math.Abs(x), math.Abs(y))
}

func show(events []map[string]any) string {
	if len(events) == 0 {
		return "no event"
	}
	parts := make([]string, len(events))
	for i, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return err.Error()
		}
		parts[i] = string(text)
	}
	return strings.Join(parts, " ")
}

// maxLine is the longest line of a golden file.
const maxLine = 16 << 20

func readCases(t *testing.T, file string) []goldenCase {
	t.Helper()
	var cases []goldenCase
	lines(t, file, func(line []byte) {
		var c goldenCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, c)
	})
	return cases
}

func lines(t *testing.T, file string, f func(line []byte)) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(nil, maxLine)
	for s.Scan() {
		f(s.Bytes())
	}
	if err := s.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// difference is the events of a case that differ on purpose.
type difference struct {
	all    bool
	events map[int]bool
}

func (d *difference) has(i int) bool { return d != nil && (d.all || d.events[i]) }

// readDifferences reads differences.txt: case, events ("*" or "1,4-6") and reason, between tabs.
func readDifferences(t *testing.T) map[string]*difference {
	t.Helper()
	listed := map[string]*difference{}
	lines(t, "differences.txt", func(line []byte) {
		text := string(line)
		if text == "" || strings.HasPrefix(text, "#") {
			return
		}
		parts := strings.Split(text, "\t")
		if len(parts) != 3 || parts[2] == "" {
			t.Fatalf("differences.txt: found %q; expected case, events and reason between tabs", text)
		}
		d := listed[parts[0]]
		if d == nil {
			d = &difference{events: map[int]bool{}}
			listed[parts[0]] = d
		}
		if err := d.add(parts[1]); err != nil {
			t.Fatalf("differences.txt: %q: %v", text, err)
		}
	})
	return listed
}

func (d *difference) add(events string) error {
	if events == "*" {
		d.all = true
		return nil
	}
	for part := range strings.SplitSeq(events, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			return fmt.Errorf("events %q: %w", events, err)
		}
		last := first
		if isRange {
			if last, err = strconv.Atoi(to); err != nil {
				return fmt.Errorf("events %q: %w", events, err)
			}
		}
		for i := first; i <= last; i++ {
			d.events[i] = true
		}
	}
	return nil
}

// loadSteps reads the case's steps as a configuration file would have them.
func loadSteps(t *testing.T, c *goldenCase) ([]plugin.FilterStep, error) {
	t.Helper()
	set, err := plugin.NewSet(date.Plugin(), drop.Plugin(), grok.Plugin(), mutate.Plugin())
	if err != nil {
		t.Fatal(err)
	}
	loaded, problems := config.Load(config.Options{
		Set: set, Paths: []string{"-"}, Partial: true,
		Stdin:     strings.NewReader(fmt.Sprintf("pipeline: {ecs_compatibility: %s}\nfilters: %s\n", c.ECS, c.Filters)),
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	if loaded == nil {
		var text strings.Builder
		config.Render(&text, problems, false)
		return nil, errors.New(strings.TrimSpace(text.String()))
	}
	return loaded.Pipelines[0].Filters, nil
}
