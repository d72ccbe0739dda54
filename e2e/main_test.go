//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"sluice/e2e/harness"
)

const (
	killPoints = 24 // at least 20 are asked for
	drainWait  = 3 * time.Minute
)

// TestMainJob is the classic pair at work, on real servers and real logs: both programs are killed again and
// again while data is under way, and every line ends as exactly one document, in its index and in the archive.
// SLUICE_SEED chooses the points.
func TestMainJob(t *testing.T) {
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SLUICE_SEED"), "1"), 10, 64)
	if err != nil {
		t.Fatal("SLUICE_SEED: ", err)
	}
	t.Logf("seed %d (SLUICE_SEED)", seed)
	j := newJob(t, seed)
	j.run(t)
	j.prove(t, "after the kills")
	j.again(t)
	j.prove(t, "after a second delivery of everything")
	if err := j.stage.Stop(); err != nil {
		t.Error(err)
	}
	j.archive(t)
	for _, program := range []string{"shipper", "reader"} {
		if n := deadLetters(t, filepath.Join(j.stage.Dir, program, "dead_letters")); n > 0 {
			t.Errorf("%s: %d bytes of dead letters", program, n)
		}
	}
}

// deadLetters is how many bytes are in a folder of dead letters, which need not be there.
func deadLetters(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	check(t, err)
	for _, f := range files {
		info, err := os.Stat(f)
		check(t, err)
		bytes += info.Size()
	}
	return bytes
}

// job is one run of the main job.
type job struct {
	rng   *rand.Rand
	stage *harness.Stage
	logs  *writers
}

func newJob(t *testing.T, seed uint64) *job {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	queue, index := realServers(t, dir)
	stage, err := harness.NewStage(ctx, harness.Setup{
		Dir: dir, Bin: buildPrograms(t), Queue: queue, Index: index,
		Shipper: absolute(t, "../configs/shipper.yaml", "testdata/kafka-shipper.yaml"),
		Reader:  absolute(t, "../configs/reader.yaml", "testdata/kafka-reader.yaml"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stage.Close()
		if t.Failed() {
			t.Logf("shipper:\n%s\nreader:\n%s", stage.Shipper.Tail(), stage.Reader.Tail())
		}
	})
	j := &job{rng: rand.New(rand.NewPCG(seed, 0)), stage: stage, logs: newWriters(t, stage.Logs)}
	// Requests take a while and some are lost, so that there always is something under way.
	faults := harness.Faults{Seed: seed, Delay: 200 * time.Millisecond, LoseCall: 0.02, LoseDone: 0.02}
	stage.QueueProxy.Set(faults)
	stage.IndexProxy.Set(faults)
	return j
}

// run writes logs, kills programs and starts them again.
func (j *job) run(t *testing.T) {
	t.Helper()
	start(t, j.stage.Shipper, j.stage.Reader)
	if err := j.stage.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for point := 1; point <= killPoints; point++ {
		j.logs.write(t, j.rng)
		victim := j.stage.Shipper
		if point%2 == 0 {
			victim = j.stage.Reader
		}
		state := j.underWay(t, victim)
		victim.Kill()
		t.Logf("kill %2d: %-7s %s", point, victim.Name, state)
		if point%3 == 0 {
			j.logs.rotate(t) // while one of the two is away
		}
		start(t, victim)
	}
	j.logs.close(t)
}

// underWay waits for a point at which to kill: the victim has data that it has not acknowledged to its source.
func (j *job) underWay(t *testing.T, victim *harness.Program) string {
	t.Helper()
	gauge, what := "sluice_input_file_bytes_behind", "bytes of files not confirmed"
	if victim == j.stage.Reader {
		gauge, what = "sluice_sqs_messages_held", "messages held"
	}
	for range 100 {
		// Some time after data was seen first, so that kills fall into each stage of its way.
		if j.value(t, victim, gauge) > 0 {
			harness.Pause(t.Context(), time.Duration(j.rng.IntN(1200))*time.Millisecond)
			if n := j.value(t, victim, gauge); n > 0 {
				return fmt.Sprintf("%5.0f %s; %s", n, what, j.progress(t))
			}
		}
		j.logs.write(t, j.rng)
		harness.Pause(t.Context(), time.Duration(j.rng.IntN(500))*time.Millisecond)
	}
	t.Fatalf("%s never has %s:\n%s", victim.Name, what, victim.Tail())
	return ""
}

// value reads a gauge; 0 while the program does not answer yet.
func (j *job) value(t *testing.T, p *harness.Program, gauge string) float64 {
	t.Helper()
	if !p.Running() {
		t.Fatalf("%s ended by itself:\n%s", p.Name, p.Tail())
	}
	n, err := p.Metric(t.Context(), gauge)
	if err != nil {
		return 0
	}
	return n
}

// progress tells how far the whole is.
func (j *job) progress(t *testing.T) string {
	t.Helper()
	docs, err := j.stage.Index.Count(t.Context(), indices)
	check(t, err)
	counts, err := j.stage.Queue.Counts(t.Context())
	check(t, err)
	return fmt.Sprintf("%d of %d events indexed, queue: %v", docs, j.logs.events(t), counts)
}

// prove waits until all is indexed and compares all of it.
func (j *job) prove(t *testing.T, when string) {
	t.Helper()
	if err := j.stage.Drained(t.Context(), indices, j.logs.events(t), drainWait); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	docs, err := j.stage.Index.Docs(t.Context(), indices)
	if err != nil {
		t.Fatal(err)
	}
	report, errs := harness.Verify(j.logs.sources, docs, indexPrefix)
	for _, err := range errs {
		t.Errorf("%s: %v", when, err)
	}
	if others, err := j.stage.Index.Count(t.Context(), "*,-"+indices); err != nil || others > 0 {
		t.Errorf("%s: %d documents are in other indices (%v)", when, others, err)
	}
	j.types(t)
	counts, err := j.stage.Queue.Counts(t.Context())
	if err != nil || counts != (harness.Counts{}) {
		t.Errorf("%s: the queue holds %v (%v)", when, counts, err)
	}
	t.Logf("%s: %d lines, %d events (%d joined, %d without the form of their type) = %d documents; by type %v; queue: %v; lost on the way: %d and %d requests",
		when, report.Lines, report.Events, report.Joined, report.Formless, len(docs), report.ByType, counts,
		j.stage.QueueProxy.Lost(), j.stage.IndexProxy.Lost())
	t.Logf("%s: %d indices", when, len(report.ByIndex))
}

// types checks what Elasticsearch has made of the fields.
func (j *job) types(t *testing.T) {
	t.Helper()
	types, err := j.stage.Index.Types(t.Context(), indices)
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"@timestamp": "date", "requesttime": "float", "response": "long", "bytes": "long", "offset": "long", "connection": "long",
		"clientip": "text", "message": "text",
	} {
		if types[field] != want {
			t.Errorf("field %s is mapped as %q, want %q", field, types[field], want)
		}
	}
}

