package tail

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"sluice/internal/multiline"
)

// Splitter is the rules by which bytes become lines and events. It is read-only, and may be used concurrently.
type Splitter struct {
	Delimiter []byte          // ends a line; at least one byte
	MaxLine   int             // bytes; longer lines are given out in parts
	Rule      *multiline.Rule // joins lines; nil: every line is an event
	Lines     bool            // with Rule: lines are given out one by one, but spans end only between two events
}

// Marks say what happened to an event on its way out of the file.
type Marks uint8

// The marks.
const (
	PartOfLine Marks = 1 << iota // begins or ends within a line
	PartOfJoin                   // lines that belong to it were before it, or may follow
	FullLines                    // closed because it has as many lines as an event may have
	FullBytes                    // closed because it has as many bytes as an event may have
)

// Piece is one event of a span: the bytes from Start to End of its Data, the last delimiter left out.
type Piece struct {
	Start, End int
	First      int // end of the first line
	Marks      Marks
}

// place is where a line ends in the data, and where the next one begins. cut says that the line is longer than
// MaxLine, and what ends is a part of it.
type place struct {
	end, next int
	cut       bool
}

// line finds the line that begins at data[from:]. ok is false when its end is not in data.
func (s *Splitter) line(data []byte, from int) (p place, ok bool) {
	window := data[from:]
	limit := s.MaxLine + len(s.Delimiter)
	if len(window) > limit {
		window = window[:limit]
	}
	if i := s.index(window); i >= 0 {
		return place{from + i, from + i + len(s.Delimiter), false}, true
	}
	if len(window) < limit {
		return place{}, false
	}
	n := from + wholeRunes(window[:s.MaxLine])
	return place{n, n, true}, true
}

func (s *Splitter) index(data []byte) int {
	if len(s.Delimiter) == 1 {
		return bytes.IndexByte(data, s.Delimiter[0])
	}
	return bytes.Index(data, s.Delimiter)
}

// wholeRunes returns the length of data without a character that is cut at its end; at least one byte stays.
func wholeRunes(data []byte) int {
	for n := 1; n < utf8.UTFMax && n < len(data); n++ {
		c := data[len(data)-n]
		if utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(data[len(data)-n:]) {
				return len(data) - n
			}
			break
		}
	}
	return len(data)
}

// cut returns how many bytes at the beginning of data are whole events, and what set the end. 0 says that more
// data is needed. data begins between two events.
func (s *Splitter) cut(data []byte) (int, Why) {
	if len(s.Delimiter) == 1 && len(data) <= s.MaxLine {
		return s.cutFast(data)
	}
	if s.Rule == nil {
		return s.cutLines(data)
	}
	natural, capped, why := s.cutJoined(data)
	if natural > 0 {
		return natural, Natural
	}
	return capped, why
}

// cutFast looks from the end, in data in which no line can be too long.
func (s *Splitter) cutFast(data []byte) (int, Why) {
	d := s.Delimiter[0]
	lines := bytes.LastIndexByte(data, d) + 1
	if s.Rule == nil {
		return lines, Natural
	}
	for next := lines; next > 0; {
		start := bytes.LastIndexByte(data[:next-1], d) + 1
		if !s.Rule.Marked(data[start : next-1]) {
			if s.Rule.What == multiline.Next {
				return next, Natural
			}
			if start > 0 {
				return start, Natural
			}
		}
		next = start
	}
	_, capped, why := s.cutJoined(data) // one event, or less: is it full?
	return capped, why
}

// cutLines finds the last line that is whole. A line that is too long ends the span with its first part.
func (s *Splitter) cutLines(data []byte) (n int, why Why) {
	for {
		l, ok := s.line(data, n)
		switch {
		case !ok:
			return n, Natural
		case l.cut && n == 0:
			return l.next, LineCut
		case l.cut:
			return n, Natural
		}
		n = l.next
	}
}

// cutJoined returns where the last event begins that the rule sees, and where the last begins that a cap made.
func (s *Splitter) cutJoined(data []byte) (natural, capped int, why Why) {
	j := multiline.New(s.Rule)
	for at := 0; ; {
		l, ok := s.line(data, at)
		if !ok {
			return natural, capped, why
		}
		switch p := j.Add(data[at:l.end]); {
		case at == 0 || p == multiline.Joins:
		case p == multiline.Begins:
			natural = at
		default:
			capped, why = at, whyOf(p)
		}
		if !j.Open() {
			natural = l.next
		}
		at = l.next
	}
}

func whyOf(p multiline.Place) Why {
	if p == multiline.OverBytes {
		return OverBytes
	}
	return OverLines
}

// whole returns how much of data is whole lines.
func (s *Splitter) whole(data []byte) int {
	n := 0
	for {
		l, ok := s.line(data, n)
		if !ok {
			return n
		}
		n = l.next
	}
}

// begins reports whether an event begins with the line.
func (s *Splitter) begins(line []byte) bool { return s.Rule == nil || !s.Rule.Marked(line) }

