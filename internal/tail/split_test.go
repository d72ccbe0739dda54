package tail

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"sluice/internal/cputime"
	"sluice/internal/multiline"
)

func indented(line []byte) bool { return len(line) > 0 && line[0] == ' ' }

func joinRule(what multiline.What, negate bool, maxLines, maxBytes int) *multiline.Rule {
	return &multiline.Rule{Match: indented, What: what, Negate: negate, MaxLines: maxLines, MaxBytes: maxBytes}
}

// one is an event with its place, as text: "offset:marks:text".
func one(off int64, p *Piece, text []byte) string {
	return fmt.Sprintf("%d:%d:%s", off+int64(p.Start), p.Marks, text)
}

// chopped feeds data to a splitter in reads of the given sizes, as a follower does, and returns the events
// and the spans.
func chopped(s *Splitter, data []byte, sizes func() int) (events []string, spans []*Span) {
	var pos, read, want int
	within := false
	for pos < len(data) {
		if want == 0 {
			read = max(read, pos)
			read = min(read+sizes(), len(data))
		}
		n, why := s.cut(data[pos:read])
		if n == 0 && read == len(data) {
			n, why = len(data)-pos, Ended
		}
		if n == 0 {
			continue
		}
		sp := &Span{Start: int64(pos), Data: data[pos : pos+n], Why: why, length: int64(n), within: within, split: s}
		s.split(sp, false)
		events = append(events, eventsOf(sp)...)
		spans = append(spans, sp)
		pos += n
		within = !bytes.HasSuffix(data[:pos], s.Delimiter)
	}
	return events, spans
}

func eventsOf(sp *Span) []string {
	var list []string
	for i := range sp.Pieces {
		list = append(list, one(sp.Start, &sp.Pieces[i], sp.Line(&sp.Pieces[i])))
	}
	return list
}

// lines cuts data by looking at one byte after the other: where each line begins, its end, and whether a cap cut
// it.
type textLine struct {
	start, end int
	part       bool
}

func obviousLines(s *Splitter, data []byte) []textLine {
	var list []textLine
	part := false
	for at := 0; at < len(data); {
		end := at
		for end < len(data) && !bytes.HasPrefix(data[end:], s.Delimiter) {
			end++
		}
		// A last line without its delimiter may be longer by almost as much as that has.
		if end-at <= s.MaxLine || end == len(data) && end-at < s.MaxLine+len(s.Delimiter) {
			list = append(list, textLine{at, end, part})
			at, part = end+len(s.Delimiter), false
			continue
		}
		n := wholeRunes(data[at : at+s.MaxLine])
		list = append(list, textLine{at, at + n, true})
		at, part = at+n, true
	}
	return list
}

// obviousEvents joins those lines.
func obviousEvents(s *Splitter, data []byte) []string {
	var list []string
	lines := obviousLines(s, data)
	marks := func(l textLine) Marks {
		if l.part {
			return PartOfLine
		}
		return 0
	}
	if s.Rule == nil || s.Lines {
		for _, l := range lines {
			list = append(list, one(0, &Piece{Start: l.start, Marks: marks(l)}, data[l.start:l.end]))
		}
		return list
	}
	j := multiline.New(s.Rule)
	var open *Piece
	closeIt := func(m Marks) {
		if open != nil {
			open.Marks |= m
			list = append(list, one(0, open, data[open.Start:open.End]))
		}
	}
	for _, l := range lines {
		place := j.Add(data[l.start:l.end])
		if place == multiline.Joins {
			open.End = l.end
			open.Marks |= marks(l)
			continue
		}
		switch place {
		case multiline.OverLines:
			closeIt(FullLines)
		case multiline.OverBytes:
			closeIt(FullBytes)
		default:
			closeIt(0)
		}
		open = &Piece{Start: l.start, End: l.end, Marks: marks(l)}
		if place.Cut() && s.Rule.What == multiline.Previous {
			open.Marks |= PartOfJoin
		}
	}
	last := Marks(0)
	if j.Waiting() {
		last = PartOfJoin
	}
	closeIt(last)
	return list
}

// checkSplit compares the splitter, for reads of random sizes, with the obvious one, and what is split again by
// its notes with what it was, under other caps.
func checkSplit(t *testing.T, s *Splitter, data []byte, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	events, spans := chopped(s, data, func() int { return 1 + r.IntN(40) })
	if want := obviousEvents(s, data); !slices.Equal(events, want) {
		t.Fatalf("%+v of %q:\ngot  %q\nwant %q", *s, data, events, want)
	}
	other := *s
	other.MaxLine = 1 << 20
	if s.Rule != nil {
		rule := *s.Rule
		rule.MaxLines, rule.MaxBytes = 1, 1
		other.Rule = &rule
	}
	var again []string
	for _, sp := range spans {
		copied := *sp
		copied.Pieces = nil
		other.split(&copied, true)
		again = append(again, eventsOf(&copied)...)
	}
	if !slices.Equal(events, again) {
		t.Fatalf("%+v of %q, split again by its notes:\ngot  %q\nwant %q", *s, data, again, events)
	}
}

