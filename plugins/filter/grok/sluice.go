package grok

import "sluice/internal/grok"

// sluice is the engine of our own: Oniguruma's expressions, in time that grows with the text alone wherever the
// expression allows that.
type sluice struct{ budget int64 }

// stepsPerMilli turns a time into steps of the engine, so that no clock runs while it works: a step takes about 5 ns.
const stepsPerMilli = 200_000

func (s sluice) compile(x *grok.Expanded) (program, error) {
	p, err := grok.Compile(x, s.budget)
	if err != nil {
		return nil, err
	}
	return (*sluiceProgram)(p), nil
}

type sluiceProgram grok.Pattern

func (p *sluiceProgram) captures() []grok.Capture { return p.Captures }

func (p *sluiceProgram) newMatcher() matcher { return sluiceMatcher{(*grok.Pattern)(p).NewMatcher()} }

type sluiceMatcher struct{ m *grok.Matcher }

func (m sluiceMatcher) match(text string) outcome {
	switch {
	case m.m.Match(text):
		return yes
	case m.m.Exhausted():
		return exhausted
	}
	return no
}

func (m sluiceMatcher) capture(group int) (string, bool) { return m.m.Capture(group) }
