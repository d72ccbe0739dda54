// Package patterns holds the named patterns that are built into the programs, for expressions of package
// sluice/internal/grok.
//
// The definitions are this project's own, written from the descriptions of the formats.
package patterns

import (
	"bytes"
	"embed"
	"io/fs"

	"sluice/internal/grok"
)

//go:embed *.grok legacy/*.grok ecs/*.grok
var files embed.FS

// Library is a set of named patterns.
type Library = grok.Library

// NewLibrary returns the built-in patterns: with the classic names of fields (clientip), or with those of the
// Elastic Common Schema ([source][address]). It is the caller's own: he may add to it.
func NewLibrary(ecs bool) *Library {
	set := "legacy/*.grok"
	if ecs {
		set = "ecs/*.grok"
	}
	l := grok.NewLibrary()
	for _, glob := range []string{"*.grok", set} {
		if err := readEmbedded(l, glob); err != nil {
			panic("BUG: " + err.Error())
		}
	}
	l.MarkBuiltIn()
	return l
}

func readEmbedded(l *Library, glob string) error {
	names, err := fs.Glob(files, glob)
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := l.Read(bytes.NewReader(text), name); err != nil {
			return err
		}
	}
	return nil
}
