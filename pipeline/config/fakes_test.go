package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/nearest"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Fake plugins with every type of option.

type sourceConfig struct {
	Path     []string        `yaml:"path" required:"true" doc:"The files."`
	Codec    plugin.Codec    `yaml:"codec" doc:"How bytes become events."`
	Interval plugin.Duration `yaml:"interval" doc:"How often to look."`
	Block    plugin.Size     `yaml:"block" doc:"How much to read at a time."`
	Count    int             `yaml:"count" doc:"How many lines to read."`
	Start    string          `yaml:"start" oneof:"beginning|end" doc:"Where to start."`
	Password plugin.Secret   `yaml:"password" doc:"The key of the door."`
	Join     *joinConfig     `yaml:"join" doc:"How lines are joined."`
}

type joinConfig struct {
	Pattern string          `yaml:"pattern" required:"true" doc:"The pattern."`
	What    string          `yaml:"what" oneof:"previous|next" doc:"Where a line belongs."`
	Wait    plugin.Duration `yaml:"wait" doc:"How long to wait."`
}

type parseConfig struct {
	Match    plugin.Pairs[[]string]    `yaml:"match" doc:"Patterns by field."`
	Tags     []string                  `yaml:"tag_on_failure" doc:"Tags."`
	Break    bool                      `yaml:"break_on_match" doc:"Whether the first match ends it."`
	Target   event.Path                `yaml:"target" doc:"Where fields go."`
	Defaults plugin.Pairs[event.Value] `yaml:"defaults" doc:"Values."`
	Score    float64                   `yaml:"score" doc:"A number."`
	Shared   sharedConfig              `yaml:",inline"`
	Ratio    *int                      `yaml:"ratio" doc:"A whole number that may be absent."`
}

type sharedConfig struct {
	Timeout plugin.Duration `yaml:"timeout_after" doc:"When to give up."`
}

// Check is called once the options are decoded.
func (c *parseConfig) Check(p *plugin.Problems) {
	if c.Score < 0 {
		p.Errorf("score", "found %v, expected a number that is not negative", c.Score)
	}
}

type changeConfig struct {
	Rename plugin.Pairs[event.Path]       `yaml:"rename" doc:"New names."`
	Set    plugin.Pairs[[]event.Template] `yaml:"set" doc:"New values."`
	Gsub   []string                       `yaml:"gsub" doc:"Triples."`
}

type sinkConfig struct {
	Hosts    []string                   `yaml:"hosts" doc:"Addresses."`
	Index    event.Template             `yaml:"index" required:"true" doc:"Where events go."`
	Password plugin.Secret              `yaml:"password" doc:"The key | of the door."`
	Codecs   plugin.Pairs[plugin.Codec] `yaml:"codecs" doc:"Codecs by type."`
	Retries  []retryConfig              `yaml:"retries" doc:"What to retry."`
}

type retryConfig struct {
	Code int `yaml:"code" required:"true" doc:"The status."`
}

type textConfig struct {
	Text string `yaml:"text" doc:"The text."`
}

type codecConfig struct {
	Target event.Path `yaml:"target" doc:"Where the fields go."`
	Limit  int        `yaml:"limit" doc:"How many."`
}

type slowConfig struct {
	Timeout plugin.Duration `yaml:"timeout" doc:"Of one request."`
}

type fake struct{}

func (fake) Read(context.Context, int, *event.Batch, time.Duration) error { return io.EOF }
func (fake) Close(context.Context) error                                  { return nil }
func (fake) Write(context.Context, *event.View) error                     { return nil }
func (fake) Process(context.Context, *event.Batch) error                  { return nil }
func (fake) Decode([]byte, *event.Batch, *event.Ack) error                { return nil }
func (fake) AppendEvent(dst []byte, _ *event.Event) ([]byte, error)       { return dst, nil }

func fakeInput() *plugin.BuiltInput {
	return &plugin.BuiltInput{Start: func(context.Context, plugin.StartOptions) (plugin.Input, error) { return fake{}, nil }}
}

func fakeFilter() *plugin.BuiltFilter {
	return &plugin.BuiltFilter{New: func() plugin.Filter { return fake{} }}
}

func fakeOutput() *plugin.BuiltOutput {
	return &plugin.BuiltOutput{Start: func(context.Context, int) (plugin.Output, error) { return fake{}, nil }}
}

// built records what the fake plugins were built with.
type built struct {
	configs []any
	envs    []plugin.Env
}

func (b *built) add(c any, env plugin.Env) {
	b.configs, b.envs = append(b.configs, c), append(b.envs, env)
}

