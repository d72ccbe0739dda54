package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// option is one field of a Config struct, as its tags describe it.
type option struct {
	name, doc string
	required  bool
	oneof     []string
	index     []int
	typ       reflect.Type
}

// optionsOf lists the options of a struct type in the order of its fields. Embedded structs and fields
// tagged `yaml:",inline"` give their options to the struct around them.
func optionsOf(t reflect.Type) []option {
	var opts []option
	for i := range t.NumField() {
		f := t.Field(i)
		name, flags, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.Type.Kind() == reflect.Struct && (flags == "inline" || f.Anonymous && name == "") {
			for _, o := range optionsOf(f.Type) {
				o.index = append([]int{i}, o.index...)
				opts = append(opts, o)
			}
			continue
		}
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		o := option{name: name, doc: f.Tag.Get("doc"), required: f.Tag.Get("required") == "true", index: []int{i}, typ: f.Type}
		if s := f.Tag.Get("oneof"); s != "" {
			o.oneof = strings.Split(s, "|")
		}
		opts = append(opts, o)
	}
	return opts
}

func optionNames(opts []option) []string {
	names := make([]string, len(opts))
	for i := range opts {
		names[i] = opts[i].name
	}
	return names
}

// is reports whether t is T.
func is[T any](t reflect.Type) bool { return t == reflect.TypeFor[T]() }

// isPairs reports whether t is a plugin.Pairs[T].
func isPairs(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.PkgPath() == reflect.TypeFor[plugin.Duration]().PkgPath() && strings.HasPrefix(t.Name(), "Pairs[")
}

// isStruct reports whether t is a nested map of options.
func isStruct(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !is[event.Path](t) && !is[event.Template](t) && !is[plugin.Codec](t) && !is[event.Value](t)
}

// typeName is the type of an option as documents show it.
func typeName(t reflect.Type) string {
	switch {
	case is[plugin.Duration](t):
		return "duration"
	case is[plugin.Size](t):
		return "size"
	case is[plugin.Secret](t):
		return "secret"
	case is[event.Path](t):
		return "field"
	case is[event.Template](t):
		return "template"
	case is[plugin.Codec](t):
		return "codec"
	case is[event.Value](t):
		return "any"
	case isPairs(t):
		return "map of " + typeName(pairValue(t))
	case isStruct(t):
		return "options"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "integer"
	case reflect.Float32, reflect.Float64:
		return "number"
	default:
		panic(fmt.Sprintf("BUG: options cannot have the type %s", t))
	}
}

// pairValue is T of a plugin.Pairs[T].
func pairValue(t reflect.Type) reflect.Type { return t.Elem().Field(1).Type }

// Option describes one option of a plugin, for `plugins NAME`, documents and tests.
type Option struct {
	Name     string   // dotted where options are nested: "multiline.pattern"
	Type     string   // "text", "duration", "list of field", ...
	Default  string   // as written in YAML; "" where there is none
	Required bool     // within the options around it
	Doc      string   // one sentence
	Enum     []string // the values that are allowed; nil where any is
}

// PluginOptions lists the options of a plugin itself, in the order of its Config; those that the framework gives
// to every plugin of the kind are FrameworkOptions.
func PluginOptions(spec plugin.Spec) []Option {
	return describe(reflect.ValueOf(spec.Defaults()).Elem(), "")
}

// FrameworkOptions lists the options that every plugin of a kind has.
func FrameworkOptions(kind plugin.Kind) []Option {
	switch kind {
	case plugin.InputKind:
		return describe(reflect.ValueOf(defaultInputOptions()), "")
	case plugin.FilterKind:
		return describe(reflect.ValueOf(defaultFilterOptions()), "")
	case plugin.OutputKind:
		return describe(reflect.ValueOf(defaultOutputOptions()), "")
	default:
		return nil
	}
}

func describe(v reflect.Value, prefix string) []Option {
	var list []Option
	for _, o := range optionsOf(v.Type()) {
		f := v.FieldByIndex(o.index)
		t := o.typ
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
			if f.Kind() == reflect.Pointer && !f.IsNil() {
				f = f.Elem()
			} else {
				f = reflect.Zero(t)
			}
		}
		opt := Option{Name: prefix + o.name, Type: typeName(t), Required: o.required, Doc: o.doc, Enum: o.oneof}
		nested := t
		if t.Kind() == reflect.Slice && isStruct(t.Elem()) && !isPairs(t) {
			nested, f = t.Elem(), reflect.Zero(t.Elem())
		} else if !isStruct(t) {
			opt.Default = visible(defaultText(f))
		}
		list = append(list, opt)
		if isStruct(nested) {
			list = append(list, describe(f, opt.Name+".")...)
		}
	}
	return list
}

// visible writes control characters as YAML does in double quotes.
func visible(s string) string {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return s
}

// defaultText writes a default as in YAML, and "" for a zero value.
func defaultText(v reflect.Value) string {
	if !v.IsValid() || v.IsZero() {
		return ""
	}
	switch x := v.Interface().(type) {
	case event.Path:
		return x.String()
	case event.Template:
		return x.String()
	case plugin.Codec:
		return x.Name
	case event.Value:
		return string(x.AppendJSON(nil))
	case fmt.Stringer:
		return x.String()
	}
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(v.Interface())
	}
	items := make([]string, v.Len())
	for i := range items {
		if isPairs(v.Type()) {
			items[i] = v.Index(i).Field(0).String() + ": " + defaultText(v.Index(i).Field(1))
		} else {
			items[i] = defaultText(v.Index(i))
		}
	}
	if text := strings.Join(items, ", "); isPairs(v.Type()) {
		return "{" + text + "}"
	} else if text != "" {
		return "[" + text + "]"
	}
	return ""
}

// OptionsTable writes the options as a Markdown table, for the README between its option markers.
func OptionsTable(spec plugin.Spec) string {
	opts := PluginOptions(spec)
	if len(opts) == 0 {
		return "This plugin has no options of its own.\n"
	}
	var b strings.Builder
	b.WriteString("| option | type | default | what it does |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	code := func(s string) string {
		if s == "" {
			return ""
		}
		return "`" + cell.Replace(s) + "`"
	}
	for _, o := range opts {
		def := code(o.Default)
		if o.Required {
			def = "required"
		}
		doc := cell.Replace(o.Doc)
		if o.Enum != nil {
			doc = strings.TrimSpace(doc + " One of `" + strings.Join(o.Enum, "`, `") + "`.")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, o.Type, def, doc)
	}
	return b.String()
}
