package grok

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/patterns"
)

// sampleTexts returns texts from the cases of the built-in patterns: whatever stands in them is a text, too.
func sampleTexts(t *testing.T, most int) []string {
	t.Helper()
	files, err := filepath.Glob("../../../patterns/testdata/cases/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	var all []string
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			text := strings.TrimSpace(s.Text())
			if text != "" && strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) < 0 {
				all = append(all, text)
			}
		}
		_ = f.Close()
	}
	var some []string
	for i := 0; i < len(all); i += max(1, len(all)/most) {
		some = append(some, all[i])
	}
	return some
}

// TestEnginesAgree runs each built-in pattern that engine re2 can express, too, on both engines.
func TestEnginesAgree(t *testing.T) {
	texts := append(sampleTexts(t, 60), apacheLine, nginxLine, syslogLine, "", "12 ab -7.5 10.0.0.1", "a\nb 1")
	both, hits := 0, 0
	for _, ecs := range []bool{false, true} {
		lib := patterns.NewLibrary(ecs)
		for _, name := range lib.Names() {
			x, err := lib.Expand("%{"+name+"}", true)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := re2{}.compile(x)
			if err != nil || theirs.(*re2Program).plain {
				continue
			}
			ours, err := sluice{}.compile(x)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			both++
			hits += compareEngines(t, name, ours, theirs, texts)
		}
	}
	if both < 100 || hits < 500 {
		t.Errorf("only %d patterns with %d matches were compared", both, hits)
	}
}

func compareEngines(t *testing.T, name string, ours, theirs program, texts []string) (hits int) {
	t.Helper()
	a, b := ours.newMatcher(), theirs.newMatcher()
	for _, text := range texts {
		x, y := a.match(text), b.match(text)
		if x != y {
			t.Errorf("%s on %q: sluice says %v, re2 %v", name, text, x, y)
			continue
		}
		if x != yes {
			continue
		}
		hits++
		for _, c := range ours.captures() {
			s, _ := a.capture(c.Group)
			if r, _ := b.capture(c.Group); s != r {
				t.Errorf("%s on %q: %s is %q, with re2 %q", name, text, c.Name, s, r)
			}
		}
	}
	return hits
}
