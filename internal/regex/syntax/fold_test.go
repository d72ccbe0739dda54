package syntax_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"sluice/internal/regex/syntax"
)

// What Go takes for the same letter has the same folded form, and folding once is enough.
func TestFold(t *testing.T) {
	for r := range rune(0x1F000) { // no letter with cases is higher
		if !utf8.ValidRune(r) {
			continue
		}
		folded := syntax.Fold(r)
		if next := unicode.SimpleFold(r); syntax.Fold(next) != folded {
			t.Fatalf("%q folds to %q, and %q to %q", r, folded, next, syntax.Fold(next))
		}
		if n := utf8.RuneCountInString(folded); n > 3 || n == 0 {
			t.Fatalf("%q folds to %q", r, folded)
		}
		for _, x := range folded {
			if again := syntax.Fold(x); again != string(x) {
				t.Fatalf("%q folds to %q, of which %q folds to %q", r, folded, x, again)
			}
		}
	}
}

func TestMatchFold(t *testing.T) {
	f := func(text, s string, want int) {
		t.Helper()
		if got := syntax.MatchFold(text, s); got != want {
			t.Errorf("MatchFold(%q, %q): found %d, expected %d", text, s, got, want)
		}
	}
	f("", "abc", 0)
	f("aB", "Abc", 2)
	f("k", "\u212a", 3)
	f("\u212a", "kxx", 1)
	f("\u212a", "k", -1) // fewer bytes than the text
	f("ß", "ẞ", 3)
	f("ß", "ss", -1) // character by character
	f("a", "b", -1)
	f("a\xff", "A\xff!", 2)
	f("\xff", "\xfe", -1)
	f("\xff", "\ufffd", -1)
	f("\ufffd", "\xff\xff\xff", -1)
	f("\xff", "\xff", 1)
}

// A class has its members, and says rightly what it is above ASCII.
func TestClass(t *testing.T) {
	f := func(expr, members, others string, all, none bool) {
		t.Helper()
		tree, err := syntax.Parse(expr, syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := tree.Root.Class
		for _, r := range members {
			if !c.Has(r) {
				t.Errorf("%s: %q is missing", expr, r)
			}
		}
		for _, r := range others {
			if c.Has(r) {
				t.Errorf("%s: has %q", expr, r)
			}
		}
		if a, n := c.High(); a != all || n != none {
			t.Errorf("%s: found %v, %v above ASCII, expected %v, %v", expr, a, n, all, none)
		}
		set := c.ASCII()
		for r := range rune(128) {
			if in := set[r>>6]>>(r&63)&1 == 1; in != c.Has(r) {
				t.Errorf("%s: %q is %v in the set of ASCII", expr, r, in)
			}
		}
	}
	f(".", "a\nz\x00é", "", true, false)
	f("[^a]", "bé\n", "a", true, false)
	f(`\w`, "aZ_0", "é-", false, true)
	f("[a-cé]", "abcé", "dè", false, false)
	f("[^é]", "aè", "é", false, false)
	f("[[:alpha:]]", "aéБ", "1_", false, false)
	f(`\S`, "aé", " \t\n", true, false)
}

func TestLength(t *testing.T) {
	f := func(expr string, want syntax.Length) {
		t.Helper()
		tree, err := syntax.Parse(expr, syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := syntax.NewMeasure(tree).Of(tree.Root); got != want {
			t.Errorf("%s: found %+v, expected %+v", expr, got, want)
		}
	}
	no := syntax.NoLimit
	f("", syntax.Length{})
	f("abc", syntax.Length{3, 3, 3, 3})
	f("é", syntax.Length{1, 1, 2, 2})
	f("[aé日]", syntax.Length{1, 1, 1, 3})
	f("[é日]", syntax.Length{1, 1, 2, 3})
	f(".", syntax.Length{1, 1, 1, 4})
	f("[^é]", syntax.Length{1, 1, 1, 4})
	f("a|bcd|", syntax.Length{0, 3, 0, 3})
	f("a*", syntax.Length{0, no, 0, no})
	f("(ab?){2,3}", syntax.Length{2, 6, 2, 6})
	f("(?:){1,}", syntax.Length{})
	f("(?=abc)^$", syntax.Length{})
	f("(?>a|bc)", syntax.Length{1, 2, 1, 2})
	f(`(é)\1`, syntax.Length{2, 2, 4, 4})
	f(`(?i)(é)\1`, syntax.Length{2, 2, 3, 6})
	f(`(?<x>a)(?<x>bb)\k<x>`, syntax.Length{4, 5, 4, 5})
	f(`(a)\k<1+0>`, syntax.Length{2, 2, 2, 2})
	f(`(?<x>a)(?<x>bb)\k<x+0>`, syntax.Length{3, no, 3, no})
	f(`(a\1?)`, syntax.Length{1, no, 1, no})
	f("(?~a)", syntax.Length{0, no, 0, no})
	f(`(ab)\g<1>`, syntax.Length{4, 4, 4, 4})
	f(`(a)?(?(1)bb|ccc)`, syntax.Length{2, 4, 2, 4})
	f(`(a\g<1>?b)`, syntax.Length{2, no, 2, no})
	f("(?:a{100000}){100000}", syntax.Length{1 << 30, no, 1 << 30, no})
	f("(?i)ss", syntax.Length{1, 2, 2, 4})
}

// A copy shares nothing that is written to.
func TestClone(t *testing.T) {
	tree, err := syntax.Parse(`(?<x>a[b-d]+)\k<x>(?(<x>)e|f)`, syntax.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := tree.String()
	c := tree.Clone()
	if c.String() != want {
		t.Errorf("found\n%s, expected\n%s", c, want)
	}
	syntax.Walk(c.Root, func(n *syntax.Node) bool {
		n.Text, n.Index = strings.ToUpper(n.Text), 0
		for i := range n.Refs {
			n.Refs[i] = 7
		}
		return true
	})
	c.Names[0] = "y"
	if tree.String() != want {
		t.Errorf("found\n%s, expected\n%s", tree, want)
	}
}
