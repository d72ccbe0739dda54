package plugintest

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Source is an input of lines in memory that records how each ended. The zero Source has no lines.
// Its methods may be called concurrently; Lines is set before the start.
type Source struct {
	Lines []string
	Wait  bool  // stay open behind the last line, until the pipeline stops
	Fail  error // of Start

	mu    sync.Mutex
	next  int
	ended []event.Status
}

// Plugin describes the source as an input without options.
func (s *Source) Plugin(name string) plugin.Spec {
	return plugin.NewInput(name, "lines in memory", struct{}{}, func(struct{}, plugin.Env) (*plugin.BuiltInput, error) {
		return &plugin.BuiltInput{
			NewDecoder: func() plugin.Decoder { return lineDecoder{} },
			Start: func(context.Context, plugin.StartOptions) (plugin.Input, error) {
				if s.Fail != nil {
					return nil, s.Fail
				}
				return s, nil
			},
		}, nil
	})
}

// lineDecoder makes an event of each line of a text.
type lineDecoder struct{}

// Decode appends the lines.
func (lineDecoder) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	for line := range bytes.Lines(src) {
		b.Append(a).SetLine(bytes.TrimSuffix(line, []byte("\n")))
	}
	return nil
}

// Read appends one line, with an ack of its own.
func (s *Source) Read(ctx context.Context, _ int, b *event.Batch, wait time.Duration) error {
	line, ok := s.take()
	if ok {
		a := event.NewAck(s.settled)
		e := b.Append(a)
		a.Seal()
		e.SetLine([]byte(line))
		b.Bytes += len(line) + 1
		return nil
	}
	if !s.Wait {
		return io.EOF
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (s *Source) take() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next >= len(s.Lines) {
		return "", false
	}
	s.next++
	return s.Lines[s.next-1], true
}

func (s *Source) settled(st event.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, st)
}

// Close does nothing.
func (s *Source) Close(context.Context) error { return nil }

// Ended returns how the lines have ended so far, in the order in which they did.
func (s *Source) Ended() []event.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]event.Status(nil), s.ended...)
}

// Sink is an output that records what it is given. Its methods may be called concurrently.
type Sink struct {
	// Decide, where it is set, gives the outcome of an event; without it every event is delivered.
	Decide func(e *event.Event) event.Outcome
	Fail   error // of Start

	mu     sync.Mutex
	lines  []string
	closed int
	change chan struct{} // closed when something was recorded
}

// Plugin describes the sink as an output without options.
func (s *Sink) Plugin(name string) plugin.Spec {
	return plugin.NewOutput(name, "a record in memory", struct{}{}, func(struct{}, plugin.Env) (*plugin.BuiltOutput, error) {
		return &plugin.BuiltOutput{
			Start: func(context.Context, int) (plugin.Output, error) {
				if s.Fail != nil {
					return nil, s.Fail
				}
				return s, nil
			},
		}, nil
	})
}

// Write records the events that are delivered, as JSON.
func (s *Sink) Write(_ context.Context, v *event.View) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range v.All() {
		if s.Decide != nil {
			o := s.Decide(e)
			v.Set(i, o)
			if o.Kind != event.Done && o.Kind != event.Undecided {
				continue
			}
		}
		s.lines = append(s.lines, string(e.AppendJSON(nil)))
	}
	if s.change != nil {
		close(s.change)
		s.change = nil
	}
	return nil
}

// Close counts its calls.
func (s *Sink) Close(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// Lines returns what was recorded, in order.
func (s *Sink) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// Closed returns how often Close was called.
func (s *Sink) Closed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Await waits until n lines were recorded, or returns ctx's error.
func (s *Sink) Await(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		if len(s.lines) >= n {
			s.mu.Unlock()
			return nil
		}
		if s.change == nil {
			s.change = make(chan struct{})
		}
		change := s.change
		s.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
