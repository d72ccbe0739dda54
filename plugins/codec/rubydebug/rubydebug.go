// Package rubydebug writes events for people to read, as Logstash's codec of that name does.
package rubydebug

import (
	"strconv"
	"unicode/utf8"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the rubydebug codec.
type Config struct {
	Metadata bool `yaml:"metadata" doc:"Whether @metadata is shown too."`
}

// Plugin describes the rubydebug codec.
func Plugin() plugin.Spec {
	return plugin.NewCodec("rubydebug", "events are written in many lines for people to read", Config{}, build)
}

func build(c Config, _ plugin.Env) (*plugin.BuiltCodec, error) {
	return &plugin.BuiltCodec{NewEncoder: func() plugin.Encoder { return &encoder{metadata: c.Metadata} }}, nil
}

// indent is by how much each level is set off.
const indent = 4

type encoder struct {
	metadata bool
	fields   event.Fields // scratch: what is shown of one event
}

// AppendEvent appends the event's fields, a line each, and a newline.
func (c *encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	f := c.fields[:0]
	if !e.Time.IsZero() {
		f.Add(event.TimestampField, event.TimeOf(e.Time))
	}
	f = append(f, e.Fields...)
	if c.metadata && len(e.Meta) > 0 {
		f.Add(event.MetadataField, event.MapOf(&e.Meta))
	}
	dst = appendMap(dst, f, 0)
	clear(f)
	c.fields = f
	return append(dst, '\n'), nil
}

func appendValue(dst []byte, v event.Value, level int) []byte {
	switch v.Kind() {
	case event.Map:
		return appendMap(dst, *v.Map(), level)
	case event.List:
		return appendList(dst, v.List(), level)
	default:
		return v.AppendInspect(dst)
	}
}

// appendMap writes the names right-aligned, so that the arrows stand in one column.
func appendMap(dst []byte, f event.Fields, level int) []byte {
	if len(f) == 0 {
		return append(dst, "{}"...)
	}
	var room [64]byte
	width := 0
	for i := range f {
		width = max(width, utf8.RuneCount(event.StringOf(f[i].Name).AppendInspect(room[:0])))
	}
	width += (level + 1) * indent
	dst = append(dst, "{\n"...)
	for i := range f {
		name := event.StringOf(f[i].Name).AppendInspect(room[:0])
		dst = appendSpaces(dst, width-utf8.RuneCount(name))
		dst = append(dst, name...)
		dst = append(dst, " => "...)
		dst = appendValue(dst, f[i].Value, level+1)
		dst = appendEnd(dst, i == len(f)-1)
	}
	return append(appendSpaces(dst, level*indent), '}')
}

// appendList writes each element after its number.
func appendList(dst []byte, items []event.Value, level int) []byte {
	if len(items) == 0 {
		return append(dst, "[]"...)
	}
	width := len(strconv.Itoa(len(items) - 1))
	dst = append(dst, "[\n"...)
	for i, x := range items {
		number := strconv.Itoa(i)
		dst = append(appendSpaces(dst, (level+1)*indent), '[')
		dst = append(appendSpaces(dst, width-len(number)), number...)
		dst = append(dst, "] "...)
		dst = appendValue(dst, x, level+1)
		dst = appendEnd(dst, i == len(items)-1)
	}
	return append(appendSpaces(dst, level*indent), ']')
}

func appendEnd(dst []byte, last bool) []byte {
	if !last {
		dst = append(dst, ',')
	}
	return append(dst, '\n')
}

func appendSpaces(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}
