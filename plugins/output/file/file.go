// Package file appends events to files whose names may depend on the event.
//
// What Write calls delivered is on disk: the records of one Write that belong to one file are appended at
// once and synced (but see flush_interval). A write that fails leaves nothing behind: the file is cut back
// to where it was, and the events are tried again. What a crash has left half-written is set aside when the
// file is opened again.
package file

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Config is the options of the file output.
type Config struct {
	Path            event.Template  `yaml:"path" required:"true" doc:"The file of an event. The folders before the first reference are the root: no event gets out of it."`
	Codec           plugin.Codec    `yaml:"codec" doc:"How an event is written."`
	Gzip            bool            `yaml:"gzip" doc:"Compress: each write appends one gzip member, so the file can be read with zcat at any time."`
	FlushInterval   plugin.Duration `yaml:"flush_interval" doc:"0 syncs each write to the disk before its events count as delivered; a length of time syncs that often, and a machine that crashes may lose what came between."`
	CreateIfDeleted bool            `yaml:"create_if_deleted" doc:"Make files that are not there; false rejects their events."`
	DirMode         string          `yaml:"dir_mode" doc:"Mode of folders that are made, in octal digits as for chmod; without it 0777 less the umask."`
	FileMode        string          `yaml:"file_mode" doc:"Mode of files that are made, in octal digits as for chmod; without it 0666 less the umask."`
	WriteBehavior   string          `yaml:"write_behavior" oneof:"append|overwrite" doc:"Append, or keep only the last event of each write."`
	StaleCleanup    plugin.Duration `yaml:"stale_cleanup_interval" doc:"How often files that had no event since the last time are closed."`
	MaxOpenFiles    int             `yaml:"max_open_files" doc:"How many files are kept open; the one that had no event for longest is closed first."`
}

const (
	defaultStaleCleanup = 10 * time.Second
	defaultMaxOpen      = 256
)

// Plugin describes the file output.
func Plugin() plugin.Spec {
	def := Config{
		Codec: plugin.CodecNamed("json_lines"), CreateIfDeleted: true, WriteBehavior: "append",
		StaleCleanup: plugin.Duration(defaultStaleCleanup), MaxOpenFiles: defaultMaxOpen,
	}
	return plugin.NewOutput("file", "append events to files", def, build)
}

func build(c Config, env plugin.Env) (*plugin.BuiltOutput, error) {
	p := newPaths(&c, env)
	if enc, err := c.Codec.Encoder(); err != nil {
		env.Problems.Errorf("codec", "%v", err)
	} else if _, packs := enc.(plugin.BatchEncoder); packs {
		env.Problems.Errorf("codec", "%s makes messages of many events, expected a codec that writes one event after the other", c.Codec.Name)
	}
	how := storing{
		zip: c.Gzip, create: c.CreateIfDeleted, overwrite: c.WriteBehavior == "overwrite", flush: c.FlushInterval.D(),
		dirMode: mode(c.DirMode, "dir_mode", env.Problems), fileMode: mode(c.FileMode, "file_mode", env.Problems),
		idle: c.StaleCleanup.D(), most: c.MaxOpenFiles, fs: disk{},
	}
	check(&c, env.Problems)
	return &plugin.BuiltOutput{
		Start: func(_ context.Context, lanes int) (plugin.Output, error) {
			return start(p, c.Codec, how, startEnv{env, lanes})
		},
		Preview: p.preview,
	}, nil
}

func check(c *Config, p *plugin.Problems) {
	if c.FlushInterval < 0 {
		p.Errorf("flush_interval", "found %s, expected 0s or more", c.FlushInterval)
	}
	if c.FlushInterval > 0 {
		p.Warnf("flush_interval", "events count as delivered before they are on the disk: a machine that crashes may lose those of the last %s", c.FlushInterval)
	}
	if c.StaleCleanup <= 0 {
		p.Errorf("stale_cleanup_interval", "found %s, expected more than 0s", c.StaleCleanup)
	}
	if c.MaxOpenFiles < 1 {
		p.Errorf("max_open_files", "found %d, expected at least 1", c.MaxOpenFiles)
	}
}

// mode reads an option such as 0640; nil is not set.
func mode(s, option string, p *plugin.Problems) *uint32 {
	if s == "" || s == "-1" { // Logstash's default
		return nil
	}
	const maxMode = 0o7777
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
	if err != nil || n > maxMode {
		p.Errorf(option, "found %q, expected octal digits such as 0640", s)
	}
	m := uint32(n)
	return &m
}

// inDir makes a path relative to the configuration's folder absolute.
func inDir(dir, path string) (string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return filepath.Abs(path)
}
