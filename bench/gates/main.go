// Command gates measures what an operator notices before the first line is read: the size of each program, the
// time from exec until it is ready, and its memory when idle. It fails when a limit is passed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/e2e/harness"
	"sluice/internal/localindex"
	"sluice/internal/localqueue"
)

// limit is what a program may take.
type limit struct {
	program string
	bytes   int64
	ready   time.Duration
	rssKB   int
}

const (
	runs    = 5               // of which the median counts
	idleFor = 3 * time.Second // until memory is looked at
	longest = 10 * time.Second
	mb      = 1_000_000
)

func main() {
	bin := flag.String("bin", "bin", "folder of the programs")
	flag.Parse()
	if err := measure(context.Background(), *bin); err != nil {
		fmt.Fprintln(os.Stderr, "gates:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, bin string) error {
	queue, index := httptest.NewServer(localqueue.New()), httptest.NewServer(localindex.New(localindex.Options{}))
	defer queue.Close()
	defer index.Close()
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	root, err := harness.Root(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluice-gates-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover in /tmp
	config := func(name string) []string { return []string{filepath.Join(root, "configs", name)} }
	s, err := harness.NewStage(ctx, harness.Setup{
		Dir: dir, Bin: bin, Queue: queue.URL, Index: index.URL, Shipper: config("shipper.yaml"), Reader: config("reader.yaml"),
	})
	if err != nil {
		return err
	}
	defer s.Close()
	return errors.Join(
		check(ctx, s.Shipper, limit{"shipper", 15 * mb, 200 * time.Millisecond, 25 * mb / 1000}),
		check(ctx, s.Reader, limit{"reader", 0, 200 * time.Millisecond, 40 * mb / 1000}),
	)
}

// check measures one program and compares it with its limits; 0 is no limit.
func check(ctx context.Context, p *harness.Program, l limit) error {
	info, err := os.Stat(p.Path)
	if err != nil {
		return err
	}
	var readies []time.Duration
	var sizes []int
	for range runs {
		ready, rss, err := once(ctx, p)
		if err != nil {
			return err
		}
		readies, sizes = append(readies, ready), append(sizes, rss)
	}
	ready, rss := median(readies), median(sizes)
	fmt.Printf("%-8s %5.1f MB  ready after %3d ms  idle with %4.1f MB\n",
		l.program, float64(info.Size())/mb, ready.Milliseconds(), float64(rss)/1000)
	var errs []error
	if l.bytes > 0 && info.Size() > l.bytes {
		errs = append(errs, fmt.Errorf("%s has %d bytes, the limit is %d", l.program, info.Size(), l.bytes))
	}
	if ready > l.ready {
		errs = append(errs, fmt.Errorf("%s is ready after %v, the limit is %v", l.program, ready, l.ready))
	}
	if rss > l.rssKB {
		errs = append(errs, fmt.Errorf("%s takes %d kB when idle, the limit is %d", l.program, rss, l.rssKB))
	}
	return errors.Join(errs...)
}

// once starts the program, waits until it is ready and then idle, and kills it: a stop may wait for a long poll.
func once(ctx context.Context, p *harness.Program) (ready time.Duration, rssKB int, err error) {
	start := time.Now()
	if err := p.Start(); err != nil {
		return 0, 0, err
	}
	defer p.Kill()
	for {
		if ok, _ := harness.OK(ctx, "http://"+p.Listen+"/readyz"); ok {
			break
		}
		if !p.Running() {
			return 0, 0, fmt.Errorf("%s ended:\n%s", p.Name, p.Tail())
		}
		if time.Since(start) > longest {
			return 0, 0, fmt.Errorf("%s is not ready after %v:\n%s", p.Name, longest, p.Tail())
		}
		harness.Pause(ctx, time.Millisecond)
	}
	ready = time.Since(start)
	harness.Pause(ctx, idleFor)
	if rssKB, err = rss(p.PID()); err != nil {
		return 0, 0, err
	}
	return ready, rssKB, nil
}

// rss is the resident memory of a process in kB.
func rss(pid int) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(status), "VmRSS:")
	f := strings.Fields(rest)
	if !ok || len(f) == 0 {
		return 0, errors.New("no VmRSS in /proc")
	}
	return strconv.Atoi(f[0])
}

func median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
