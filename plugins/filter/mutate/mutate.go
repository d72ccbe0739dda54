// Package mutate renames, converts, splits, joins and rewrites fields of an event.
package mutate

import (
	"context"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the mutate filter: operations, which one map applies in the order in which they
// stand here.
type Config struct {
	Coerce       plugin.Pairs[event.Template] `yaml:"coerce" doc:"Field to the text that it gets where it is null."`
	Rename       plugin.Pairs[event.Template] `yaml:"rename" doc:"Old name to new name, both templates."`
	Update       plugin.Pairs[event.Template] `yaml:"update" doc:"Field to its new text, where the event has the field."`
	Replace      plugin.Pairs[event.Template] `yaml:"replace" doc:"Field to its new text, set in any case."`
	Convert      plugin.Pairs[string]         `yaml:"convert" doc:"Field to type: integer, float, string, boolean, integer_eu or float_eu; lists are converted by element."`
	Gsub         []string                     `yaml:"gsub" doc:"Triples of field, regular expression and replacement, which may refer to groups as \\1 or \\k<name>."`
	Uppercase    []event.Path                 `yaml:"uppercase" doc:"Fields whose text is put in upper case."`
	Capitalize   []event.Path                 `yaml:"capitalize" doc:"Fields whose text gets one capital, the first letter."`
	Lowercase    []event.Path                 `yaml:"lowercase" doc:"Fields whose text is put in lower case."`
	Strip        []event.Path                 `yaml:"strip" doc:"Fields that lose white space at both ends."`
	Split        plugin.Pairs[string]         `yaml:"split" doc:"Field to the separator at which its text becomes a list."`
	Join         plugin.Pairs[string]         `yaml:"join" doc:"Field to the separator with which its list becomes a text."`
	Merge        plugin.Pairs[[]string]       `yaml:"merge" doc:"Field to the field or fields that are added to it: lists join, a map takes over a map's entries."`
	Copy         plugin.Pairs[event.Path]     `yaml:"copy" doc:"Field to the field that gets a copy of it."`
	TagOnFailure string                       `yaml:"tag_on_failure" doc:"Tag for events on which an operation failed; the operations after it are not done."`
}

// Plugin describes the mutate filter.
func Plugin() plugin.Spec {
	return plugin.NewListFilter("mutate", "rename, convert and rewrite fields", Config{TagOnFailure: "_mutate_error"}, build)
}

// op is one operation on one field, read-only and shared by all workers. It reports whether it could be
// done. An operation that could not leaves the event as it was.
type op interface {
	apply(e *event.Event, s *scratch) bool
}

// scratch is one worker's space for building text.
type scratch struct {
	buf     []byte
	regexps regexpCache
}

// text expands a template in memory of its own; a constant costs nothing.
func (s *scratch) text(t *event.Template, e *event.Event) string {
	if t.IsConst() {
		return t.String()
	}
	s.buf = t.AppendLoose(s.buf[:0], e)
	return string(s.buf)
}

// step is the operations of one map, with its tag.
type step struct {
	ops []op
	tag string
}

func build(configs []Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	steps := make([]step, len(configs))
	for i := range configs {
		c := compiler{env: env}
		c.compile(&configs[i])
		steps[i] = step{c.ops, configs[i].TagOnFailure}
	}
	return &plugin.BuiltFilter{New: func() plugin.Filter { return &filter{steps: steps} }}, nil
}

type filter struct {
	steps   []step
	scratch scratch
}

// Process applies the operations to each event.
func (f *filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		f.one(e)
	}
	return nil
}

func (f *filter) one(e *event.Event) {
	for i := range f.steps {
		for _, o := range f.steps[i].ops {
			if !o.apply(e, &f.scratch) {
				e.Tag(f.steps[i].tag)
				return
			}
		}
	}
	e.Match()
}
