package frame

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// collect feeds stream to a new Splitter in pieces of random sizes and returns the lines, parts of one line
// joined again, with those that are too long checked to come in parts.
func collect(t *testing.T, stream, delimiter string, limit int, r *rand.Rand) []string {
	t.Helper()
	s := NewSplitter(delimiter, limit)
	var lines []string
	open := false // the last of lines may go on
	see := func(line []byte, cut bool) {
		if len(line) >= limit+len(delimiter) {
			t.Fatalf("a part of %d bytes, the limit is %d", len(line), limit)
		}
		if cut && open {
			lines[len(lines)-1] += string(line)
		} else {
			lines = append(lines, string(line))
		}
		open = cut
	}
	for rest := []byte(stream); len(rest) > 0; {
		n := 1 + r.IntN(len(rest))
		if r.IntN(2) == 0 {
			n = 1 + r.IntN(min(len(rest), 5))
		}
		for line, cut := range s.Lines(bytes.Clone(rest[:n])) {
			see(line, cut)
		}
		rest = rest[n:]
	}
	if line, cut := s.Rest(); line != nil {
		see(line, cut)
	}
	if line, cut := s.Rest(); line != nil || cut {
		t.Fatalf("Rest gave %q, %v again", line, cut)
	}
	return lines
}

// obvious is what collect must return.
func obvious(stream, delimiter string) []string {
	lines := strings.Split(stream, delimiter)
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func check(t *testing.T, stream, delimiter string, limit int, seed uint64) {
	t.Helper()
	got := collect(t, stream, delimiter, limit, rand.New(rand.NewPCG(seed, 1)))
	want := obvious(stream, delimiter)
	if limit <= len(stream) { // lines cut in parts that follow each other cannot be told apart: compare the text
		if strings.Join(got, "") != strings.Join(want, "") {
			t.Fatalf("%q at %q, limit %d: got %q, want %q", stream, delimiter, limit, got, want)
		}
		return
	}
	if len(got) != len(want) || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
		t.Fatalf("%q at %q, limit %d: got %q, want %q", stream, delimiter, limit, got, want)
	}
}

func TestSplitter(t *testing.T) {
	for seed := range uint64(200) {
		for _, stream := range []string{"", "\n", "a", "a\n", "a\nb", "\n\na\n\n", strings.Repeat("line\n", 20), strings.Repeat("x", 50) + "\ny"} {
			check(t, stream, "\n", 1000, seed)
			check(t, stream, "\n", 4, seed)
			check(t, strings.ReplaceAll(stream, "\n", "\r\n"), "\r\n", 1000, seed)
			check(t, strings.ReplaceAll(stream, "\n", "aab"), "aab", 1000, seed)
			check(t, strings.ReplaceAll(stream, "\n", "||"), "||", 5, seed)
		}
	}
}

func FuzzSplitter(f *testing.F) {
	f.Add("a\nb\n", "\n", 10, uint64(1))
	f.Add("aabaab", "ab", 4, uint64(2))
	f.Add("0\xa0T\x03\x1e\u02b4\x04\x80\xbd\x8c\xaabab", "\xe8\x03", 4, uint64(2)) // no character begins within the limit
	f.Fuzz(func(t *testing.T, stream, delimiter string, limit int, seed uint64) {
		if delimiter == "" || limit < utf8.UTFMax || limit > 1<<20 || len(stream) > 1000 {
			return
		}
		check(t, stream, delimiter, limit, seed)
	})
}

func TestPartsKeepCharacters(t *testing.T) {
	s := NewSplitter("\n", 5)
	var parts []string
	for line, cut := range s.Lines([]byte("ééééé\nshort\n123456\n")) {
		if !utf8.Valid(line) {
			t.Errorf("%q is not UTF-8", line)
		}
		parts = append(parts, string(line))
		if cut != (len(parts) <= 3 || len(parts) >= 5) {
			t.Errorf("%q: cut is %v", line, cut)
		}
	}
	if got := strings.Join(parts, "|"); got != "éé|éé|é|short|12345|6" {
		t.Errorf("got %s", got)
	}
}

func TestNothingIsCopied(t *testing.T) {
	s := NewSplitter("\n", 100)
	block := []byte("one\ntwo\nthreeNEXT")
	src := block[:len(block)-len("NEXT")]
	i := 0
	for line := range s.Lines(src) {
		if &line[0] != &src[i] {
			t.Errorf("%q is a copy", line)
		}
		i += len(line) + 1
	}
	for line := range s.Lines([]byte("!\n")) {
		if string(line) != "three!" || string(block) != "one\ntwo\nthreeNEXT" {
			t.Errorf("got %q, the first block is now %q", line, block)
		}
	}
}

func BenchmarkSplitter(b *testing.B) {
	block := []byte(strings.Repeat(strings.Repeat("x", 199)+"\n", 1000))
	s := NewSplitter("\n", 1<<20)
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range s.Lines(block) {
			n++
		}
	}
}
