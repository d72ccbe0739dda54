package file

import (
	"slices"
	"strings"
	"testing"

	"sluice/pipeline/plugin"
)

// TestProblems is the options that are refused.
func TestProblems(t *testing.T) {
	f := func(change func(*Config), want ...string) {
		t.Helper()
		c := *Plugin().Defaults().(*Config)
		c.Path = []string{"/x"}
		change(&c)
		var p plugin.Problems
		if _, err := build(c, plugin.Env{Problems: &p}, &states{}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range p.List {
			got = append(got, x.Field+": "+x.Text)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	f(func(*Config) {})
	f(func(c *Config) { c.Path, c.Exclude = []string{"/a/[", ""}, []string{"{x"} },
		`exclude[0]: found "{x", expected a glob such as *.gz`,
		`path[0]: found "/a/[", expected a path or a glob such as /var/log/**/*.log`,
		`path[1]: found "", expected a path or a glob such as /var/log/**/*.log`)
	f(func(c *Config) { c.Delimiter, c.MaxLineBytes, c.DiscoverInterval, c.MaxOpenFiles = "", 1, 0, 0 },
		"delimiter: found 0 bytes, expected 1 to 64", "discover_interval: found 0, expected 1 or more",
		"max_line_bytes: found 1B, expected 16B to 1GiB", "max_open_files: found 0, expected 1 or more")
	f(func(c *Config) { c.StatInterval, c.IgnoreOlder = 0, -1 },
		"ignore_older: found -1ns, expected 0s or more", "stat_interval: found 0s, expected more than 0s")
	f(func(c *Config) { c.ExitAfterRead, c.FileCompletedAction = true, "delete" },
		"exit_after_read: it needs mode: read; a file that is followed is never complete",
		"file_completed_action: it needs mode: read; a file that is followed is never complete")
	f(func(c *Config) { c.Mode, c.FileCompletedAction, c.StartPosition = "read", "log", "end" },
		"file_completed_action: log needs file_completed_log_path",
		"start_position: it is not used with mode: read, which reads whole files")
	f(func(c *Config) { c.Mode, c.FileCompletedLogPath = "read", "/x" },
		"file_completed_log_path: it is not used with file_completed_action: none")
	f(func(c *Config) {
		c.EventStart, c.Multiline = "^a", &Multiline{Pattern: "%{NOSUCH}", What: "previous", MaxLines: -1, MaxBytes: -1}
	},
		"event_start: it cannot be used with multiline, which knows where events begin",
		"multiline.max_bytes: found -1B, expected up to 1GiB", "multiline.max_lines: found -1, expected 1 or more",
		`multiline.pattern: column 1: unknown pattern "NOSUCH"`)
}
