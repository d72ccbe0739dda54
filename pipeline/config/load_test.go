package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/metrics"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// env is the environment of the tests.
var env = map[string]string{
	"N": "7", "WORD": "seven", "HOST": "http://es:9200", "PASSWORD": "hunter2-hunter2", "EMPTY": "", "TRICK": "x}, y: [1",
	"COND": `[type] == "a"`, "FLAG": "true", "DURATION": "5s",
}

func lookup(name string) (string, bool) {
	v, ok := env[name]
	return v, ok
}

func load(t *testing.T, texts ...string) (*Loaded, []Problem, *built) {
	t.Helper()
	set, b := fakes(t)
	o := Options{Set: set, LookupEnv: lookup, Program: "reader", Texts: map[string]string{}}
	for i, s := range texts {
		name := fmt.Sprintf("%c.yaml", 'a'+i)
		o.Texts[name] = s
		o.Paths = append(o.Paths, name)
	}
	l, p := Load(o)
	return l, p, b
}

// must loads what is right.
func must(t *testing.T, texts ...string) (*plugin.Pipeline, *built) {
	t.Helper()
	l, p, b := load(t, texts...)
	if len(p) > 0 {
		t.Fatal(p)
	}
	if len(l.Pipelines) != 1 {
		t.Fatalf("got %d pipelines", len(l.Pipelines))
	}
	return l.Pipelines[0].Pipeline, b
}

const ends = "inputs: [stdin]\noutputs: [null: ]\n"

