// Package json_lines takes each line as a JSON object, and writes an event as one object on a line.
package json_lines

import (
	"sluice/internal/charset"
	"sluice/internal/frame"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the json_lines codec.
type Config struct {
	Charset   string      `yaml:"charset" doc:"The encoding of what is read, by its IANA name; what cannot be read becomes U+FFFD. What is written is UTF-8."`
	Delimiter string      `yaml:"delimiter" doc:"What ends a line, read and written."`
	Target    event.Path  `yaml:"target" doc:"The field that gets what was read; without it, an object's members become the event's fields."`
	MaxLine   plugin.Size `yaml:"decode_size_limit_bytes" doc:"A longer line is not parsed: it becomes several events with its text, each with the tag _jsonparsetoobigfailure."`
}

// tooBig is the tag of the parts of a line that is longer than decode_size_limit_bytes.
const tooBig = "_jsonparsetoobigfailure"

const (
	defaultMaxLine = 20 << 20
	minMaxLine     = 64
)

// Plugin describes the json_lines codec.
func Plugin() plugin.Spec {
	def := Config{Charset: charset.UTF8, Delimiter: "\n", MaxLine: defaultMaxLine}
	return plugin.NewCodec("json_lines", "one line is a JSON object, or an array of objects", def, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltCodec, error) {
	cs, err := charset.Lookup(c.Charset)
	if err != nil {
		env.Problems.Errorf("charset", "%v", err)
	}
	if c.Delimiter == "" {
		env.Problems.Errorf("delimiter", "found nothing, expected the text that ends a line")
	}
	if c.MaxLine < minMaxLine {
		env.Problems.Errorf("decode_size_limit_bytes", "found %s, expected at least %s", c.MaxLine, plugin.Size(minMaxLine))
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder {
			return &decoder{cs, c.Target, frame.NewSplitter(c.Delimiter, int(c.MaxLine))}
		},
		NewEncoder: func() plugin.Encoder { return encoder{c.Delimiter} },
	}, nil
}

type decoder struct {
	charset *charset.Charset
	target  event.Path
	lines   *frame.Splitter
}

// Decode appends the events of each line that src completes, as the json codec does. Empty lines are none.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	for line, cut := range d.lines.Lines(src) {
		d.add(line, cut, b, a)
	}
	return nil
}

// Finish appends the events of a last line without a delimiter.
func (d *decoder) Finish(b *event.Batch, a *event.Ack) error {
	if line, cut := d.lines.Rest(); line != nil {
		d.add(line, cut, b, a)
	}
	return nil
}

func (d *decoder) add(line []byte, cut bool, b *event.Batch, a *event.Ack) {
	if !cut {
		b.DecodeJSON(d.charset.Decode(line), a, &d.target)
		return
	}
	e := b.Append(a)
	e.SetLine(d.charset.Decode(line))
	e.Tag(tooBig)
}

type encoder struct{ delimiter string }

// AppendEvent appends the event as one object and the delimiter.
func (c encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	return append(e.AppendJSON(dst), c.delimiter...), nil
}
