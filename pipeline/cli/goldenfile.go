package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"sluice/pipeline/event"
	"sluice/pipeline/expect"
)

// Sections of a case file. docs/testing.md describes them.
const (
	sectionConfig   = "config"
	sectionPipeline = "pipeline"
	sectionInput    = "input"
	sectionNow      = "now"
	sectionFields   = "fields"
	sectionIn       = "in"
	sectionMessage  = "message"
	sectionEvents   = "events"
	sectionWant     = "want"
)

func sections() []string {
	return []string{
		sectionConfig, sectionPipeline, sectionInput, sectionNow, sectionFields,
		sectionIn, sectionMessage, sectionEvents, sectionWant,
	}
}

// goldenFile is a txtar file with one case.
type goldenFile struct {
	path     string
	text     []byte
	archive  *txtar.Archive
	config   string // a configuration of its own; "" for none
	pipeline string // the id of the pipeline; "" where there is only one
}

const caseExt = ".txtar"

// readCase reads a case file.
func readCase(path string) (*testCase, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read case: %w", err)
	}
	return parseCase(path, text)
}

// parseCase takes a case file apart.
func parseCase(path string, text []byte) (*testCase, error) {
	ar := txtar.Parse(text)
	g := &goldenFile{path: path, text: text, archive: ar}
	c := &testCase{place: path, mode: expect.Exact, golden: g}
	c.name, _, _ = strings.Cut(strings.TrimSpace(string(ar.Comment)), "\n")
	if c.name == "" {
		c.name = strings.TrimSuffix(filepath.Base(path), caseExt)
	}
	seen := map[string]bool{}
	for _, f := range ar.Files {
		if seen[f.Name] {
			return nil, fmt.Errorf("%s: section %q stands there twice", path, f.Name)
		}
		seen[f.Name] = true
		if err := c.section(f.Name, f.Data); err != nil {
			return nil, fmt.Errorf("%s: section %q: %w", path, f.Name, err)
		}
	}
	if n := count(seen[sectionIn], seen[sectionMessage], seen[sectionEvents]); n != 1 {
		return nil, fmt.Errorf("%s: found %d of the sections in, message and events, expected one", path, n)
	}
	if !seen[sectionWant] {
		return nil, fmt.Errorf("%s: found no section want; add an empty one and run with --update", path)
	}
	return c, nil
}

func count(list ...bool) (n int) {
	for _, x := range list {
		if x {
			n++
		}
	}
	return n
}

// section takes one section of the file.
func (c *testCase) section(name string, data []byte) (err error) {
	text := strings.TrimSpace(string(data))
	switch name {
	case sectionConfig:
		c.golden.config = string(data)
	case sectionPipeline:
		c.golden.pipeline = text
	case sectionInput:
		c.input = text
	case sectionNow:
		var ok bool
		if c.now, ok = event.ParseTime(text); !ok {
			err = fmt.Errorf("found %q, expected a time such as 2026-03-01T10:00:00Z", text)
		}
	case sectionFields:
		var v event.Value
		if v, err = event.ParseJSON([]byte(text)); err == nil && v.Map() == nil {
			err = fmt.Errorf("found a %s, expected a JSON object", v.Kind())
		}
		if err == nil {
			c.fields = *v.Map()
		}
	case sectionIn:
		c.lines = data
	case sectionMessage:
		c.message = bytes.TrimSuffix(data, []byte("\n")) // txtar adds one
	case sectionEvents:
		c.events, err = expect.ParseLines(string(data))
		c.events = slices.Clip(append([]event.Fields{}, c.events...))
	case sectionWant:
		c.want, err = expect.ParseLines(string(data))
		c.want = append([]event.Fields{}, c.want...) // never nil: an empty section expects no events
	default:
		err = didYouMean(errors.New("there is no such section"), name, sections())
	}
	return err
}

// update writes what came of the case into its file.
func (g *goldenFile) update(r testResult) error {
	g.setWant(r.events)
	info, err := os.Stat(g.path)
	if err != nil {
		return fmt.Errorf("update case: %w", err)
	}
	if err := os.WriteFile(g.path, txtar.Format(g.archive), info.Mode().Perm()); err != nil {
		return fmt.Errorf("update case: %w", err)
	}
	return nil
}

// setWant makes events what is wanted.
func (g *goldenFile) setWant(events []event.Fields) {
	var want []byte
	for _, f := range events {
		want = expect.AppendLine(want, f)
	}
	for i := range g.archive.Files {
		if g.archive.Files[i].Name == sectionWant {
			g.archive.Files[i].Data = want
		}
	}
}

// isCase reports whether a path is that of a case file.
func isCase(path string) bool { return filepath.Ext(path) == caseExt }

// caseFilesOf finds the case files that belong to a configuration file (those whose names begin with
// its name), or all those in a folder.
func caseFilesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("find cases: %w", err)
	}
	dir, base := filepath.Dir(path), ""
	if info.IsDir() {
		dir = path
	} else {
		base = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("find cases: %w", err)
	}
	var found []string
	for _, e := range entries {
		if isCase(e.Name()) && !e.IsDir() && (info.IsDir() || belongs(e.Name(), base)) {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}

// belongs reports whether a case file's name is base.txtar, or base, one of ".", "_" and "-", and more.
func belongs(name, base string) bool {
	rest, ok := strings.CutPrefix(name, base)
	return ok && rest != "" && strings.ContainsRune("._-", rune(rest[0]))
}

// configOf finds the configuration beside a case file that has none of its own: the one with the longest
// name that the file's name begins with.
func configOf(path string) (string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("find the configuration of a case: %w", err)
	}
	best := ""
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		base := strings.TrimSuffix(e.Name(), ext)
		if (ext == ".yaml" || ext == ".yml") && belongs(filepath.Base(path), base) && len(base) > len(best) {
			best = base
		}
	}
	if best == "" {
		return "", fmt.Errorf("%s: there is neither a section config nor a configuration beside it whose name it begins with", path)
	}
	for _, ext := range []string{".yaml", ".yml"} {
		name := filepath.Join(filepath.Dir(path), best+ext)
		if _, err := os.Stat(name); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("%s: its configuration %s is gone", path, best)
}
