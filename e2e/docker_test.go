//go:build e2e

package e2e

import (
	"bufio"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestDockerfile runs the steps of the Dockerfile without Docker: each stage gets a folder as its root, RUN and
// COPY are carried out in it, and what the images would hold is looked at.
func TestDockerfile(t *testing.T) {
	d := &dockerfile{context: t.TempDir(), dir: t.TempDir(), stages: map[string]*image{}}
	d.checkout(t)
	d.run(t)
	for name, port := range map[string]string{"shipper": "9610", "reader": "9600"} {
		i := d.stages[name]
		if i == nil {
			t.Fatalf("the Dockerfile has no stage %s", name)
		}
		program := filepath.Join(i.root, "usr", "local", "bin", name)
		static(t, program)
		if i.user == "" || strings.HasPrefix(i.user, "0") || strings.HasPrefix(i.user, "root") {
			t.Errorf("%s: runs as user %q", name, i.user)
		}
		i.runs(t, program)
		i.healthy(t, port)
	}
}

// dockerfile is the state of a build.
type dockerfile struct {
	context string // what COPY copies from
	dir     string
	stages  map[string]*image
	now     *image
}

// image is a stage: its root, and what the instructions have set.
type image struct {
	root, workdir, user string
	env                 []string
	health, entry, cmd  []string
}

// checkout puts the files that git knows, as they are in the working tree, into the context.
func (d *dockerfile) checkout(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "-C", "..", "ls-files").Output()
	check(t, err)
	for name := range strings.FieldsSeq(string(out)) {
		from := filepath.Join("..", name)
		if _, err := os.Stat(from); err == nil {
			copyFile(t, from, filepath.Join(d.context, name))
		}
	}
}

