package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/filter/grok"
)

// buffer is a stream that may say that it is a terminal. Safe for concurrent use.
type buffer struct {
	terminal bool

	mu   sync.Mutex
	b    bytes.Buffer
	wake chan struct{} // closed at the next Write
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) IsTerminal() bool { return b.terminal }

// await waits until the text has been written.
func (b *buffer) await(t *testing.T, text string) {
	t.Helper()
	for {
		b.mu.Lock()
		if strings.Contains(b.b.String(), text) {
			b.mu.Unlock()
			return
		}
		if b.wake == nil {
			b.wake = make(chan struct{})
		}
		wake := b.wake
		b.mu.Unlock()
		select {
		case <-wake:
		case <-t.Context().Done():
			t.Fatalf("%q was not written", text)
		}
	}
}

// linesConfig is an input of the lines in its options.
type linesConfig struct {
	Lines []string        `yaml:"lines" doc:"The lines."`
	Pause plugin.Duration `yaml:"pause" doc:"How long the first Read takes."`
	Broke string          `yaml:"broke" doc:"Why it cannot start."`
	Wait  bool            `yaml:"wait" doc:"Whether to wait behind the last line."`
	Queue bool            `yaml:"queue" doc:"Whether this stands for a queue."`
	Probe string          `yaml:"probe" doc:"What the network answers."`
	Block bool            `yaml:"blocks" doc:"Whether it cannot be handed on."`
}

func linesSpec() plugin.Spec {
	return plugin.NewInput("lines", "the lines of its options", linesConfig{}, func(c linesConfig, env plugin.Env) (*plugin.BuiltInput, error) {
		if c.Pause < 0 {
			env.Problems.Errorf("pause", "found %s, expected no less than 0", c.Pause)
		}
		src := &plugintest.Source{Lines: c.Lines, Wait: c.Wait}
		if c.Broke != "" {
			src.Fail = errors.New(c.Broke)
		}
		inner, err := src.Plugin("lines").Build([]any{&struct{}{}}, env)
		built, ok := inner.(*plugin.BuiltInput)
		if !ok {
			return nil, err
		}
		built.Packed, built.BlocksReload = c.Queue, c.Block
		built.Probe = func(context.Context) error {
			if c.Probe != "" {
				return errors.New(c.Probe)
			}
			return nil
		}
		return built, err
	})
}

// doConfig is a filter that does something to each event whose message holds a text.
type doConfig struct {
	Where string `yaml:"where" doc:"The text."`
	What  string `yaml:"what" required:"true" oneof:"drop|reject|match|join|fail" doc:"What is done."`
}

type doFilter struct {
	doConfig

	used bool
	held *event.Event
}

func doSpec() plugin.Spec {
	return plugin.NewFilter("do", "do something", doConfig{}, func(c doConfig, _ plugin.Env) (*plugin.BuiltFilter, error) {
		return &plugin.BuiltFilter{New: func() plugin.Filter { return &doFilter{doConfig: c} }}, nil
	})
}

func (f *doFilter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		v, _ := e.Fields.Get("message")
		if !strings.Contains(v.Str(), f.Where) {
			continue
		}
		f.used = true
		switch f.What {
		case "drop":
			e.Drop()
		case "reject":
			e.Reject(errors.New("it is bad"))
		case "match":
			e.Match()
		case "fail":
			return errors.New("the batch is bad")
		case "join":
			f.join(b, e)
		}
	}
	return nil
}

// join joins all events into the first, which is held until the flush.
func (f *doFilter) join(b *event.Batch, e *event.Event) {
	if f.held == nil {
		b.Detach(e)
		f.held = e
		return
	}
	one, _ := f.held.Fields.Get("message")
	two, _ := e.Fields.Get("message")
	f.held.Fields.Set("message", event.StringOf(one.Str()+"|"+two.Str()))
	b.Absorb(f.held, e)
}

func (f *doFilter) Flush(b *event.Batch, reason plugin.Reason, _ bool) {
	if f.held != nil && reason != plugin.Idle {
		b.Attach(f.held)
		f.held = nil
	}
}

func (f *doFilter) Covered(add func(option, text string, used bool)) { add("where", f.Where, f.used) }

// printConfig is an output that writes to the program's output.
type printConfig struct {
	Index  event.Template `yaml:"index" doc:"Where it goes."`
	Secret plugin.Secret  `yaml:"secret" doc:"A secret."`
}

func printSpec(out io.Writer) plugin.Spec {
	def := printConfig{Index: event.MustTemplate("logs-%{+yyyy.MM.dd}")}
	return plugin.NewOutput("print", "print events", def, func(c printConfig, _ plugin.Env) (*plugin.BuiltOutput, error) {
		return &plugin.BuiltOutput{
			Start: func(context.Context, int) (plugin.Output, error) { return &printer{out: out}, nil },
			Preview: func(e *event.Event) (map[string]string, error) {
				index, err := c.Index.Append(nil, e)
				return map[string]string{"index": string(index), "id": string(e.AppendID(nil))}, err
			},
		}, nil
	})
}

type printer struct {
	mu  sync.Mutex
	out io.Writer
}

func (p *printer) Write(_ context.Context, v *event.View) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range v.All() {
		if _, err := p.out.Write(append(e.Fields.AppendJSON(nil), '\n')); err != nil {
			return err
		}
	}
	return nil
}

func (*printer) Close(context.Context) error { return nil }

// fakeSet is the plugins of the program under test.
func fakeSet(tb testing.TB, out io.Writer) *plugin.Set {
	tb.Helper()
	set, err := plugin.NewSet(linesSpec(), doSpec(), printSpec(out), grok.Plugin(), (&plugintest.Sink{}).Plugin("sink"))
	if err != nil {
		tb.Fatal(err)
	}
	return set
}
