package syntax_test

import (
	"testing"

	"sluice/internal/regex/syntax"
)

// What \b takes for a word character is what \w is where (?u) holds; in brackets the numbers of Latin-1 are none.
func TestWord(t *testing.T) {
	classOf := func(expr string) *syntax.Class {
		tree, err := syntax.Parse(expr, syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return tree.Root.Class
	}
	outside, inside := classOf(`(?u:\w)`), classOf(`(?u:[\w])`)
	var numbers []rune
	for r := rune(0); r <= syntax.MaxRune; r++ {
		word := syntax.IsWord(r)
		if outside.Has(r) != word {
			t.Errorf("(?u:\\w) has %U: %v, expected as IsWord", r, !word)
		}
		if inside.Has(r) != word {
			numbers = append(numbers, r)
		}
	}
	if string(numbers) != "²³¹¼½¾" {
		t.Errorf("found %q to be otherwise in brackets, expected ²³¹¼½¾", string(numbers))
	}
}
