package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// peer is a C program beside this one: PROGRAM EXPRFILE CORPUS SECONDS [MODE].
type peer struct {
	path, expr, mode string
}

// run measures a C program on lines.
func (p peer) run(lines []string, limit time.Duration) (r result) {
	dir, err := os.MkdirTemp("", "bench-grok")
	if err != nil {
		return result{err: err}
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	expr, corpus := filepath.Join(dir, "expr"), filepath.Join(dir, "corpus")
	if err := os.WriteFile(expr, []byte(p.expr), 0o600); err != nil {
		return result{err: err}
	}
	if err := os.WriteFile(corpus, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return result{err: err}
	}
	args := []string{expr, corpus, fmt.Sprint(limit.Seconds())}
	if p.mode != "" {
		args = append(args, p.mode)
	}
	cmd := exec.Command(p.path, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{err: fmt.Errorf("run %s: %w", filepath.Base(p.path), err)}
	}
	var groups int
	if _, err := fmt.Sscanf(string(out), "%f %d %d %x", &r.ns, &r.matches, &groups, &r.hash); err != nil {
		return result{err: fmt.Errorf("found %q: %w", out, err)}
	}
	return r
}
