// Package metrics hands out counters and gauges that are served in Prometheus' text format, and takes them
// away again together.
package metrics

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	vm "github.com/VictoriaMetrics/metrics"
)

// Registry is everything that one program shows. Safe for concurrent use.
type Registry struct {
	mu     sync.Mutex
	scopes []*Scope
	help   map[string]string // by name, with the prefix
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{help: map[string]string{}} }

// prefix begins the name of every metric of ours.
const prefix = "sluice_"

// Write writes all metrics in the text format: the series of one name together, with its help and type; then
// those of the process and the Go runtime.
func (r *Registry) Write(w io.Writer) {
	r.mu.Lock()
	scopes, help := slices.Clone(r.scopes), maps.Clone(r.help)
	r.mu.Unlock()
	var all bytes.Buffer
	for _, s := range scopes {
		s.set.WritePrometheus(&all)
		s.mu.Lock()
		writers := slices.Clone(s.writers)
		s.mu.Unlock()
		for _, f := range writers {
			f(&Lines{w: &all, labels: s.labels})
		}
	}
	byName := map[string][]string{}
	for line := range strings.Lines(all.String()) {
		name := line[:strings.IndexAny(line, "{ ")]
		byName[name] = append(byName[name], line)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		kind := "gauge"
		if strings.HasSuffix(name, "_total") {
			kind = "counter"
		}
		_, _ = fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s", name, help[name], name, kind, strings.Join(byName[name], "")) // the client is gone: nothing to do
	}
	vm.WriteProcessMetrics(w)
}

func (r *Registry) describe(name, help string) {
	r.mu.Lock()
	r.help[prefix+name] = help
	r.mu.Unlock()
}

// Scope makes metrics that carry the same labels, and removes them on Close. The nil Scope makes metrics
// that work and are shown nowhere. Safe for concurrent use.
type Scope struct {
	reg    *Registry
	labels string
	set    *vm.Set

	mu      sync.Mutex
	writers []func(*Lines)
}

// Counter only grows. Its methods may be called concurrently.
type Counter struct{ c *vm.FloatCounter }

// Inc adds one.
func (c Counter) Inc() { c.c.Add(1) }

// Add adds n, which must not be negative.
func (c Counter) Add(n float64) { c.c.Add(n) }

// Value returns the count.
func (c Counter) Value() float64 { return c.c.Get() }

// Scope returns a scope whose metrics carry labels: name, value, name, value. Values must come from
// configuration, never from data: every value is a series of its own.
func (r *Registry) Scope(labels ...string) *Scope {
	s := &Scope{reg: r, labels: format(labels), set: vm.NewSet()}
	r.mu.Lock()
	r.scopes = append(r.scopes, s)
	r.mu.Unlock()
	return s
}

// format writes labels as name="value",name="value".
func format(labels []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(labels); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(labels[i] + "=" + strconv.Quote(labels[i+1]))
	}
	return b.String()
}

func (s *Scope) name(name string) string { return series(name, s.labels) }

func series(name, labels string) string {
	if labels == "" {
		return prefix + name
	}
	return prefix + name + "{" + labels + "}"
}

// Counter returns the counter sluice_<name>; asking again for a name gives the same one. name ends in
// _total, and help is a sentence.
func (s *Scope) Counter(name, help string) Counter {
	if s == nil {
		return Counter{&vm.FloatCounter{}}
	}
	s.reg.describe(name, help)
	return Counter{s.set.GetOrCreateFloatCounter(s.name(name))}
}

// GaugeFunc shows what f returns at each scrape as sluice_<name>, in place of what was shown by that name before: a plugin
// that is started again makes its gauges again. f must be fast and safe for concurrent use.
func (s *Scope) GaugeFunc(name, help string, f func() float64) {
	if s == nil {
		return
	}
	s.reg.describe(name, help)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set.UnregisterMetric(s.name(name))
	s.set.NewGauge(s.name(name), f)
}

// Writer adds a func that writes series of its own at each scrape, all of one moment; help describes them by
// name.
func (s *Scope) Writer(help map[string]string, f func(*Lines)) {
	if s == nil {
		return
	}
	for name, text := range help {
		s.reg.describe(name, text)
	}
	s.mu.Lock()
	s.writers = append(s.writers, f)
	s.mu.Unlock()
}

// Close removes everything that the scope made.
func (s *Scope) Close() {
	if s == nil {
		return
	}
	s.reg.mu.Lock()
	defer s.reg.mu.Unlock()
	s.reg.scopes = slices.DeleteFunc(s.reg.scopes, func(o *Scope) bool { return o == s })
}

// Lines writes the series of a Writer, with the labels of its scope and its own.
type Lines struct {
	w      io.Writer
	labels string
}

// Int writes sluice_<name> with the scope's labels and more of them: name, value, name, value.
func (l *Lines) Int(name string, v int64, labels ...string) {
	l.line(name, strconv.FormatInt(v, 10), labels)
}

// Float writes a number that is not an integer.
func (l *Lines) Float(name string, v float64, labels ...string) {
	l.line(name, strconv.FormatFloat(v, 'g', -1, 64), labels)
}

func (l *Lines) line(name, value string, labels []string) {
	all := l.labels
	if more := format(labels); more != "" && all != "" {
		all += "," + more
	} else {
		all += more
	}
	_, _ = fmt.Fprintf(l.w, "%s %s\n", series(name, all), value) // the client is gone: nothing to do
}
