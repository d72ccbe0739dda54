// Package json takes each payload as a JSON object, or an array of them, and writes an event as one object.
package json

import (
	"sluice/internal/charset"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the json codec.
type Config struct {
	Charset string     `yaml:"charset" doc:"The encoding of what is read, by its IANA name; what cannot be read becomes U+FFFD. What is written is UTF-8."`
	Target  event.Path `yaml:"target" doc:"The field that gets what was read; without it, an object's members become the event's fields."`
}

// Plugin describes the json codec.
func Plugin() plugin.Spec {
	return plugin.NewCodec("json", "one payload is a JSON object, or an array of objects", Config{Charset: charset.UTF8}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltCodec, error) {
	cs, err := charset.Lookup(c.Charset)
	if err != nil {
		env.Problems.Errorf("charset", "%v", err)
		return nil, nil //nolint:nilnil // the problem is reported
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder { return &decoder{cs, c.Target} },
		NewEncoder: func() plugin.Encoder { return encoder{} },
	}, nil
}

type decoder struct {
	charset *charset.Charset
	target  event.Path
}

// Decode appends an event for an object, one for each object of an array, and one with the tag
// _jsonparsefailure and the text as its message for anything else.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	b.DecodeJSON(d.charset.Decode(src), a, &d.target)
	return nil
}

type encoder struct{}

// AppendEvent appends the event as one object, without a delimiter.
func (encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	return e.AppendJSON(dst), nil
}
