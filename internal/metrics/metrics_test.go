package metrics

import (
	"strings"
	"testing"
)

func text(r *Registry) string {
	var b strings.Builder
	r.Write(&b)
	return b.String()
}

func TestScopeAddsAndTakesAway(t *testing.T) {
	r := NewRegistry()
	s := r.Scope("pipeline", "main", "plugin", `a"b`)
	s.Counter("deleted_total", "Deleted.").Add(2)
	s.Counter("deleted_total", "Deleted.").Inc() // the same one
	s.GaugeFunc("open", "Open.", func() float64 { return 7.5 })
	s.Writer(map[string]string{"events_total": "Events."}, func(l *Lines) {
		l.Int("events_total", 4, "kind", "in")
		l.Float("seconds_total", 0.25)
	})
	bare := r.Scope()
	bare.Writer(nil, func(l *Lines) { l.Int("info", 1, "version", "x"); l.Int("up", 1) })
	got := text(r)
	for _, want := range []string{
		"# HELP sluice_events_total Events.", "# TYPE sluice_open gauge", `sluice_deleted_total{pipeline="main",plugin="a\"b"} 3`, `sluice_open{pipeline="main",plugin="a\"b"} 7.5`,
		`sluice_events_total{pipeline="main",plugin="a\"b",kind="in"} 4`, `sluice_seconds_total{pipeline="main",plugin="a\"b"} 0.25`,
		`sluice_info{version="x"} 1`, "sluice_up 1", "process_resident_memory_bytes",
	} {
		if !strings.Contains(got, want+"\n") && !strings.Contains(got, want+" ") {
			t.Errorf("no line %s in\n%s", want, got)
		}
	}
	s.Close()
	s.Close()
	if got := text(r); strings.Contains(got, "pipeline=") || !strings.Contains(got, "sluice_up 1") {
		t.Errorf("after Close:\n%s", got)
	}
}

func TestNilScopeWorks(t *testing.T) {
	var s *Scope
	c := s.Counter("a_total", "A.")
	c.Inc()
	if c.Value() != 1 {
		t.Errorf("the counter is %v, want 1", c.Value())
	}
	s.GaugeFunc("b", "B.", func() float64 { return 0 })
	s.Writer(nil, func(*Lines) {})
	s.Close()
}

func TestGaugeIsReplaced(t *testing.T) {
	r := NewRegistry()
	s := r.Scope("a", "b")
	for _, v := range []float64{1, 2} { // as a plugin that is started twice does
		s.GaugeFunc("x", "A gauge.", func() float64 { return v })
	}
	if got := text(r); !strings.Contains(got, "sluice_x{a=\"b\"} 2\n") || strings.Contains(got, "sluice_x{a=\"b\"} 1\n") {
		t.Errorf("expected the second gauge alone:\n%s", got)
	}
}
