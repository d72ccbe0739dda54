// Package harness starts, kills and watches what the tests in e2e need: the two programs, real servers or
// in-memory stand-ins for them, a proxy that delays, cuts and records requests, and writers of logs that
// know which documents must come of them.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Root returns the folder of the module's go.mod.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find go.mod: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// Build builds both programs into dir as they are released: static and stripped, the shipper as the Makefile's LEAN has it.
func Build(ctx context.Context, dir string) error {
	if err := build(ctx, dir, "-tags", "nethttpomithttp2,lean", "-gcflags", "github.com/aws/...=-l", "./cmd/shipper"); err != nil {
		return err
	}
	return build(ctx, dir, "./cmd/reader")
}

// BuildAlike builds both programs into dir with the same flags, so that what they share is compiled once.
func BuildAlike(ctx context.Context, dir string) error {
	return build(ctx, dir, "./cmd/shipper", "./cmd/reader")
}

// build runs go build with further arguments.
func build(ctx context.Context, dir string, args ...string) error {
	root, err := Root(ctx)
	if err != nil {
		return err
	}
	args = append([]string{"build", "-trimpath", "-ldflags", "-s -w -X main.version=e2e", "-o", dir + string(filepath.Separator)}, args...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs: %w\n%s", err, out)
	}
	return nil
}

// Program is a process that can be started again after it has ended. One goroutine at a time may use it.
type Program struct {
	Name string
	Path string
	Args []string
	Env  []string // besides the test's own environment
	Dir  string
	Log  string // the file that output is appended to

	Listen string // where it serves health and metrics, if it does

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // of Wait, once done is closed
}

// Start starts the process in a process group of its own.
func (p *Program) Start() error {
	if p.Running() {
		panic("BUG: " + p.Name + " is running already")
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	defer log.Close() //nolint:errcheck // the child has its own
	// Not CommandContext: a program outlives whoever starts it, and ends by Stop or Kill.
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.Dir, log, log
	cmd.Env = append(os.Environ(), p.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done = cmd, done
	go func() {
		p.err = cmd.Wait()
		close(done)
	}()
	return nil
}

// Running reports whether the process was started and has not ended.
func (p *Program) Running() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Done is closed when the process has ended.
func (p *Program) Done() <-chan struct{} { return p.done }

// PID is the number of the process last started.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Metric returns the sum of the program's series of a name.
func (p *Program) Metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Listen+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // it has been read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	sum, found := 0.0, false
	for line := range strings.Lines(string(text)) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if bare, _, _ := strings.Cut(series, "{"); bare != name {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", name, err)
		}
		sum, found = sum+n, true
	}
	if !found {
		return 0, fmt.Errorf("%s has no metric %s", p.Name, name)
	}
	return sum, nil
}

// Kill ends the process as kill -9 does, its children too, and waits until it is gone.
func (p *Program) Kill() {
	if p.Running() {
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // it may have ended meanwhile
		<-p.done
	}
}

// Stop asks the process to end by SIGTERM and returns its error, or one that says that it had to be killed.
func (p *Program) Stop(wait time.Duration) error {
	if p.done == nil {
		return nil
	}
	if p.Running() {
		_ = syscall.Kill(-p.PID(), syscall.SIGTERM)
	}
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail())
		}
		return nil
	case <-time.After(wait):
		p.Kill()
		return fmt.Errorf("%s did not end within %v of SIGTERM\n%s", p.Name, wait, p.Tail())
	}
}

// tailBytes is how much of a log an error shows.
const tailBytes = 4000

// Tail returns the end of the log.
func (p *Program) Tail() string {
	b, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-tailBytes):])
}

// pollInterval is how often Until asks.
const pollInterval = 50 * time.Millisecond

// ErrEnded says that a program ended while something was waited for that only it could do.
var ErrEnded = errors.New("ended by itself")

// Until polls cond until it says true, or wait is over: then the error holds what cond last said. It gives up
// when one of the programs ends.
func Until(ctx context.Context, wait time.Duration, cond func() (bool, string), programs ...*Program) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		ok, state := cond()
		if ok {
			return nil
		}
		for _, p := range programs {
			if !p.Running() {
				return fmt.Errorf("%s %w (%v) while %s; log %s:\n%s", p.Name, ErrEnded, p.err, state, p.Log, p.Tail()) //nolint:errorlint // there may be none
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v: %s", wait, state)
		case <-tick.C:
		}
	}
}

// Pause waits for a time, or until ctx is done: a point at which to kill is chosen by it, nothing is
// waited for.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
