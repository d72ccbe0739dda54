// Package line takes each line as one event, and writes an event as text with a delimiter.
package line

import (
	"sluice/internal/charset"
	"sluice/internal/frame"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the line codec.
type Config struct {
	Charset   string         `yaml:"charset" doc:"The encoding of what is read, by its IANA name; what cannot be read becomes U+FFFD. What is written is UTF-8."`
	Format    event.Template `yaml:"format" doc:"The text written for an event; without it, its time, host and message."`
	Delimiter string         `yaml:"delimiter" doc:"What ends a line, read and written."`
	MaxLine   plugin.Size    `yaml:"max_line" doc:"A longer line becomes several events, each with the tag _linetoolong."`
}

// tooLong is the tag of the parts of a line that is longer than max_line.
const tooLong = "_linetoolong"

const (
	defaultMaxLine = 20 << 20
	minMaxLine     = 64
)

// Plugin describes the line codec.
func Plugin() plugin.Spec {
	def := Config{Charset: charset.UTF8, Delimiter: "\n", MaxLine: defaultMaxLine}
	return plugin.NewCodec("line", "one line is one event; events are written by a template, a line each", def, build)
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
		env.Problems.Errorf("max_line", "found %s, expected at least %s", c.MaxLine, plugin.Size(minMaxLine))
	}
	if c.Format.String() == "" {
		c.Format = event.TextForm()
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder {
			return &decoder{cs, frame.NewSplitter(c.Delimiter, int(c.MaxLine))}
		},
		NewEncoder: func() plugin.Encoder { return encoder{&c} },
	}, nil
}

type decoder struct {
	charset *charset.Charset
	lines   *frame.Splitter
}

// Decode appends an event for each line that src completes.
func (d *decoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	for line, cut := range d.lines.Lines(src) {
		d.add(line, cut, b, a)
	}
	return nil
}

// Finish appends an event for a last line without a delimiter.
func (d *decoder) Finish(b *event.Batch, a *event.Ack) error {
	if line, cut := d.lines.Rest(); line != nil {
		d.add(line, cut, b, a)
	}
	return nil
}

func (d *decoder) add(line []byte, cut bool, b *event.Batch, a *event.Ack) {
	e := b.Append(a)
	e.SetLine(d.charset.Decode(line))
	if cut {
		e.Tag(tooLong)
	}
}

type encoder struct{ c *Config }

// AppendEvent appends the event's text and the delimiter. References that lead nowhere stay as they are
// written.
func (c encoder) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	return append(c.c.Format.AppendLoose(dst, e), c.c.Delimiter...), nil
}
