package leaf

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestReach changes what an automaton says that it does not look at.
func TestReach(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	near, bounded := 0, 0
	for range 3000 {
		var c Cache
		d, ok := c.Build(tree(r, 3), First)
		if !ok {
			continue
		}
		for range 10 {
			s := strings.Repeat(text(r), 1+r.IntN(40))
			end := d.First(s, 0)
			seen := d.Reach()
			switch {
			case seen >= 0:
				bounded++
			case end >= 0 && !d.Far():
				near++
				seen = end + d.States() + 1
			default:
				continue
			}
			if seen >= len(s) {
				continue
			}
			if other := s[:seen] + strings.Repeat(text(r), 3); d.First(other, 0) != end {
				t.Fatalf("%q ends at %d, %q at %d, behind at most %d bytes", s, end, other, d.First(other, 0), seen)
			}
		}
	}
	if near < 100 || bounded < 100 {
		t.Errorf("only %d and %d answers were tried", near, bounded)
	}
}
