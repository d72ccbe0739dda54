// Package multiline joins lines that make one event, such as the lines of a traceback.
package multiline

import (
	"fmt"
	"path/filepath"
	"time"

	"sluice/internal/multiline"
	"sluice/patterns"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the multiline filter.
type Config struct {
	Pattern         string          `yaml:"pattern" required:"true" doc:"The expression that tells lines which belong to a neighbour; it may refer to grok patterns."`
	What            string          `yaml:"what" required:"true" oneof:"previous|next" doc:"To which neighbour they belong."`
	Negate          bool            `yaml:"negate" doc:"The lines that do not match are the ones that belong to a neighbour."`
	Source          event.Path      `yaml:"source" doc:"The field that holds the line."`
	PatternsDir     []string        `yaml:"patterns_dir" doc:"Files or folders with patterns of your own."`
	StreamIdentity  event.Template  `yaml:"stream_identity" doc:"What tells the streams of lines apart, for events that did not come from a file of ours; those have an identity."`
	MaxAge          plugin.Duration `yaml:"max_age" doc:"An event is let go of when no line was added for so long."`
	AllowDuplicates bool            `yaml:"allow_duplicates" doc:"Whether a line is added although an equal one is in the event."`
	MaxLines        int             `yaml:"max_lines" doc:"Lines of one event; the rest comes as another event."`
	MaxBytes        plugin.Size     `yaml:"max_bytes" doc:"Bytes of one event; the rest comes as another event."`
}

// Defaults; the first two are Logstash's.
const (
	streamIdentity = "%{host}.%{path}.%{type}"
	maxAge         = 5 * time.Second
	maxBytesLimit  = 1 << 30
)

// Plugin describes the multiline filter.
func Plugin() plugin.Spec {
	return plugin.NewFilter("multiline", "join lines that make one event", Config{
		Source: event.MustPath(event.MessageField), StreamIdentity: event.MustTemplate(streamIdentity),
		MaxAge: plugin.Duration(maxAge), AllowDuplicates: true,
		MaxLines: multiline.DefaultMaxLines, MaxBytes: multiline.DefaultMaxBytes,
	}, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	p := env.Problems
	lib := patterns.NewLibrary(env.ECS)
	for i, dir := range c.PatternsDir {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(env.Dir, dir)
		}
		if err := lib.ReadDir(dir, "*"); err != nil {
			p.Errorf(fmt.Sprintf("patterns_dir[%d]", i), "%v", err)
		}
	}
	if c.MaxAge <= 0 {
		p.Errorf("max_age", "found %s, expected more than 0s", c.MaxAge)
	}
	if c.MaxLines < 1 {
		p.Errorf("max_lines", "found %d, expected 1 or more", c.MaxLines)
	}
	if c.MaxBytes < 1 || c.MaxBytes > maxBytesLimit {
		p.Errorf("max_bytes", "found %s, expected 1B to 1GiB", c.MaxBytes)
	}
	rule := &multiline.Rule{Negate: c.Negate, MaxLines: c.MaxLines, MaxBytes: int(c.MaxBytes)}
	if c.What == "next" {
		rule.What = multiline.Next
	}
	re, err := lib.Matcher(c.Pattern)
	if err != nil {
		p.Errorf("pattern", "%v", err)
		re, err = lib.Matcher("$^")
		if err != nil {
			panic("BUG: " + err.Error())
		}
	}
	rule.Match = re.Match
	return &plugin.BuiltFilter{Ordered: true, New: func() plugin.Filter {
		return &filter{c: c, rule: rule, streams: map[key]*stream{}}
	}}, nil
}
