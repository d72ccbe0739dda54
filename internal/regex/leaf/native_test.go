package leaf_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sluice/internal/regex/leaf"
)

// native is a function with its twins.
type native struct {
	leaf.Source
	dfa   *leaf.DFA
	table *leaf.Walk
}

func natives(t *testing.T) []native {
	t.Helper()
	var c leaf.Cache
	var list []native
	for _, src := range sources(t) {
		d, ok := c.Build(src.Node, src.Mode)
		if !ok || !d.Native() {
			t.Fatalf("%s: found no function; run go generate ./internal/regex/leaf", src.Name)
		}
		table, _ := leaf.NewWalk(src.Node, src.Mode)
		list = append(list, native{src, d, table})
	}
	return list
}

// check compares the answers for s[i:] of the function and of the table, and, if naive, of the naive matcher.
func (n *native) check(t *testing.T, s string, i int, f *leaf.Follow, naive bool) {
	t.Helper()
	var got, want, truth int
	if n.Mode == leaf.Ends {
		got, want = n.dfa.One(s, i, f), n.table.One(s, i, f)
	} else {
		got, want = n.dfa.First(s, i), n.table.First(s, i)
	}
	if got != want {
		t.Fatalf("%s from %d of %q: found %d, the table says %d", n.Name, i, s, got, want)
	}
	if !naive || got == leaf.Many {
		return
	}
	if n.Mode == leaf.Ends {
		truth = leaf.NaiveOne(n.Node, s, i, f)
	} else {
		truth = leaf.NaiveFirst(n.Node, s, i)
	}
	if got != truth {
		t.Fatalf("%s from %d of %q: found %d, expected %d", n.Name, i, s, got, truth)
	}
}

// follows are a blank, a bracket or the end, everything, digits and marks.
func follows() []*leaf.Follow {
	set := func(text string) (set [4]uint64) {
		for _, b := range []byte(text) {
			set[b>>6] |= 1 << (b & 63)
		}
		return set
	}
	all := ^uint64(0)
	return []*leaf.Follow{
		leaf.NewFollow(set(" "), false), leaf.NewFollow(set("]\" "), true), leaf.NewFollow([4]uint64{all, all, all, all}, true),
		leaf.NewFollow(set("0123456789"), false), leaf.NewFollow(set(".:"), true), leaf.NewFollow([4]uint64{0, 0, all, all}, true),
	}
}

// TestNativeShort tries all short texts of an alphabet in which each class of bytes has a letter.
func TestNativeShort(t *testing.T) {
	const most = 6000
	for _, n := range natives(t) {
		letters := n.table.Alphabet()
		texts, length := 1, 0
		for texts*len(letters) <= most {
			texts, length = texts*len(letters), length+1
		}
		buf := make([]byte, length)
		for _, f := range follows() {
			for number := range texts {
				k := number
				for i := range buf {
					buf[i] = letters[k%len(letters)]
					k /= len(letters)
				}
				n.check(t, string(buf), 0, f, number%16 == 0)
			}
		}
	}
}

// TestNativeNear tries texts on which the automata go far, and all that differ from one of those in a byte.
func TestNativeNear(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range natives(t) {
		letters := n.table.Alphabet()
		for range 25 {
			text := "x" + n.table.Text(r, 60) + []string{"", " ", "]", "\" and more", "\xff", ": 1", "0"}[r.IntN(7)]
			f := follows()[r.IntN(6)]
			n.check(t, text, 1, f, true)
			for i := 1; i < len(text); i++ {
				n.check(t, text[:i], 1, f, len(text) < 40)
				some := []byte(text)
				for k := i; k < min(len(text), i+2+r.IntN(3)); k++ {
					some[k] = letters[r.IntN(len(letters))]
				}
				n.check(t, string(some), 1, f, false)
				for k := i; k < min(len(text), i+3); k++ {
					some[k] = 0
				}
				n.check(t, string(some), 1, f, false)
				for _, b := range letters {
					changed := []byte(text)
					changed[i] = b
					n.check(t, string(changed), 1, f, len(text) < 30 && b == letters[0])
				}
			}
		}
	}
}