// fakes returns a set of fake plugins, and where they record what they were built with.
func fakes(tb testing.TB) (*plugin.Set, *built) {
	tb.Helper()
	b := &built{}
	set, err := plugin.NewSet(append(b.filters(), b.ends()...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return set, b
}

// ends are the inputs, outputs and codecs.
func (b *built) ends() []plugin.Spec {
	return []plugin.Spec{
		plugin.NewInput("tail", "reads files", sourceConfig{
			Codec: plugin.CodecNamed("line"), Interval: plugin.Duration(15 * time.Second), Block: 1 << 20, Start: "beginning",
		}, func(c sourceConfig, env plugin.Env) (*plugin.BuiltInput, error) {
			b.add(c, env)
			if _, err := c.Codec.Decoder(); err != nil {
				env.Problems.Errorf("codec", "%v", err)
			}
			return fakeInput(), nil
		}),
		plugin.NewInput("stdin", "reads standard input", struct{}{}, func(c struct{}, env plugin.Env) (*plugin.BuiltInput, error) {
			b.add(c, env)
			return fakeInput(), nil
		}),
		plugin.NewOutput("search", "indexes events", sinkConfig{Hosts: []string{"http://localhost:9200"}}, func(c sinkConfig, env plugin.Env) (*plugin.BuiltOutput, error) {
			b.add(c, env)
			for i, h := range c.Hosts {
				if !strings.HasPrefix(h, "http") {
					env.Problems.Errorf(fmt.Sprintf("hosts[%d]", i), "%q is no address (with %s)", h, c.Password.Reveal())
				}
			}
			return fakeOutput(), nil
		}),
		plugin.NewOutput("slow", "has a timeout of its own", slowConfig{Timeout: plugin.Duration(time.Minute)}, func(c slowConfig, env plugin.Env) (*plugin.BuiltOutput, error) {
			b.add(c, env)
			return fakeOutput(), nil
		}),
		plugin.NewOutput("null", "forgets events", struct{}{}, func(c struct{}, env plugin.Env) (*plugin.BuiltOutput, error) {
			b.add(c, env)
			return fakeOutput(), nil
		}),
		plugin.NewCodec("line", "is a line", codecConfig{}, fakeCodec),
		plugin.NewCodec("json", "is JSON", codecConfig{}, fakeCodec),
		plugin.NewCodec("rubydebug", "is for reading", codecConfig{}, func(codecConfig, plugin.Env) (*plugin.BuiltCodec, error) {
			return &plugin.BuiltCodec{NewEncoder: func() plugin.Encoder { return fake{} }}, nil
		}),
	}
}

func (b *built) filters() []plugin.Spec {
	return []plugin.Spec{
		plugin.NewFilter("grok", "parses text", parseConfig{Break: true, Tags: []string{"_failure"}}, func(c parseConfig, env plugin.Env) (*plugin.BuiltFilter, error) {
			b.add(c, env)
			return fakeFilter(), checkPatterns(c, env)
		}),
		plugin.NewListFilter("mutate", "changes fields", changeConfig{}, func(c []changeConfig, env plugin.Env) (*plugin.BuiltFilter, error) {
			b.add(c, env)
			for i := range c {
				if len(c[i].Gsub)%3 != 0 {
					env.Problems.Errorf("gsub", "found %d elements, expected triples", len(c[i].Gsub))
				}
			}
			return fakeFilter(), nil
		}),
		{
			Kind: plugin.FilterKind, Name: "keep", Summary: "keeps text", Scalar: "text",
			Defaults: func() any { return &textConfig{} },
			Build: func(c []any, env plugin.Env) (any, error) {
				text, _ := c[0].(*textConfig)
				b.add(*text, env)
				return fakeFilter(), nil
			},
		},
		plugin.NewFilter("broken", "panics", struct{}{}, func(struct{}, plugin.Env) (*plugin.BuiltFilter, error) { panic("ouch") }),
		plugin.NewFilter("refusing", "fails", textConfig{}, func(c textConfig, _ plugin.Env) (*plugin.BuiltFilter, error) {
			return nil, errors.New("the text " + c.Text + " is not to be had")
		}),
	}
}

func fakeCodec(c codecConfig, env plugin.Env) (*plugin.BuiltCodec, error) {
	if c.Limit < 0 {
		env.Problems.Errorf("limit", "found %d, expected 0 or more", c.Limit)
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder { return fake{} }, NewEncoder: func() plugin.Encoder { return fake{} },
	}, nil
}

// checkPatterns knows three patterns.
func checkPatterns(c parseConfig, env plugin.Env) error {
	names := []string{"IPORHOST", "NUMBER", "WORD"}
	for _, m := range c.Match {
		for i, p := range m.Value {
			for _, ref := range regexp.MustCompile(`%\{(\w+)`).FindAllStringSubmatch(p, -1) {
				if n := nearest.Name(ref[1], names); n != ref[1] {
					field := "match." + m.Key
					if len(m.Value) > 1 {
						field = fmt.Sprintf("match.%s[%d]", m.Key, i)
					}
					env.Problems.Errorf(field, "unknown pattern %q%s", ref[1], suggest(ref[1], names))
				}
			}
			if _, err := regexp.Compile(p); err != nil && p != "" && p[0] == '(' {
				env.Problems.Errorf("match."+m.Key, "%v", err)
			}
		}
	}
	if len(c.Match) == 0 {
		env.Problems.Warnf("", "there is nothing to match")
	}
	return nil
}
