// Package patterns holds grok patterns: the names that users know, in their classic and in their ECS
// form, and what turns an expression with %{NAME:field} into one regular expression and its captures.
//
// The definitions are this project's own, written from the descriptions of the formats.
package patterns

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

//go:embed *.grok legacy/*.grok ecs/*.grok
var files embed.FS

// Library is a set of named patterns. It is read-only once built up, and may then be used concurrently.
type Library struct {
	defs map[string]definition
}

// definition is a pattern and where it stands, for messages.
type definition struct {
	text   string
	origin string // a file's name and line, or "" for an option of the configuration
}

// NewLibrary returns the built-in patterns: with the classic names of fields (clientip), or with those of the
// Elastic Common Schema ([source][address]).
func NewLibrary(ecs bool) *Library {
	set := "legacy/*.grok"
	if ecs {
		set = "ecs/*.grok"
	}
	l := &Library{map[string]definition{}}
	for _, glob := range []string{"*.grok", set} {
		if err := l.readEmbedded(glob); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	return l
}

func (l *Library) readEmbedded(glob string) error {
	names, err := fs.Glob(files, glob)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := l.Read(bytes.NewReader(text), name); err != nil {
			return err
		}
	}
	return nil
}

// maxDefinition is the longest line of a pattern file.
const maxDefinition = 1 << 20

// Read adds the patterns of a file: a name, blanks and the definition on each line, and comments on lines that
// begin with "#". Later definitions replace earlier ones. origin names the file in messages.
func (l *Library) Read(r io.Reader, origin string) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxDefinition)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimPrefix(s.Text(), "\ufeff")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, text, ok := strings.Cut(line, " ")
		if tab := strings.IndexByte(name, '\t'); tab >= 0 {
			name, text, ok = line[:tab], line[tab+1:], true
		}
		text = strings.TrimLeft(text, " \t")
		if err := checkName(name); err != nil || !ok || text == "" {
			return fmt.Errorf("%s:%d: found %.128q; expected a pattern's name, a blank and its definition", origin, n, line)
		}
		l.defs[name] = definition{strings.TrimRight(text, "\r"), fmt.Sprintf("%s:%d", origin, n)}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", origin, err)
	}
	return nil
}

// Define adds a pattern, in place of one that has the name already.
func (l *Library) Define(name, text string) error {
	if err := checkName(name); err != nil {
		return err
	}
	l.defs[name] = definition{text: text}
	return nil
}

func checkName(name string) error {
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return fmt.Errorf("pattern name %.128q: found %q; expected letters, digits, \"_\", \"-\" and \".\"", name, name[i])
		}
	}
	if name == "" {
		return fmt.Errorf("pattern name %q is empty", name)
	}
	return nil
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// Lookup returns the definition of a name as it was written.
func (l *Library) Lookup(name string) (string, bool) {
	d, ok := l.defs[name]
	return d.text, ok
}

// Names returns the names in alphabetical order.
func (l *Library) Names() []string {
	return slices.Sorted(maps.Keys(l.defs))
}
