// Package generator makes events out of nothing, for tests and measurements.
package generator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/internal/lane"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the generator input.
type Config struct {
	Message string       `yaml:"message" doc:"The text of each event."`
	Lines   []string     `yaml:"lines" doc:"The texts of the events, in this order, instead of message."`
	Count   int64        `yaml:"count" doc:"How many times message or all lines are given; 0 is for ever."`
	Codec   plugin.Codec `yaml:"codec" doc:"How events are made of the texts."`
}

// Plugin describes the generator input.
func Plugin() plugin.Spec {
	def := Config{Message: "Hello world!", Codec: plugin.CodecNamed("plain")}
	return plugin.NewInput("generator", "make events for tests", def, build)
}

// stdinMessage is the message for which Logstash reads a line from standard input.
const stdinMessage = "stdin"

func build(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
	if _, err := c.Codec.Decoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	if c.Count < 0 {
		env.Problems.Errorf("count", "found %d, expected 0 (for ever) or more", c.Count)
	}
	if c.Message == stdinMessage && len(c.Lines) == 0 {
		env.Problems.Errorf("message", "%q does not read from standard input; use the stdin input", stdinMessage)
	}
	return &plugin.BuiltInput{
		Start: func(_ context.Context, o plugin.StartOptions) (plugin.Input, error) {
			return start(c, env, o)
		},
		NewDecoder: func() plugin.Decoder { return c.Codec.Built.NewDecoder() },
	}, nil
}

func start(c Config, env plugin.Env, o plugin.StartOptions) (*input, error) {
	if o.Once && c.Count == 0 {
		return nil, errors.New("start generator: it has no end; set count to run it once")
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("start generator: %w", err)
	}
	d, err := c.Codec.Decoder()
	if err != nil {
		return nil, fmt.Errorf("start generator: %w", err)
	}
	in := &input{count: c.Count, decoder: d, host: event.StringOf(host), gate: lane.NewGate()}
	in.finish, _ = d.(plugin.FinishDecoder)
	in.hostAt, in.sequenceAt = event.MustPath("host"), event.MustPath("sequence")
	if env.ECS {
		in.hostAt, in.sequenceAt = event.MustPath("[host][name]"), event.MustPath("[event][sequence]")
	}
	if len(c.Lines) == 0 {
		c.Lines = []string{c.Message}
	}
	for _, line := range c.Lines {
		in.lines = append(in.lines, []byte(line))
	}
	return in, nil
}

// textsPerRead is how many texts one Read decodes.
const textsPerRead = 1000

// input makes all events in lane 0, so that their numbers are in order.
type input struct {
	lines   [][]byte
	count   int64
	decoder plugin.Decoder
	finish  plugin.FinishDecoder // nil where the codec does not look for lines
	gate    *lane.Gate

	host               event.Value
	hostAt, sequenceAt event.Path

	sequence int64 // of the next line
	next     int   // the line to go on with
}

// Read appends the next events.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	if number != 0 {
		return in.gate.Read(ctx, wait)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a := event.NewAck(func(event.Status) {})
	defer a.Seal()
	for range textsPerRead {
		if in.count > 0 && in.sequence == in.count {
			in.gate.End()
			return io.EOF
		}
		if err := in.one(b, a); err != nil {
			return err
		}
	}
	return nil
}

// one appends the events of the next text. Texts are never changed, so all events may share them.
func (in *input) one(b *event.Batch, a *event.Ack) error {
	text := in.lines[in.next]
	sequence := event.IntOf(in.sequence)
	if in.next++; in.next == len(in.lines) {
		in.next = 0
		in.sequence++
	}
	before := b.Len()
	b.Bytes += len(text)
	err := in.decoder.Decode(text, b, a)
	if in.finish != nil && err == nil {
		err = in.finish.Finish(b, a)
	}
	for e := range b.From(before) {
		err = errors.Join(err, in.hostAt.Set(e, in.host), in.sequenceAt.Set(e, sequence))
	}
	return err
}

// Close ends the other lanes' waits.
func (in *input) Close(context.Context) error {
	in.gate.End()
	return nil
}
