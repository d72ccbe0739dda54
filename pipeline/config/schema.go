package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// object is a JSON Schema, or a part of one.
type object = map[string]any

// schemaID names the dialect of the schema.
const schemaDialect = "https://json-schema.org/draft/2020-12/schema"

// Patterns of values that carry units, and of those that a variable stands for.
const (
	durationPattern = `^(0|([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))*)$`
	sizePattern     = `^(0|[0-9]+(\.[0-9]+)? ?([kKmMgGtT]i?)?[bB])$`
	variablePattern = `\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}`
	condDescription = `A condition: '[type] == "nginx" and [status] >= 500'. Operators: == != < <= > >= =~ !~ in, not in, and, or, xor, nand, !.`
)

// Schema returns a JSON Schema of the configuration files that a program with the given plugins reads, for
// editors. It is the same text every time.
func Schema(set *plugin.Set) []byte {
	g := schemaWriter{set}
	root := object{
		"$schema": schemaDialect,
		"title":   "Sluice pipeline",
		"type":    "object",
		"properties": object{
			"pipeline": g.described(g.options(reflect.ValueOf((&loader{o: Options{LookupEnv: noEnv}}).defaultSettings()), nil), "Settings of the pipeline."),
			"inputs":   object{"description": "Where events come from.", "type": "array", "items": ref("input")},
			"filters":  object{"description": "What is done to events, in this order.", "type": "array", "items": ref("filter")},
			"outputs":  object{"description": "Where events go.", "type": "array", "items": ref("output")},
			"tests":    object{"description": "Cases that `test` runs.", "type": "array", "items": ref("test")},
		},
		"additionalProperties": false,
		"$defs": object{
			"input":    g.step(plugin.InputKind, reflect.ValueOf(defaultInputOptions())),
			"filter":   g.step(plugin.FilterKind, reflect.ValueOf(defaultFilterOptions())),
			"output":   g.step(plugin.OutputKind, reflect.ValueOf(defaultOutputOptions())),
			"codec":    g.step(plugin.CodecKind, reflect.Value{}),
			"test":     g.test(),
			"duration": object{"type": "string", "anyOf": []any{object{"pattern": durationPattern}, object{"pattern": variablePattern}}},
			"size":     object{"type": "string", "anyOf": []any{object{"pattern": sizePattern}, object{"pattern": variablePattern}}},
			"variable": object{"type": "string", "pattern": variablePattern},
			"secret": object{"anyOf": []any{object{"type": []any{"string", "number"}}, object{
				"type": "object", "properties": object{"file": object{"type": "string", "description": "The file that holds the secret."}},
				"required": []any{"file"}, "additionalProperties": false,
			}}},
			"zero": object{"const": 0},
		},
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("BUG: marshal the schema: %v", err))
	}
	return append(text, '\n')
}

func noEnv(string) (string, bool) { return "", false }

func ref(name string) object { return object{"$ref": "#/$defs/" + name} }

type schemaWriter struct{ set *plugin.Set }

func (schemaWriter) described(o object, text string) object {
	if text != "" {
		o["description"] = text
	}
	return o
}

// step is an item of a list of plugins: a name, a map with one name, or a condition.
func (g schemaWriter) step(kind plugin.Kind, common reflect.Value) object {
	names := g.set.Names(kind)
	slices.Sort(names)
	plugins := object{}
	bare := []any{}
	for _, n := range names {
		spec, _ := g.set.Get(kind, n)
		plugins[n] = g.plugin(spec, common)
		if !slices.ContainsFunc(PluginOptions(spec), func(o Option) bool { return o.Required && !strings.Contains(o.Name, ".") }) {
			bare = append(bare, n)
		}
	}
	forms := []any{object{"type": "object", "properties": plugins, "minProperties": 1, "maxProperties": 1, "additionalProperties": false}}
	if len(bare) > 0 {
		if slices.Contains(bare, any("null")) {
			bare = append(bare, nil) // what YAML makes of a bare null
		}
		forms = append(forms, object{"enum": bare})
	}
	if kind == plugin.FilterKind || kind == plugin.OutputKind {
		branch := object{"type": []any{"array", "null"}, "items": ref(string(kind))}
		forms = append(forms, object{
			"type": "object", "required": []any{"if"}, "additionalProperties": false,
			"properties": object{"if": object{"type": "string", "description": condDescription}, "then": branch, "else": branch},
		})
	}
	return object{"anyOf": forms}
}

