package grok

import (
	"fmt"
	"slices"
	"testing"
)

func TestCaptures(t *testing.T) {
	f := func(names []string, want ...string) {
		t.Helper()
		list, err := Captures(names)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			got = append(got, fmt.Sprintf("%d %s %s", c.Group, c.Field, c.Type))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
	f(nil)
	f([]string{"", "INT:n:int", "a", "[a][b]", "INT:x:float:y", "INT", "X:y:"}, "2 n int", "3 a ", "4 [a][b] ", "5 x float", "6 INT ", "7 y ")
	f([]string{"WORD:a", "INT:a:int", "WORD:a", "INT:a:int"}, "1 a ", "3 a ", "2 a int", "4 a ") // by name, then by number; one conversion
	for _, name := range []string{"INT::int", ":", "::int"} {
		if list, err := Captures([]string{name}); err == nil {
			t.Errorf("%q: %v, want an error", name, list)
		}
	}
}
