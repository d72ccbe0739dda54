// Package grok takes text apart with named patterns.
package grok

import (
	"context"
	"time"

	"sluice/internal/grok"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the grok filter.
type Config struct {
	Match              plugin.Pairs[[]string] `yaml:"match" required:"true" doc:"Field to the expression, or the list of expressions, that its text is matched with."`
	BreakOnMatch       bool                   `yaml:"break_on_match" doc:"Whether the first expression that matches ends the search; otherwise all are tried."`
	PatternsDir        []string               `yaml:"patterns_dir" doc:"Folders and files with patterns of your own, a name and a definition on each line; later ones replace earlier and built-in ones."`
	PatternsFilesGlob  string                 `yaml:"patterns_files_glob" doc:"Which files of the folders are read."`
	PatternDefinitions plugin.Pairs[string]   `yaml:"pattern_definitions" doc:"Name to definition, for patterns of this filter alone."`
	NamedCapturesOnly  bool                   `yaml:"named_captures_only" doc:"Whether references without a field keep nothing; otherwise they keep their text under the pattern's name."`
	KeepEmptyCaptures  bool                   `yaml:"keep_empty_captures" doc:"Whether captures without text become fields."`
	Overwrite          []string               `yaml:"overwrite" doc:"Fields that a capture replaces; without it a field that is there becomes a list."`
	Target             string                 `yaml:"target" doc:"Field below which captures are put."`
	TagOnFailure       []string               `yaml:"tag_on_failure" doc:"Tags for events of which no field matched."`
	TimeoutMillis      int                    `yaml:"timeout_millis" doc:"Milliseconds after which an expression is given up, counted in steps of the engine (200,000 to a millisecond); 0 is no limit. Most expressions take time that grows with the text alone, and never come near it."`
	TimeoutScope       string                 `yaml:"timeout_scope" oneof:"pattern|event" doc:"Whether the time is that of one expression or of all of them."`
	TagOnTimeout       string                 `yaml:"tag_on_timeout" doc:"Tag for events that took too long."`
	Engine             string                 `yaml:"engine" oneof:"sluice|re2" doc:"What runs the expressions: our own engine, which has all of Oniguruma's, or vjeantet/grok on Go's regexp, which is slower and has less."`
}

// defaultTimeout is Logstash's.
const defaultTimeout = 30000

// Plugin describes the grok filter.
func Plugin() plugin.Spec {
	return plugin.NewFilter("grok", "take text apart with named patterns", Config{
		BreakOnMatch:      true,
		PatternsFilesGlob: "*",
		NamedCapturesOnly: true,
		TagOnFailure:      []string{"_grokparsefailure"},
		TimeoutMillis:     defaultTimeout,
		TimeoutScope:      "pattern",
		TagOnTimeout:      "_groktimeout",
		Engine:            engineSluice,
	}, build)
}

// pattern is one expression for one field.
type pattern struct {
	number   int // among all expressions of the filter
	text     string
	at       string // its place in the options
	expanded *grok.Expanded
	program  program
	fields   []field
}

// field is where a capture goes and what it becomes.
type field struct {
	group     int
	path      event.Path
	convert   func(string) event.Value // nil: a text
	overwrite bool
}

// source is one entry of match.
type source struct {
	path     event.Path
	patterns []pattern
	set      *grok.Set // of the patterns; nil where there are few, or another engine
}

// filter is one worker's.
type filter struct {
	*compiled
	buf      []byte
	matchers []matcher // by the numbers of the expressions
	counts   []counts  // of this batch
	used     []bool    // the expressions that have matched
	tries    uint      // by which the tries are chosen whose time is taken
	failures failures
}

func newFilter(c *compiled) *filter {
	n := c.expressions
	f := &filter{compiled: c, used: make([]bool, n), counts: make([]counts, n), matchers: make([]matcher, 0, n)}
	f.failures = failures{firstCredit}
	for _, s := range c.sources {
		for _, p := range s.patterns {
			f.matchers = append(f.matchers, p.program.newMatcher())
		}
	}
	return f
}

// Process matches each event's fields and puts the captures into the event.
func (f *filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		if f.one(e) {
			e.Match()
		}
	}
	f.counters.add(f.counts)
	return nil
}

