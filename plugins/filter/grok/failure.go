package grok

import (
	"sluice/internal/grok"
	"sluice/pipeline/event"
)

// failures finds out which expression came how far in texts that none matches. That takes many times longer than to find
// that there is no match. So it has a credit of work, which texts fill up again: while failures are rare each is
// looked into, and a flood of them costs little more.
type failures struct {
	explainers []*grok.Explainer // by the numbers of the expressions; nil until needed, and for other engines
	credit     int64             // as Explainer.Work counts
}

// The credit at the beginning, which is the greatest, too, and what a text adds to it.
const (
	firstCredit   = 8 << 20
	creditPerText = 5
	bytesPerUnit  = 200
)

// leastTrials is how often a text is looked at, at least, to find out.
const leastTrials = 8

// earn adds to the credit for a text.
func (f *failures) earn(text string) {
	f.credit = min(f.credit+creditPerText+int64(len(text)/bytesPerUnit), firstCredit)
}

// reach is how far an expression came in a text.
type reach struct {
	number int // the expression's
	length int // of the part that it matches, in bytes; -1: not known
	end    int // of that part, in the text
}

// furthest returns which of a source's expressions matched the longest part of a text, as far as the credit lasts.
func (f *failures) furthest(s *source, text string) reach {
	best := reach{length: -1}
	for i := range s.patterns {
		p := &s.patterns[i]
		program, own := p.program.(*sluiceProgram)
		if !own || f.credit < int64(len(text))*leastTrials {
			break
		}
		e := f.explainers[p.number]
		if e == nil {
			e = (*grok.Pattern)(program).NewExplainer()
			f.explainers[p.number] = e
		}
		before := e.Work()
		from, to := e.Reached(text)
		f.credit -= e.Work() - before
		if to-from > best.length {
			best = reach{p.number, to - from, to}
		}
	}
	return best
}

// explain writes into the event's metadata which expression came furthest, and how far.
func (f *filter) explain(e *event.Event) {
	best := reach{length: -1}
	for i := range f.sources {
		s := &f.sources[i]
		v, _ := s.path.Get(e)
		text, ok := v.AsString()
		if !ok {
			continue
		}
		if r := f.failures.furthest(s, text); r.length > best.length {
			best = r
		}
	}
	if best.length < 0 {
		return
	}
	m := &event.Fields{}
	m.Add("pattern", event.IntOf(int64(best.number+1)))
	m.Add("offset", event.IntOf(int64(best.end)))
	e.Meta.Set("grok", event.MapOf(m))
}
