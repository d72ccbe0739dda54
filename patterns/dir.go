package patterns

import (
	"fmt"
	"os"
	"path/filepath"
)

// ReadDir adds the patterns of a file, or of the files of a folder whose names match glob, in the order of their
// names.
func (l *Library) ReadDir(path, glob string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	if !info.IsDir() {
		return l.readFile(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	for _, e := range entries {
		ok, err := filepath.Match(glob, e.Name())
		if err != nil {
			return fmt.Errorf("patterns_files_glob %q: %w", glob, err)
		}
		if !ok || e.IsDir() {
			continue
		}
		if err := l.readFile(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (l *Library) readFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if err := l.Read(f, name); err != nil {
		return fmt.Errorf("read patterns: %w", err)
	}
	return nil
}
