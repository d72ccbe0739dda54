package grok

import (
	"fmt"
	"regexp"
)

// Matcher returns an expression that only says whether a line matches: references to patterns are replaced, and
// captures are not kept.
func (l *Library) Matcher(expr string) (*regexp.Regexp, error) {
	x, err := l.Expand(expr, true)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(x.Text)
	if err != nil {
		return nil, fmt.Errorf("expression %.128q: %w", expr, err)
	}
	return re, nil
}
