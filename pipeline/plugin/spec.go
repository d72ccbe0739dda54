package plugin

import (
	"context"
	"errors"
	"fmt"

	"sluice/pipeline/event"
)

// Kind is the kind of a plugin; its value is the word used in folders and messages.
type Kind string

// The kinds.
const (
	InputKind  Kind = "input"
	FilterKind Kind = "filter"
	OutputKind Kind = "output"
	CodecKind  Kind = "codec"
)

// ErrTooLarge says that an event does not fit into a message.
var ErrTooLarge = errors.New("event is larger than a message may be")

// Spec describes a plugin: what `plugins NAME` prints, what the schema and the README tables are made
// from, and how it is built.
type Spec struct {
	Kind    Kind
	Name    string // folder name and YAML key
	Summary string // one line, no full stop

	// List says that the plugin's options may also be written as a list of option maps (mutate).
	List bool

	// Scalar names the option that a bare scalar stands for: `- pattern_only: text`; "" for none.
	Scalar string

	// Defaults returns a pointer to a new Config struct with its defaults. Options are its fields with a
	// `yaml` tag; `doc` describes them, `required:"true"` and `oneof:"a|b"` are checked by config.
	Defaults func() any

	// Build compiles configurations (pointers to Config; several only if List) and opens nothing exclusive.
	// Problems go to env.Problems, or are returned as an error about the plugin as a whole. The result is a
	// *BuiltInput, *BuiltFilter, *BuiltOutput or *BuiltCodec.
	Build func(configs []any, env Env) (any, error)
}

// BuiltInput is a compiled input.
type BuiltInput struct {
	// Start takes what is exclusive and returns the running input. It must not wait for the network.
	Start func(ctx context.Context, o StartOptions) (Input, error)

	// Replayable: events that are given back come again (after a restart at the latest).
	Replayable bool

	// Redelivers: events that are given back come again while the pipeline runs, so the engine may give
	// back what fails for long instead of holding it (a queue).
	Redelivers bool

	// BlocksReload: what was read cannot be handed on to the input of another configuration, so a program with this input
	// refuses to reload.
	BlocksReload bool

	// NewDecoder, where it is set, makes a decoder of what the input reads, for `test` and `explain`: of the
	// body of one message; or, if it finishes (FinishDecoder), of the content of a file or stream, in which it
	// finds lines and joins them as the input does. It is called only when the options had no problem.
	NewDecoder func() Decoder

	// Packed: messages hold lines that a shipper has read, so the lines of a case need no decoding.
	Packed bool

	// Probe, where it is set, asks the network for `check --live` whether the input could do its work. It
	// needs no Start, and takes nothing exclusive.
	Probe func(ctx context.Context) error

	// Streams: the input can keep the order of a stream when asked (StartOptions.Ordered).
	Streams bool
}

// StartOptions tell an input how it will be read.
type StartOptions struct {
	Lanes   int  // Read is called with lanes 0 to Lanes-1
	Ordered bool // a filter needs the order of each stream: pin it to one lane, mark the last event of a segment
	Once    bool // end with io.EOF at the end of what is there now
}

// BuiltFilter is a compiled filter.
type BuiltFilter struct {
	New     func() Filter // one instance per worker
	Ordered bool          // needs the order of each stream
}

// BuiltOutput is a compiled output.
type BuiltOutput struct {
	// Start takes what is exclusive; lanes is the number of workers that will call Write.
	// It must not wait for the network.
	Start func(ctx context.Context, lanes int) (Output, error)

	// Probe is as an input's.
	Probe func(ctx context.Context) error

	// Preview, where it is set, says where an event would go, for `test` and `explain`: the names depend
	// on the output ("index", "id", "path").
	Preview func(e *event.Event) (map[string]string, error)
}

// BuiltCodec is a compiled codec; either half may be nil.
type BuiltCodec struct {
	NewDecoder func() Decoder
	NewEncoder func() Encoder
}

// NewInput describes an input with options C.
func NewInput[C any](name, summary string, def C, build func(C, Env) (*BuiltInput, error)) Spec {
	return spec(InputKind, name, summary, def, build)
}

// NewFilter describes a filter with options C.
func NewFilter[C any](name, summary string, def C, build func(C, Env) (*BuiltFilter, error)) Spec {
	return spec(FilterKind, name, summary, def, build)
}

// NewListFilter describes a filter whose options may be a list of maps, applied in order.
func NewListFilter[C any](name, summary string, def C, build func([]C, Env) (*BuiltFilter, error)) Spec {
	return Spec{
		Kind: FilterKind, Name: name, Summary: summary, List: true,
		Defaults: func() any { c := def; return &c },
		Build: func(configs []any, env Env) (any, error) {
			list := make([]C, len(configs))
			for i := range configs {
				list[i] = *configs[i].(*C) //nolint:forcetypeassert // made by Defaults
			}
			return build(list, env)
		},
	}
}

// NewOutput describes an output with options C.
func NewOutput[C any](name, summary string, def C, build func(C, Env) (*BuiltOutput, error)) Spec {
	return spec(OutputKind, name, summary, def, build)
}

// NewCodec describes a codec with options C.
func NewCodec[C any](name, summary string, def C, build func(C, Env) (*BuiltCodec, error)) Spec {
	return spec(CodecKind, name, summary, def, build)
}

func spec[C, B any](kind Kind, name, summary string, def C, build func(C, Env) (B, error)) Spec {
	return Spec{
		Kind: kind, Name: name, Summary: summary,
		Defaults: func() any { c := def; return &c },
		Build: func(configs []any, env Env) (any, error) {
			return build(*configs[0].(*C), env) //nolint:forcetypeassert // made by Defaults
		},
	}
}

// Set is the plugins that a program knows.
type Set struct{ specs map[Kind]map[string]Spec }

// NewSet returns a set of the given plugins, or an error that names a duplicate.
func NewSet(specs ...Spec) (*Set, error) {
	s := &Set{specs: map[Kind]map[string]Spec{}}
	for _, p := range specs {
		m := s.specs[p.Kind]
		if m == nil {
			m = map[string]Spec{}
			s.specs[p.Kind] = m
		}
		if _, twice := m[p.Name]; twice {
			return nil, fmt.Errorf("plugin set: %s %q is listed twice", p.Kind, p.Name)
		}
		m[p.Name] = p
	}
	return s, nil
}

// Get returns the plugin of a kind and name.
func (s *Set) Get(k Kind, name string) (Spec, bool) {
	p, ok := s.specs[k][name]
	return p, ok
}

// Names returns the names of a kind, in no particular order.
func (s *Set) Names(k Kind) []string {
	names := make([]string, 0, len(s.specs[k]))
	for n := range s.specs[k] {
		names = append(names, n)
	}
	return names
}
