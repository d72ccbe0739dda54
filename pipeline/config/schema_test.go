package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluice/pipeline/plugin"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// validator checks values against the keywords of JSON Schema that Schema uses.
type validator struct{ root object }

// check returns what is wrong, "" for nothing.
func (v validator) check(s object, x any, at string) string {
	for k := range s {
		if !slices.Contains([]string{
			"$schema", "$defs", "title", "description", "default", "$ref", "anyOf", "type", "enum", "const", "pattern",
			"properties", "required", "additionalProperties", "items", "minProperties", "maxProperties", "minItems",
		}, k) {
			return "unknown keyword " + k
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		if msg := v.check(obj(obj(v.root["$defs"])[strings.TrimPrefix(ref, "#/$defs/")]), x, at); msg != "" {
			return msg
		}
	}
	if forms, ok := s["anyOf"].([]any); ok && !slices.ContainsFunc(forms, func(a any) bool { return v.check(obj(a), x, at) == "" }) {
		return at + ": no alternative fits"
	}
	if want, ok := s["type"]; ok && !slices.Contains(strings.Fields(fmt.Sprint(want)), typeOf(x)) &&
		!slices.Contains(strings.Fields(strings.Trim(fmt.Sprint(want), "[]")), typeOf(x)) &&
		(typeOf(x) != "integer" || !strings.Contains(fmt.Sprint(want), "number")) {
		return fmt.Sprintf("%s: %v is no %v", at, x, want)
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, x) {
		return fmt.Sprintf("%s: %v is none of %v", at, x, enum)
	}
	if c, ok := s["const"]; ok && fmt.Sprint(c) != fmt.Sprint(x) {
		return at + ": not the constant"
	}
	if p, ok := s["pattern"].(string); ok {
		if text, isText := x.(string); isText && !regexp.MustCompile(p).MatchString(text) {
			return fmt.Sprintf("%s: %q does not match %s", at, text, p)
		}
	}
	return v.checkParts(s, x, at)
}

func obj(x any) object {
	o, _ := x.(object)
	return o
}

func (v validator) checkParts(s object, x any, at string) string {
	switch x := x.(type) {
	case []any:
		items, _ := s["items"].(object)
		for i := range x {
			if msg := v.check(items, x[i], place(at, i)); msg != "" {
				return msg
			}
		}
	case object:
		if limit, ok := s["maxProperties"].(float64); ok && len(x) > int(limit) {
			return at + ": too many keys"
		}
		required, _ := s["required"].([]any)
		for _, r := range required {
			if _, ok := x[fmt.Sprint(r)]; !ok {
				return fmt.Sprintf("%s: %v is missing", at, r)
			}
		}
		props, _ := s["properties"].(object)
		for k, val := range x {
			sub, ok := props[k].(object)
			if !ok {
				if sub, ok = s["additionalProperties"].(object); !ok {
					if s["additionalProperties"] == false {
						return at + ": unknown key " + k
					}
					continue
				}
			}
			if msg := v.check(sub, val, at+"."+k); msg != "" {
				return msg
			}
		}
	}
	return ""
}

func typeOf(x any) string {
	switch x.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func newValidator(t *testing.T) validator {
	t.Helper()
	set, _ := fakes(t)
	text := Schema(set)
	if !bytes.Equal(text, Schema(set)) {
		t.Error("the schema is not the same every time")
	}
	var root object
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return validator{root}
}

func (v validator) yaml(t *testing.T, text string) string {
	t.Helper()
	var x any
	if err := yaml.Unmarshal([]byte(text), &x); err != nil {
		t.Fatal(err)
	}
	return v.check(v.root, x, "")
}

// TestSchemaAccepts: what Load takes, the schema takes.
func TestSchemaAccepts(t *testing.T) {
	v := newValidator(t)
	for _, text := range []string{
		ends,
		`
pipeline: {workers: '${N}', max_memory: 1GiB, flush_interval: 500ms, retry_timeout: 0, ecs_compatibility: v1, dead_letters: {path: x}}
inputs:
- tail: {path: a, codec: {json: {target: x}}, interval: 1m30s, block: '${SIZE:-1MiB}', count: 3, password: {file: /dev/null}, join: {pattern: x}, id: one, tags: [a], type: x}
- stdin
- stdin: {}
filters:
- if: '[a]'
  then:
  - grok: {match: {message: [a, b], b: '%{WORD}'}, break_on_match: false, defaults: {a: 1, b: [x]}, add_field: {a: b, c: [d, e]}, remove_tag: x}
  - keep: text
  - keep:
  else:
  - mutate: [{rename: {a: b}}, {gsub: [a, b, c]}]
  - mutate: {rename: {a: b}}
outputs:
- search: {index: 'logs-%{+yyyy}', password: x, codecs: {a: json}, retries: [{code: 4}], policy: best_effort, timeout: 5s}
- if: '[a]'
  then: [slow]
tests:
- {name: a, input: {lines: [x], type: y, host: {a: b}}, expect: [{a: null}], dropped: 1}
- {name: b, input: {events: [{a: 1}]}, expect: {a: 1}}
`,
	} {
		if _, p, _ := load(t, text); len(p) > 0 {
			t.Errorf("%s: %v", text, p)
		}
		if msg := v.yaml(t, text); msg != "" {
			t.Errorf("%s: the schema refuses it: %s", text, msg)
		}
	}
}

// TestSchemaRefuses: what an editor should mark.
func TestSchemaRefuses(t *testing.T) {
	v := newValidator(t)
	marked := 0
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var x any
		if yaml.Unmarshal(text, &x) == nil && v.check(v.root, x, "") != "" {
			marked++
		}
	}
	if marked < 30 {
		t.Errorf("the schema refuses %d of %d bad files, expected 30 and more", marked, len(files))
	}
	for _, text := range []string{
		"input: []", "inputs: [tial]", "inputs: [tail]", "inputs: [tail: {path: a, interval: 5}]", "inputs: [tail: {path: a, block: 5M}]",
		"inputs: [tail: {path: a, start: middle}]", "filters: [grok: {mtach: {}}]", "filters: [{if: '[a]', them: []}]", "outputs: [search: {}]",
		"inputs: [tail: {path: a, codec: xml}]", "pipeline: {workers: many}",
	} {
		if v.yaml(t, text) == "" {
			t.Errorf("the schema takes %s", text)
		}
	}
}

func TestOptions(t *testing.T) {
	set, _ := fakes(t)
	spec, _ := set.Get(plugin.InputKind, "tail")
	want := []Option{
		{Name: "path", Type: "list of text", Required: true, Doc: "The files."},
		{Name: "codec", Type: "codec", Default: "line", Doc: "How bytes become events."},
		{Name: "interval", Type: "duration", Default: "15s", Doc: "How often to look."},
		{Name: "block", Type: "size", Default: "1MiB", Doc: "How much to read at a time."},
		{Name: "count", Type: "integer", Doc: "How many lines to read."},
		{Name: "start", Type: "text", Default: "beginning", Doc: "Where to start.", Enum: []string{"beginning", "end"}},
		{Name: "password", Type: "secret", Doc: "The key of the door."},
		{Name: "join", Type: "options", Doc: "How lines are joined."},
		{Name: "join.pattern", Type: "text", Required: true, Doc: "The pattern."},
		{Name: "join.what", Type: "text", Doc: "Where a line belongs.", Enum: []string{"previous", "next"}},
		{Name: "join.wait", Type: "duration", Doc: "How long to wait."},
	}
	if d := cmp.Diff(want, PluginOptions(spec)); d != "" {
		t.Error(d)
	}
	out, _ := set.Get(plugin.OutputKind, "search")
	wantTable := `| option | type | default | what it does |
|---|---|---|---|
| ` + "`hosts`" + ` | list of text | ` + "`[http://localhost:9200]`" + ` | Addresses. |
| ` + "`index`" + ` | template | required | Where events go. |
| ` + "`password`" + ` | secret |  | The key \| of the door. |
| ` + "`codecs`" + ` | map of codec |  | Codecs by type. |
| ` + "`retries`" + ` | list of options |  | What to retry. |
| ` + "`retries.code`" + ` | integer | required | The status. |
`
	if d := cmp.Diff(wantTable, OptionsTable(out)); d != "" {
		t.Error(d)
	}
	for _, k := range []plugin.Kind{plugin.InputKind, plugin.FilterKind, plugin.OutputKind} {
		for _, o := range FrameworkOptions(k) {
			if o.Doc == "" || o.Name == "enable_metric" && o.Default != "true" {
				t.Errorf("%s: %+v", k, o)
			}
		}
	}
}
