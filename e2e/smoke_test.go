package e2e

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

// TestSmoke is the main job in small, on the stand-ins: both real programs with the real configurations, requests
// that are delayed and lost, each program killed once. `make e2e` is the whole of it.
func TestSmoke(t *testing.T) {
	queue, index := httptest.NewServer(localqueue.New()), httptest.NewServer(localindex.New(localindex.Options{}))
	defer queue.Close()
	defer index.Close()
	ctx := t.Context()
	s, err := harness.NewStage(ctx, harness.Setup{
		Dir: t.TempDir(), Bin: buildPrograms(t), Queue: queue.URL, Index: index.URL,
		Shipper: absolute(t, "../configs/shipper.yaml"), Reader: absolute(t, "../configs/reader.yaml"),
	})
	check(t, err)
	defer s.Close()
	faults := harness.Faults{Seed: 1, Delay: 100 * time.Millisecond, LoseCall: 0.05, LoseDone: 0.05}
	s.QueueProxy.Set(faults)
	s.IndexProxy.Set(faults)

	sources := []harness.Source{
		{Type: "syslog", Log: filepath.Join(s.Logs, "syslog")},
		{Type: "app", Log: filepath.Join(s.Logs, "app", "orders.log"), Continues: harness.PythonContinues},
	}
	write := func(n int) {
		check(t, harness.Append(sources[0].Log, harness.Syslog(n, 300)))
		check(t, harness.Append(sources[1].Log, harness.Tracebacks(200)))
	}
	write(0)
	start(t, s.Shipper, s.Reader)
	check(t, s.Ready(ctx))
	for i, victim := range []*harness.Program{s.Shipper, s.Reader} {
		write(1000 * (i + 1))
		victim.Kill()
		start(t, victim)
	}
	want, err := harness.CountEvents(sources)
	check(t, err)
	err = s.Drained(ctx, indices, want, time.Minute)
	if err != nil {
		t.Errorf("%v\nshipper:\n%s\nreader:\n%s", err, s.Shipper.Tail(), s.Reader.Tail())
	}
	docs, err := s.Index.Docs(ctx, indices)
	check(t, err)
	report, errs := harness.Verify(sources, docs, indexPrefix)
	for _, err := range errs {
		t.Error(err)
	}
	t.Logf("%d lines, %d events, %d documents", report.Lines, report.Events, len(docs))
	check(t, s.Stop())
}
