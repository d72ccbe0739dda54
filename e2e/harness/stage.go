package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Setup is what a stage is made of: servers, real ones or stand-ins, and programs with their configurations.
type Setup struct {
	Dir             string   // everything is written below it
	Bin             string   // the folder of the programs
	Queue           string   // URL of a server that speaks SQS
	Index           string   // URL of a server that speaks Elasticsearch's protocol
	Shipper, Reader []string // configuration files
}

// Stage is both programs between a folder of logs, a queue, an index and an archive, with a proxy before
// each server. Logs are in Logs, what the programs said in shipper.log and reader.log.
type Stage struct {
	Dir, Logs, Archive string
	Queue              *Queue
	Index              *Index
	QueueProxy         *Proxy
	IndexProxy         *Proxy
	Shipper, Reader    *Program
}

// visibility is after how many seconds a message comes back whose reader was killed.
const visibility = 5

// NewStage makes folders, a queue and the proxies, and sets up the programs. It starts neither.
func NewStage(ctx context.Context, o Setup) (*Stage, error) {
	s := &Stage{Dir: o.Dir, Logs: filepath.Join(o.Dir, "log"), Archive: filepath.Join(o.Dir, "archive"), Index: &Index{o.Index}}
	for _, d := range []string{"log/nginx", "log/app", "archive", "shipper", "reader"} {
		if err := os.MkdirAll(filepath.Join(o.Dir, d), 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if s.Queue, err = NewQueue(ctx, o.Queue, "logs", visibility); err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	if s.QueueProxy, err = NewProxy(o.Queue); err != nil {
		return nil, err
	}
	if s.IndexProxy, err = NewProxy(o.Index); err != nil {
		return nil, err
	}
	if s.Shipper, err = s.program(o.Bin, "shipper", o.Shipper); err != nil {
		return nil, err
	}
	s.Reader, err = s.program(o.Bin, "reader", o.Reader)
	return s, err
}

func (s *Stage) program(bin, name string, configs []string) (*Program, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	p := &Program{
		Name: name, Path: filepath.Join(bin, name), Dir: s.Dir, Log: filepath.Join(s.Dir, name+".log"),
		Listen: "127.0.0.1:" + strconv.Itoa(port),
		Env: []string{
			"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
			"SLUICE_QUEUE=" + s.Queue.Name, "AWS_ENDPOINT_URL_SQS=" + s.QueueProxy.URL, "SLUICE_ES_HOST=" + s.IndexProxy.URL, "SLUICE_OLDEST=0s",
			"LOG_DIR=" + s.Logs, "ARCHIVE_DIR=" + s.Archive, "STATE_DIRECTORY=" + filepath.Join(s.Dir, name),
		},
	}
	p.Args = []string{"run", "--listen", p.Listen}
	for _, c := range configs {
		p.Args = append(p.Args, "-c", c)
	}
	return p, nil
}

// Ready waits until both programs say that they are ready.
func (s *Stage) Ready(ctx context.Context) error {
	for _, p := range []*Program{s.Shipper, s.Reader} {
		ready := func() (bool, string) {
			ok, err := OK(ctx, "http://"+p.Listen+"/readyz")
			return ok, fmt.Sprintf("%s: not ready: %v", p.Name, err)
		}
		if err := Until(ctx, readyWait, ready, p); err != nil {
			return err
		}
	}
	return nil
}

const (
	readyWait = 30 * time.Second
	stopWait  = 30 * time.Second
)

// Drained waits until the index holds want documents and the queue is empty. More documents than wanted end
// the wait at once: they are an error.
func (s *Stage) Drained(ctx context.Context, indices string, want int, wait time.Duration) error {
	return Until(ctx, wait, func() (bool, string) {
		have, err := s.Index.Count(ctx, indices)
		if err != nil {
			return false, err.Error()
		}
		c, err := s.Queue.Counts(ctx)
		if err != nil {
			return false, err.Error()
		}
		return have >= want && c.Sum() == 0, fmt.Sprintf("%d of %d documents, queue: %v", have, want, c)
	}, s.Shipper, s.Reader)
}

// Stop stops both programs gracefully.
func (s *Stage) Stop() error {
	return errors.Join(s.Shipper.Stop(stopWait), s.Reader.Stop(stopWait))
}

// Close kills what still runs and ends the proxies.
func (s *Stage) Close() {
	for _, p := range []*Program{s.Shipper, s.Reader} {
		if p != nil {
			p.Kill()
		}
	}
	for _, p := range []*Proxy{s.QueueProxy, s.IndexProxy} {
		if p != nil {
			p.Close()
		}
	}
}