// TestBad compares all problems of each testdata/bad/*.bad.yaml with the text beside it.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil || len(files) < 45 {
		t.Fatalf("found %d files, %v; expected 45 and more", len(files), err)
	}
	update := os.Getenv("SLUICE_UPDATE") != ""
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			set, _ := fakes(t)
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Base(f)
			loaded, problems := Load(Options{Set: set, Paths: []string{name}, Texts: map[string]string{name: string(text)}, LookupEnv: lookup, Program: "reader"})
			var got bytes.Buffer
			Render(&got, problems, true)
			golden := strings.TrimSuffix(f, ".yaml") + ".txt"
			if update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("problems differ (-want +got):\n%s", d)
			}
			if (loaded == nil) != Failed(problems) {
				t.Errorf("result is nil: %v, failed: %v", loaded == nil, Failed(problems))
			}
			for _, secret := range []string{"hunter2"} {
				if strings.Contains(got.String(), secret) {
					t.Errorf("the problems show %q", secret)
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	p, _ := must(t, ends)
	want := plugin.Settings{
		ID: "main", Workers: 4, BatchEvents: 2000, BatchBytes: 1 << 20, MaxMemory: 256 << 20, FlushInterval: time.Second,
		StopTimeout: 20 * time.Second, Location: time.UTC, DataDir: "/var/lib/sluice", DeadLetters: "/var/lib/sluice/dead_letters",
	}
	if d := cmp.Diff(want, p.Settings, cmp.Comparer(sameLocation)); d != "" {
		t.Error(d)
	}
	p, _ = must(t, ends+`pipeline: {id: x, workers: "${N}", max_memory: 1GiB, flush_interval: "${DURATION}", stop_timeout: 1m, retry_timeout: 2d,
  timezone: Europe/Berlin, ecs_compatibility: v8, data_dir: data, dead_letters: {path: dl}, batch_events: 10, batch_bytes: 64KiB}
`)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	want = plugin.Settings{
		ID: "x", Workers: 7, BatchEvents: 10, BatchBytes: 64 << 10, MaxMemory: 1 << 30, FlushInterval: 5 * time.Second,
		StopTimeout: time.Minute, RetryTimeout: 48 * time.Hour, Location: berlin, ECS: true, DataDir: "data", DeadLetters: "dl",
	}
	if d := cmp.Diff(want, p.Settings, cmp.Comparer(sameLocation)); d != "" {
		t.Error(d)
	}
}

func sameLocation(a, b *time.Location) bool { return a.String() == b.String() }

func TestStateDirectory(t *testing.T) {
	set, _ := fakes(t)
	l, p := Load(Options{Set: set, Paths: []string{"-"}, Stdin: strings.NewReader(ends), LookupEnv: func(s string) (string, bool) {
		return "/run/state:/other", s == "STATE_DIRECTORY"
	}})
	if len(p) > 0 {
		t.Fatal(p)
	}
	if s := l.Pipelines[0].Settings; s.DataDir != "/run/state" || s.DeadLetters != "/run/state/dead_letters" {
		t.Errorf("got %q and %q", s.DataDir, s.DeadLetters)
	}
	if f := l.Pipelines[0].Files; !slices.Equal(f, []string{"stdin"}) {
		t.Errorf("got files %v", f)
	}
}

func TestFolderAndMerge(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("20-b.yaml", "pipeline: {workers: 2}\nfilters: [keep: second]\noutputs: [null]\n")
	write("10-a.yaml", "pipeline: {workers: 2}\ninputs: [stdin]\nfilters: [keep: first]\ntests: [{name: x, input: {lines: a}, dropped: 1}]\n")
	write("30-c.yml", "pipeline: {id: other}\ninputs: [stdin]\noutputs: [null]\n")
	write("note.txt", "not read")
	write("defaults", "pipeline: {workers: 9, batch_events: 5}\n")
	set, b := fakes(t)
	l, p := Load(Options{Set: set, Paths: []string{dir}, Defaults: filepath.Join(dir, "defaults"), LookupEnv: lookup})
	if len(p) > 0 {
		t.Fatal(p)
	}
	if len(l.Pipelines) != 2 {
		t.Fatalf("got %d pipelines", len(l.Pipelines))
	}
	m, o := l.Pipelines[0], l.Pipelines[1]
	if m.Settings.ID != "main" || m.Settings.Workers != 2 || m.Settings.BatchEvents != 5 || len(m.Files) != 2 || len(m.Tests) != 1 {
		t.Errorf("got %+v, %v", m.Settings, m.Files)
	}
	if o.Settings.ID != "other" || o.Settings.Workers != 9 {
		t.Errorf("got %+v", o.Settings)
	}
	if got := []string{m.Filters[0].ID, m.Filters[1].ID}; !slices.Equal(got, []string{"filters[0].keep", "filters[1].keep"}) {
		t.Errorf("got ids %v", got)
	}
	if !slices.Contains(b.configs, any(textConfig{"first"})) || b.envs[0].Dir != dir {
		t.Errorf("got %v in %q", b.configs, b.envs[0].Dir)
	}
}

const everyType = `
inputs:
- tail:
    path: /var/log/x
    codec: {json: {target: '[doc]'}}
    interval: 1m30s
    block: 64KiB
    count: ${N}
    start: end
    password: ${PASSWORD}
    join: {pattern: '^ ', wait: 5s}
filters:
- grok:
    match:
      message: ['%{IPORHOST}', '%{WORD}']
      '[a][b]': '%{NUMBER}'
    break_on_match: ${FLAG}
    target: '[x][y]'
    score: 1
    timeout_after: 2s
    ratio: 3
    defaults: {i: 1, f: 1.5, b: true, s: "1", n: null, l: [1, a], m: {k: v}, t: 2026-01-02T03:04:05Z, v: "${N}", w: '${N}$x'}
- keep: some text
- mutate:
  - rename: {a: b}
  - set: {c: ['%{a}', x]}
outputs:
- search: {index: 'logs-%{+yyyy.MM.dd}', codecs: {a: line}, retries: {code: 5}, hosts: ["${HOST}"]}
`

func TestDecodeEveryType(t *testing.T) {
	_, b := must(t, everyType)
	c := as[sourceConfig](t, b.configs[0])
	if c.Codec.Name != "json" || c.Codec.Built == nil {
		t.Errorf("codec is %+v", c.Codec)
	}
	c.Codec = plugin.Codec{}
	if d := cmp.Diff(sourceConfig{
		Path: []string{"/var/log/x"}, Interval: plugin.Duration(90 * time.Second), Block: 64 << 10, Count: 7, Start: "end", Password: "hunter2-hunter2",
		Join: &joinConfig{Pattern: "^ ", Wait: plugin.Duration(5 * time.Second)},
	}, c, cmpopts.IgnoreFields(sourceConfig{}, "Codec")); d != "" {
		t.Error(d)
	}
	g := as[parseConfig](t, b.configs[1])
	if len(g.Match) != 2 || g.Match[0].Key != "message" || len(g.Match[0].Value) != 2 || g.Match[1].Key != "[a][b]" {
		t.Errorf("match is %v", g.Match)
	}
	if !g.Break || g.Target.String() != "[x][y]" || g.Score != 1 || g.Shared.Timeout.D() != 2*time.Second || *g.Ratio != 3 || g.Tags[0] != "_failure" {
		t.Errorf("got %+v", g)
	}
	var values []string
	for _, p := range g.Defaults {
		values = append(values, p.Key+"="+p.Value.Kind().String()+":"+p.Value.Text())
	}
	want := []string{
		"i=integer:1", "f=float:1.5", "b=boolean:true", "s=string:1", "n=null:", "l=list:1,a", `m=map:{"k":"v"}`,
		"t=string:2026-01-02T03:04:05Z", "v=string:7", "w=string:7$x",
	}
	if d := cmp.Diff(want, values); d != "" {
		t.Error(d)
	}
	if b.configs[2] != (textConfig{"some text"}) {
		t.Errorf("got %v", b.configs[2])
	}
	if m := as[[]changeConfig](t, b.configs[3]); len(m) != 2 || m[0].Rename[0].Value.String() != "b" || len(m[1].Set[0].Value) != 2 {
		t.Errorf("got %v", m)
	}
	if s := as[sinkConfig](t, b.configs[4]); s.Codecs[0].Value.Built == nil || s.Retries[0].Code != 5 || s.Hosts[0] != env["HOST"] {
		t.Errorf("got %+v", s)
	}
}

func TestDefaultsAreNotShared(t *testing.T) {
	set, b := fakes(t)
	spec, _ := set.Get(plugin.InputKind, "tail")
	before := fmt.Sprintf("%+v", spec.Defaults())
	_, _ = Load(Options{Set: set, Paths: []string{"a"}, Texts: map[string]string{"a": "inputs: [tail: {path: x, start: end}, tail: {path: y}]\noutputs: [null]"}})
	if after := fmt.Sprintf("%+v", spec.Defaults()); after != before {
		t.Errorf("defaults were %s, are %s", before, after)
	}
	if c := as[sourceConfig](t, b.configs[1]); c.Start != "beginning" || c.Path[0] != "y" {
		t.Errorf("got %+v", c)
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, b := must(t, "inputs: [stdin]\noutputs:\n- search: {index: x, password: {file: "+file+"}}\n")
	c := as[sinkConfig](t, b.configs[1])
	if c.Password.Reveal() != "from-a-file" {
		t.Errorf("got %q", c.Password.Reveal())
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if s := fmt.Sprintf(format, c); strings.Contains(s, "from-a-file") {
			t.Errorf("%s shows the secret: %s", format, s)
		}
	}
	if s := fmt.Sprintf("%+v %+v", p, c); strings.Contains(s, "from-a-file") {
		t.Errorf("the pipeline shows the secret: %s", s)
	}
	_, problems, _ := load(t, "inputs: [stdin]\noutputs:\n- search: {index: x, password: '${PASSWORD}', hosts: [b ad], passwort: '${PASSWORD}'}\n")
	var all bytes.Buffer
	Render(&all, problems, true)
	if len(problems) != 2 || strings.Contains(all.String(), env["PASSWORD"]) {
		t.Errorf("got %s", all.String())
	}
}

// as is v, which must be a T.
func as[T any](t *testing.T, v any) T {
	t.Helper()
	x, ok := v.(T)
	if !ok {
		t.Fatalf("found %T, expected %T", v, x)
	}
	return x
}

func holds(t *testing.T, c plugin.Condition, e *event.Event) bool {
	t.Helper()
	yes, err := c.Eval(e)
	if err != nil {
		t.Error(err)
	}
	return yes
}

func TestConditionsOfOutputs(t *testing.T) {
	p, _ := must(t, `
inputs: [stdin]
outputs:
- null:
- if: ${COND}
  then:
  - if: '[b]'
    then: [null: {id: both}]
    else: [null: {id: only a}]
  else:
  - null: {id: other}
`)
	f := func(want string, fields ...string) {
		t.Helper()
		e := &event.Event{}
		for i := 0; i < len(fields); i += 2 {
			e.Fields.Set(fields[i], event.StringOf(fields[i+1]))
		}
		var got []string
		for _, o := range p.Outputs {
			if o.If == nil || holds(t, o.If, e) {
				got = append(got, o.ID)
			}
		}
		if s := strings.Join(got, ","); s != want {
			t.Errorf("%v: got %s, want %s", fields, s, want)
		}
	}
	f("outputs[0].null,both", "type", "a", "b", "1")
	f("outputs[0].null,only a", "type", "a")
	f("outputs[0].null,other", "type", "b", "b", "1")
	f("outputs[0].null,other")
}

func TestFrameworkOptions(t *testing.T) {
	set, b := fakes(t)
	l, p := Load(Options{
		Set: set, Paths: []string{"a"}, LookupEnv: lookup,
		Env: func(s plugin.Settings, id, name string) plugin.Env {
			return plugin.Env{Version: s.ID + "/" + id + "/" + name, Metrics: metrics.NewRegistry().Scope()}
		},
		Texts: map[string]string{"a": `
inputs:
- stdin: {type: t, tags: x, add_field: {'a%{b}': ['%{c}', d]}, id: in}
filters:
- keep: {text: a, enable_metric: false, add_tag: [x, '%{y}'], remove_field: z, remove_tag: q}
- if: '[a]'
  then:
  - mutate:
    - rename: {a: b}
      add_tag: first
    - rename: {b: c}
    - rename: {c: d}
outputs:
- slow: {policy: best_effort, timeout: 3s, enable_metric: false}
- null: {policy: best_effort}
- slow: {timeout: 7s}
`},
	})
	if len(p) > 0 {
		t.Fatal(p)
	}
	m := l.Pipelines[0]
	in := m.Inputs[0]
	if in.ID != "in" || in.Decor.Type != "t" || in.Decor.Tags[0] != "x" || in.Decor.AddField[0].Name.String() != "a%{b}" || len(in.Decor.AddField[0].Values) != 2 {
		t.Errorf("got %+v", in)
	}
	keep := m.Filters[0]
	if !keep.NoMetrics || len(keep.Decor.AddTag) != 2 || keep.Decor.RemoveField[0].String() != "z" || keep.Decor.RemoveTag[0].String() != "q" {
		t.Errorf("got %+v", keep)
	}
	then := m.Filters[1].Then
	if m.Filters[1].Plugin != "if" || m.Filters[1].ID != "filters[1].if" || len(then) != 2 || then[0].ID != "filters[1].then[0].mutate" ||
		then[1].ID != "filters[1].then[0].mutate[1]" || len(then[0].Decor.AddTag) != 1 || !then[1].Decor.Empty() {
		t.Errorf("got %+v", then)
	}
	if o := m.Outputs; !o[0].BestEffort || !o[0].NoMetrics || o[0].Timeout != 3*time.Second || o[1].Timeout != bestEffortTimeout || o[2].BestEffort || o[2].Timeout != 0 {
		t.Errorf("got %+v", o)
	}
	byID := map[string]plugin.Env{}
	for _, e := range b.envs {
		byID[e.ID] = e
	}
	if byID["filters[0].keep"].Metrics != nil || byID["in"].Metrics == nil || byID["in"].Version != "main/in/stdin" {
		t.Errorf("metrics are not as asked: %v", byID)
	}
}

func TestTests(t *testing.T) {
	dropped := 2
	l, p, _ := load(t, ends+`
tests:
- name: lines
  input: {lines: [a, b], type: x, host: {name: h}, now: 2026-01-02T03:04:05Z, input: stdin}
  expect: [{a: 1, '@metadata': {x: y}}, {b: null}]
- name: raw
  input: {raw: "a\nb"}
  expect: {m: c}
  dropped: 2
- name: events
  input: {events: [{a: 1}], input: 'inputs[0].stdin'}
  dropped: 2
- name: file
  input: {file: some.log}
  expect: []
`)
	if len(p) > 0 {
		t.Fatal(p)
	}
	raw := "a\nb"
	fields := func(kv ...any) event.Fields {
		var f event.Fields
		for i := 0; i < len(kv); i += 2 {
			f.Add(as[string](t, kv[i]), as[event.Value](t, kv[i+1]))
		}
		return f
	}
	host, meta := fields("name", event.StringOf("h")), fields("x", event.StringOf("y"))
	want := []Test{
		{Name: "lines", File: "a.yaml", Line: 5, Input: TestInput{
			Lines: []string{"a", "b"}, Input: "stdin", Fields: fields("type", event.StringOf("x"), "host", event.MapOf(&host)),
			Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		}, Expect: []event.Fields{fields("a", event.IntOf(1), "@metadata", event.MapOf(&meta)), fields("b", event.Value{})}},
		{Name: "raw", File: "a.yaml", Line: 8, Input: TestInput{Raw: &raw}, Expect: []event.Fields{fields("m", event.StringOf("c"))}, Dropped: &dropped},
		{Name: "events", File: "a.yaml", Line: 12, Input: TestInput{Events: []event.Fields{fields("a", event.IntOf(1))}, Input: "inputs[0].stdin"}, Dropped: &dropped},
		{Name: "file", File: "a.yaml", Line: 15, Input: TestInput{File: "some.log"}, Expect: []event.Fields{}},
	}
	if d := cmp.Diff(want, l.Pipelines[0].Tests, cmp.Comparer(func(a, b event.Fields) bool { return a.Equal(b) })); d != "" {
		t.Error(d)
	}
}

func TestAliasesAndMerges(t *testing.T) {
	_, b := must(t, `
inputs:
- tail: &base {path: [a], start: end}
- tail: {<<: *base, path: b}
filters:
- keep: &text some
- keep: *text
outputs: [null]
`)
	if c := as[sourceConfig](t, b.configs[1]); c.Path[0] != "b" || c.Start != "end" {
		t.Errorf("got %+v", c)
	}
	if b.configs[3] != (textConfig{"some"}) {
		t.Errorf("got %v", b.configs[3])
	}
}

func TestVariablesAreText(t *testing.T) {
	_, b := must(t, "inputs: [stdin]\nfilters: [keep: {text: '${TRICK}'}, keep: {text: 'a${EMPTY:-b}c${NOPE:-}$d${x'}, keep: '$5 ${a b}']\noutputs: [null]\n")
	for i, want := range []string{env["TRICK"], "abc$d${x", "$5 ${a b}"} {
		if got := as[textConfig](t, b.configs[i+1]).Text; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBuildOne(t *testing.T) {
	set, _ := fakes(t)
	f := func(kind plugin.Kind, name, options string, want ...string) {
		t.Helper()
		built, problems := Build(set, kind, name, options, plugin.Env{})
		var got []string
		for _, p := range problems {
			got = append(got, p.String())
		}
		if d := cmp.Diff(want, got); d != "" || (built == nil) != Failed(problems) {
			t.Errorf("built %v: %s", built, d)
		}
	}
	f(plugin.FilterKind, "keep", "text")
	f(plugin.FilterKind, "mutate", "[{rename: {a: b}}, {rename: {b: c}}]")
	f(plugin.OutputKind, "null", "")
	f(plugin.OutputKind, "search", "{index: x, hosts: [a]}", `search:1:20: search.hosts[0]: "a" is no address (with )`)
	f(plugin.FilterKind, "mutate", "[{rename: {a: b}}, {gsub: [a]}]", `mutate:1:27: mutate[1].gsub: found 1 elements, expected triples`)
	f(plugin.InputKind, "none", "", `none:1:1: unknown input "none"; this program has stdin, tail`)
	f(plugin.FilterKind, "grok", "{match: [}", `grok:1:1: a value is missing, or a bracket or comma stands where none belongs`)
}
