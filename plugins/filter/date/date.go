// Package date reads the time of an event from one of its fields.
package date

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sluice/internal/joda"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the date filter.
type Config struct {
	Match        []string       `yaml:"match" required:"true" doc:"The field, then the formats to try in order: Joda patterns, ISO8601, UNIX, UNIX_MS or TAI64N."`
	Target       event.Path     `yaml:"target" doc:"The field that gets the time."`
	Timezone     event.Template `yaml:"timezone" doc:"Zone of texts that name none: a name such as Europe/Paris, an offset such as +02:00, or a template; the pipeline's zone by default."`
	Locale       string         `yaml:"locale" doc:"Language of the names of months and days: en, de, fr, es, it, pt or nl."`
	TagOnFailure []string       `yaml:"tag_on_failure" doc:"Tags for events whose field has a value that no format fits."`
}

// Plugin describes the date filter.
func Plugin() plugin.Spec {
	return plugin.NewFilter("date", "read the time of an event from one of its fields", Config{
		Target:       event.MustPath(event.TimestampField),
		TagOnFailure: []string{"_dateparsefailure"},
	}, build)
}

// format is one way to read the field.
type format struct {
	kind kind
	joda *joda.Format // for a Joda pattern
}

type kind uint8

const (
	pattern kind = iota
	iso8601
	unix
	unixMS
	tai64n
)

// compiled is what the filters of all workers share, read-only.
type compiled struct {
	source  event.Path
	formats []format
	target  event.Path
	zone    *time.Location // of texts without a zone; nil when zoneOf is a template
	zoneOf  event.Template
	tags    []string
}

func build(c Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	f := &compiled{target: c.Target, tags: c.TagOnFailure, zone: env.Loc()}
	f.compileMatch(c, env.Problems)
	switch {
	case !c.Timezone.IsConst():
		f.zone, f.zoneOf = nil, c.Timezone
	case c.Timezone.String() != "":
		loc, err := joda.LoadZone(c.Timezone.String())
		if err != nil {
			env.Problems.Errorf("timezone", "%v", err)
		}
		f.zone = loc
	}
	return &plugin.BuiltFilter{New: func() plugin.Filter {
		return &filter{compiled: f, parser: joda.NewParser(f.zone)}
	}}, nil
}

func (f *compiled) compileMatch(c Config, p *plugin.Problems) {
	if len(c.Match) < 2 {
		p.Errorf("match", "found %d elements; expected a field and at least one format", len(c.Match))
		return
	}
	var err error
	if f.source, err = event.ParsePath(c.Match[0]); err != nil {
		p.Errorf("match[0]", "%v", err)
	}
	for i, text := range c.Match[1:] {
		at := fmt.Sprintf("match[%d]", i+1)
		g, err := compileFormat(text, c.Locale)
		if err != nil {
			p.Errorf(at, "%v", err)
			continue
		}
		for _, w := range joda.Lint(text, true) {
			if g.kind == pattern {
				p.Warnf(at, "date pattern %q: %s", text, w)
			}
		}
		f.formats = append(f.formats, g)
	}
}

func compileFormat(text, locale string) (format, error) {
	switch text {
	case "ISO8601":
		return format{kind: iso8601}, nil
	case "UNIX":
		return format{kind: unix}, nil
	case "UNIX_MS":
		return format{kind: unixMS}, nil
	case "TAI64N":
		return format{kind: tai64n}, nil
	}
	j, err := joda.CompileParse(text, locale)
	return format{joda: j}, err
}

// filter is one worker's instance.
type filter struct {
	*compiled
	parser *joda.Parser // keeps the zones it has met
	buf    []byte
}

// Process sets the target of every event whose field one of the formats fits, and tags those that no
// format fits. Events without the field are left alone.
func (f *filter) Process(_ context.Context, b *event.Batch) error {
	for e := range b.All() {
		v, ok := f.source.Get(e)
		if !ok || v.IsNull() {
			continue
		}
		t, ok := f.parse(e, v)
		if ok {
			ok = f.set(e, t)
		}
		if ok {
			e.Match()
			continue
		}
		for _, tag := range f.tags {
			e.Tag(tag)
		}
	}
	return nil
}

func (f *filter) set(e *event.Event, t time.Time) bool {
	if f.target.IsTimestamp() {
		e.Time = t
		return true
	}
	return f.target.Set(e, event.TimeOf(t)) == nil
}

func (f *filter) parse(e *event.Event, v event.Value) (time.Time, bool) {
	var zone *joda.Zone
	zoneOK := true
	if f.zone == nil {
		f.buf = f.zoneOf.AppendLoose(f.buf[:0], e)
		zone, zoneOK = f.parser.Zone(string(f.buf))
	}
	for i := range f.formats {
		g := &f.formats[i]
		var t time.Time
		var err error
		switch {
		case g.kind >= unix:
			t, err = g.number(v)
		case v.Kind() != event.String || !zoneOK:
			continue
		case g.kind == iso8601:
			t, err = f.parser.ParseISO(v.Str(), e.Observed, zone)
		default:
			t, err = f.parser.Parse(g.joda, v.Str(), e.Observed, zone)
		}
		if err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (g *format) number(v event.Value) (time.Time, error) {
	var scratch [32]byte
	s, ok := v.AsString()
	if !ok {
		if _, ok := v.Number(); !ok || g.kind == tai64n {
			return time.Time{}, errNumber
		}
		s = string(appendNumber(scratch[:0], v))
	}
	switch g.kind {
	case tai64n:
		return parseTAI64N(s)
	case unixMS:
		if _, ok := v.AsString(); !ok {
			s, _, _ = strings.Cut(s, ".") // a float counts to the millisecond
		}
		return parseDecimal(s, time.Millisecond)
	default:
		return parseDecimal(s, time.Second)
	}
}
