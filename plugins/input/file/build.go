package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bmatcuk/doublestar/v4"

	"sluice/internal/grok"
	"sluice/internal/multiline"
	"sluice/internal/tail"
	"sluice/patterns"
	"sluice/pipeline/plugin"
)

// compiled is what Start needs.
type compiled struct {
	c        Config
	env      plugin.Env
	shared   *states
	options  tail.Options
	stateDir string
	tag      string // of joined events, "" for none
}

func build(c Config, env plugin.Env, shared *states) (*plugin.BuiltInput, error) {
	k := &compiled{c: c, env: env, shared: shared, stateDir: c.StatePath}
	switch {
	case k.stateDir == "" && env.DataDir != "":
		k.stateDir = filepath.Join(env.DataDir, "files", env.Pipeline)
	case k.stateDir != "":
		k.stateDir = absolute(env, k.stateDir)
	}
	var never []string
	for _, dir := range []string{k.stateDir, env.DataDir} {
		if dir != "" {
			never = append(never, absolute(env, dir))
		}
	}
	k.options = tail.Options{
		Paths: k.globs("path", c.Path), Exclude: k.excludes(), Never: never, Split: k.splitter(),
		FromEnd: c.StartPosition == "end", Finish: c.Mode == "read", StatInterval: c.StatInterval.D(),
		DiscoverEvery: c.DiscoverInterval, IgnoreOlder: c.IgnoreOlder.D(), CloseOlder: c.CloseOlder.D(),
		CleanAfter: c.SincedbCleanAfter.D(), FlushAfter: flushAfter, MaxOpen: c.MaxOpenFiles,
		Newest: c.FileSortDirection == "desc", ByPath: c.FileSortBy == "path", Log: env.Log(), Metrics: env.Metrics,
	}
	if m := c.Multiline; m != nil && m.FlushAfter != nil {
		k.options.FlushAfter = m.FlushAfter.D()
	}
	k.check()
	return &plugin.BuiltInput{
		Start: k.start, Replayable: true, Streams: true,
		NewDecoder: func() plugin.Decoder { return k.decoder() },
	}, nil
}