// samples are real texts for the leaves.
var samples = []string{
	"192.168.0.1 - -", "255.255.255.255:80", "1.2.3.4.5 x", "256.1.1.1 x", "001.02.3.4]", "2001:db8::1 x", "::ffff:10.0.0.1 x", "fe80::1%eth0 x", "::",
	"www.example.com. x", "web-01 x", "12/Mar/2026:01:02:03 +0100]", "1/Jan/99:1:02:60,5 -1]", "Mar  1 01:02:03 host", "Oct 11 22:14:15.003 x", "mär 1 1:01:01 x",
	"2026-11-28T21:20:00.123Z x", "2026-1-1 1:01 x", "2026-11-28 21:20:00,123+01:00 [", "INFO x", "Warning:", "emerg]", "INFORMATION", "INFOx", "ERRORx", "user@example.com x", "frank x", "UTC x",
	"org.example.Main$1 - x", "/usr/bin/../é x", "-12.50 x", "+.5", "12.", "12:13:14 x", "12.12.1.12 12",
	"Sat", "Mar 01 2026 01:02:03: x", "Teardown x", "Sat Nov 28 21:20:00.123456 2026]", "2026/11/28 01:02:03 [", "28-Nov-2026 01:02:03.123 INFO", "00:1a:2B:3c:4d:5e x",
	"12/\x00\x00\x00/2026:01:02:03 +0100]", "\x00\x00\x00 12 01:02:03 x", "12/Okt/26:01:02:03 +0100]", "Mr  1 01:02:03 host",
}

// TestNativeSamples tries real texts from each place.
func TestNativeSamples(t *testing.T) {
	for _, n := range natives(t) {
		for _, s := range samples {
			for i := range s {
				for _, f := range follows() {
					n.check(t, s, i, f, true)
				}
			}
		}
	}
}

// FuzzNative compares the functions with the tables.
func FuzzNative(f *testing.F) {
	for i, s := range samples {
		f.Add(s, i, i)
	}
	var list []native
	f.Fuzz(func(t *testing.T, s string, which, follow int) {
		if list == nil {
			list = natives(t)
		}
		n := &list[uint(which)%uint(len(list))]
		n.check(t, s, 0, follows()[uint(follow)%6], len(s) < 40)
		if k := strings.IndexByte(s, ' '); k >= 0 {
			n.check(t, s, k+1, follows()[uint(follow)%6], false)
		}
	})
}

// TestHashIsCanonical sees that other words for the same thing find the same automaton.
func TestHashIsCanonical(t *testing.T) {
	var c leaf.Cache
	for _, same := range [][]string{
		{`[0-9]+(?:\.[0-9]+)?`, `(?:[0-9]|[0-9][0-9]*[0-9])(?:|[.][0-9]*[0-9])`, `\d\d*(?:\.\d{1,})?`},
		{`(?:a|b|ab)c`, `(?:ab?|b)c`, `[ab]c|abc`},
		{`(?:é|è)x`, `[èé]x`, `(?>[è-é])x`},
	} {
		var hashes []string
		for _, expr := range same {
			d, ok := c.Build(parse(t, expr), leaf.Ends)
			if !ok {
				t.Fatalf("%s: found no automaton", expr)
			}
			hashes = append(hashes, d.Hash())
		}
		if len(slices.Compact(hashes)) != 1 {
			t.Errorf("%q: found the hashes %v, expected one", same, hashes)
		}
	}
}

// TestLarge sees that what would take long is refused, or not needed to be, soon: the test has no other limit than its own
// deadline.
func TestLarge(t *testing.T) {
	nested := "a|b"
	for range 200 {
		nested = "(?>" + nested + "|c)"
	}
	for _, expr := range []string{
		nested, "(?:(?:(?:(?:a?){0,99}){0,99}){0,99}){0,99}", "(?:(?:(?:a{99}){99}){99}){99}", "[ab]*a[ab]{300}x", "(?:[a-c]|[b-d]|[c-e]|[x-z]){300,900}y",
		"(?:(?:(?:){999}){999}){999}x", `(?:[[:alpha:]]{1,99}\p{L}{2,99}){20}`,
	} {
		n := parse(t, expr)
		for _, mode := range []leaf.Mode{leaf.Ends, leaf.First} {
			var c leaf.Cache
			if d, ok := c.Build(n, mode); ok && d.States() > 2000 {
				t.Errorf("%.60s: found %d states, expected no more than 2000", expr, d.States())
			}
		}
	}
}

// TestAllocations sees that functions and tables allocate nothing.
func TestAllocations(t *testing.T) {
	f := follows()[0]
	for _, n := range natives(t) {
		allocs := testing.AllocsPerRun(10, func() {
			for _, s := range samples {
				if n.Mode == leaf.Ends {
					n.dfa.One(s, 0, f)
				} else {
					n.dfa.First(s, 0)
				}
				n.table.Run(s, f)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: found %v allocations, expected none", n.Name, allocs)
		}
	}
}
