package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// source is one file as it was read.
type source struct {
	name  string // as problems show it
	dir   string // relative paths of options are relative to it
	lines []string
	ends  []int // of the lines: where in the text the next one begins
	root  *node // nil when the file is empty or broken
}

// maxFile bounds a file: a mistaken argument (a log, a device) must not be read into memory as a whole.
const maxFile = 64 << 20

const stdinName = "-"

// gather reads the files and folders, sorted by name, each file once.
func (l *loader) gather(paths []string) []*source {
	var names []string
	for _, p := range paths {
		if p == stdinName {
			names = append(names, p)
			continue
		}
		names = append(names, l.expandFolder(p)...)
	}
	slices.SortStableFunc(names, strings.Compare)
	names = slices.Compact(names)
	sources := make([]*source, 0, len(names))
	for _, n := range names {
		if s := l.read(n); s != nil {
			sources = append(sources, s)
		}
	}
	return sources
}

// expandFolder returns the YAML files of a folder, or the file itself.
func (l *loader) expandFolder(p string) []string {
	p = filepath.Clean(p)
	info, err := os.Stat(p)
	if err != nil || !info.IsDir() {
		return []string{p} // read reports what is wrong
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		l.reportFile(p, cause(err))
		return nil
	}
	var names []string
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if (ext == ".yaml" || ext == ".yml") && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, filepath.Join(p, e.Name()))
		}
	}
	if names == nil {
		l.reportFile(p, "the folder holds no .yaml file")
	}
	return names
}

// read reads and parses one file; nil means that it could not be read.
func (l *loader) read(name string) *source {
	text, err := l.readBytes(name)
	if err != nil {
		l.reportFile(name, cause(err))
		return nil
	}
	s := &source{name: name, dir: filepath.Dir(name)}
	if name == stdinName {
		s.name, s.dir = "stdin", "."
	}
	l.parse(s, text)
	return s
}

func (l *loader) readBytes(name string) ([]byte, error) {
	if text, ok := l.o.Texts[name]; ok {
		return []byte(text), nil
	}
	r := l.o.Stdin
	if name != stdinName {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // only read
		r = f
	} else if r == nil {
		return nil, errors.New("there is no standard input")
	}
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errors.New("the file is larger than 64 MiB")
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), err
}

// cause is the message of an error without the operation and path that the problem shows already.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Op + ": " + p.Err.Error()
	}
	return err.Error()
}

// line returns line n, from 1, or "".
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// lineBreak finds what YAML takes for the end of a line.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

// setText splits the text into lines.
func (s *source) setText(text []byte) {
	from := 0
	for _, br := range lineBreak.FindAllIndex(text, -1) {
		s.lines = append(s.lines, string(text[from:br[0]]))
		from = br[1]
		s.ends = append(s.ends, from)
	}
	s.lines = append(s.lines, string(text[from:]))
	s.ends = append(s.ends, len(text))
}

// position returns the line and column of byte off.
func (s *source) position(off int) (line, col int) {
	i := sort.SearchInts(s.ends, off+1)
	if i >= len(s.ends) {
		i = len(s.ends) - 1
	}
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return i + 1, colOf(s.lines[i], off-start)
}

// byteOf returns the position of character col (from 1) in line.
func byteOf(line string, col int) int {
	i := 0
	for ; col > 1 && i < len(line); col-- {
		_, n := utf8.DecodeRuneInString(line[i:])
		i += n
	}
	return i
}

// colOf returns the character column, from 1, of byte i of line.
func colOf(line string, i int) int { return utf8.RuneCountInString(line[:min(i, len(line))]) + 1 }
