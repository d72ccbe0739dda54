package config

import (
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"sluice/pipeline/plugin"
)

// settingsConfig is `pipeline:` as it is written.
type settingsConfig struct {
	ID            string             `yaml:"id" doc:"The pipeline's name; files with the same id are one pipeline."`
	Workers       int                `yaml:"workers" doc:"How many batches are worked on at a time."`
	MaxMemory     plugin.Size        `yaml:"max_memory" doc:"The bytes that events may take in memory; inputs pause beyond."`
	FlushInterval plugin.Duration    `yaml:"flush_interval" doc:"How long a batch that is not full waits for more events."`
	StopTimeout   plugin.Duration    `yaml:"stop_timeout" doc:"How long a stop may take; what is not done then is given back."`
	RetryTimeout  plugin.Duration    `yaml:"retry_timeout" doc:"After how long an event that still fails goes to the dead letters; 0 is never."`
	Timezone      string             `yaml:"timezone" doc:"The zone of dates in templates, an IANA name such as Europe/Berlin."`
	ECS           string             `yaml:"ecs_compatibility" oneof:"disabled|v1|v8" doc:"The names of fields: classic ones, or those of the Elastic Common Schema."`
	DataDir       string             `yaml:"data_dir" doc:"The folder of the pipeline's state; by default STATE_DIRECTORY (systemd), else /var/lib/sluice."`
	DeadLetters   deadLettersOptions `yaml:"dead_letters" doc:"Where events go that can never succeed."`
	BatchEvents   int                `yaml:"batch_events" doc:"A batch is full at so many events."`
	BatchBytes    plugin.Size        `yaml:"batch_bytes" doc:"A batch is full at so many raw bytes."`
}

type deadLettersOptions struct {
	Path string `yaml:"path" doc:"The folder of the dead letters; by default dead_letters in data_dir."`
}

// The default settings. A batch is about one bulk request: smaller ones cost more in requests than in
// parsing, larger ones fall out of the caches (docs/performance.md).
const (
	defaultWorkers       = 4
	defaultMaxMemory     = 256 << 20
	defaultFlushInterval = time.Second
	defaultStopTimeout   = 20 * time.Second
	defaultBatchEvents   = 2000
	defaultBatchBytes    = 1 << 20
	defaultDataDir       = "/var/lib/sluice"
	deadLettersFolder    = "dead_letters"
	stateDirectory       = "STATE_DIRECTORY" // systemd: absolute paths, joined by ":"
)

func (l *loader) defaultSettings() settingsConfig {
	dir := defaultDataDir
	if d, ok := l.o.LookupEnv(stateDirectory); ok && d != "" {
		dir, _, _ = strings.Cut(d, ":")
	}
	return settingsConfig{
		ID: mainPipeline, Workers: defaultWorkers, MaxMemory: defaultMaxMemory,
		FlushInterval: plugin.Duration(defaultFlushInterval), StopTimeout: plugin.Duration(defaultStopTimeout),
		Timezone: "UTC", ECS: "disabled", DataDir: dir,
		BatchEvents: defaultBatchEvents, BatchBytes: defaultBatchBytes,
	}
}

// mergeSettings puts the settings of all files into one map; the same setting with two values is a
// problem. Settings of the defaults file stand back.
func (l *loader) mergeSettings(g *group, defaults *node) *node {
	merged := &node{src: g.sources[0], line: 1, col: 1, kind: mapNode}
	for _, s := range g.sources {
		n := s.root.get("pipeline")
		if n == nil || n.isNull() {
			continue
		}
		if n.kind != mapNode {
			l.report(n, "pipeline", "found %s, expected settings (key: value)", n.kind)
			continue
		}
		for _, e := range n.entries {
			first := merged.entry(e.key)
			if first == nil {
				merged.entries = append(merged.entries, e)
			} else if !same(first.val, e.val) {
				l.report(e.val, "pipeline."+e.key, "the setting has another value in %s:%d; one pipeline has one",
					first.at.src.name, first.at.line)
			}
		}
	}
	if defaults == nil || defaults.kind != mapNode {
		return merged
	}
	for _, e := range defaults.entries {
		if merged.entry(e.key) == nil && e.key != "id" {
			merged.entries = append(merged.entries, e)
		}
	}
	return merged
}

