package grok

import (
	"sluice/internal/grok"
	"sluice/pipeline/event"
)

// failures finds out which expression came how far in texts that none matches. That takes many times longer than to find
// that there is no match. So it has a credit of work, which events fill up again: while failures are rare each is
// looked into, and a flood of them costs a tenth more.
type failures struct {
	explainers []*grok.Explainer // by the numbers of the expressions; nil until needed, and for other engines
	credit     int64             // as Explainer.Work counts
}

const (
	firstCredit = 8 << 20
	// creditPerByte is what a byte of text adds to the credit, in 1/1000.
	creditPerByte = 5
	creditPerText = 5
)

// earn adds to the credit for a text.
func (f *failures) earn(text string) {
	f.credit = min(f.credit+creditPerText+int64(len(text))*creditPerByte/1000, firstCredit)
}

// reached returns which of a source's expressions matched the longest part of a text, how long it is and where it
// ends; ok is false when that cannot be told.
func (f *failures) reached(s *source, text string) (number, length, end int, ok bool) {
	for i := range s.patterns {
		p := &s.patterns[i]
		program, own := p.program.(*sluiceProgram)
		if !own || f.credit < int64(len(text))*leastTrials {
			return number, length, end, ok
		}
		e := f.explainers[p.number]
		if e == nil {
			e = (*grok.Pattern)(program).NewExplainer()
			f.explainers[p.number] = e
		}
		before := e.Work()
		from, to := e.Reached(text)
		f.credit -= e.Work() - before
		if !ok || to-from > length {
			number, length, end, ok = p.number, to-from, to, true
		}
	}
	return number, length, end, ok
}

// leastTrials is how often a text is looked at, at least, to find out.
const leastTrials = 8

// explain writes into the event's metadata which expression came furthest, and how far.
func (f *filter) explain(e *event.Event) {
	best, offset, longest, known := 0, 0, -1, false
	for i := range f.sources {
		s := &f.sources[i]
		v, _ := s.path.Get(e)
		text, isText := v.AsString()
		if !isText {
			continue
		}
		number, length, end, ok := f.failures.reached(s, text)
		if ok && length > longest {
			best, offset, longest, known = number, end, length, true
		}
	}
	if !known {
		return
	}
	m := &event.Fields{}
	m.Add("pattern", event.IntOf(int64(best+1)))
	m.Add("offset", event.IntOf(int64(offset)))
	e.Meta.Set("grok", event.MapOf(m))
}
