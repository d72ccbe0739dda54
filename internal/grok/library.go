// Package grok is the language of grok expressions: regular expressions in which %{NAME:field} stands for a
// named pattern and remembers what it matched.
//
// A Library holds the named patterns. Expand replaces the references of an expression as jls-grok, which
// Logstash uses, does it, and remembers where each byte came from. Compile makes a Pattern of the result, a
// Matcher runs one pattern, a Set several patterns for one text. Explain says why a text does not match, Lint what is
// doubtful about an expression, Discover which expression some lines have in common.
package grok

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Library is a set of named patterns. It is read-only once built up, and may then be used concurrently.
type Library struct {
	defs map[string]*Definition
}

// Definition is a named pattern and where it stands.
type Definition struct {
	Name string
	Text string
	File string // the file's name, or "" for an option of a configuration or a definition in an expression
	Line int    // from 1
	// Column is where the text begins in its line, in bytes from 1; also for definitions without a file.
	Column int
	// BuiltIn says that the program brings the pattern: nobody is told what is doubtful about it.
	BuiltIn bool
}

// Origin returns file and line as "name:line", or "".
func (d *Definition) Origin() string {
	if d.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", d.File, d.Line)
}

// NewLibrary returns a library without patterns.
func NewLibrary() *Library { return &Library{map[string]*Definition{}} }

// MarkBuiltIn says of all patterns so far that the program brings them.
func (l *Library) MarkBuiltIn() {
	for _, d := range l.defs {
		d.BuiltIn = true
	}
}

// maxDefinition is the longest line of a pattern file, in bytes.
const maxDefinition = 1 << 20

// The white space of Ruby's \s, which separates a name from its definition.
const space = " \t\n\v\f\r"

// Read adds the patterns of a file: a name, blanks and the definition on each line, and comments on lines that
// begin with "#". Later definitions replace earlier ones. origin names the file in messages.
func (l *Library) Read(r io.Reader, origin string) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxDefinition)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimRight(strings.TrimPrefix(s.Text(), "\ufeff"), "\r")
		head := strings.TrimLeft(line, space)
		if head == "" || head[0] == '#' {
			continue
		}
		d := &Definition{Name: head, File: origin, Line: n}
		if end := strings.IndexAny(head, space); end >= 0 {
			d.Name, d.Text = head[:end], strings.TrimLeft(head[end:], space)
		}
		d.Column = len(line) - len(d.Text) + 1
		if d.Text == "" {
			return fmt.Errorf("%s:%d: found %.128q; expected a pattern's name, a blank and its definition", origin, n, line)
		}
		if err := l.add(d); err != nil {
			return fmt.Errorf("%s:%d: %w", origin, n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", origin, err)
	}
	return nil
}

// Define adds a pattern, in place of one that has the name already.
func (l *Library) Define(name, text string) error {
	return l.add(&Definition{Name: name, Text: text, Column: 1})
}

func (l *Library) add(d *Definition) error {
	if err := checkName(d.Name); err != nil {
		return err
	}
	if err := checkText(d.Text); err != nil {
		return fmt.Errorf("pattern %q: %w", d.Name, err)
	}
	l.defs[d.Name] = d
	return nil
}

// checkText refuses what jls-grok refuses: white space that nobody sees, at the end of the definition or of a
// line of it.
func checkText(text string) error {
	for i := range len(text) {
		if strings.IndexByte(space, text[i]) >= 0 && (i+1 == len(text) || text[i+1] == '\n') {
			return fmt.Errorf("found white space at the end of the definition %.128q; write it as \\s or [ ]", text)
		}
	}
	return nil
}

func checkName(name string) error {
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return fmt.Errorf("pattern name %.128q: found %q, at which a reference to it would end; expected letters, digits and \"_\"", name, name[i])
		}
	}
	if name == "" {
		return fmt.Errorf("pattern name %q is empty", name)
	}
	return nil
}

// isNameByte is the class [A-z0-9] of jls-grok, with what lies between "Z" and "a".
func isNameByte(c byte) bool { return c >= 'A' && c <= 'z' || c >= '0' && c <= '9' }

// Definition returns the definition of a name with its place, or nil. It must not be changed.
func (l *Library) Definition(name string) *Definition { return l.defs[name] }

// Names returns the names in alphabetical order.
func (l *Library) Names() []string { return slices.Sorted(maps.Keys(l.defs)) }

// ReadDir adds the patterns of a file, or of the files of a folder whose names match glob, in the order of their
// names. After an error the library holds some of them and must not be used.
func (l *Library) ReadDir(path, glob string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	if !info.IsDir() {
		return l.readFile(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	for _, e := range entries {
		ok, err := filepath.Match(glob, e.Name())
		if err != nil {
			return fmt.Errorf("patterns_files_glob %q: %w", glob, err)
		}
		if !ok || e.IsDir() {
			continue
		}
		if err := l.readFile(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (l *Library) readFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if err := l.Read(f, name); err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	return nil
}
