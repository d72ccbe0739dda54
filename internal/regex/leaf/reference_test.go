package leaf_test

import (
	"testing"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/reference"
	"sluice/internal/regex/syntax"
)

// ends returns the ends of n in s, and the one that backtracking takes first (None: there is none), as the reference has
// them. The leaves do not look ahead at what stands behind their ends.
func ends(t *testing.T, n *syntax.Node, s string) (all []int, first int) {
	t.Helper()
	begin, end := &syntax.Node{Op: syntax.TextStart}, &syntax.Node{Op: syntax.TextEnd}
	whole := &syntax.Tree{Root: &syntax.Node{Op: syntax.Seq, Subs: []*syntax.Node{begin, n, end}}}
	for e := range len(s) + 1 {
		switch _, r := reference.Match(whole, s[:e], referenceSteps); r {
		case reference.Matched:
			all = append(all, e)
		case reference.Unknown:
			t.Fatalf("%q: the reference took more than %d steps", s[:e], referenceSteps)
		}
	}
	prefix := &syntax.Tree{Root: &syntax.Node{Op: syntax.Seq, Subs: []*syntax.Node{begin, n}}}
	caps, r := reference.Match(prefix, s, referenceSteps)
	if r == reference.Matched {
		return all, int(caps[1])
	}
	return all, leaf.None
}

const referenceSteps = 1 << 22

// TestReference compares the functions with the reference matcher, on real texts.
func TestReference(t *testing.T) {
	set := [4]uint64{1<<' ' | 1<<':', 1 << (']' & 63), 1 << 60}
	f := leaf.NewFollow(set, true)
	for _, n := range natives(t) {
		for _, s := range samples {
			all, first := ends(t, n.Node, s)
			if n.Mode == leaf.First {
				if got := n.dfa.First(s, 0); got != first {
					t.Errorf("%s in %q: found the end %d, the reference says %d", n.Name, s, got, first)
				}
				continue
			}
			want := leaf.None
			for _, e := range all {
				if e < len(s) && set[s[e]>>6]>>(s[e]&63)&1 == 0 {
					continue
				}
				if want != leaf.None {
					want = leaf.Many
					break
				}
				want = e
			}
			if got := n.dfa.One(s, 0, f); got != want {
				t.Errorf("%s in %q: found %d, the reference says %d (ends %v)", n.Name, s, got, want, all)
			}
		}
	}
}
