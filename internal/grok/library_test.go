package grok

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	lib := NewLibrary()
	if err := lib.Read(strings.NewReader("\ufeff  # c\n A  x y\r\n\tB\t %{A}\nA z\n[_^ q\n"), "mine"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"A": "z", "B": "%{A}", "[_^": "q"} {
		if d := lib.Definition(name); d == nil || d.Text != want {
			t.Errorf("%s is %+v; want %q", name, d, want)
		}
	}
	if got := strings.Join(lib.Names(), " "); got != "A B [_^" {
		t.Error(got)
	}
	if d := lib.Definition("B"); d.Origin() != "mine:3" || d.Column != 5 {
		t.Errorf("%+v", d)
	}
	bad := func(text, want string) {
		t.Helper()
		err := NewLibrary().Read(strings.NewReader(text), "mine")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q): %v, want %q", text, err, want)
		}
	}
	bad("A x\nNAME\n", `mine:2: found "NAME"; expected a pattern's name`)
	bad("NAME  \n", `mine:1: found "NAME  "`)
	bad("NA%ME x\n", `mine:1: pattern name "NA%ME": found '%'`)
	bad("A-B x\n", `found '-', at which a reference to it would end`)
	bad("A x \n", "found white space at the end of the definition")
	bad(strings.Repeat("x", maxDefinition+10), "too long")
}

func TestDefine(t *testing.T) {
	lib := NewLibrary()
	if err := lib.Define("", "x"); err == nil {
		t.Error("an empty name was taken")
	}
	if err := lib.Define("A", "x\n"); err == nil {
		t.Error("a newline at the end was taken")
	}
	if err := lib.Define("A", ""); err != nil {
		t.Error(err)
	}
	if lib.Definition("B") != nil {
		t.Error("a name that is not there was found")
	}
}
