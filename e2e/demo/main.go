// Command demo shows the main job to a newcomer, with nothing but Go: both programs, with the configurations
// of configs/, carry logs of real servers through a queue and into an index that live in this process's
// memory. It ends by saying what was indexed where and how to look at it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

const (
	indices   = "logs-*"
	drainWait = time.Minute
)

func main() {
	serve := flag.Bool("serve", false, "keep the index until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := demo(ctx, *serve); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1) //nolint:gocritic // the signal's handler ends with the process
	}
}

func demo(ctx context.Context, serve bool) error {
	start := time.Now()
	dir, err := os.MkdirTemp("", "sluice-demo-")
	if err != nil {
		return err
	}
	fmt.Println("building shipper and reader ...")
	if err := harness.BuildAlike(ctx, dir); err != nil {
		return err
	}
	queue, index := httptest.NewServer(localqueue.New()), httptest.NewServer(localindex.New(localindex.Options{}))
	defer queue.Close()
	defer index.Close()
	root, err := harness.Root(ctx)
	if err != nil {
		return err
	}
	config := func(names ...string) (files []string) {
		for _, name := range names {
			files = append(files, filepath.Join(root, filepath.FromSlash(name)))
		}
		return files
	}
	s, err := harness.NewStage(ctx, harness.Setup{
		Dir: filepath.Join(dir, "run"), Bin: dir, Queue: queue.URL, Index: index.URL,
		Shipper: config("configs/shipper.yaml", "e2e/testdata/kafka-shipper.yaml"),
		Reader:  config("configs/reader.yaml", "e2e/testdata/kafka-reader.yaml"),
	})
	if err != nil {
		return err
	}
	defer s.Close()
	sources, err := writeLogs(ctx, s.Logs)
	if err != nil {
		return err
	}
	want, err := harness.CountEvents(sources)
	if err != nil {
		return err
	}
	docs, err := carry(ctx, s, want)
	if err != nil {
		return err
	}
	report, errs := harness.Verify(sources, docs, "logs-")
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	tell(s, report, docs, time.Since(start))
	if serve {
		fmt.Printf("\nThe index answers at %s until Ctrl-C:\n  curl '%s/_cat/indices?v'\n  curl '%s/%s/_search?q=response:404&pretty'\n",
			index.URL, index.URL, index.URL, indices)
		<-ctx.Done()
	}
	return nil
}

// carry runs both programs until all is indexed, and returns the documents.
func carry(ctx context.Context, s *harness.Stage, want int) ([]harness.Doc, error) {
	for _, p := range []*harness.Program{s.Shipper, s.Reader} {
		fmt.Println("starting", p.Name, strings.Join(p.Args, " "))
		if err := p.Start(); err != nil {
			return nil, err
		}
	}
	if err := s.Ready(ctx); err != nil {
		return nil, err
	}
	if err := s.Drained(ctx, indices, want, drainWait); err != nil {
		return nil, err
	}
	if err := s.Stop(); err != nil {
		return nil, err
	}
	return s.Index.Docs(ctx, indices)
}

// writeLogs writes the logs that the programs watch.
func writeLogs(ctx context.Context, dir string) ([]harness.Source, error) {
	log := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, d := range []string{"apache", "kafka"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	for name, to := range map[string]string{"apache_access.log.gz": "apache/access.log", "kafka_server.log.gz": "kafka/server.log"} {
		s, err := harness.OpenSample(ctx, name, log(to), 0)
		if err == nil {
			err = s.Write(s.Left())
		}
		if err != nil {
			return nil, err
		}
	}
	err := errors.Join(
		harness.Append(log("syslog"), harness.Syslog(0, 200)),
		harness.Append(log("app/orders.log"), harness.Tracebacks(100)),
	)
	return []harness.Source{
		{Type: "syslog", Log: log("syslog")},
		{Type: "app", Log: log("app/orders.log"), Continues: harness.PythonContinues},
		{Type: "nginx-access", Log: log("apache/access.log")},
		{Type: "kafka", Log: log("kafka/server.log"), Continues: harness.KafkaContinues},
	}, err
}

// shown is how many indices are listed.
const shown = 12

// tell prints what was indexed where and how to look at it.
func tell(s *harness.Stage, r harness.Report, docs []harness.Doc, took time.Duration) {
	fmt.Printf("\n%d lines in %d files became %d documents (%d of them joined from several lines), each exactly once.\n",
		r.Lines, r.Files, len(docs), r.Joined)
	if r.Formless > 0 {
		fmt.Printf("%d lines do not have the form of their type: indexed too, most of them tagged _grokparsefailure.\n", r.Formless)
	}
	fmt.Println()
	names := slices.Sorted(maps.Keys(r.ByIndex))
	for i, name := range names {
		if i == shown {
			fmt.Printf("  ... and %d more\n", len(names)-shown)
			break
		}
		fmt.Printf("  %-18s %6d documents\n", name, r.ByIndex[name])
	}
	fmt.Println("\nOne of them:")
	for _, name := range slices.Sorted(maps.Keys(docs[0].Source)) {
		fmt.Printf("  %-12s %.90v\n", name, docs[0].Source[name])
	}
	fmt.Printf("\nTo look at:\n"+
		"  the logs that were read       %s\n"+
		"  the archive                   zcat %s/*.gz | head\n"+
		"  what the programs said        %s %s\n"+
		"  the index, while it runs      go run ./e2e/demo -serve\n"+
		"  the configurations            configs/shipper.yaml configs/reader.yaml\n"+
		"All of it took %v.\n",
		s.Logs, s.Archive, s.Shipper.Log, s.Reader.Log, took.Round(100*time.Millisecond))
}
