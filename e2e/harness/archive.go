package harness

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ArchivedIDs reads every file of an archive and returns how often each identity (Doc.Identity) is in it. Files set
// aside because their end was torn are read as far as they go.
func ArchivedIDs(dir string) (ids map[string]int, files int, err error) {
	ids = map[string]int{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(path, ".gz") {
			if b, err = gunzip(b); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		return addIDs(ids, path, b)
	})
	return ids, files, err
}

// gunzip inflates as many whole members as there are.
func gunzip(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return text[:bytes.LastIndexByte(text, '\n')+1], nil
	}
	return text, err
}

// maxLine is the longest line of an archive.
const maxLine = 16 << 20

func addIDs(ids map[string]int, path string, b []byte) error {
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, maxLine)
	for n := 1; s.Scan(); n++ {
		var doc Doc
		d := json.NewDecoder(bytes.NewReader(s.Bytes()))
		d.UseNumber()
		if err := d.Decode(&doc.Source); err != nil {
			return fmt.Errorf("%s:%d: found %.128q: %w", path, n, s.Bytes(), err)
		}
		ids[doc.Identity()]++
	}
	return s.Err()
}
