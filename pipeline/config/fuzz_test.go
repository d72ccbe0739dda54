package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sluice/pipeline/event"
)

// FuzzLoad: nothing panics, every problem has a place within the file, and a result comes exactly when
// nothing is wrong.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*.bad.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	set, _ := fakes(f)
	f.Fuzz(func(t *testing.T, text string) {
		loaded, problems := Load(Options{Set: set, Paths: []string{"x"}, Texts: map[string]string{"x": text}, LookupEnv: lookup})
		if (loaded == nil) != Failed(problems) {
			t.Errorf("result is nil: %v, problems: %v", loaded == nil, problems)
		}
		lines := lineBreak.Split(text, -1)
		for _, p := range problems {
			if p.File != "x" || p.Line < 1 || p.Line > len(lines)+1 || p.Col < 1 || p.Text == "" {
				t.Errorf("%d lines: problem without a place: %+v", len(lines), p)
			}
		}
		Render(&bytes.Buffer{}, problems, true)
	})
}

// FuzzCondition: the parser never panics, errors lie within the text, and what it compiles can be evaluated
// without a panic, twice with the same result.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		`[a]`, `![a] and [b]`, `[a] == "x"`, `[a] in ["x", 1, word] or !([b] =~ /^x\/$/)`, `"x" not in [l]`, `[a] < 5 nand [b] >= -1.5`,
		`([a] xor [b]) # comment`, `[l][0] == "x"`, `[a] =~ "(?m)[[:alpha:]\h]\Z"`, `[@metadata][x] != [@timestamp]`, `1 < 2.5`, `[a] <= [b]`,
	} {
		f.Add(s)
	}
	events := []*event.Event{
		{}, testEvent(map[string]any{"a": "x", "b": true, "l": []any{"x", nil}}), testEvent(map[string]any{"a": nil, "b": map[string]any{"x": "y"}}),
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, warnings, err := parseCondition(s)
		if (c == nil) != (err != nil) {
			t.Fatalf("%q: condition %v, error %v", s, c, err)
		}
		if err != nil {
			if err.off < 0 || err.off > len(s) || err.text == "" {
				t.Errorf("%q: error at %d: %q", s, err.off, err.text)
			}
			return
		}
		for _, w := range warnings {
			if w.off < 0 || w.off > len(s) {
				t.Errorf("%q: warning at %d", s, w.off)
			}
		}
		for _, e := range events {
			one, err1 := c.Eval(e)
			two, err2 := c.Eval(e)
			if one != two || (err1 == nil) != (err2 == nil) || one && err1 != nil {
				t.Errorf("%q: %v, %v and then %v, %v", s, one, err1, two, err2)
			}
		}
	})
}
