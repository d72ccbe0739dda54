package syntax_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// FuzzParse sees that whatever is read makes a tree as it is documented, or an error that stands in the expression; and that
// what is written from the tree has the same tree.
func FuzzParse(f *testing.F) {
	for _, expr := range []string{
		"a|b*", "(?<x>a)\\k<x>", "[a-z&&[^b]]", "(?i)straße", "\\p{L}", "(?<=a|bc)", "a{2,3}?", "(?(1)a|b)(c)", "\\u{41 42}",
		"(?~a)\\X\\R", "[[:alpha:]]", "\\c\\", "\\M-\\C-a", "(?x) # a\n b", "(?", "[", "\\g<0>?",
	} {
		f.Add(expr, byte(0))
	}
	f.Fuzz(func(t *testing.T, expr string, options byte) {
		o := syntax.Options{IgnoreCase: options&1 != 0, Extended: options&2 != 0, NoDotNewline: options&4 != 0}
		tree, err := syntax.Parse(expr, o)
		if err != nil {
			checkError(t, expr, err)
			return
		}
		checkTree(t, tree)
		if o == (syntax.Options{}) && len(expr) < 1000 {
			checkRender(t, expr)
		}
	})
}

// FuzzGrammar is FuzzParse with expressions of which most are valid.
func FuzzGrammar(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		expr := regextest.FromBytes(data, regextest.Options{}).Expr
		tree, err := syntax.Parse(expr, syntax.Options{})
		if err != nil {
			checkError(t, expr, err)
			return
		}
		checkTree(t, tree)
		checkRender(t, expr)
	})
}

func checkError(t *testing.T, expr string, err error) {
	t.Helper()
	var e *syntax.Error
	if !errors.As(err, &e) {
		t.Fatalf("%q: found error %v, expected one of the package's", expr, err)
	}
	if e.Expr != expr || e.Pos < 0 || e.Pos > e.End || e.End > len(expr) || e.Msg == "" {
		t.Fatalf("%q: found error %+v, expected a part of the expression", expr, e)
	}
	if strings.ContainsAny(err.Error(), "\n") {
		t.Fatalf("%q: found error %q, expected one line", expr, err)
	}
	if lines := strings.Split(e.Caret(), "\n"); len(lines) != 2 || !strings.Contains(lines[1], "^") {
		t.Fatalf("%q: found %q, expected a line and one with carets", expr, e.Caret())
	}
}

// checkTree sees that a tree is as its documentation says.
func checkTree(t *testing.T, tree *syntax.Tree) {
	t.Helper()
	seen := map[*syntax.Node]bool{}
	groups := map[int]bool{}
	syntax.Walk(tree.Root, func(n *syntax.Node) bool {
		if seen[n] {
			t.Fatalf("%q: a node has two parents: %v", tree.Expr, n.Op)
		}
		seen[n] = true
		if n.Op == syntax.Capture {
			groups[n.Index] = true
		}
		if problem := nodeProblem(tree, n); problem != "" {
			t.Fatalf("%q: %s of %v at %d to %d", tree.Expr, problem, n.Op, n.Pos, n.End)
		}
		return true
	})
	if len(groups) != len(tree.Names) {
		t.Fatalf("%q: found %d groups, expected %d", tree.Expr, len(groups), len(tree.Names))
	}
	m := syntax.NewMeasure(tree)
	l := m.Of(tree.Root)
	if l.MinChars > l.MinBytes || l.MaxChars > l.MaxBytes && l.MaxBytes != syntax.NoLimit || l.MinChars < 0 {
		t.Fatalf("%q: found lengths %+v", tree.Expr, l)
	}
}

// nodeProblem says what is wrong with a node, "" if nothing is.
func nodeProblem(tree *syntax.Tree, n *syntax.Node) string {
	subs := map[syntax.Op]int{syntax.Repeat: 1, syntax.Capture: 1, syntax.Atomic: 1, syntax.Look: 1, syntax.Absent: 1, syntax.Condition: 2}
	want := subs[n.Op]
	if n.Op == syntax.Seq || n.Op == syntax.Alt {
		want = max(len(n.Subs), 2)
	}
	switch {
	case len(n.Subs) != want:
		return "operands"
	case n.Pos < 0 || n.End < n.Pos || n.End > len(tree.Expr):
		return "place"
	case (n.Op == syntax.Literal) != (n.Text != "") || !utf8.ValidString(n.Text):
		return "text"
	case (n.Op == syntax.OneOf) != (n.Class != nil):
		return "class"
	case n.Op == syntax.Repeat && (n.Min < 0 || n.Max >= 0 && n.Max < n.Min):
		return "bounds"
	case (n.Op == syntax.Backref || n.Op == syntax.Condition) != (len(n.Refs) > 0):
		return "references"
	case n.Index > len(tree.Names):
		return "index"
	}
	for _, ref := range n.Refs {
		if ref < 1 || ref > len(tree.Names) {
			return "reference"
		}
	}
	if n.Class != nil {
		return classProblem(n.Class)
	}
	return ""
}

func classProblem(c *syntax.Class) string {
	last := rune(-2)
	for _, r := range c.Ranges {
		if r.Lo <= last+1 || r.Hi < r.Lo || r.Hi > syntax.MaxRune {
			return "ranges"
		}
		last = r.Hi
	}
	if len(c.Ranges) == 0 && !c.Invalid {
		return "emptiness"
	}
	return ""
}
