// Package heartbeat makes an event at regular intervals, which shows that a pipeline is alive.
package heartbeat

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

// Config is the options of the heartbeat input.
type Config struct {
	Message  string          `yaml:"message" doc:"The text of each event."`
	Interval plugin.Duration `yaml:"interval" doc:"The time from one event to the next; the first one is made at once."`
	Count    int64           `yaml:"count" doc:"How many events are made; -1 is for ever."`
	Sequence string          `yaml:"sequence" doc:"What the field clock ([event][sequence] with ECS) holds: nothing, seconds since 1970, or a number that counts from 0." oneof:"none|epoch|sequence"`
	Codec    plugin.Codec    `yaml:"codec" doc:"How events are made of the text."`
}

const (
	none     = "none"
	epoch    = "epoch"
	sequence = "sequence"

	minInterval = time.Millisecond
)

// Plugin describes the heartbeat input.
func Plugin() plugin.Spec {
	def := Config{
		Message: "ok", Interval: plugin.Duration(time.Minute), Count: -1, Sequence: none,
		Codec: plugin.CodecNamed("plain"),
	}
	return plugin.NewInput("heartbeat", "make an event at regular intervals", def, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
	if _, err := c.Codec.Decoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	if c.Interval.D() < minInterval {
		env.Problems.Errorf("interval", "found %s, expected at least %s", c.Interval, minInterval)
	}
	if c.Count < -1 || c.Count == 0 {
		env.Problems.Errorf("count", "found %d, expected -1 (for ever) or 1 and more", c.Count)
	}
	if c.Message == epoch || c.Message == sequence {
		env.Problems.Errorf("message", "%q chooses no sequence here; write sequence: %s", c.Message, c.Message)
	}
	return &plugin.BuiltInput{
		Start: func(_ context.Context, o plugin.StartOptions) (plugin.Input, error) {
			return start(c, env, o)
		},
		NewDecoder: func() plugin.Decoder { return c.Codec.Built.NewDecoder() },
	}, nil
}

func start(c Config, env plugin.Env, o plugin.StartOptions) (*input, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("start heartbeat: %w", err)
	}
	d, err := c.Codec.Decoder()
	if err != nil {
		return nil, fmt.Errorf("start heartbeat: %w", err)
	}
	if o.Once && c.Count < 0 {
		c.Count = 1 // what is there now
	}
	in := &input{c: c, decoder: d, host: event.StringOf(host), gate: lane.NewGate()}
	in.finish, _ = d.(plugin.FinishDecoder)
	in.hostAt, in.clockAt = event.MustPath("host"), event.MustPath("clock")
	if env.ECS {
		in.hostAt, in.clockAt = event.MustPath("[host][name]"), event.MustPath("[event][sequence]")
	}
	return in, nil
}

// input makes all events in lane 0.
type input struct {
	c       Config
	decoder plugin.Decoder
	finish  plugin.FinishDecoder // nil where the codec does not look for lines
	gate    *lane.Gate

	host            event.Value
	hostAt, clockAt event.Path

	made int64
	due  time.Time // of the next event
}

// Read appends an event when it is due. Events that were due while nobody read are left out.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	if number != 0 {
		return in.gate.Read(ctx, wait)
	}
	if in.c.Count > 0 && in.made >= in.c.Count {
		in.gate.End()
		return io.EOF
	}
	now := time.Now()
	if in.due.IsZero() {
		in.due = now
	}
	if until := in.due.Sub(now); until > 0 {
		t := time.NewTimer(min(until, wait))
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
		if until > wait {
			return nil
		}
	}
	return in.beat(b)
}

// beat appends one event and sets the time of the next.
func (in *input) beat(b *event.Batch) error {
	now := time.Now().UTC()
	every := in.c.Interval.D()
	in.due = in.due.Add(now.Sub(in.due).Truncate(every) + every)
	b.Now = now // it is made now, not when the wait began
	b.Bytes += len(in.c.Message)
	before := b.Len()
	a := event.NewAck(func(event.Status) {})
	defer a.Seal()
	err := in.decoder.Decode([]byte(in.c.Message), b, a)
	if in.finish != nil && err == nil {
		err = in.finish.Finish(b, a)
	}
	for e := range b.From(before) {
		err = errors.Join(err, in.hostAt.Set(e, in.host))
		switch in.c.Sequence {
		case epoch:
			err = errors.Join(err, in.clockAt.Set(e, event.IntOf(now.Unix())))
		case sequence:
			err = errors.Join(err, in.clockAt.Set(e, event.IntOf(in.made)))
		}
	}
	in.made++
	return err
}

// Close ends the other lanes' waits.
func (in *input) Close(context.Context) error {
	in.gate.End()
	return nil
}