// split makes the pieces of a span. When replay is set, the span was split before, and its cuts stand instead of
// the caps; otherwise the cuts that caps make are added to it.
func (s *Splitter) split(sp *Span, replay bool) {
	sp.Pieces = sp.Pieces[:0]
	c := cutter{s: s, data: sp.Data, atEnd: sp.Why == Ended}
	if replay {
		c.noted, c.replay = sp.Cuts, true
	}
	if s.Rule == nil || s.Lines {
		c.lines(sp)
	} else {
		c.join(sp)
	}
	if !replay {
		sp.Cuts = c.made
	}
	if n := len(sp.Pieces); n > 0 {
		sp.Pieces[n-1].Marks |= c.endMarks(sp.Why)
		if sp.Why != Ended && !bytes.HasSuffix(sp.Data, s.Delimiter) {
			sp.Pieces[n-1].Marks |= PartOfLine
		}
	}
}

// cutter walks through the lines of one span.
type cutter struct {
	s       *Splitter
	data    []byte
	atEnd   bool // the data ends with the file
	replay  bool
	noted   []Cut // that are still ahead
	made    []Cut
	waiting bool // the last line belongs to one that is not there
}

// line is Splitter.line, with the noted cuts in place of the cap. What is at the end without a delimiter is a line.
func (c *cutter) line(from int) place {
	if c.replay {
		return c.notedLine(from)
	}
	l, ok := c.s.line(c.data, from)
	if rest := c.data[from:]; !ok && len(rest) > c.s.MaxLine && !c.atEnd {
		n := from + wholeRunes(rest[:c.s.MaxLine]) // what was seen behind the span made it a part
		l = place{n, n, true}
	} else if !ok {
		return place{len(c.data), len(c.data), false}
	}
	if l.cut {
		c.made = append(c.made, Cut{l.next, LineCut})
	}
	return l
}

func (c *cutter) notedLine(from int) place {
	limit := len(c.data)
	for len(c.noted) > 0 && c.noted[0].At < from {
		c.noted = c.noted[1:]
	}
	for _, x := range c.noted {
		if x.Why == LineCut && x.At > from {
			limit = min(limit, x.At)
			break
		}
	}
	if i := c.s.index(c.data[from:limit]); i >= 0 {
		return place{from + i, from + i + len(c.s.Delimiter), false}
	}
	return place{limit, limit, limit < len(c.data)}
}

// lines makes a piece of each line.
func (c *cutter) lines(sp *Span) {
	part := sp.within
	sp.lines = 0
	for at := 0; at < len(c.data); sp.lines++ {
		l := c.line(at)
		p := Piece{Start: at, End: l.end, First: l.end}
		if l.cut || part {
			p.Marks = PartOfLine
		}
		sp.Pieces = append(sp.Pieces, p)
		at, part = l.next, l.cut
	}
}

// join makes a piece of the lines of each event.
func (c *cutter) join(sp *Span) {
	rule := *c.s.Rule
	if c.replay {
		rule.MaxLines, rule.MaxBytes = 0, 0
	}
	j := multiline.New(&rule)
	part := sp.within
	sp.lines = 0
	for at := 0; at < len(c.data); sp.lines++ {
		l := c.line(at)
		why := c.forced(at)
		if why != Natural {
			j.Close()
		}
		where := j.Add(c.data[at:l.end])
		switch {
		case why != Natural:
			c.full(sp, why)
		case where == multiline.OverLines || where == multiline.OverBytes:
			why = whyOf(where)
			c.insert(Cut{at, why})
			c.full(sp, why)
		}
		if where != multiline.Joins {
			p := Piece{Start: at, First: l.end}
			if where == multiline.Orphan || why != Natural && rule.What == multiline.Previous {
				p.Marks = PartOfJoin // with Next, the line does not tell, and its span may begin here
			}
			sp.Pieces = append(sp.Pieces, p)
		}
		last := &sp.Pieces[len(sp.Pieces)-1]
		last.End = l.end
		if l.cut || part {
			last.Marks |= PartOfLine
		}
		at, part = l.next, l.cut
	}
	c.waiting = j.Waiting()
}

// insert adds a cut before a line; that of the line's own end may be there already.
func (c *cutter) insert(x Cut) {
	n := len(c.made)
	if n > 0 && c.made[n-1].At > x.At {
		n--
	}
	c.made = slices.Insert(c.made, n, x)
}

// forced returns what made a noted cut between two lines at a place, or Natural.
func (c *cutter) forced(at int) Why {
	for len(c.noted) > 0 && c.noted[0].At <= at {
		x := c.noted[0]
		c.noted = c.noted[1:]
		if x.At == at && x.Why != LineCut {
			return x.Why
		}
	}
	return Natural
}

// full marks the last piece as closed by a cap.
func (c *cutter) full(sp *Span, why Why) {
	if n := len(sp.Pieces); n > 0 {
		sp.Pieces[n-1].Marks |= capMarks(why)
	}
}

func capMarks(why Why) Marks {
	if why == OverBytes {
		return FullBytes
	}
	return FullLines
}

// endMarks are the marks of the last piece, by what ended the span.
func (c *cutter) endMarks(why Why) Marks {
	switch why {
	case OverLines, OverBytes:
		if c.s.Lines {
			return 0
		}
		return capMarks(why)
	case Flushed, Ended:
		if c.waiting {
			return PartOfJoin
		}
	}
	return 0
}

// Whole splits the content of a file that has ended.
func (s *Splitter) Whole(data []byte) *Span {
	sp := &Span{Data: data, length: int64(len(data)), Why: Ended, split: s}
	s.split(sp, false)
	return sp
}
