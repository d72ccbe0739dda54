package tail

import "time"

// Span is consecutive bytes of one stream that are acknowledged together. It belongs to the caller of Next until
// Done or Again; its Pieces only until the next call of Next for the same lane.
type Span struct {
	Stream   *Stream
	Start    int64  // offset of the first byte
	Data     []byte // never changed or reused: events may point into it
	Pieces   []Piece
	Observed time.Time // when the bytes were first read, in UTC
	Why      Why       // what set the end
	Cuts     []Cut     // boundaries within it that are not natural
	Reserved int64     // bytes taken from the Room, to be freed by the caller

	split  *Splitter
	length int64
	lines  int    // before they are joined
	within bool   // begins within a line
	check  digest // of the bytes just before its end
	head   digest // of the file, as far as it was known then
	replay bool   // was split before: Why and Cuts stand
	acked  bool
	due    time.Time // when it is to be read again
}

// End returns the offset of the first byte behind the span.
func (sp *Span) End() int64 { return sp.Start + sp.length }

// Closed reports whether an event ends at the end of the span for certain, so that nothing that belongs to its
// last event follows.
func (sp *Span) Closed() bool {
	return sp.Why == Ended || sp.split.Rule != nil && sp.Why != LineCut
}

// Line returns the bytes of a piece that hold its text: lines that were joined keep the delimiters between them.
func (sp *Span) Line(p *Piece) []byte { return sp.Data[p.Start:p.End:p.End] }

// Boundary reports whether an event begins with piece i, so that what is before it can be sent alone.
func (sp *Span) Boundary(i int) bool {
	return !sp.split.Lines || sp.split.begins(sp.Line(&sp.Pieces[i]))
}

// note is what the state remembers of the span until it is acknowledged.
func (sp *Span) note() Note {
	return Note{Start: sp.Start, End: sp.End(), Observed: sp.Observed.UnixNano(), Why: sp.Why, Cuts: sp.Cuts}
}
