package grok

import (
	"sync"

	"sluice/internal/grok"
	"sluice/pipeline/event"
)

// failures finds out which expression came how far in texts that none matches. That takes many times longer than to find
// that there is no match. So it has a credit of work, which texts fill up again: while failures are rare each is
// looked into, and a flood of them costs little more.
type failures struct {
	explainers []explainer // all workers'
	credit     int64       // as Explainer.Work counts
}

// explainer is what finds out about one expression, for all workers: what it keeps is too large to be there for each.
type explainer struct {
	mu sync.Mutex
	e  *grok.Explainer // nil until it is needed
}

// reached is Explainer.Reached, and the work that it was.
func (x *explainer) reached(p *sluiceProgram, text string) (from, to int, work int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.e == nil {
		x.e = (*grok.Pattern)(p).NewExplainer()
	}
	before := x.e.Work()
	from, to = x.e.Reached(text)
	return from, to, x.e.Work() - before
}

// The credit at the beginning, which is the greatest, too, and what a text adds to it.
const (
	firstCredit   = 8 << 20
	creditPerText = 15
	bytesPerUnit  = 100
)

// maxExplained is the longest text that is looked into, in bytes. Some expressions are slow on parts of themselves.
const maxExplained = 16 << 10

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
		if !own || f.credit <= 0 || len(text) > maxExplained {
			break
		}
		from, to, work := f.explainers[p.number].reached(program, text)
		f.credit -= work
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
