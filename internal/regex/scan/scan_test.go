package scan

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// setOf returns the set of the bytes of ascii.
func setOf(ascii string, high bool) *Set {
	var bits [2]uint64
	for i := range len(ascii) {
		bits[ascii[i]>>6] |= 1 << (ascii[i] & 63)
	}
	return NewSet(bits, high)
}

// check compares Run and RunMax with the loop at s[i:].
func check(t *testing.T, s string, i, limit int, set *Set) {
	t.Helper()
	want := loop(s, i, set)
	if got := Run(s, i, set); got != want {
		t.Fatalf("end of the run at %d of %q: found %d, expected %d", i, s, got, want)
	}
	if got := RunMax(s, i, limit, set); got != min(want, i+limit) {
		t.Fatalf("end of the run at %d of %q of at most %d bytes: found %d, expected %d", i, s, limit, got, min(want, i+limit))
	}
}

// TestEachByte sees that each byte is a member or not, at each place of texts of each length.
func TestEachByte(t *testing.T) {
	for _, variant := range variants(t) {
		variant()
		eachByte(t)
	}
}

func eachByte(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, high := range []bool{false, true} {
		for range 4 {
			ascii := [2]uint64{r.Uint64(), r.Uint64()}
			set := NewSet(ascii, high)
			var member byte
			for b := range 0x80 {
				if ascii[b>>6]>>(b&63)&1 != 0 {
					member = byte(b)
				}
			}
			for b := range 0x100 {
				want := b >= 0x80 && high || b < 0x80 && ascii[b>>6]>>(b&63)&1 != 0
				if set.Has(byte(b)) != want {
					t.Fatalf("byte %#x: found %v, expected %v", b, !want, want)
				}
				for _, n := range []int{1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 64, 80, 81, 100} {
					text := []byte(strings.Repeat(string(rune(member)), n))
					at := r.IntN(n)
					text[at] = byte(b)
					s := string(text)
					check(t, s, 0, r.IntN(n+2), set)
					check(t, s, at, r.IntN(n+2), set)
					if got := Run(s, 0, set); want && got != n || !want && got != at {
						t.Fatalf("byte %#x at %d of %d: the run ends at %d", b, at, n, got)
					}
				}
			}
		}
	}
}

// TestLengths tries runs of each length in texts of each length, from each place near the start.
func TestLengths(t *testing.T) {
	for _, variant := range variants(t) {
		variant()
		lengths(t)
	}
}

func lengths(t *testing.T) {
	for _, set := range []*Set{setOf("a", false), setOf("a", true)} {
		buf := make([]byte, 140)
		for n := range len(buf) {
			for end := range n + 1 {
				for k := range n {
					buf[k] = 'a'
					if k >= end {
						buf[k] = " a"[k&1]
					}
				}
				if end < n {
					buf[end] = 'x'
				}
				s := string(buf[:n])
				for i := range min(n, 3) + 1 {
					check(t, s, i, end, set)
				}
			}
		}
	}
}

// FuzzRun compares the versions of this machine with the loop.
func FuzzRun(f *testing.F) {
	f.Add("", uint64(0), uint64(0), false, 0, 0)
	f.Add("0123456789abcdef0123456789abcdef0123456789abcdef!", uint64(0x3ff)<<48, uint64(0x7e)<<32, false, 1, 20)
	f.Add(strings.Repeat("ä€", 30)+"x", uint64(0), uint64(0), true, 0, 200)
	choices := variants(f)
	f.Fuzz(func(t *testing.T, s string, low, high uint64, all bool, i, limit int) {
		if i < 0 || i > len(s) || limit < 0 || limit > 1<<30 {
			return
		}
		for _, variant := range choices {
			variant()
			check(t, s, i, limit, NewSet([2]uint64{low, high}, all))
		}
	})
}

// BenchmarkRun compares runs of fixed and of changing length (mean/2 to 3*mean/2).
func BenchmarkRun(b *testing.B) {
	set := setOf("abcdefghijklmnopqrstuvwxyz0123456789_", false)
	versions := []struct {
		name string
		run  func(s string, i int, t *Set) int
	}{{"run", Run}, {"table", loop}}
	for _, mean := range []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200} {
		for _, fixed := range []bool{true, false} {
			r := rand.New(rand.NewPCG(3, 4))
			lines := make([]string, 4096)
			total := 0
			for i := range lines {
				n := mean
				if !fixed {
					n = mean/2 + r.IntN(mean+1)
				}
				total += n
				lines[i] = strings.Repeat("x", n) + " and the rest of the line, which goes on for a while"
			}
			for _, v := range versions {
				b.Run(fmt.Sprintf("len=%d/fixed=%v/%s", mean, fixed, v.name), func(b *testing.B) {
					b.SetBytes(int64(total / len(lines)))
					sum, k := 0, 0
					for b.Loop() {
						sum += v.run(lines[k&4095], 0, set)
						k++
					}
					if sum < 0 {
						b.Fatal("found a negative length")
					}
				})
			}
		}
	}
}

// TestAllocations sees that nothing is allocated.
func TestAllocations(t *testing.T) {
	set := setOf("ab", true)
	text := strings.Repeat("ab", 50) + "x"
	if allocs := testing.AllocsPerRun(10, func() { Run(text, 0, set); RunMax(text, 1, 40, set) }); allocs > 0 {
		t.Errorf("found %v allocations, expected none", allocs)
	}
}
