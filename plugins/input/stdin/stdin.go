// Package stdin reads events from standard input, line by line.
package stdin

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sluice/internal/frame"
	"sluice/internal/lane"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the stdin input.
type Config struct {
	Codec plugin.Codec `yaml:"codec" doc:"How events are made of what is read; codecs that do not look for lines themselves get line by line."`
}

// Plugin describes the stdin input.
func Plugin() plugin.Spec {
	return plugin.NewInput("stdin", "read standard input", Config{Codec: plugin.CodecNamed("line")}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
	if _, err := c.Codec.Decoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	return &plugin.BuiltInput{
		Start: func(context.Context, plugin.StartOptions) (plugin.Input, error) {
			return start(os.Stdin, c, env)
		},
		BlocksReload: true, // half a line may have been read
		NewDecoder:   func() plugin.Decoder { return byStream(c.Codec.Built.NewDecoder()) },
	}, nil
}

func start(file *os.File, c Config, env plugin.Env) (*input, error) {
	dec, err := c.Codec.Decoder()
	if err != nil {
		return nil, err
	}
	if _, err := file.Stat(); err != nil {
		return nil, fmt.Errorf("start stdin: %w", err)
	}
	return &input{
		file: file, fd: int32(file.Fd()),
		decoder: byStream(dec), budget: env.Budget, gate: lane.NewGate(),
	}, nil
}

// byStream returns the codec's decoder, behind one that finds lines if it does not do that itself.
func byStream(d plugin.Decoder) streamDecoder {
	if dec, ok := d.(streamDecoder); ok {
		return dec
	}
	return &byLine{d, frame.NewSplitter("\n", maxLine)}
}

// streamDecoder is a decoder that finds the frames of a stream itself.
type streamDecoder interface {
	plugin.Decoder
	plugin.FinishDecoder
}

// maxLine bounds a line for codecs that do not look for lines themselves: longer ones come in parts, so that
// input without any newline cannot fill the memory.
const maxLine = 20 << 20

// byLine gives a codec line by line.
type byLine struct {
	codec plugin.Decoder
	lines *frame.Splitter
}

// Decode decodes each line that src completes.
func (d *byLine) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	var errs []error
	for line := range d.lines.Lines(src) {
		if err := d.codec.Decode(line, b, a); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Finish decodes a last line without a newline.
func (d *byLine) Finish(b *event.Batch, a *event.Ack) error {
	line, _ := d.lines.Rest()
	if line == nil {
		return nil
	}
	return d.codec.Decode(line, b, a)
}
