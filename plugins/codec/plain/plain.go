// Package plain takes each payload as one event, and writes an event as text without a delimiter.
package plain

import (
	"sluice/internal/charset"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the plain codec.
type Config struct {
	Charset string         `yaml:"charset" doc:"The encoding of what is read, by its IANA name; what cannot be read becomes U+FFFD. What is written is UTF-8."`
	Format  event.Template `yaml:"format" doc:"The text written for an event; without it, its time, host and message."`
}

// Plugin describes the plain codec.
func Plugin() plugin.Spec {
	return plugin.NewCodec("plain", "one payload is one event; events are written by a template", Config{Charset: charset.UTF8}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltCodec, error) {
	cs, err := charset.Lookup(c.Charset)
	if err != nil {
		env.Problems.Errorf("charset", "%v", err)
		return nil, nil //nolint:nilnil // the problem is reported
	}
	if c.Format.String() == "" {
		c.Format = event.TextForm()
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder { return decoder{cs} },
		NewEncoder: func() plugin.Encoder { return encoder{&c.Format} },
	}, nil
}

type decoder struct{ charset *charset.Charset }

// Decode appends one event with src as its message.
func (d decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	b.Append(a).SetLine(d.charset.Decode(src))
	return nil
}

type encoder struct{ format *event.Template }

// AppendEvent appends the event's text. References that lead nowhere stay as they are written.
func (c encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	return c.format.AppendLoose(dst, e), nil
}