// again sends every message that ever went to the queue once more.
func (j *job) again(t *testing.T) {
	t.Helper()
	sent := j.stage.QueueProxy.Sent()
	if len(sent) == 0 {
		t.Fatal("no message was seen on its way to the queue")
	}
	for _, m := range sent {
		if err := j.stage.Queue.Send(t.Context(), m); err != nil {
			t.Fatal("second delivery: ", err)
		}
	}
	t.Logf("%d messages sent once more", len(sent))
}

// archive compares the files of the archive with the index: every id, whatever is there twice.
func (j *job) archive(t *testing.T) {
	t.Helper()
	ids, files, err := harness.ArchivedIDs(j.stage.Archive)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := j.stage.Index.Docs(t.Context(), indices)
	if err != nil {
		t.Fatal(err)
	}
	missing := 0
	for _, d := range docs {
		if ids[d.Identity()] == 0 {
			if missing++; missing < 5 {
				t.Errorf("archive: %s is missing: %v", d.Identity(), d.Source)
			}
		}
		delete(ids, d.Identity())
	}
	if missing > 0 || len(ids) > 0 {
		t.Errorf("archive: %d documents are missing, %d are there that are not indexed", missing, len(ids))
	}
	t.Logf("archive: %d files hold the identities of all %d documents", files, len(docs))
}

// realServers starts ElasticMQ and Elasticsearch. A server that does not start is a failure.
func realServers(t *testing.T, dir string) (queue, index string) {
	t.Helper()
	var urls [2]string
	for i, s := range []struct{ name, probe string }{{"elasticmq", "/health"}, {"elasticsearch", "/_cluster/health"}} {
		server, err := harness.StartServer(t.Context(), s.name, filepath.Join(dir, s.name), s.probe)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Kill)
		urls[i] = server.URL
	}
	return urls[0], urls[1]
}
