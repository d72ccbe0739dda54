package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestScopeAddsAndTakesAway(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := NewScope(reg, map[string]string{"pipeline": "main", "plugin": "sqs"})
	s.Counter("sqs_deleted_total", "Messages deleted.").Add(2)
	s.Counter("sqs_deleted_total", "Messages deleted.").Inc() // the same one
	s.GaugeFunc("sqs_open", "Messages open.", func() float64 { return 7 })
	got, err := reg.Gather()
	if err != nil || len(got) != 2 {
		t.Fatalf("%d metrics, err %v", len(got), err)
	}
	if n := got[0].GetMetric()[0].GetCounter().GetValue(); n != 3 || got[0].GetName() != "sluice_sqs_deleted_total" {
		t.Errorf("%s is %v, want 3", got[0].GetName(), n)
	}
	s.Close()
	s.Close()
	if got, err := reg.Gather(); err != nil || len(got) != 0 {
		t.Errorf("%d metrics are left, err %v", len(got), err)
	}
}

func TestNilScopeWorks(t *testing.T) {
	var s *Scope
	s.Counter("a_total", "A.").Inc()
	s.GaugeFunc("b", "B.", func() float64 { return 0 })
	s.Close()
}
