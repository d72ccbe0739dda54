// Package metrics hands out counters and gauges that are served in Prometheus' format, and takes them
// away again together.
package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Scope makes metrics that carry the same labels, and removes them on Close. The nil Scope makes metrics
// that work and are shown nowhere. Safe for concurrent use.
type Scope struct {
	reg    prometheus.Registerer
	labels prometheus.Labels

	mu   sync.Mutex
	made []prometheus.Collector
}

// Counter only grows. Add and Inc may be called concurrently.
type Counter = prometheus.Counter

// NewScope returns a scope over reg whose metrics carry labels. Label values must come from configuration,
// never from data: every value is a series of its own.
func NewScope(reg prometheus.Registerer, labels map[string]string) *Scope {
	return &Scope{reg: reg, labels: labels}
}

// Counter returns the counter sluice_<name>; asking again for a name gives the same one.
// name ends in _total and help is a sentence.
func (s *Scope) Counter(name, help string) Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_" + name, Help: help, ConstLabels: s.constLabels()})
	return register(s, c)
}

// GaugeFunc shows what f returns at each scrape as sluice_<name>; f must be fast and safe for concurrent use.
func (s *Scope) GaugeFunc(name, help string, f func() float64) {
	register(s, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "sluice_" + name, Help: help, ConstLabels: s.constLabels()}, f))
}

// Collector adds a collector that makes its own metrics.
func (s *Scope) Collector(c prometheus.Collector) { register(s, c) }

// Close removes everything that the scope made.
func (s *Scope) Close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.made {
		s.reg.Unregister(c)
	}
	s.made = nil
}

func (s *Scope) constLabels() prometheus.Labels {
	if s == nil {
		return nil
	}
	return s.labels
}

// register returns c, or the collector that stands for the same metric already.
func register[C prometheus.Collector](s *Scope, c C) C {
	if s == nil {
		return c
	}
	if err := s.reg.Register(c); err != nil {
		if before, ok := err.(prometheus.AlreadyRegisteredError); ok { //nolint:errorlint // the type is returned bare
			if old, ok := before.ExistingCollector.(C); ok {
				return old
			}
		}
		panic("BUG: register metric: " + err.Error())
	}
	s.mu.Lock()
	s.made = append(s.made, c)
	s.mu.Unlock()
	return c
}
