package patterns

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/grok"
	"sluice/internal/regex"
)

// The files below testdata/cases say what each pattern matches. Those in the folder "both" hold for both sets. In each
// stand names at the begin of lines, and below a name, indented, its cases:
//
//	match TEXT    %{NAME}, searched without anchors, matches the whole text
//	part TEXT     it matches, and what it matches is the text behind
//	as TEXT       ... this
//	refuse TEXT   it does not match the whole text
//	fields JSON   after match or part: all that is captured, by field reference, numbers where a type makes them
//
// TEXT is the rest of the line; behind match-quoted, part-quoted, as-quoted and refuse-quoted it is a Go string literal.
// Lines that begin with "#" are comments.

// testCase is one case of a pattern.
type testCase struct {
	at     string // file and line
	name   string
	kind   string // "match", "part" or "refuse"
	text   string
	as     string         // what is matched
	fields map[string]any // nil where the case does not say
}

// sets names the folder of each set's cases.
var sets = map[string]bool{"legacy": false, "ecs": true}

// TestCases runs the case files of both sets, and requires two cases of either kind for each pattern.
func TestCases(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // half of the time otherwise: hundreds of programs stay
	compiled := map[string]*matcher{}                 // by expanded text: more than half of it is the same in both sets
	for set, ecs := range sets {
		t.Run(set, func(t *testing.T) {
			lib := NewLibrary(ecs)
			runs := map[string]*matcher{}
			yes, no := map[string]int{}, map[string]int{}
			for _, c := range readCases(t, set) {
				if c.kind == "refuse" {
					no[c.name]++
				} else {
					yes[c.name]++
				}
				m, ok := runs[c.name]
				if !ok {
					m = newMatcher(t, lib, c.name, compiled)
					runs[c.name] = m
				}
				if m != nil {
					m.check(t, c)
				}
			}
			for _, name := range lib.Names() {
				if yes[name] < 2 || no[name] < 2 && !matchesAll(lib, name) {
					t.Errorf("%s has %d cases that match and %d that do not; expected 2 or more of each", name, yes[name], no[name])
				}
			}
		})
	}
}

// matchesAll says that there is no text that a pattern does not match.
func matchesAll(lib *Library, name string) bool {
	text := lib.Definition(name).Text
	return text == ".*" || text == "%{GREEDYDATA}"
}

// matcher is a compiled pattern.
type matcher struct {
	m        *regex.Matcher
	captures []grok.Capture
}

