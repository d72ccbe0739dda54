// Package multiline joins lines that belong together, such as those of a stack trace, into one event.
package multiline

import (
	"fmt"
	"path/filepath"
	"regexp"
	"time"

	"sluice/internal/multiline"
	"sluice/patterns"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the filter's options.
type Config struct {
	Pattern         string          `yaml:"pattern" required:"true" doc:"Expression that marks lines: a grok pattern or a regular expression."`
	What            string          `yaml:"what" required:"true" oneof:"previous|next" doc:"Whether a marked line belongs to the line before it or to the one after it."`
	Negate          bool            `yaml:"negate" doc:"Mark the lines that do not match."`
	Source          event.Path      `yaml:"source" doc:"Field that holds the line."`
	PatternsDir     []string        `yaml:"patterns_dir" doc:"Folders or files with more grok patterns."`
	StreamIdentity  *event.Template `yaml:"stream_identity" doc:"What tells streams apart where events have no identity of their own; lines of different streams are never joined."`
	MaxAge          plugin.Duration `yaml:"max_age" doc:"How long an event waits for further lines where its input does not say that none can follow."`
	AllowDuplicates bool            `yaml:"allow_duplicates" doc:"Keep a value of another field that the lines have in common once per line."`
	MaxLines        int             `yaml:"max_lines" doc:"Lines of one event; what is more becomes another event, tagged multiline_max_lines_reached."`
	MaxBytes        plugin.Size     `yaml:"max_bytes" doc:"Bytes of one event; what is more becomes another event, tagged multiline_max_bytes_reached."`
}

// defaultIdentity is Logstash's, for events that do not know where they come from.
const defaultIdentity = "%{host}.%{path}.%{type}"

// Plugin describes the multiline filter.
func Plugin() plugin.Spec {
	identity := event.MustTemplate(defaultIdentity)
	return plugin.NewFilter("multiline", "joins lines that belong together", Config{
		Source: event.MustPath(event.MessageField), StreamIdentity: &identity, MaxAge: plugin.Duration(5 * time.Second),
		AllowDuplicates: true, MaxLines: multiline.DefaultMaxLines, MaxBytes: multiline.DefaultMaxBytes,
	}, build)
}

// Check refuses limits that leave no event.
func (c *Config) Check(p *plugin.Problems) {
	if c.MaxLines < 1 {
		p.Errorf("max_lines", "found %d, expected 1 or more", c.MaxLines)
	}
	if c.MaxBytes < 1 {
		p.Errorf("max_bytes", "found %s, expected 1B or more", c.MaxBytes)
	}
	if c.MaxAge < 0 {
		p.Errorf("max_age", "found %s, expected no negative time", c.MaxAge)
	}
}

func build(c Config, env plugin.Env) (*plugin.BuiltFilter, error) {
	re, err := compile(c, env)
	if err != nil {
		env.Problems.Errorf("pattern", "%v", err)
		return nil, nil //nolint:nilnil // the problem says it all
	}
	rule := &multiline.Rule{
		Match: re.Match, Negate: c.Negate, MaxLines: c.MaxLines, MaxBytes: int(c.MaxBytes),
	}
	if c.What == "next" {
		rule.What = multiline.Next
	}
	return &plugin.BuiltFilter{
		Ordered: true,
		New:     func() plugin.Filter { return &filter{c: &c, rule: rule, streams: map[key]*stream{}} },
	}, nil
}

// compile expands the grok pattern and compiles it.
func compile(c Config, env plugin.Env) (*regexp.Regexp, error) {
	lib := patterns.NewLibrary(env.ECS)
	for _, dir := range c.PatternsDir {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(env.Dir, dir)
		}
		if err := lib.ReadDir(dir, "*"); err != nil {
			return nil, err
		}
	}
	x, err := lib.Expand(c.Pattern, true)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(x.Text)
	if err != nil {
		return nil, fmt.Errorf("compile %.120q: %w", c.Pattern, err)
	}
	return re, nil
}
