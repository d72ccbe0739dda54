package grok

import (
	"sync/atomic"
	"time"

	"sluice/internal/metrics"
)

// counts is what became of one expression's tries.
type counts struct{ tried, matched, failed, exhausted, nanos int64 }

// counters are the counts of all workers, by the numbers of the expressions; workers add to them once a batch.
type counters []sharedCounts

type sharedCounts struct{ tried, matched, failed, exhausted, nanos atomic.Int64 }

// sampled is how many texts are tried for each one whose time is taken: a clock costs as much as a short match.
const sampled = 64

// add moves a worker's counts over, and begins them anew.
func (c counters) add(own []counts) {
	for i := range own {
		n := &own[i]
		if n.tried == 0 {
			continue
		}
		shared := &c[i]
		shared.tried.Add(n.tried)
		shared.matched.Add(n.matched)
		shared.failed.Add(n.failed)
		shared.exhausted.Add(n.exhausted)
		shared.nanos.Add(n.nanos)
		*n = counts{}
	}
}

// show publishes the counters. The label is the expression's place in the options, so that there are as many series
// as expressions.
func (f *compiled) show(scope *metrics.Scope) {
	scope.Writer(map[string]string{
		"grok_pattern_texts_total":   "Texts on which an expression was tried, and what became of that: tried = matched + failed + timed_out.",
		"grok_pattern_seconds_total": "Time that an expression took, estimated from one text in 64.",
	}, func(l *metrics.Lines) {
		for _, s := range f.sources {
			for i := range s.patterns {
				p := &s.patterns[i]
				c := &f.counters[p.number]
				texts := func(kind string, n *atomic.Int64) {
					l.Int("grok_pattern_texts_total", n.Load(), "pattern", p.at, "kind", kind)
				}
				texts("tried", &c.tried)
				texts("matched", &c.matched)
				texts("failed", &c.failed)
				texts("timed_out", &c.exhausted)
				l.Float("grok_pattern_seconds_total", time.Duration(c.nanos.Load()).Seconds(), "pattern", p.at)
			}
		}
	})
}
