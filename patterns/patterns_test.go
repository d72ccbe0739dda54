package patterns

import "testing"

// TestSets expands every pattern of both sets, so that each reference in them leads to a pattern.
func TestSets(t *testing.T) {
	for _, ecs := range []bool{false, true} {
		lib := NewLibrary(ecs)
		for _, name := range lib.Names() {
			if _, err := lib.Expand("%{"+name+"}", true); err != nil {
				t.Errorf("ecs %v: %v", ecs, err)
			}
		}
	}
}

func TestLibrariesAreApart(t *testing.T) {
	a, b := NewLibrary(false), NewLibrary(false)
	if err := a.Define("INT", "changed"); err != nil {
		t.Fatal(err)
	}
	if b.Definition("INT").Text == "changed" {
		t.Error("a change of one library shows in another")
	}
}