// absolute resolves a path against the configuration's folder.
func absolute(env plugin.Env, path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(env.Dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (k *compiled) globs(option string, globs []string) []string {
	list := make([]string, len(globs))
	for i, g := range globs {
		if g == "" || !doublestar.ValidatePattern(g) {
			k.env.Problems.Errorf(fmt.Sprintf("%s[%d]", option, i), "found %q, expected a path or a glob such as /var/log/**/*.log", g)
		}
		list[i] = absolute(k.env, g)
	}
	return list
}

func (k *compiled) excludes() []string {
	list := make([]string, len(k.c.Exclude))
	for i, g := range k.c.Exclude {
		if g == "" || !doublestar.ValidatePattern(g) {
			k.env.Problems.Errorf(fmt.Sprintf("exclude[%d]", i), "found %q, expected a glob such as *.gz", g)
		}
		list[i] = g
		if filepath.Base(g) != g {
			list[i] = absolute(k.env, g)
		}
	}
	return list
}

// Limits of max_line_bytes and max_bytes: offsets within a block must fit an int32 of a file format to come.
const minCap, maxCap = 16, 1 << 30

// check reports options that do not fit.
func (k *compiled) check() {
	c, p := &k.c, k.env.Problems
	atLeast := func(option string, n, least int64) {
		if n < least {
			p.Errorf(option, "found %d, expected %d or more", n, least)
		}
	}
	if n := len(c.Delimiter); n == 0 || n > tail.MaxDelimiter {
		p.Errorf("delimiter", "found %d bytes, expected 1 to %d", n, tail.MaxDelimiter)
	}
	if c.MaxLineBytes < minCap || c.MaxLineBytes > maxCap {
		p.Errorf("max_line_bytes", "found %s, expected 16B to 1GiB", c.MaxLineBytes)
	}
	if c.StatInterval <= 0 {
		p.Errorf("stat_interval", "found %s, expected more than 0s", c.StatInterval)
	}
	atLeast("discover_interval", int64(c.DiscoverInterval), 1)
	atLeast("max_open_files", int64(c.MaxOpenFiles), 1)
	for _, d := range []struct {
		option string
		d      plugin.Duration
	}{{"ignore_older", c.IgnoreOlder}, {"close_older", c.CloseOlder}, {"sincedb_clean_after", c.SincedbCleanAfter}} {
		if d.d < 0 {
			p.Errorf(d.option, "found %s, expected 0s or more", d.d)
		}
	}
	k.checkRead()
	if c.Codec.Name != "" {
		if _, err := c.Codec.Decoder(); err != nil {
			p.Errorf("codec", "%v", err)
		}
	}
}

// checkRead reports options that belong to one mode and were given with the other.
func (k *compiled) checkRead() {
	c, p := &k.c, k.env.Problems
	logs := c.FileCompletedAction == "log" || c.FileCompletedAction == "log_and_delete"
	if c.Mode == "tail" {
		for option, given := range map[string]bool{
			"file_completed_action": c.FileCompletedAction != "none", "file_completed_log_path": c.FileCompletedLogPath != "",
			"exit_after_read": c.ExitAfterRead,
		} {
			if given {
				p.Errorf(option, "it needs mode: read; a file that is followed is never complete")
			}
		}
		return
	}
	switch {
	case logs && c.FileCompletedLogPath == "":
		p.Errorf("file_completed_action", "%s needs file_completed_log_path", c.FileCompletedAction)
	case !logs && c.FileCompletedLogPath != "":
		p.Errorf("file_completed_log_path", "it is not used with file_completed_action: %s", c.FileCompletedAction)
	}
	if c.StartPosition == "end" {
		p.Errorf("start_position", "it is not used with mode: read, which reads whole files")
	}
}

// splitter compiles the rules that make events of bytes.
func (k *compiled) splitter() tail.Splitter {
	c := &k.c
	s := tail.Splitter{Delimiter: []byte(c.Delimiter), MaxLine: int(c.MaxLineBytes)}
	if c.EventStart != "" && c.Multiline != nil {
		k.env.Problems.Errorf("event_start", "it cannot be used with multiline, which knows where events begin")
	}
	if c.EventStart != "" {
		if re := k.matcher("event_start", c.EventStart, nil); re != nil {
			s.Lines = true
			s.Rule = &multiline.Rule{
				Match: re.Match, Negate: true, MaxLines: multiline.DefaultMaxLines, MaxBytes: multiline.DefaultMaxBytes,
			}
		}
	}
	if m := c.Multiline; m != nil {
		s.Rule = k.rule(m)
	}
	return s
}

func (k *compiled) rule(m *Multiline) *multiline.Rule {
	k.tag = multilineTag
	if m.MultilineTag != nil {
		k.tag = *m.MultilineTag
	}
	p := k.env.Problems
	if m.MaxLines < 0 {
		p.Errorf("multiline.max_lines", "found %d, expected 1 or more", m.MaxLines)
	}
	if m.MaxBytes < 0 || m.MaxBytes > maxCap {
		p.Errorf("multiline.max_bytes", "found %s, expected up to 1GiB", m.MaxBytes)
	}
	if m.FlushAfter != nil && *m.FlushAfter < 0 {
		p.Errorf("multiline.flush_after", "found %s, expected 0s or more", *m.FlushAfter)
	}
	r := &multiline.Rule{
		Negate: m.Negate, MaxLines: multiline.DefaultMaxLines, MaxBytes: multiline.DefaultMaxBytes,
		Match: func([]byte) bool { return false },
	}
	if m.What == "next" {
		r.What = multiline.Next
	}
	if m.MaxLines > 0 {
		r.MaxLines = m.MaxLines
	}
	if m.MaxBytes > 0 {
		r.MaxBytes = int(m.MaxBytes)
	}
	if re := k.matcher("multiline.pattern", m.Pattern, m.PatternsDir); re != nil {
		r.Match = re.Match
	}
	return r
}

// matcher compiles an expression that may refer to grok patterns.
func (k *compiled) matcher(option, expr string, dirs []string) *grok.Line {
	lib := patterns.NewLibrary(k.env.ECS)
	for i, dir := range dirs {
		if err := lib.ReadDir(absolute(k.env, dir), "*"); err != nil {
			k.env.Problems.Errorf(fmt.Sprintf("multiline.patterns_dir[%d]", i), "%v", err)
		}
	}
	re, err := lib.Matcher(expr)
	if err != nil {
		k.env.Problems.Errorf(option, "%v", err)
		return nil
	}
	return re
}

var errNoFolder = errors.New("no folder for the state: neither state_path nor the pipeline's data_dir is set")

// start opens the state and begins to follow the files.
func (k *compiled) start(_ context.Context, o plugin.StartOptions) (plugin.Input, error) {
	if k.stateDir == "" {
		return nil, errNoFolder
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("ask for the host's name: %w", err)
	}
	in := &input{k: k, host: host, lanes: make([]lane, o.Lanes)}
	for i := range in.lanes {
		if err := in.lanes[i].init(k); err != nil {
			return nil, err
		}
	}
	state, err := k.shared.take(k.stateDir, func() (*tail.State, error) { return tail.OpenState(k.stateDir, k.env.Log()) })
	if err != nil {
		return nil, fmt.Errorf("start file input: %w", err)
	}
	t := k.options
	t.Lanes, t.Ordered, t.Once = o.Lanes, o.Ordered, o.Once || k.c.ExitAfterRead
	if t.Finish {
		t.Completed = in.completed
	}
	if in.follower, err = tail.Start(state, t); err != nil {
		return nil, errors.Join(fmt.Errorf("start file input: %w", err), k.shared.release(k.stateDir))
	}
	return in, nil
}
