// Package file reads the lines of files as they grow, through renames, truncations, restarts and crashes.
package file

import (
	"sync"
	"time"

	"sluice/internal/tail"
	"sluice/pipeline/plugin"
)

// Config is the options of the file input.
type Config struct {
	Path                 []string        `yaml:"path" required:"true" doc:"Files to read: globs, with ** for any number of folders; relative ones start at the configuration's folder."`
	Exclude              []string        `yaml:"exclude" doc:"Globs of files that are left out: of names, or of whole paths where they contain a slash."`
	Mode                 string          `yaml:"mode" oneof:"tail|read" doc:"Whether files are followed as they grow, or read as complete ones."`
	StartPosition        string          `yaml:"start_position" oneof:"beginning|end" doc:"Where files begin that are there when the program is started for the very first time; files found later are read from their beginning."`
	Codec                plugin.Codec    `yaml:"codec" doc:"How events are made of lines; without it a line is the event's message."`
	Delimiter            string          `yaml:"delimiter" doc:"What ends a line."`
	MaxLineBytes         plugin.Size     `yaml:"max_line_bytes" doc:"Longer lines come as several events, each tagged _line_cut."`
	EventStart           string          `yaml:"event_start" doc:"An expression for the first line of an event: messages to a queue are cut only before such a line, so that a reader can join rightly."`
	Multiline            *Multiline      `yaml:"multiline" doc:"Joins lines to events here, where their order is known."`
	StatePath            string          `yaml:"state_path" doc:"The folder of the state: which files there are and how far they were delivered; by default files/PIPELINE in the pipeline's data_dir."`
	SincedbCleanAfter    plugin.Duration `yaml:"sincedb_clean_after" doc:"After how long the state of files that are gone is forgotten; 0s is never."`
	StatInterval         plugin.Duration `yaml:"stat_interval" doc:"How often files that grow are looked at, where the system gives no notice of changes."`
	DiscoverInterval     int             `yaml:"discover_interval" doc:"New files are searched for after so many stat_intervals; where the system gives notice they are found at once."`
	IgnoreOlder          plugin.Duration `yaml:"ignore_older" doc:"What files hold that were not changed for so long when they are found is not read; what is added is. 0s reads all."`
	CloseOlder           plugin.Duration `yaml:"close_older" doc:"Files that were not changed for so long are closed, and opened again when they change; 0s is never."`
	MaxOpenFiles         int             `yaml:"max_open_files" doc:"How many files are open at the same time."`
	FileSortBy           string          `yaml:"file_sort_by" oneof:"last_modified|path" doc:"The order in which files that are found together are begun."`
	FileSortDirection    string          `yaml:"file_sort_direction" oneof:"asc|desc" doc:"The direction of that order."`
	FileCompletedAction  string          `yaml:"file_completed_action" oneof:"none|log|delete|log_and_delete" doc:"With mode read: what is done with a file of which all is delivered."`
	FileCompletedLogPath string          `yaml:"file_completed_log_path" doc:"The file to which the paths of completed files are appended."`
	ExitAfterRead        bool            `yaml:"exit_after_read" doc:"With mode read: the input ends when all files that were there have been read."`
}

// Multiline is the options of joining lines.
type Multiline struct {
	Pattern      string           `yaml:"pattern" required:"true" doc:"The expression that tells lines which belong to a neighbour; it may refer to grok patterns."`
	What         string           `yaml:"what" required:"true" oneof:"previous|next" doc:"To which neighbour they belong."`
	Negate       bool             `yaml:"negate" doc:"The lines that do not match are the ones that belong to a neighbour."`
	PatternsDir  []string         `yaml:"patterns_dir" doc:"Files or folders with patterns of your own."`
	MaxLines     int              `yaml:"max_lines" doc:"Lines of one event, 500 where it is not set; the rest comes as another event."`
	MaxBytes     plugin.Size      `yaml:"max_bytes" doc:"Bytes of one event, 10MiB where it is not set; the rest comes as another event."`
	FlushAfter   *plugin.Duration `yaml:"flush_after" doc:"An event is complete when nothing was added to its file for so long, 5s where it is not set; 0s waits for the next one."`
	MultilineTag *string          `yaml:"multiline_tag" doc:"The tag of events of more than one line, multiline where it is not set; empty for none."`
}

// Defaults.
const (
	statInterval     = time.Second
	discoverInterval = 15
	closeOlder       = time.Hour
	cleanAfter       = 14 * 24 * time.Hour
	flushAfter       = 5 * time.Second
	multilineTag     = "multiline"
)

// Plugin describes the file input. The inputs that are built of one description share the state of a folder.
func Plugin() plugin.Spec {
	shared := &states{open: map[string]*sharedState{}}
	def := Config{
		Mode: "tail", StartPosition: "beginning", Delimiter: "\n", MaxLineBytes: tail.DefaultMaxLine,
		SincedbCleanAfter: plugin.Duration(cleanAfter), StatInterval: plugin.Duration(statInterval),
		DiscoverInterval: discoverInterval, CloseOlder: plugin.Duration(closeOlder), MaxOpenFiles: tail.DefaultMaxOpen,
		FileSortBy: "last_modified", FileSortDirection: "asc", FileCompletedAction: "none",
	}
	return plugin.NewInput("file", "read files as they grow", def, func(c Config, env plugin.Env) (*plugin.BuiltInput, error) {
		return build(c, env, shared)
	})
}

// states is the folders of state that are open in this process, which has each of them locked.
type states struct {
	mu   sync.Mutex
	open map[string]*sharedState
}

type sharedState struct {
	*tail.State
	users int
}

// take opens the state in a folder, or shares it with the inputs that have it open.
func (s *states) take(dir string, open func() (*tail.State, error)) (*tail.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.open[dir]; st != nil {
		st.users++
		return st.State, nil
	}
	st, err := open()
	if err != nil {
		return nil, err
	}
	s.open[dir] = &sharedState{st, 1}
	return st, nil
}

// release closes the state of a folder when its last user lets go of it.
func (s *states) release(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.open[dir]
	if st.users--; st.users > 0 {
		return nil
	}
	delete(s.open, dir)
	return st.Close()
}
