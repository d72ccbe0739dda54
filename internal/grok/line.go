package grok

import (
	"fmt"
	"sync"
	"unsafe"
)

// Line is an expression that only says whether a line matches. It may be used by several goroutines at once.
type Line struct{ matchers sync.Pool }

// Matcher compiles an expression, with references to the library's patterns, whose captures do not matter.
func (l *Library) Matcher(expr string) (*Line, error) {
	x, err := l.Expand(expr, true)
	if err != nil {
		return nil, err
	}
	p, err := Compile(x, 0)
	if err != nil {
		return nil, fmt.Errorf("expression %.128q: %w", expr, err)
	}
	return &Line{sync.Pool{New: func() any { return p.NewMatcher() }}}, nil
}

// Match reports whether a line matches. It neither keeps nor changes it. Where the engine gives up, the line is said
// not to match.
func (l *Line) Match(line []byte) bool {
	m := l.matchers.Get().(*Matcher) //nolint:forcetypeassert // nothing else is put there
	ok := m.Match(unsafe.String(unsafe.SliceData(line), len(line)))
	m.forget()
	l.matchers.Put(m)
	return ok
}
