//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sluice/e2e/harness"
)

// writers are the programs whose logs are watched.
type writers struct {
	dir      string
	sources  []harness.Source
	samples  []*harness.Sample
	app      *harness.App
	nginx    *harness.Server
	requests int // made to nginx
	lines    int // of syslog and messages
}

func newWriters(t *testing.T, dir string) *writers {
	t.Helper()
	for _, d := range []string{"apache", "kafka"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	log := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	w := &writers{dir: dir, sources: []harness.Source{
		{Type: "syslog", Log: log("syslog")},
		{Type: "messages", Log: log("messages")},
		{Type: "nginx-access", Log: log("nginx/access.log")},
		{Type: "nginx-error", Log: log("nginx/error.log")},
		{Type: "app", Log: log("app/orders.log"), Continues: harness.PythonContinues},
		{Type: "nginx-access", Log: log("apache/access.log")},
		{Type: "kafka", Log: log("kafka/server.log"), Continues: harness.KafkaContinues},
	}}
	for name, to := range map[string]string{"apache_access.log.gz": "apache/access.log", "kafka_server.log.gz": "kafka/server.log"} {
		s, err := harness.OpenSample(t.Context(), name, log(to), 0)
		if err != nil {
			t.Fatal(err)
		}
		w.samples = append(w.samples, s)
	}
	var err error
	if w.app, err = harness.StartApp(t.Context(), log("app/orders.log")); err != nil {
		t.Fatal(err)
	}
	if w.nginx, err = harness.StartServer(t.Context(), "nginx", log("nginx"), "/"); err != nil {
		t.Fatal(err)
	}
	w.requests++ // the probe that it answers
	t.Cleanup(w.nginx.Kill)
	return w
}

// write makes every program log something.
func (w *writers) write(t *testing.T, rng *rand.Rand) {
	t.Helper()
	for _, s := range w.samples {
		check(t, s.Write(min(s.Left(), rng.IntN(400))))
	}
	check(t, w.app.Write(1+rng.IntN(60)))
	for _, name := range []string{"syslog", "messages"} {
		n := 1 + rng.IntN(80)
		check(t, harness.Append(filepath.Join(w.dir, name), harness.Syslog(w.lines, n)))
		w.lines += n
	}
	for range 1 + rng.IntN(120) {
		w.request(t, rng)
	}
}

// request asks nginx for something: a page, one that is not there, the application behind it; with and without
// user, cookie and referrer. The number in the URL makes each line unlike all others.
func (w *writers) request(t *testing.T, rng *rand.Rand) {
	t.Helper()
	paths := []string{"/?n=%d", "/static/page.html?n=%d", "/missing/%d", "/app/orders/%d?q=a%%20b"}
	url := w.nginx.URL + fmt.Sprintf(paths[rng.IntN(len(paths))], w.requests)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	check(t, err)
	if rng.IntN(3) == 0 {
		req.SetBasicAuth("bob", "secret")
	}
	if rng.IntN(3) == 0 {
		req.Header.Set("Cookie", fmt.Sprintf("sid=%d; lang=de", w.requests))
	}
	if rng.IntN(3) == 0 {
		req.Header.Set("Referer", "http://127.0.0.1/from")
	}
	resp, err := http.DefaultClient.Do(req)
	check(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	check(t, err)
	check(t, resp.Body.Close())
	w.requests++
}

// rotate has logrotate rotate nginx's logs.
func (w *writers) rotate(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), w.nginx.Path, "rotate", filepath.Join(w.dir, "nginx")).CombinedOutput()
	if err != nil {
		t.Fatalf("logrotate: %v\n%s", err, out)
	}
}

// close writes what is left and ends the programs, so that their logs stay as they are.
func (w *writers) close(t *testing.T) {
	t.Helper()
	for _, s := range w.samples {
		check(t, s.Write(s.Left()))
	}
	check(t, w.app.Close())
	check(t, w.nginx.Stop(10*time.Second))
	generations, err := harness.Generations(filepath.Join(w.dir, "nginx", "access.log"))
	check(t, err)
	lines := 0
	for _, file := range generations {
		events, err := harness.ReadEvents(file, nil)
		check(t, err)
		lines += len(events)
	}
	if lines < w.requests {
		t.Errorf("nginx logged %d of %d requests", lines, w.requests)
	}
	t.Logf("nginx: %d requests, %d lines in %d files", w.requests, lines, len(generations))
}

// events counts the events in all logs.
func (w *writers) events(t *testing.T) int {
	t.Helper()
	n, err := harness.CountEvents(w.sources)
	check(t, err)
	return n
}
