// Command chain measures the CPU time that each program takes for one line of a real access log, all the way from
// the file into an index, with the configurations of configs/. The queue and the index are stand-ins in this
// process, whose time does not count.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

const (
	indices   = "logs-*"
	drainWait = 5 * time.Minute
	sample    = "apache_access.log.gz"
	ticks     = 100 // of a second, in /proc/PID/stat: USER_HZ is 100 on Linux
)

func main() {
	bin := flag.String("bin", "bin", "folder of the programs")
	lines := flag.Int("lines", 120_000, "how many lines")
	flag.Parse()
	if err := measure(context.Background(), *bin, *lines); err != nil {
		fmt.Fprintln(os.Stderr, "chain:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, bin string, lines int) error {
	s, done, err := stage(ctx, bin)
	if err != nil {
		return err
	}
	defer done()
	log := filepath.Join(s.Logs, "nginx", "access.log")
	written, bytes := 0, int64(0)
	for written < lines {
		one, err := harness.OpenSample(ctx, sample, log, lines-written)
		if err != nil {
			return err
		}
		written += one.Left()
		if err := one.Write(one.Left()); err != nil {
			return err
		}
	}
	if info, err := os.Stat(log); err == nil {
		bytes = info.Size()
	}
	start := time.Now()
	for _, p := range []*harness.Program{s.Shipper, s.Reader} {
		if err := p.Start(); err != nil {
			return err
		}
	}
	if err := s.Drained(ctx, indices, written, drainWait); err != nil {
		return err
	}
	took := time.Since(start)
	fmt.Printf("%d lines, %.0f MB, in %.1f s by the clock: %.0f lines/s\n", written, float64(bytes)/1e6, took.Seconds(), float64(written)/took.Seconds())
	for _, p := range []*harness.Program{s.Shipper, s.Reader} {
		cpu, rss, err := usage(p.PID())
		if err != nil {
			return err
		}
		fmt.Printf("%-8s %6.2f µs CPU a line, %5.0f MB/s and core, %3.0f MB resident at most\n",
			p.Name, float64(cpu.Microseconds())/float64(written), float64(bytes)/1e6/cpu.Seconds(), float64(rss)/1000)
	}
	return s.Stop()
}

// stage sets up both programs on stand-ins.
func stage(ctx context.Context, bin string) (*harness.Stage, func(), error) {
	root, err := harness.Root(ctx)
	if err != nil {
		return nil, nil, err
	}
	bin, err = filepath.Abs(bin)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "sluice-chain-")
	if err != nil {
		return nil, nil, err
	}
	queue, index := httptest.NewServer(localqueue.New()), httptest.NewServer(localindex.New(localindex.Options{}))
	s, err := harness.NewStage(ctx, harness.Setup{
		Dir: dir, Bin: bin, Queue: queue.URL, Index: index.URL,
		Shipper: []string{filepath.Join(root, "configs", "shipper.yaml")},
		Reader:  []string{filepath.Join(root, "configs", "reader.yaml")},
	})
	done := func() {
		if s != nil {
			s.Close()
		}
		queue.Close()
		index.Close()
		_ = os.RemoveAll(dir) // a leftover in /tmp
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return s, done, nil
}

// usage returns the CPU time that a process has used and the most memory it ever had, in kB.
func usage(pid int) (cpu time.Duration, rssKB int, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The name may hold anything; what follows its bracket are fields from the third on (proc_pid_stat(5)).
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, 0, errors.New("/proc/PID/stat is short")
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	status, err3 := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err := errors.Join(err1, err2, err3); err != nil {
		return 0, 0, err
	}
	_, rest, _ = strings.Cut(string(status), "VmHWM:")
	peak := strings.Fields(rest)
	if len(peak) == 0 {
		return 0, 0, errors.New("no VmHWM in /proc")
	}
	rssKB, err = strconv.Atoi(peak[0])
	return time.Duration(user+system) * time.Second / ticks, rssKB, err
}