func TestSplit(t *testing.T) {
	f := func(s Splitter, text string, want ...string) {
		t.Helper()
		if s.Delimiter == nil {
			s.Delimiter = []byte("\n")
		}
		if s.MaxLine == 0 {
			s.MaxLine = 100
		}
		got, _ := chopped(&s, []byte(text), func() int { return len(text) })
		if !slices.Equal(got, want) {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
		checkSplit(t, &s, []byte(text), 1)
	}
	f(Splitter{}, "")
	f(Splitter{}, "a\nbb\n", "0:0:a", "2:0:bb")
	f(Splitter{}, "a\n\n\nb", "0:0:a", "2:0:", "3:0:", "4:0:b")
	f(Splitter{}, "a\r\n\x00\xff\n", "0:0:a\r", "3:0:\x00\xff")
	f(Splitter{MaxLine: 3}, "abcdefg\nx\nabc\n", "0:1:abc", "3:1:def", "6:1:g", "8:0:x", "10:0:abc")
	f(Splitter{MaxLine: 3}, "aüüb\n", "0:1:aü", "3:1:üb")
	f(Splitter{Delimiter: []byte("||")}, "a||b|c||", "0:0:a", "3:0:b|c")
	f(Splitter{Rule: joinRule(multiline.Previous, false, 9, 99)}, "a\n b\n c\nd\n", "0:0:a\n b\n c", "8:0:d")
	f(Splitter{Rule: joinRule(multiline.Previous, false, 2, 99)}, "a\n b\n c\nd\n", "0:4:a\n b", "5:2: c", "8:0:d")
	f(Splitter{Rule: joinRule(multiline.Previous, false, 9, 4)}, "a\n b\n c\nd\n", "0:8:a\n b", "5:2: c", "8:0:d")
	f(Splitter{Rule: joinRule(multiline.Next, false, 9, 99)}, " a\n b\nc\n d\n", "0:0: a\n b\nc", "8:2: d")
	f(Splitter{Rule: joinRule(multiline.Previous, true, 9, 99), Lines: true}, "a\nb\n c\n", "0:0:a", "2:0:b", "4:0: c")
}

// TestSpansEndBetweenEvents checks event_start: a span that is not the last ends before a line that begins an event.
func TestSpansEndBetweenEvents(t *testing.T) {
	s := &Splitter{Delimiter: []byte("\n"), MaxLine: 100, Lines: true, Rule: joinRule(multiline.Previous, false, 500, 10000)}
	data := []byte(strings.Repeat("start\n more\n more\n", 50))
	r := rand.New(rand.NewPCG(1, 2))
	_, spans := chopped(s, data, func() int { return 1 + r.IntN(60) })
	if len(spans) < 5 {
		t.Fatalf("only %d spans", len(spans))
	}
	for _, sp := range spans {
		if !bytes.HasPrefix(sp.Data, []byte("start")) || !sp.Closed() || !sp.Boundary(0) || len(sp.Pieces) > 1 && sp.Boundary(1) {
			t.Fatalf("span at %d begins with %.20q", sp.Start, sp.Data)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\n b\n c\n\nd"), uint8(0), uint16(0x0203), uint64(1))
	f.Add([]byte("a|;b|;|; c|;\xc3\xbc\xc3\xbc"), uint8(0x3f), uint16(0x0401), uint64(7))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, caps uint16, seed uint64) {
		data = data[:min(len(data), 1000)] // every read looks at all of it again
		s := &Splitter{Delimiter: []byte("\n"), MaxLine: 1 + int(caps&0xf)*4}
		if kind&1 != 0 {
			s.Delimiter = []byte("|;")
		}
		if kind&2 != 0 {
			s.MaxLine = 1 << 20
		}
		if kind&4 != 0 {
			s.Rule = joinRule(multiline.What(kind>>3&1), kind&16 != 0, 1+int(caps>>4&0xf), 1+int(caps>>8))
			s.Lines = kind&32 != 0
		}
		checkSplit(t, s, data, seed)
	})
}

func BenchmarkSplit(b *testing.B) {
	line := strings.Repeat("x", 240) + "\n"
	data := []byte(strings.Repeat(line, blockSize/len(line)))
	s := &Splitter{Delimiter: []byte("\n"), MaxLine: DefaultMaxLine}
	sp := &Span{split: s}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	cpu := cputime.Start(b)
	for b.Loop() {
		n, _ := s.cut(data)
		sp.Data = data[:n]
		s.split(sp, false)
	}
	cpu.Report(len(data) / len(line))
}
