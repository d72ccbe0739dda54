package main

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/regex/regextest"
	"sluice/patterns"
)

// patternCases are the grok patterns of both sets, each with n of the examples that the patterns have, its neighbours' too: every
// example is for some pattern a line that nearly matches.
func patternCases(n int) ([]regextest.Case, error) {
	examples, err := readExamples("patterns/testdata/cases/*/*.txt")
	if err != nil || n == 0 {
		return nil, err
	}
	seen := map[string]bool{}
	var cases []regextest.Case
	for _, ecs := range []bool{true, false} {
		lib := patterns.NewLibrary(ecs)
		for _, name := range lib.Names() {
			x, err := lib.Expand("%{"+name+":field}", true)
			if err != nil {
				return nil, err
			}
			if seen[x.Text] {
				continue
			}
			seen[x.Text] = true
			c := regextest.Case{Expr: x.Text}
			step := max(1, len(examples)/n)
			for i := len(cases) % step; i < len(examples); i += step {
				c.Subjects = append(c.Subjects, examples[i])
			}
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// readExamples reads the texts of case files of package patterns: lines "match TEXT", "part TEXT" and "refuse TEXT", quoted or not.
func readExamples(glob string) ([]string, error) {
	files, err := filepath.Glob(glob)
	if err != nil {
		return nil, err
	}
	var examples []string
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		s := bufio.NewScanner(f)
		for s.Scan() {
			verb, text, ok := strings.Cut(strings.TrimSpace(s.Text()), " ")
			if !ok || !slices.Contains([]string{"match", "part", "refuse"}, strings.TrimSuffix(verb, "-quoted")) {
				continue
			}
			if strings.HasSuffix(verb, "-quoted") {
				if text, err = strconv.Unquote(text); err != nil {
					return nil, err
				}
			}
			examples = append(examples, text)
		}
		if err := s.Err(); err != nil {
			return nil, err
		}
		f.Close() //nolint:errcheck // it was only read
	}
	return examples, nil
}