// one reports whether a field of the event matched; otherwise it tags the event.
func (f *filter) one(e *event.Event) bool {
	matched := false
	w := f.watch()
	for i := range f.sources {
		if f.source(e, &f.sources[i], &w) {
			matched = true
			if f.breakOnMatch {
				break
			}
		}
		if w.expired {
			e.Tag(f.tagOnTimeout)
			return false
		}
	}
	if !matched {
		f.explain(e)
		for _, tag := range f.tagOnFailure {
			e.Tag(tag)
		}
	}
	return matched
}

// source matches one field. A list matches when one of its elements does; a field that is not there is
// matched as an empty text.
func (f *filter) source(e *event.Event, s *source, w *watch) bool {
	v, _ := s.path.Get(e)
	if v.Kind() != event.List {
		return f.text(e, s, f.textOf(v), w)
	}
	matched := false
	for _, x := range v.List() {
		if f.text(e, s, f.textOf(x), w) {
			matched = true
		}
	}
	return matched
}

// textOf returns the text that a value is matched as.
func (f *filter) textOf(v event.Value) string {
	if s, ok := v.AsString(); ok {
		return s
	}
	f.buf = v.AppendRuby(f.buf[:0])
	return string(f.buf)
}

// text tries a source's expressions on a text. When all are tried, the last one tells whether it matched, as
// in Logstash.
func (f *filter) text(e *event.Event, s *source, text string, w *watch) bool {
	matched := false
	f.failures.earn(text)
	may := ^uint64(0)
	for i := range s.patterns {
		p := &s.patterns[i]
		if w.before(text) {
			return false
		}
		if i == grok.LookAfter && s.set != nil {
			may = s.set.Candidates(text)
		}
		if i < grok.MaxInSet && may>>i&1 == 0 {
			f.counts[p.number].tried++
			f.counts[p.number].failed++
			matched = false
			continue
		}
		o := f.try(p.number, text)
		w.after(text)
		if o == exhausted {
			w.expired = true
			return false
		}
		if matched = o == yes; !matched {
			continue
		}
		f.used[p.number] = true
		for j := range p.fields {
			f.put(e, &p.fields[j], f.matchers[p.number])
		}
		if f.breakOnMatch {
			return true
		}
	}
	return matched
}

// try runs an expression on a text, and counts what becomes of it.
func (f *filter) try(number int, text string) (o outcome) {
	c := &f.counts[number]
	c.tried++
	if f.tries++; f.tries%sampled == 0 {
		start := time.Now()
		o = f.matchers[number].match(text)
		c.nanos += int64(time.Since(start)) * sampled
	} else {
		o = f.matchers[number].match(text)
	}
	switch o {
	case yes:
		c.matched++
	case no:
		c.failed++
	case exhausted:
		c.exhausted++
	}
	return o
}

// Expressions tells which expressions are tried on which fields, in their order, for the commands that explain them.
func (f *filter) Expressions() []grok.Use {
	var list []grok.Use
	for _, s := range f.sources {
		for _, p := range s.patterns {
			list = append(list, grok.Use{Option: p.at, Field: s.path.String(), Expanded: p.expanded, Budget: f.budget})
		}
	}
	return list
}

// Covered tells which expressions have matched.
func (f *filter) Covered(add func(option, text string, used bool)) {
	for _, s := range f.sources {
		for _, p := range s.patterns {
			add(p.at, p.text, f.used[p.number])
		}
	}
}

// put adds a capture to the event: a field that has text already becomes a list, and one that is neither
// text nor list stays as it is. What is empty is kept on demand alone; an empty text that became a number is none.
func (f *filter) put(e *event.Event, to *field, m matcher) {
	text, ok := m.capture(to.group)
	var v event.Value
	switch {
	case ok && to.convert != nil:
		v = to.convert(text)
	case text == "" && !f.keepEmpty:
		return
	case ok:
		v = event.StringOf(text)
	}
	if !ok && !f.keepEmpty {
		return
	}
	old, there := to.path.Get(e)
	switch {
	case !there && to.path.Name() != "": // nearly always
		e.Fields.Add(to.path.Name(), v)
		return
	case to.overwrite || !there || old.IsNull():
	case old.Kind() == event.List:
		items := append(make([]event.Value, 0, len(old.List())+1), old.List()...)
		v = event.ListOf(append(items, v)...)
	case old.Kind() == event.String:
		v = event.ListOf(old, v)
	default:
		return
	}
	if to.path.Set(e, v) != nil { // below a text or number: there is no place for it
		for _, tag := range f.tagOnFailure {
			e.Tag(tag)
		}
	}
}
