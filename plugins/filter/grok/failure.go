package grok

import (
	"sluice/internal/grok"
	"sluice/pipeline/event"
)

// failures finds out which expression came how far in texts that none matches. That takes many times longer than to find
// that there is no match. So it has a credit of steps, which texts fill up again: while failures are rare each is
// looked into, and a flood of them costs little more.
type failures struct{ credit int64 }

// The credit at the beginning, which is the greatest, too, and what a text adds to it, in steps of some nanoseconds.
const (
	firstCredit   = 4 << 20
	creditPerText = 30
	bytesPerStep  = 50
	stepsOfACall  = 500 // what an explanation costs beside its steps
)

// maxExplained is the longest text that is looked into, in bytes.
const maxExplained = 16 << 10

// earn adds to the credit for a text.
func (f *failures) earn(text string) {
	f.credit = min(f.credit+creditPerText+int64(len(text)/bytesPerStep), firstCredit)
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
		from, to, steps := (*grok.Pattern)(program).Reached(text, f.credit)
		f.credit -= steps + stepsOfACall
		if from >= 0 && to-from > best.length {
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