// plugin is the options of one plugin, in each form that it takes.
func (g schemaWriter) plugin(spec plugin.Spec, common reflect.Value) object {
	v := reflect.ValueOf(spec.Defaults()).Elem()
	one := g.options(v, &common)
	forms := []any{one}
	if _, needs := one["required"]; !needs {
		forms = append(forms, object{"type": "null"})
	}
	if spec.List {
		forms = append(forms, object{"type": "array", "items": one, "minItems": 1})
	}
	for _, o := range optionsOf(v.Type()) {
		if o.name == spec.Scalar {
			forms = append(forms, g.value(o.typ))
		}
	}
	if len(forms) == 1 {
		return g.described(one, spec.Summary)
	}
	return object{"description": spec.Summary, "anyOf": forms}
}

// options is a map of options: those of v, and those of common that v does not have.
func (g schemaWriter) options(v reflect.Value, common *reflect.Value) object {
	props := object{}
	var required []any
	add := func(v reflect.Value) {
		for _, o := range optionsOf(v.Type()) {
			if _, taken := props[o.name]; taken {
				continue
			}
			p := g.value(o.typ)
			if o.oneof != nil {
				p = g.oneof(o)
			}
			if d := defaultText(reflect.Indirect(v.FieldByIndex(o.index))); d != "" && !isStruct(o.typ) {
				p["default"] = g.defaultValue(v.FieldByIndex(o.index), d)
			}
			props[o.name] = g.described(p, o.doc)
			if o.required {
				required = append(required, o.name)
			}
		}
	}
	add(v)
	if common != nil && common.IsValid() {
		add(*common)
	}
	s := object{"type": "object", "properties": props, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	return s
}

// defaultValue is a default as JSON.
func (schemaWriter) defaultValue(v reflect.Value, text string) any {
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Float64:
		return v.Interface()
	default:
		return text
	}
}

func (g schemaWriter) oneof(o option) object {
	values := make([]any, len(o.oneof))
	for i, s := range o.oneof {
		values[i] = s
	}
	one := object{"anyOf": []any{object{"enum": values}, ref("variable")}}
	if o.typ.Kind() == reflect.Slice {
		return object{"anyOf": []any{one, object{"type": "array", "items": one}}}
	}
	return one
}

// value is the schema of a type.
func (g schemaWriter) value(t reflect.Type) object {
	orVariable := func(kind string) object { return object{"anyOf": []any{object{"type": kind}, ref("variable")}} }
	text := []any{"string", "number", "boolean"}
	switch {
	case is[plugin.Duration](t):
		return object{"anyOf": []any{ref("duration"), ref("zero")}}
	case is[plugin.Size](t):
		return object{"anyOf": []any{ref("size"), ref("zero")}}
	case is[plugin.Secret](t):
		return ref("secret")
	case is[plugin.Codec](t):
		return ref("codec")
	case is[event.Value](t):
		return object{}
	case is[event.Path](t) || is[event.Template](t):
		return object{"type": text}
	case isPairs(t):
		return object{"type": "object", "additionalProperties": g.value(pairValue(t))}
	case isStruct(t):
		return g.options(reflect.Zero(t), nil)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.value(t.Elem())
	case reflect.Slice:
		item := g.value(t.Elem())
		return object{"anyOf": []any{item, object{"type": "array", "items": item}}}
	case reflect.Bool:
		return orVariable("boolean")
	case reflect.Float32, reflect.Float64:
		return orVariable("number")
	case reflect.String:
		return object{"type": text}
	default:
		return orVariable("integer")
	}
}

func (g schemaWriter) test() object {
	events := object{"anyOf": []any{object{"type": "object"}, object{"type": "array", "items": object{"type": "object"}}}}
	in := g.options(reflect.ValueOf(testInputConfig{}), nil)
	in["additionalProperties"] = true // fields of the events
	properties(in)[testEventsKey] = g.described(maps.Clone(events), "Events, as their fields.")
	in["description"] = "What goes in: lines, raw, events or file; further keys are fields of the events."
	c := g.options(reflect.ValueOf(testConfig{}), nil)
	props := properties(c)
	props[testInputKey] = in
	props[testExpectKey] = g.described(maps.Clone(events), "The events that come out, in order; a field that is null must be absent.")
	c["required"] = []any{"name", testInputKey}
	return c
}

// properties are those of a schema that options made.
func properties(s object) object {
	p, _ := s["properties"].(object)
	return p
}
