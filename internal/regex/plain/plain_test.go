package plain

import (
	"fmt"
	"testing"

	"sluice/internal/regex/syntax"
)

func lit(s string) *syntax.Node { return &syntax.Node{Op: syntax.Literal, Text: s} }
func set(lo, hi rune) *syntax.Node {
	return &syntax.Node{Op: syntax.OneOf, Class: &syntax.Class{Ranges: []syntax.Range{{Lo: lo, Hi: hi}}}}
}
func op1(o syntax.Op, subs ...*syntax.Node) *syntax.Node { return &syntax.Node{Op: o, Subs: subs} }
func seq(subs ...*syntax.Node) *syntax.Node               { return op1(syntax.Seq, subs...) }
func alt(subs ...*syntax.Node) *syntax.Node               { return op1(syntax.Alt, subs...) }
func rep(min, max int, sub *syntax.Node) *syntax.Node {
	return &syntax.Node{Op: syntax.Repeat, Min: min, Max: max, Subs: []*syntax.Node{sub}}
}
func group(i int, sub *syntax.Node) *syntax.Node {
	return &syntax.Node{Op: syntax.Capture, Index: i, Subs: []*syntax.Node{sub}}
}

func TestHand(t *testing.T) {
	f := func(root *syntax.Node, groups int, s, want string) {
		t.Helper()
		p, err := Compile(&syntax.Tree{Root: root, Names: make([]string, groups)})
		if err != nil {
			t.Fatal(err)
		}
		m := NewMachine(p)
		caps := make([]int32, 2*(groups+1))
		got := "no"
		if m.Match(s, 0, caps) == Matched {
			got = fmt.Sprint(caps)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s\n%s", s, got, want, p)
		}
	}
	f(rep(0, -1, alt(op1(syntax.Empty), lit("a"))), 0, "aab", "[0 0]")
	f(seq(rep(0, -1, alt(group(1, op1(syntax.Empty)), lit("a"))), lit("b")), 1, "ab", "[0 2 0 0]")
	f(seq(rep(0, -1, alt(group(1, lit("a")), group(2, op1(syntax.Empty)))), lit("b")), 2, "aab", "[0 3 1 2 2 2]")
	f(seq(rep(0, -1, alt(group(1, rep(0, -1, lit("a"))), lit("b"))), lit("c")), 1, "abac", "[0 4 3 3]")
	f(seq(op1(syntax.Atomic, rep(2, -1, alt(group(1, op1(syntax.Empty)), lit("a")))), lit("c")), 1, "aac", "[2 3 2 2]")
	f(seq(rep(3, 5000, rep(0, 1, set('a', 'b'))), lit("c")), 0, "xababc", "[1 6]")
	f(seq(op1(syntax.Look, seq(rep(0, -1, set('a', 'z')), lit("1"))), rep(0, -1, set('a', 'c')), lit("d")), 0, "abcabcdef1", "[0 7]")
	f(seq(op1(syntax.Absent, lit("abc"))), 0, "zzabczz", "[0 4]")
}
