package grok

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/internal/grok"
	"sluice/patterns"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// compiled is what all workers share, read-only.
type compiled struct {
	sources      []source
	breakOnMatch bool
	keepEmpty    bool
	tagOnFailure []string
	tagOnTimeout string
	timeout      time.Duration // by the clock; 0: none
	budget       int64         // in steps
	perEvent     bool          // the timeout is that of all expressions together
	expressions  int
	counters     counters
}

func build(c Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	f := &compiled{
		breakOnMatch: c.BreakOnMatch, keepEmpty: c.KeepEmptyCaptures,
		tagOnFailure: c.TagOnFailure, tagOnTimeout: c.TagOnTimeout,
		budget: budgetOf(&c), perEvent: c.TimeoutScope == "event",
	}
	if c.Engine == engineRE2 || f.perEvent {
		f.timeout = time.Duration(c.TimeoutMillis) * time.Millisecond // else steps are counted
	}
	if c.TimeoutMillis < 0 {
		env.Problems.Errorf("timeout_millis", "found %d, expected 0 or more", c.TimeoutMillis)
	}
	lib := library(&c, env)
	for _, m := range c.Match {
		s := source{}
		var err error
		if s.path, err = event.ParsePath(m.Key); err != nil {
			env.Problems.Errorf("match."+m.Key, "%v", err)
			continue
		}
		if len(m.Value) == 0 {
			env.Problems.Errorf("match."+m.Key, "found no expression")
		}
		for i, text := range m.Value {
			at := "match." + m.Key
			if len(m.Value) > 1 {
				at = fmt.Sprintf("%s[%d]", at, i)
			}
			p, err := compilePattern(&c, lib, text)
			if err != nil {
				report(env.Problems, at, err)
				continue
			}
			warn(env.Problems, at, &p)
			p.number, p.at = f.expressions, at
			f.expressions++
			s.patterns = append(s.patterns, p)
		}
		s.set = setOf(s.patterns)
		f.sources = append(f.sources, s)
	}
	f.counters = make(counters, f.expressions)
	f.show(env.Metrics)
	return &plugin.BuiltFilter{New: func() plugin.Filter { return newFilter(f) }}, nil
}

// setOf returns the set of many patterns, if they are the engine's that knows sets.
func setOf(list []pattern) *grok.Set {
	compiled := make([]*grok.Pattern, 0, len(list))
	for i := range list {
		p, ok := list[i].program.(*sluiceProgram)
		if !ok {
			return nil
		}
		compiled = append(compiled, (*grok.Pattern)(p))
	}
	if len(compiled) <= 2*grok.LookAfter {
		return nil
	}
	return grok.NewSet(compiled)
}

// library returns the built-in patterns with the configuration's own.
func library(c *Config, env plugin.Env) *patterns.Library {
	lib := patterns.NewLibrary(env.ECS)
	for i, dir := range c.PatternsDir {
		at := fmt.Sprintf("patterns_dir[%d]", i)
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(env.Dir, dir)
		}
		if err := lib.ReadDir(dir, c.PatternsFilesGlob); err != nil {
			env.Problems.Errorf(at, "%v", err)
		}
	}
	for _, d := range c.PatternDefinitions {
		if err := lib.Define(d.Key, d.Value); err != nil {
			env.Problems.Errorf("pattern_definitions."+d.Key, "%v", err)
		}
	}
	return lib
}

func compilePattern(c *Config, lib *patterns.Library, text string) (pattern, error) {
	x, err := lib.Expand(text, c.NamedCapturesOnly)
	if err != nil {
		return pattern{}, err
	}
	p := pattern{text: text, expanded: x}
	e, err := engineOf(c)
	if err != nil {
		return p, err
	}
	if p.program, err = e.compile(x); err != nil {
		return p, err
	}
	for _, capture := range p.program.captures() {
		path, err := capturePath(c.Target, capture.Field)
		if err != nil {
			return p, err
		}
		p.fields = append(p.fields, field{capture.Group, path, converterOf(capture.Type), slices.Contains(c.Overwrite, capture.Field)})
	}
	return p, nil
}

// report tells what is wrong with an expression, where in it that is, and the patterns that led there.
func report(p *plugin.Problems, at string, err error) {
	e, ok := errors.AsType[*grok.Error](err)
	switch {
	case !ok:
		p.Errorf(at, "%v", err)
	case len(e.Place.Chain) == 0:
		p.ErrorAt(at, e.Place.Root, e.Err.Error())
	default:
		p.ErrorAt(at, e.Place.Root, e.Error())
	}
}

// capturePath returns the place of a capture: the field, below the target where there is one.
func capturePath(target, field string) (event.Path, error) {
	p, err := event.ParsePath(field)
	if err != nil || target == "" {
		return p, err
	}
	for _, part := range []*string{&target, &field} {
		if !strings.HasPrefix(*part, "[") {
			*part = "[" + *part + "]"
		}
	}
	return event.ParsePath(target + field)
}

// warn reports what works but may surprise. What stands in patterns is left to those who wrote them.
func warn(p *plugin.Problems, at string, c *pattern) {
	for _, capture := range c.program.captures() {
		if t := capture.Type; t != "" && converterOf(t) == nil && t != "string" {
			p.Warnf(at, "field %q: unknown type %q; the text is kept as it is (the types are int and float)", capture.Field, t)
		}
	}
	for _, n := range c.expanded.Notes {
		if n.Ref == 0 {
			p.WarnAt(at, n.At, n.Text)
		}
	}
	if r, ok := c.program.(*re2Program); ok && r.plain {
		p.Warnf(at, "%.64q: engine re2 has no atomic groups, (?>...) is taken for (?:...) and may match more", c.text)
	}
}