// run carries out the file, line by line.
func (d *dockerfile) run(t *testing.T) {
	t.Helper()
	f, err := os.Open("../Dockerfile")
	check(t, err)
	defer f.Close() //nolint:errcheck // it is only read
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasSuffix(line, `\`) {
			t.Fatalf("%s: keep each instruction on one line", line)
		}
		t.Log(line)
		word, rest, _ := strings.Cut(line, " ")
		d.step(t, word, strings.TrimSpace(rest))
	}
}

func (d *dockerfile) step(t *testing.T, word, rest string) {
	t.Helper()
	i := d.now
	switch word {
	case "FROM":
		d.from(t, strings.Fields(rest))
	case "ARG", "ENV":
		i.env = append(i.env, rest)
	case "WORKDIR":
		i.workdir = rest
		check(t, os.MkdirAll(filepath.Join(i.root, rest), 0o755))
	case "COPY":
		d.copy(t, strings.Fields(rest))
	case "RUN":
		if regexp.MustCompile(`(^| )/`).MatchString(rest) {
			t.Fatalf("RUN %s: an absolute path would be this machine's", rest)
		}
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", rest)
		cmd.Dir = filepath.Join(i.root, i.workdir)
		cmd.Env = append(os.Environ(), i.env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("RUN %s: %v\n%s", rest, err, out)
		}
	case "USER":
		i.user = rest
	case "HEALTHCHECK":
		_, command, _ := strings.Cut(rest, "CMD ")
		check(t, json.Unmarshal([]byte(command), &i.health))
	case "ENTRYPOINT":
		check(t, json.Unmarshal([]byte(rest), &i.entry))
	case "CMD":
		check(t, json.Unmarshal([]byte(rest), &i.cmd))
	case "EXPOSE":
	default:
		t.Fatalf("unknown instruction %s", word)
	}
}

// from begins a stage: on an earlier one, or on an image, which is an empty root; that of Go must be of
// the version that is used here.
func (d *dockerfile) from(t *testing.T, args []string) {
	t.Helper()
	if len(args) != 3 || args[1] != "AS" {
		t.Fatalf("FROM %v: expected IMAGE AS NAME", args)
	}
	next := &image{root: filepath.Join(d.dir, args[2]), workdir: "/"}
	check(t, os.Mkdir(next.root, 0o755))
	if base := d.stages[args[0]]; base != nil {
		next.env, next.user, next.workdir = base.env, base.user, base.workdir
		copyTree(t, base.root, next.root)
	} else if version, ok := strings.CutPrefix(args[0], "golang:"); ok {
		version, _, _ = strings.Cut(version, "-")
		if !strings.HasPrefix(runtime.Version(), "go"+version) {
			t.Errorf("FROM %s: this is %s", args[0], runtime.Version())
		}
	}
	d.stages[args[2]], d.now = next, next
}

// copy carries out COPY [--from=STAGE] [--chown=USER] SOURCE... TARGET.
func (d *dockerfile) copy(t *testing.T, args []string) {
	t.Helper()
	from := d.context
	for strings.HasPrefix(args[0], "--") {
		if stage, ok := strings.CutPrefix(args[0], "--from="); ok {
			from = d.stages[stage].root
		}
		args = args[1:]
	}
	to := args[len(args)-1]
	target := filepath.Join(d.now.root, to)
	if !filepath.IsAbs(to) {
		target = filepath.Join(d.now.root, d.now.workdir, to)
	}
	for _, source := range args[:len(args)-1] {
		path := filepath.Join(from, source)
		info, err := os.Stat(path)
		check(t, err)
		switch {
		case info.IsDir():
			copyTree(t, path, target)
		case strings.HasSuffix(to, "/"):
			copyFile(t, path, filepath.Join(target, filepath.Base(path)))
		default:
			copyFile(t, path, target)
		}
	}
}

// copyTree copies a folder over another, as COPY does: what is there is replaced.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	check(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, name), 0o755))
		}
		copyFile(t, path, filepath.Join(to, name))
		return err
	}))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	check(t, err)
	b, err := os.ReadFile(from)
	check(t, err)
	check(t, os.MkdirAll(filepath.Dir(to), 0o755))
	check(t, os.WriteFile(to, b, info.Mode().Perm()))
}

// static fails for a program that needs a loader or a library.
func static(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	check(t, err)
	defer f.Close() //nolint:errcheck // it is only read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Errorf("%s needs a loader: it is not static", program)
		}
	}
	if libs, err := f.ImportedLibraries(); err != nil || len(libs) > 0 {
		t.Errorf("%s needs %v (%v)", program, libs, err)
	}
}

// runs starts the image's program as the image's user: its version, and a check of the image's own configuration.
func (i *image) runs(t *testing.T, program string) {
	t.Helper()
	if len(i.entry) != 1 || i.entry[0] != filepath.Base(program) || len(i.cmd) != 3 || i.cmd[0] != "run" {
		t.Fatalf("entry point %v, command %v", i.entry, i.cmd)
	}
	config := filepath.Join(i.root, i.cmd[2])
	check(t, filepath.WalkDir(filepath.Dir(filepath.Dir(i.root)), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != i.root {
			err = os.Chmod(path, 0o755) // so that another user gets at the program
		}
		return err
	}))
	var uid uint32
	_, err := fmt.Sscanf(i.user, "%d", &uid)
	check(t, err)
	for _, args := range [][]string{{"version"}, {"check", config}} {
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Env = i.env
		if os.Getuid() == 0 {
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %v as user %d: %v\n%s", program, args, uid, err, out)
		}
		t.Logf("%s %s: %.100s", filepath.Base(program), args[0], out)
	}
}

// healthy runs the health check against a program that is well, and one that is not.
func (i *image) healthy(t *testing.T, port string) {
	t.Helper()
	var status int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			t.Errorf("the health check asks for %s", r.URL)
		}
		w.WriteHeader(status)
	}))
	defer s.Close()
	last := len(i.health) - 1
	if last < 1 || !strings.Contains(i.health[last], "127.0.0.1:"+port+"/") {
		t.Fatalf("health check %q; expected one of port %s", i.health, port)
	}
	args := append(append([]string{}, i.health[1:last]...), s.URL+"/healthz")
	for code, healthy := range map[int]bool{http.StatusOK: true, http.StatusServiceUnavailable: false} {
		status = code
		err := exec.CommandContext(t.Context(), i.health[0], args...).Run()
		if (err == nil) != healthy {
			t.Errorf("health check, with status %d: %v", code, err)
		}
	}
}
