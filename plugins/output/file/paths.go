package file

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// paths finds the file of an event. Read-only.
type paths struct {
	template event.Template
	base     string // absolute: what a relative template is relative to
	root     string // absolute and clean: every file is below it
	constant string // the one file, when the template has no references
	dated    bool
}

func newPaths(c *Config, env plugin.Env) *paths {
	p := &paths{template: c.Path, dated: len(c.Path.Dates()) > 0}
	text := c.Path.String()
	if text == "" {
		return p // config says that it is missing
	}
	var err error
	if p.base, err = inDir(env.Dir, ""); err != nil {
		env.Problems.Errorf("path", "%v", err)
	}
	static, _, dynamic := strings.Cut(text, "%{")
	folder := static[:strings.LastIndexByte(static, '/')+1]
	if dynamic && (folder == "" || filepath.Clean(folder) == "/") {
		env.Problems.Errorf("path", "%q begins with a reference; the first folder must be fixed, so that no event gets out of it", text)
		return p
	}
	p.root = p.absolute(folder)
	if strings.HasSuffix(text, "/") {
		env.Problems.Errorf("path", "%q is a folder, expected a file", text)
	}
	if !dynamic {
		p.constant = p.absolute(text)
	}
	return p
}

func (p *paths) absolute(path string) string {
	if !filepath.IsAbs(path) {
		return filepath.Join(p.base, path)
	}
	return filepath.Clean(path)
}

// A file's name is at most so long on the file systems of Linux.
const maxNameBytes = 255

var errOutside = errors.New("it leads out of the root")

// of returns the file of an event, in buf when that is long enough. An error is about the event.
func (p *paths) of(buf []byte, e *event.Event) ([]byte, error) {
	if p.constant != "" {
		return append(buf[:0], p.constant...), nil
	}
	if p.dated && e.Time.IsZero() && !e.Observed.IsZero() { // the time at which its line was read stands for it
		e = &event.Event{Time: e.Observed, Fields: e.Fields, Meta: e.Meta}
	}
	buf, err := p.template.Append(buf[:0], e)
	if err != nil {
		return buf, fmt.Errorf("name the file: %w", err)
	}
	if clean(buf) && filepath.IsAbs(p.template.String()) {
		return buf, nil
	}
	text := string(buf)
	path := p.absolute(text)
	switch {
	case strings.IndexByte(text, 0) >= 0:
		err = errors.New("it has a NUL byte")
	case !strings.HasPrefix(path, p.root+"/"):
		err = fmt.Errorf("%w %q", errOutside, p.root)
	case strings.HasSuffix(text, "/"):
		err = errors.New("it is a folder")
	case longestName(path) > maxNameBytes:
		err = fmt.Errorf("a name in it is longer than %d bytes", maxNameBytes)
	}
	if err != nil {
		return buf, fmt.Errorf("file %s: %w", quote(text), err)
	}
	return append(buf[:0], path...), nil
}

// clean reports, without looking closely, that a path needs none of the checks: only letters, digits and
// single marks between them.
func clean(path []byte) bool {
	if len(path) > maxNameBytes || len(path) == 0 || path[0] != '/' {
		return false
	}
	last := byte(0)
	for _, c := range path {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '_':
		case c == '/' && last != '/', c == '.' && last != '.' && last != '/':
		default:
			return false
		}
		last = c
	}
	return last != '/' && last != '.'
}

func longestName(path string) int {
	longest := 0
	for name := range strings.SplitSeq(path, "/") {
		longest = max(longest, len(name))
	}
	return longest
}

// preview says where an event would go.
func (p *paths) preview(e *event.Event) (map[string]string, error) {
	path, err := p.of(nil, e)
	if err != nil {
		return nil, err
	}
	return map[string]string{"path": string(path)}, nil
}

const quoteBytes = 128 // of a value in an error

func quote(s string) string {
	if len(s) > quoteBytes {
		return strconv.Quote(s[:quoteBytes]) + "..."
	}
	return strconv.Quote(s)
}
