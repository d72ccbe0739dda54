package plugintest_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
)

// brokenVariable names, in a child process, the broken plugin that a suite is run with.
const brokenVariable = "PLUGINTEST_BROKEN"

// fakeFilter is a filter of one func.
type fakeFilter struct {
	process func(b *event.Batch)
	flush   func(b *event.Batch)
}

func (f *fakeFilter) Process(_ context.Context, b *event.Batch) error {
	f.process(b)
	return nil
}

func (f *fakeFilter) Flush(b *event.Batch, _ plugin.Reason, _ bool) {
	if f.flush != nil {
		f.flush(b)
	}
}

type none struct{}

func filterSpec(instance func() plugin.Filter) plugin.Spec {
	return plugin.NewFilter("fake", "a fake", none{}, func(none, plugin.Env) (*plugin.BuiltFilter, error) {
		return &plugin.BuiltFilter{New: instance}, nil
	})
}

func onEach(f func(b *event.Batch, e *event.Event)) func() plugin.Filter {
	return func() plugin.Filter {
		return &fakeFilter{process: func(b *event.Batch) {
			for e := range b.All() {
				f(b, e)
			}
		}}
	}
}

// inputs and outputs that break one rule each; the zero values break none.
type fakeInput struct {
	left   int
	broken string
	quit   chan struct{}
}

func inputSpec(broken string) plugin.Spec {
	return plugin.NewInput("fake", "a fake", none{}, func(none, plugin.Env) (*plugin.BuiltInput, error) {
		return &plugin.BuiltInput{
			Replayable: broken == "forgets" || broken == "",
			Start: func(_ context.Context, o plugin.StartOptions) (plugin.Input, error) {
				in := &fakeInput{left: 3, broken: broken, quit: make(chan struct{})}
				if !o.Once {
					in.left = 0
				}
				if broken == "goroutine" {
					go func() { select {} }()
				}
				return in, nil
			},
		}, nil
	})
}

func (in *fakeInput) Read(_ context.Context, lane int, b *event.Batch, _ time.Duration) error {
	if lane > 0 || in.left == 0 {
		return io.EOF
	}
	a := event.NewAck(func(event.Status) {})
	b.Append(a)
	if in.left--; in.broken != "ack" {
		a.Seal()
	}
	if in.broken == "read" {
		return errors.New("no")
	}
	return nil
}

func (in *fakeInput) Close(context.Context) error {
	if in.broken == "close" {
		select {
		case <-in.quit:
			return errors.New("closed twice")
		default:
			close(in.quit)
		}
	}
	return nil
}

type fakeOutput struct{ broken string }

func outputSpec(broken string) plugin.Spec {
	return plugin.NewOutput("fake", "a fake", none{}, func(none, plugin.Env) (*plugin.BuiltOutput, error) {
		return &plugin.BuiltOutput{
			Start: func(context.Context, int) (plugin.Output, error) { return fakeOutput{broken}, nil },
			Preview: func(*event.Event) (map[string]string, error) {
				if broken == "preview" {
					return nil, nil
				}
				return map[string]string{"index": "i"}, nil
			},
		}, nil
	})
}

func (o fakeOutput) Write(_ context.Context, v *event.View) error {
	for i, e := range v.All() {
		switch o.broken {
		case "changes":
			e.Fields.Set("written", event.BoolOf(true))
		case "no reason":
			v.Reject(i, nil)
		case "whole":
			return errors.New("an event is strange")
		}
	}
	return nil
}

func (fakeOutput) Close(context.Context) error { return nil }

type fakeCodec struct {
	broken string
	held   []byte
}

func codecSpec(broken string) plugin.Spec {
	return plugin.NewCodec("fake", "a fake", none{}, func(none, plugin.Env) (*plugin.BuiltCodec, error) {
		return &plugin.BuiltCodec{
			NewDecoder: func() plugin.Decoder { return &fakeCodec{broken: broken} },
			NewEncoder: func() plugin.Encoder { return &fakeCodec{broken: broken} },
		}, nil
	})
}

func (c *fakeCodec) Decode(src []byte, b *event.Batch, a *event.Ack) error {
	if c.broken == "scribbles" && len(src) > 0 {
		src[0] = 'X'
	}
	if c.broken == "pieces" {
		b.Append(a).SetLine(src)
		return nil
	}
	c.held = append(c.held, src...)
	return nil
}

func (c *fakeCodec) Finish(b *event.Batch, a *event.Ack) error {
	if c.broken != "pieces" {
		b.Append(a).SetLine(c.held)
		c.held = nil
	}
	return nil
}

func (c *fakeCodec) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	switch c.broken {
	case "forgets":
		dst = nil
	case "changes":
		e.Fields.Set("a", event.IntOf(1))
	case "half":
		return append(dst, "half"...), errors.New("no")
	}
	return e.AppendJSON(dst), nil
}

type undocumented struct {
	A string `yaml:"a"`
	B string `yaml:"b" doc:"no full stop"`
	C string `yaml:"add_tag" doc:"The framework's."`
}

// holder is a filter that never lets go.
func holder() plugin.Filter {
	return &fakeFilter{process: func(b *event.Batch) {
		for e := range b.All() {
			b.Detach(e)
			return
		}
	}}
}

