// Package stdout writes events to standard output.
package stdout

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the stdout output.
type Config struct {
	Codec plugin.Codec `yaml:"codec" doc:"How events are written."`
}

// Plugin describes the stdout output.
func Plugin() plugin.Spec {
	return plugin.NewOutput("stdout", "write to standard output", Config{Codec: plugin.CodecNamed("rubydebug")}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltOutput, error) {
	if _, err := c.Codec.Encoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	}
	return &plugin.BuiltOutput{Start: func(_ context.Context, lanes int) (plugin.Output, error) {
		return start(os.Stdout, c.Codec, lanes)
	}}, nil
}

func start(w io.Writer, c plugin.Codec, lanes int) (*output, error) {
	o := &output{w: w, lanes: make([]scratch, lanes)}
	for i := range o.lanes {
		var err error
		if o.lanes[i].encoder, err = c.Encoder(); err != nil {
			return nil, fmt.Errorf("start stdout: %w", err)
		}
	}
	return o, nil
}

// output writes each call's events at once, so that those of different lanes do not mix.
type output struct {
	mu    sync.Mutex
	w     io.Writer
	lanes []scratch
}

// scratch is what a lane keeps from call to call.
type scratch struct {
	encoder plugin.Encoder
	buf     []byte
	ends    []end
}

// end is where the text of an event ends in the buffer.
type end struct{ event, at int }

// maxKept bounds the buffer that a lane keeps.
const maxKept = 4 << 20

// Write writes the events in order. Events before the place at which a write failed are delivered, the
// others are to be retried; one of which a part was written is written again as a whole.
func (o *output) Write(_ context.Context, v *event.View) error {
	s := &o.lanes[v.Lane]
	buf, ends := s.buf[:0], s.ends[:0]
	for i, e := range v.All() {
		if v.Marked(i) {
			continue
		}
		next, err := s.encoder.AppendEvent(buf, e)
		if err != nil {
			v.Reject(i, err)
			continue
		}
		buf = next
		ends = append(ends, end{i, len(buf)})
	}
	s.ends = ends
	if s.buf = buf; cap(buf) > maxKept {
		s.buf = nil
	}
	if len(buf) == 0 {
		return nil
	}
	o.mu.Lock()
	n, err := o.w.Write(buf)
	o.mu.Unlock()
	if err == nil {
		return nil
	}
	for _, x := range ends {
		if x.at <= n {
			v.Done(x.event)
		}
	}
	return fmt.Errorf("write standard output: %w", err)
}

// Close does nothing: what was written is out, and standard output is not ours to close.
func (o *output) Close(context.Context) error { return nil }
