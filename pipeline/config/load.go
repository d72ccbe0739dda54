package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"sluice/pipeline/plugin"
)

// Options say what to load.
type Options struct {
	Set       *plugin.Set
	Paths     []string                    // files or folders; "-" is Stdin
	Stdin     io.Reader                   // for "-"
	Texts     map[string]string           // texts in place of the contents of files, by their clean paths
	Defaults  string                      // a file whose `pipeline:` settings apply to all pipelines; "" for none
	LookupEnv func(string) (string, bool) // nil: os.LookupEnv
	Program   string                      // the name of the program, for messages; "" is "this program"
	Partial   bool                        // pipelines need neither inputs nor outputs: for cases of filters alone

	// Env returns what a step is built with; nil stands for the zero Env. Config itself fills in Pipeline, ID,
	// Location, ECS, Dir, DataDir and Problems, and takes Metrics away where a step has enable_metric: false.
	Env func(s plugin.Settings, stepID, pluginName string) plugin.Env
}

// Loaded is what the files hold.
type Loaded struct{ Pipelines []Pipeline }

// Pipeline is one pipeline, merged from all files with its id.
type Pipeline struct {
	*plugin.Pipeline

	Files []string // in the order of their names
	Tests []Test
}

// loader is one run of Load.
type loader struct {
	o        Options
	problems []Problem
	redact   redactor
	broken   bool // a file could not be read or parsed, so what is missing may stand there
}

// topKeys are the keys of a file.
func topKeys() []string { return []string{"pipeline", "inputs", "filters", "outputs", "tests"} }

// Load reads, checks and builds all pipelines of the files. It returns every problem, sorted by place. The
// result is nil if one of them is more than a warning. Nothing exclusive is opened: no lock, port or
// connection.
func Load(o Options) (*Loaded, []Problem) {
	if o.LookupEnv == nil {
		o.LookupEnv = os.LookupEnv
	}
	if o.Program == "" {
		o.Program = "this program"
	}
	l := &loader{o: o}
	defaults := l.defaults()
	sources := l.gather(o.Paths)
	if len(o.Paths) == 0 {
		l.reportFile("(none)", "no configuration file was named")
	}
	var loaded Loaded
	for _, g := range l.group(sources) {
		loaded.Pipelines = append(loaded.Pipelines, l.pipeline(g, defaults))
	}
	sortProblems(l.problems)
	l.redact.problems(l.problems)
	if Failed(l.problems) {
		return nil, l.problems
	}
	return &loaded, l.problems
}

// group is the files of one pipeline.
type group struct {
	id      string
	sources []*source
}

const mainPipeline = "main"

// group sorts the files by their pipeline.id, in order of first appearance.
func (l *loader) group(sources []*source) []*group {
	var groups []*group
	byID := map[string]*group{}
	for _, s := range sources {
		if !l.checkTop(s, topKeys()) {
			l.broken = true
			continue
		}
		id := mainPipeline
		if n := s.root.get("pipeline").get("id"); n != nil && n.kind == scalarNode && !n.isNull() {
			id = n.text
		}
		g := byID[id]
		if g == nil {
			g = &group{id: id}
			byID[id] = g
			groups = append(groups, g)
		}
		g.sources = append(g.sources, s)
	}
	return groups
}

// checkTop checks that a file is a map of the given keys.
func (l *loader) checkTop(s *source, keys []string) bool {
	if s.root == nil {
		return false
	}
	if s.root.kind != mapNode {
		l.report(s.root, "", "found %s, expected a map with the keys %s", s.root.kind, list(keys))
		return false
	}
	for _, e := range s.root.entries {
		if !slices.Contains(keys, e.key) {
			hint := suggest(e.key, keys)
			if hint == "" {
				hint = "; the keys are " + list(keys)
			}
			l.report(e.at, "", "unknown key %s%s", quote(e.key), hint)
			l.broken = true // what is missing stands there
		}
	}
	return true
}

// defaults reads the --defaults file, which holds nothing but `pipeline:`.
func (l *loader) defaults() *node {
	if l.o.Defaults == "" {
		return nil
	}
	s := l.read(filepath.Clean(l.o.Defaults))
	if s == nil || !l.checkTop(s, []string{"pipeline"}) {
		return nil
	}
	n := s.root.get("pipeline")
	if e := n.entry("id"); e != nil {
		l.report(e.at, "pipeline.id", "a file of defaults cannot name a pipeline")
	}
	return n
}

// report adds a problem at a node.
func (l *loader) report(n *node, path, format string, args ...any) {
	l.add(Problem{File: n.src.name, Line: n.line, Col: n.col, Path: path, Text: fmt.Sprintf(format, args...), excerpt: n.src.line(n.line)})
}

// warn adds a warning at a node.
func (l *loader) warn(n *node, path, format string, args ...any) {
	l.add(Problem{File: n.src.name, Line: n.line, Col: n.col, Path: path, Text: fmt.Sprintf(format, args...), excerpt: n.src.line(n.line), Warning: true})
}

// reportWithin adds a problem, or a warning, at byte off of a scalar's text.
func (l *loader) reportWithin(n *node, off int, path, text string, warning bool) {
	line, col := n.locate(n.rawOffset(off))
	l.add(Problem{File: n.src.name, Line: line, Col: col, Path: path, Text: text, excerpt: n.src.line(line), Warning: warning})
}

// reportAt adds a problem at a place in a file that has no tree.
func (l *loader) reportAt(s *source, line, col int, text string) {
	l.add(Problem{File: s.name, Line: line, Col: col, Text: text, excerpt: s.line(line)})
}

// reportFile adds a problem about a file as a whole.
func (l *loader) reportFile(name, text string) {
	l.broken = true
	l.add(Problem{File: name, Line: 1, Col: 1, Text: text})
}

func (l *loader) add(p Problem) { l.problems = append(l.problems, p) }

// hide keeps everything below a node out of messages: it stands where a secret belongs.
func (l *loader) hide(n *node) {
	if n.kind == scalarNode {
		l.redact.add(n.text, stars, minSecret)
	}
	for _, i := range n.items {
		l.hide(i)
	}
	for _, e := range n.entries {
		l.hide(e.val)
	}
}