// suites are the broken plugins, each with what the suite must say of it; "" says that it must pass.
var suites = map[string]struct {
	run  func(t *testing.T)
	says string
}{
	"fine filter": {func(t *testing.T) {
		plugintest.Filter(t, filterSpec(onEach(func(_ *event.Batch, e *event.Event) { e.Tag("seen") })))
	}, ""},
	"fine input": {func(t *testing.T) {
		plugintest.Input(t, inputSpec(""), plugintest.Case{Name: "x", Events: 3})
	}, ""},
	"fine output": {func(t *testing.T) { plugintest.Output(t, outputSpec("")) }, ""},
	"fine codec":  {func(t *testing.T) { plugintest.Codec(t, codecSpec("")) }, ""},
	"undocumented": {func(t *testing.T) {
		plugintest.Filter(t, plugin.NewFilter("fake", "A summary.", undocumented{}, func(undocumented, plugin.Env) (*plugin.BuiltFilter, error) {
			return &plugin.BuiltFilter{New: onEach(func(*event.Batch, *event.Event) {})}, nil
		}))
	}, "option b: doc tag"},
	"panics on null": {func(t *testing.T) {
		plugintest.Filter(t, filterSpec(onEach(func(_ *event.Batch, e *event.Event) { _ = (*e.Fields[0].Value.Map())[0] })))
	}, "panic"},
	"keeps an event": {func(t *testing.T) { plugintest.Filter(t, filterSpec(holder)) }, "still held"},
	"differs": {func(t *testing.T) {
		n := int64(0)
		plugintest.Filter(t, filterSpec(func() plugin.Filter {
			n++
			id := n
			return onEach(func(_ *event.Batch, e *event.Event) { e.Fields.Set("n", event.IntOf(id)) })()
		}))
	}, "two instances differ"},
	"input goroutine": {func(t *testing.T) { plugintest.Input(t, inputSpec("goroutine")) }, "found unexpected goroutines"},
	"input ack":       {func(t *testing.T) { plugintest.Input(t, inputSpec("ack")) }, "never settled"},
	"input read":      {func(t *testing.T) { plugintest.Input(t, inputSpec("read")) }, "Read: no"},
	"input close":     {func(t *testing.T) { plugintest.Input(t, inputSpec("close")) }, "closed twice"},
	"input count":     {func(t *testing.T) { plugintest.Input(t, inputSpec(""), plugintest.Case{Name: "x", Events: 4}) }, "3 events were read, expected 4"},
	"output changes":  {func(t *testing.T) { plugintest.Output(t, outputSpec("changes")) }, "an event was changed"},
	"output reason":   {func(t *testing.T) { plugintest.Output(t, outputSpec("no reason")) }, "without a reason"},
	"output whole":    {func(t *testing.T) { plugintest.Output(t, outputSpec("whole")) }, "must be rejected by itself"},
	"output preview":  {func(t *testing.T) { plugintest.Output(t, outputSpec("preview")) }, "neither a name nor an error"},
	"output count": {func(t *testing.T) {
		plugintest.Output(t, outputSpec(""), plugintest.Case{Name: "x", Delivered: func(*testing.T) int { return 1 }})
	}, "1 events are there"},
	"codec scribbles": {func(t *testing.T) { plugintest.Codec(t, codecSpec("scribbles")) }, "changed its source"},
	"codec pieces":    {func(t *testing.T) { plugintest.Codec(t, codecSpec("pieces")) }, "cut after"},
	"codec forgets":   {func(t *testing.T) { plugintest.Codec(t, codecSpec("forgets")) }, "lost what was there before"},
	"codec changes":   {func(t *testing.T) { plugintest.Codec(t, codecSpec("changes")) }, "an event was changed"},
	"codec half":      {func(t *testing.T) { plugintest.Codec(t, codecSpec("half")) }, "an error, and"},
	"wrong kind":      {func(t *testing.T) { plugintest.Codec(t, outputSpec("")) }, "not a codec"},
	"file": {func(t *testing.T) {
		plugintest.Files(t, filterSpec(onEach(func(*event.Batch, *event.Event) {})), "testdata/*.txtar")
	}, "event 1: [b][c]: found 1, expected 2"},
}

// TestSuites runs the suites with fine and with broken plugins, in processes of their own, and checks what they
// say.
func TestSuites(t *testing.T) {
	for name, s := range suites {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
			cmd.Env = append(os.Environ(), brokenVariable+"="+name)
			out, err := cmd.CombinedOutput()
			if passed := err == nil; passed != (s.says == "") || !strings.Contains(string(out), s.says) {
				t.Errorf("%v; expected %q in\n%s", err, s.says, out)
			}
		})
	}
}

// TestChild is the other process.
func TestChild(t *testing.T) {
	name, ok := os.LookupEnv(brokenVariable)
	if !ok {
		return
	}
	suites[name].run(t)
}

func TestEnds(t *testing.T) {
	src := &plugintest.Source{Lines: []string{"a", "b"}}
	var b event.Batch
	for {
		if err := src.Read(t.Context(), 0, &b, 0); errors.Is(err, io.EOF) {
			break
		}
	}
	sink := &plugintest.Sink{Decide: func(e *event.Event) event.Outcome {
		if v, _ := e.Fields.Get("message"); v.Str() == "a" {
			return event.Outcome{Kind: event.Refused, Err: errors.New("a")}
		}
		return event.Outcome{}
	}}
	v := event.NewView(0, nil)
	v.Fill(&b, nil)
	if err := sink.Write(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if err := sink.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	b.Settle(event.Delivered)
	if got := sink.Lines(); len(got) != 1 || got[0] != `{"message":"b"}` {
		t.Errorf("the sink has %q", got)
	}
	if got := src.Ended(); len(got) != 2 {
		t.Errorf("ended %v", got)
	}
}
