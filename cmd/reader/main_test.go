package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// childVariable makes the test binary the program itself.
const childVariable = "READER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// child is the program in a process of its own.
type child struct {
	cmd *exec.Cmd
	log *bufio.Scanner
}

func run(t *testing.T, config string) *child {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(name, []byte("pipeline: {data_dir: "+dir+", stop_timeout: 10m}\n"+config), 0o600); err != nil {
		t.Fatal(err)
	}
	return runIn(t, dir, "-c", name)
}

// runIn runs the program in a folder.
func runIn(t *testing.T, dir string, args ...string) *child {
	t.Helper()
	program, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"run", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), childVariable+"=1", "AWS_EC2_METADATA_DISABLED=true")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{cmd, bufio.NewScanner(out)}
}

// await reads the log up to a line that holds text.
func (c *child) await(t *testing.T, text string) {
	t.Helper()
	var log strings.Builder
	for c.log.Scan() {
		if strings.Contains(c.log.Text(), text) {
			return
		}
		log.WriteString(c.log.Text() + "\n")
	}
	t.Fatalf("the log ended before %q:\n%s", text, log.String())
}

func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// end waits for the end of the process and returns its exit code.
func (c *child) end(t *testing.T) int {
	t.Helper()
	for c.log.Scan() { // until the end: what is not read would block it
	}
	err := c.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func TestSignalStops(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		c := run(t, "inputs: [heartbeat]\noutputs: ['null']\n")
		c.await(t, `"msg":"starting"`)
		c.signal(t, s)
		c.await(t, `"msg":"stopped"`)
		if code := c.end(t); code != 0 {
			t.Errorf("%v: exit code %d", s, code)
		}
	}
}

// TestSecondSignalEnds stops a program whose output is away, so that a graceful stop takes its whole time.
func TestSecondSignalEnds(t *testing.T) {
	c := run(t, `inputs: [heartbeat]
outputs: [sqs: {queue: 'http://127.0.0.1:1/q', endpoint: 'http://127.0.0.1:1', region: x, access_key_id: a, secret_access_key: bbb}]
`)
	c.await(t, "refused")
	c.signal(t, syscall.SIGTERM)
	c.await(t, `"msg":"stopping"`)
	ended := make(chan struct{})
	var again sync.WaitGroup
	again.Go(func() { // what follows within a second is taken for the same signal
		every := time.NewTicker(50 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended just now
			case <-ended:
				return
			}
		}
	})
	code := c.end(t)
	close(ended)
	again.Wait()
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
}