// newMatcher returns the one of a name, from those that are compiled already if it can.
func newMatcher(t *testing.T, lib *Library, name string, compiled map[string]*matcher) *matcher {
	t.Helper()
	x, err := lib.Expand("%{"+name+"}", true)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	if m := compiled[x.Text]; m != nil {
		return m
	}
	p, err := regex.Compile(x.Text, regex.Options{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	captures, err := grok.Captures(p.Names())
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return nil
	}
	m := &matcher{p.NewMatcher(), captures}
	compiled[x.Text] = m
	return m
}

func (m *matcher) check(t *testing.T, c testCase) {
	t.Helper()
	caps, ok := m.m.Match(c.text)
	if m.m.Exhausted() {
		t.Errorf("%s: %s gives up on %q", c.at, c.name, c.text)
		return
	}
	whole := ok && int(caps[0]) == 0 && int(caps[1]) == len(c.text)
	switch {
	case c.kind == "refuse":
		if whole {
			t.Errorf("%s: %s matches %q", c.at, c.name, c.text)
		}
		return
	case !ok:
		t.Errorf("%s: %s does not match %q", c.at, c.name, c.text)
		return
	}
	if got := c.text[caps[0]:caps[1]]; got != c.as {
		t.Errorf("%s: of %q %s matches %q, want %q", c.at, c.text, c.name, got, c.as)
		return
	}
	if c.fields == nil {
		return
	}
	if got := m.fields(c.text, caps); !reflect.DeepEqual(got, c.fields) {
		t.Errorf("%s: %s captures of %q\n got  %v\n want %v", c.at, c.name, c.text, got, c.fields)
	}
}

// fields returns the captures that are not empty, as the grok filter puts them into an event that has none of
// the fields: a second text makes an array of the first, and is dropped where the first is a number.
func (m *matcher) fields(text string, caps []int32) map[string]any {
	got := map[string]any{}
	for _, c := range m.captures {
		from, to := caps[2*c.Group], caps[2*c.Group+1]
		if from == to {
			continue
		}
		v := any(text[from:to])
		if c.Type == "int" || c.Type == "float" {
			v = number(text[from:to], c.Type)
		}
		switch old := got[c.Field].(type) {
		case nil:
			got[c.Field] = v
		case string:
			got[c.Field] = []any{old, v}
		case []any:
			got[c.Field] = append(old, v)
		}
	}
	return got
}

// numbers are the begins of texts that Ruby's to_i and to_f understand, as far as the cases need them.
var numbers = map[string]*regexp.Regexp{
	"int":   regexp.MustCompile(`^\s*([+-]?[0-9]+)`),
	"float": regexp.MustCompile(`^\s*([+-]?[0-9]+(?:\.[0-9]+)?)`),
}

// number returns the number that a text begins with, or 0.
func number(text, typ string) float64 {
	m := numbers[typ].FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return n
}

// readCases reads the files of a set and those of both.
func readCases(t *testing.T, set string) []testCase {
	t.Helper()
	var list []testCase
	for _, dir := range []string{"both", set} {
		files, err := filepath.Glob(filepath.Join("testdata", "cases", dir, "*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			cases, err := readCaseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, cases...)
		}
	}
	return list
}

func readCaseFile(file string) ([]testCase, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	var list []testCase
	name := ""
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		line := s.Text()
		at := fmt.Sprintf("%s:%d", file, n)
		if line == "" || line[0] == '#' {
			continue
		}
		rest, indented := strings.CutPrefix(line, "  ")
		if !indented {
			name = line
			continue
		}
		kind, text, _ := strings.Cut(rest, " ")
		kind, quoted := strings.CutSuffix(kind, "-quoted")
		if quoted {
			if text, err = strconv.Unquote(text); err != nil {
				return nil, fmt.Errorf("%s: %w", at, err)
			}
		}
		if list, err = addCase(list, testCase{at: at, name: name, kind: kind, text: text, as: text}); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
	}
	return list, s.Err()
}

// addCase adds a case, or what a line says of the last one.
func addCase(list []testCase, c testCase) ([]testCase, error) {
	switch c.kind {
	case "match", "part", "refuse":
		return append(list, c), nil
	case "as", "fields":
	default:
		return nil, fmt.Errorf("found %q; expected match, part, as, refuse or fields", c.kind)
	}
	if len(list) == 0 || list[len(list)-1].name != c.name {
		return nil, fmt.Errorf("found %q before the pattern's first case", c.kind)
	}
	last := &list[len(list)-1]
	if c.kind == "as" {
		last.as = c.text
		return list, nil
	}
	return list, json.Unmarshal([]byte(c.text), &last.fields)
}

// ownCapture is a capture in a definition: of a reference, or a group with a name.
var ownCapture = regexp.MustCompile(`%\{[A-z0-9]+:([^}]+)\}|\(\?<([^=!>][^>]*)>`)

// TestNames compares names, fields and types with those that users know (more may be there).
func TestNames(t *testing.T) {
	for set, ecs := range sets {
		lib := NewLibrary(ecs)
		text, err := os.ReadFile(filepath.Join("testdata", "names-"+set+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			want := strings.Fields(line)
			if line[0] == '#' || len(want) == 0 {
				continue
			}
			def := lib.Definition(want[0])
			if def == nil {
				t.Errorf("%s: %s is missing", set, want[0])
				continue
			}
			got := []string{}
			for _, m := range ownCapture.FindAllStringSubmatch(def.Text, -1) {
				got = append(got, m[1]+m[2])
			}
			slices.Sort(got)
			got = slices.Compact(got)
			slices.Sort(want[1:])
			if !slices.Equal(got, want[1:]) {
				t.Errorf("%s: %s captures %q, want %q", set, want[0], got, want[1:])
			}
		}
	}
}

// TestDefinedOnce finds names that a set defines twice: the later definition would hide the earlier one.
func TestDefinedOnce(t *testing.T) {
	for set := range sets {
		at := map[string]string{}
		for _, glob := range []string{"*.grok", set + "/*.grok"} {
			names, err := filepath.Glob(glob)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range names {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(text)) {
					name, _, _ := strings.Cut(line, " ")
					if line[0] == '#' || line[0] == '\n' {
						continue
					}
					if other := at[name]; other != "" {
						t.Errorf("%s is defined in %s and in %s", name, other, file)
					}
					at[name] = file
				}
			}
		}
	}
}
