package config

import (
	"reflect"
	"slices"
	"time"

	"sluice/pipeline/event"
)

// Test is one case of `tests:`.
type Test struct {
	Name    string
	File    string // the configuration file it stands in
	Line    int
	Input   TestInput
	Expect  []event.Fields // the events that come out, in order; a null value means "must be absent"
	Dropped *int           // how many events are dropped; nil does not say
}

// TestInput is what a case puts in: one of Lines, Raw, Events or File.
type TestInput struct {
	Lines  []string
	Raw    *string
	Events []event.Fields
	File   string // a path, made relative to the working directory
	Input  string // id or plugin name of the input whose codec decodes; "" is the first
	Fields event.Fields
	Now    time.Time // the clock of the case; zero does not say
}

// testConfig is a case as it is written, but for its expectations.
type testConfig struct {
	Name    string `yaml:"name" required:"true" doc:"What the case shows, as a sentence."`
	Dropped *int   `yaml:"dropped" doc:"How many events the filters drop."`
}

// testInputConfig is the input of a case; further keys are fields of its events.
type testInputConfig struct {
	Lines []string `yaml:"lines" doc:"Lines as they stand in a log."`
	Raw   *string  `yaml:"raw" doc:"The bytes of one message or read."`
	File  string   `yaml:"file" doc:"A file of lines."`
	Input string   `yaml:"input" doc:"The id or plugin of the input whose codec decodes; by default the first."`
	Now   string   `yaml:"now" doc:"The clock of the case, in RFC 3339."`
}

// Keys of a case that are decoded by hand.
const (
	testInputKey, testExpectKey, testEventsKey = "input", "expect", "events"
)

func (a *assembly) tests(items []*node) []Test {
	tests := make([]Test, 0, len(items))
	names := map[string]int{}
	for i, n := range items {
		path := place("tests", i)
		t, ok := a.test(n, path)
		if first, twice := names[t.Name]; twice && ok {
			a.l.report(n, path+".name", "the name %s is taken by the case in line %d", quote(t.Name), first)
		}
		names[t.Name] = n.line
		tests = append(tests, t)
	}
	return tests
}

func (a *assembly) test(n *node, path string) (Test, bool) {
	t := Test{File: n.src.name, Line: n.line}
	if n.kind != mapNode {
		a.l.report(n, path, "found %s, expected a case with name, input and expect", n.kind)
		return t, false
	}
	var c testConfig
	d := &decoder{l: a.l}
	d.options(n, path, reflect.ValueOf(&c).Elem(), []string{testInputKey, testExpectKey})
	t.Name, t.Dropped = c.Name, c.Dropped
	if in := n.get(testInputKey); in == nil {
		d.fail(n, path+".input", "the option is required, but missing")
	} else {
		t.Input = a.testInput(d, in, path+".input")
	}
	expect := n.get(testExpectKey)
	if expect == nil && c.Dropped == nil {
		d.fail(n, path+".expect", "neither expect nor dropped is given, so the case could not fail")
	}
	if expect != nil {
		t.Expect = d.fieldsList(expect, path+".expect")
	}
	return t, !d.broken
}

// fieldsList decodes a list of maps, or one map.
func (d *decoder) fieldsList(n *node, path string) []event.Fields {
	items := []*node{n}
	if n.kind == listNode {
		items = n.items
	}
	list := make([]event.Fields, 0, len(items))
	for i, item := range items {
		if item.kind != mapNode {
			d.fail(item, place(path, i), "found %s, expected the fields of an event (key: value)", d.found(item))
			continue
		}
		list = append(list, d.fields(item))
	}
	return list
}

func (a *assembly) testInput(d *decoder, n *node, path string) TestInput {
	var in TestInput
	if n.kind != mapNode {
		d.fail(n, path, "found %s, expected lines, raw, events or file", d.found(n))
		return in
	}
	var c testInputConfig
	known := append(optionNames(optionsOf(reflect.TypeFor[testInputConfig]())), testEventsKey)
	mine := *n
	mine.entries = nil
	sources := 0
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			in.Fields.Add(e.key, d.any(e.val))
			continue
		}
		if e.key != "input" && e.key != "now" {
			sources++
		}
		mine.entries = append(mine.entries, e)
	}
	if sources != 1 {
		d.fail(n, path, "found %d of lines, raw, events and file, expected one", sources)
	}
	d.options(&mine, path, reflect.ValueOf(&c).Elem(), []string{testEventsKey})
	in.Lines, in.Raw, in.Input, in.File = c.Lines, c.Raw, c.Input, c.File
	if c.File != "" {
		in.File = resolve(n.src.dir, c.File)
	}
	if e := n.get(testEventsKey); e != nil {
		in.Events = d.fieldsList(e, path+".events")
	}
	if c.Now != "" {
		now, err := time.Parse(time.RFC3339Nano, c.Now)
		if err != nil {
			d.fail(n.get("now"), path+".now", "found %s, expected a time such as 2026-01-02T03:04:05Z", d.found(n.get("now")))
		}
		in.Now = now
	}
	a.checkInputName(d, n.get("input"), path, c.Input)
	return in
}

// checkInputName checks that a case's input is one of the pipeline's.
func (a *assembly) checkInputName(d *decoder, at *node, path, name string) {
	if at == nil || name == "" || a.l.broken {
		return
	}
	var names []string
	for _, s := range a.p.Inputs {
		names = append(names, s.ID, s.Plugin)
	}
	if !slices.Contains(names, name) {
		d.fail(at, path+".input", "no input has the id or is the plugin %s%s", quote(name), suggest(name, names))
	}
}