// same reports whether two nodes hold the same values.
func same(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || len(a.items) != len(b.items) || len(a.entries) != len(b.entries) {
		return false
	}
	for i := range a.items {
		if !same(a.items[i], b.items[i]) {
			return false
		}
	}
	for _, e := range a.entries {
		if o := b.get(e.key); o == nil || !same(e.val, o) {
			return false
		}
	}
	return true
}

// settings decodes and checks the merged settings.
func (l *loader) settings(n *node) plugin.Settings {
	c := l.defaultSettings()
	d := &decoder{l: l}
	d.options(n, "pipeline", reflect.ValueOf(&c).Elem(), nil)
	l.checkRanges(n, &c)
	s := plugin.Settings{
		ID: c.ID, Workers: c.Workers, BatchEvents: c.BatchEvents, BatchBytes: int(c.BatchBytes), MaxMemory: int64(c.MaxMemory),
		FlushInterval: c.FlushInterval.D(), StopTimeout: c.StopTimeout.D(), RetryTimeout: c.RetryTimeout.D(),
		Location: time.UTC, ECS: c.ECS != "disabled", DataDir: c.DataDir, DeadLetters: c.DeadLetters.Path,
	}
	if loc, err := time.LoadLocation(c.Timezone); err == nil && c.Timezone != "" {
		s.Location = loc
	} else if z := n.get("timezone"); z != nil && z.kind == scalarNode && !z.undefined {
		l.report(z, "pipeline.timezone", "unknown zone %s; expected an IANA name such as UTC or Europe/Berlin", d.found(z))
	}
	if at := n.get("data_dir"); at != nil {
		s.DataDir = resolve(at.src.dir, s.DataDir)
	}
	switch at := n.get("dead_letters").get("path"); {
	case s.DeadLetters == "":
		s.DeadLetters = filepath.Join(s.DataDir, deadLettersFolder)
	case at != nil:
		s.DeadLetters = resolve(at.src.dir, s.DeadLetters)
	}
	return s
}

// Bounds of the settings: beyond them a value is a slip, not a wish.
const (
	maxWorkers     = 1024
	minMemory      = 16 << 20
	maxMemory      = 1 << 40
	maxBatchEvents = 1_000_000
	minBatchBytes  = 1 << 10
	maxPipelineID  = 64
	memoryShare    = 4 // batch_bytes is at most this part of max_memory
)

func (l *loader) checkRanges(n *node, c *settingsConfig) {
	bad := func(key, format string, args ...any) {
		if at := n.get(key); at != nil && !at.undefined {
			l.report(at, "pipeline."+key, format, args...)
		}
	}
	between := func(key string, v, lo, hi int) {
		if v < lo || v > hi {
			bad(key, "found %d, expected %d to %d", v, lo, hi)
		}
	}
	duration := func(key string, v plugin.Duration, lo, hi time.Duration) {
		if v.D() < lo || v.D() > hi {
			bad(key, "found %s, expected %s to %s", v, plugin.Duration(lo), plugin.Duration(hi))
		}
	}
	between("workers", c.Workers, 1, maxWorkers)
	between("batch_events", c.BatchEvents, 1, maxBatchEvents)
	duration("flush_interval", c.FlushInterval, time.Millisecond, time.Hour)
	duration("stop_timeout", c.StopTimeout, time.Second, time.Hour)
	if c.RetryTimeout != 0 {
		duration("retry_timeout", c.RetryTimeout, time.Second, 90*24*time.Hour)
	}
	if c.MaxMemory < minMemory || c.MaxMemory > maxMemory {
		bad("max_memory", "found %s, expected %s to %s", c.MaxMemory, plugin.Size(minMemory), plugin.Size(maxMemory))
	} else if c.BatchBytes < minBatchBytes || c.BatchBytes > c.MaxMemory/memoryShare {
		bad("batch_bytes", "found %s, expected %s to %s, a quarter of max_memory", c.BatchBytes, plugin.Size(minBatchBytes), c.MaxMemory/memoryShare)
	}
	if !validID(c.ID) {
		bad("id", "found %s, expected up to %d letters, digits, dots, dashes and underscores", quote(c.ID), maxPipelineID)
	}
	for _, key := range [...]string{"data_dir"} {
		if c.DataDir == "" {
			bad(key, "the folder is empty")
		}
	}
}

// validID reports whether a pipeline's id can be a label and part of a file name.
func validID(id string) bool {
	return id != "" && len(id) <= maxPipelineID && strings.Trim(id, ".") != "" &&
		strings.IndexFunc(id, func(r rune) bool { return !isWordRune(r) && r != '.' && r != '-' }) < 0
}
