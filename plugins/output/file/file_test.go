package file

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func TestAppend(t *testing.T) {
	for _, zip := range []bool{false, true} {
		dir := t.TempDir()
		path := dir + "/a/b/%{to}-%{+yyyy.MM.dd}.log"
		if zip {
			path += ".gz"
		}
		set := func(c *Config) { c.Gzip = zip }
		out := open(t, 1, path, set)
		must(t, out, texts("one@x", "two@y", "three@x"))
		must(t, out, texts("four@x"))
		if err := out.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := open(t, 1, path, set)
		must(t, again, texts("five@x"))
		end := strings.TrimPrefix(path, dir+"/a/b/%{to}-%{+yyyy.MM.dd}")
		for to, want := range map[string]string{"x": "one\nthree\nfour\nfive\n", "y": "two\n"} {
			if got := content(t, dir+"/a/b/"+to+"-2026.03.01"+end); got != want {
				t.Errorf("%s: got %q, want %q", to, got, want)
			}
		}
		if files := under(t, dir); len(files) != 2 {
			t.Errorf("files: %v", files)
		}
	}
}

func TestRejects(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.log"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out := open(t, 1, dir+"/%{to}.log", nil)
	f := func(message, want string) {
		t.Helper()
		if got := outcomes(t, out, 0, texts(message)); !strings.Contains(got[0], want) || !strings.HasPrefix(got[0], "reject: ") {
			t.Errorf("%q: got %s, want a reject with %q", message, got[0], want)
		}
	}
	f("no target", "missing field: %{to}")
	f("bad@x", `found "bad"`)
	f("m@../x", "out of the root")
	f("m@a/../../x", "out of the root")
	f("m@folder", "is a directory")
	f("m@plain/x", "not a directory")
	f("m@x\x00y", "NUL")
	f("m@"+strings.Repeat("x", 300), "longer than 255 bytes")
	// One bad event does not hold up the others.
	got := outcomes(t, out, 0, texts("m@ok", "m@../x", "bad@ok", "n@ok"))
	if got[0] != "done" || got[3] != "done" || !strings.HasPrefix(got[1], "reject") || !strings.HasPrefix(got[2], "reject") {
		t.Errorf("got %q", got)
	}
	if c := content(t, dir+"/ok.log"); c != "m\nn\n" {
		t.Errorf("content %q", c)
	}
}

// TestNoTime names the file by the time at which an event's line was read when it has no time of its own.
func TestNoTime(t *testing.T) {
	dir := t.TempDir()
	out := open(t, 1, dir+"/%{+yyyy}.log", nil)
	list := texts("a", "b")
	list[0].Time = time.Time{}
	list[1].Time, list[1].Observed = time.Time{}, time.Time{}
	got := outcomes(t, out, 0, list)
	if got[0] != "done" || !strings.HasPrefix(got[1], "reject: ") {
		t.Errorf("got %q", got)
	}
	if c := content(t, dir+"/2026.log"); c != "a\n" {
		t.Errorf("content %q", c)
	}
}

func TestMovedAndDeleted(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/a.log"
	out := open(t, 1, path, nil)
	must(t, out, texts("one"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	must(t, out, texts("two"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	must(t, out, texts("three"))
	if err := os.Truncate(path, 0); err != nil { // copytruncate of logrotate
		t.Fatal(err)
	}
	must(t, out, texts("four"))
	if got := content(t, path) + content(t, path+".1"); got != "four\none\n" {
		t.Errorf("got %q", got)
	}
}

func TestCreateIfDeleted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/there.log", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, behavior := range []string{"append", "overwrite"} {
		out := open(t, 1, dir+"/%{to}.log", func(c *Config) { c.CreateIfDeleted, c.WriteBehavior = false, behavior })
		got := outcomes(t, out, 0, texts("a@there", "b@missing"))
		if got[0] != "done" || !strings.Contains(got[1], "create_if_deleted is false") || !strings.HasPrefix(got[1], "reject") {
			t.Errorf("%s: got %q", behavior, got)
		}
		if err := out.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestOverwrite(t *testing.T) {
	for _, zip := range []bool{false, true} {
		dir := t.TempDir()
		path := dir + "/last.gz"
		if !zip {
			path = dir + "/last"
		}
		out := open(t, 2, path, func(c *Config) { c.WriteBehavior, c.Gzip = "overwrite", zip })
		must(t, out, texts("one", "two"))
		must(t, out, texts("three", "bad")[:1])
		outcomes(t, out, 1, texts("four", "bad"))
		if got := content(t, path); got != "four\n" {
			t.Errorf("got %q", got)
		}
		if files := under(t, dir); len(files) != 1 {
			t.Errorf("files: %v", files)
		}
	}
}

func TestModes(t *testing.T) {
	dir := t.TempDir()
	out := open(t, 1, dir+"/d/%{to}/f", func(c *Config) { c.DirMode, c.FileMode = "0700", "0600" })
	must(t, out, texts("m@x"))
	for path, want := range map[string]os.FileMode{"d": 0o700, "d/x": 0o700, "d/x/f": 0o600} {
		st, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != want {
			t.Errorf("%s: mode %o, want %o", path, st.Mode().Perm(), want)
		}
	}
}

// TestTwoProcesses checks that a file has one writer: the other one's events are tried again.
func TestTwoProcesses(t *testing.T) {
	path := t.TempDir() + "/a.log"
	one, two := open(t, 1, path, nil), open(t, 1, path, nil)
	must(t, one, texts("one"))
	if got := outcomes(t, two, 0, texts("two")); !strings.Contains(got[0], "retry") || !strings.Contains(got[0], errLocked.Error()) {
		t.Errorf("got %q", got)
	}
	if err := one.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(t, two, texts("two"))
	if got := content(t, path); got != "one\ntwo\n" {
		t.Errorf("got %q", got)
	}
}

func (o *output) openFiles() int {
	o.store.mu.Lock()
	all := make([]*openFile, 0, len(o.store.files))
	for _, f := range o.store.files {
		all = append(all, f)
	}
	o.store.mu.Unlock()
	n := 0
	for _, f := range all {
		f.mu.Lock()
		if f.handle != nil {
			n++
		}
		f.mu.Unlock()
	}
	return n
}

func TestMaxOpenFiles(t *testing.T) {
	dir := t.TempDir()
	out := open(t, 1, dir+"/%{to}", func(c *Config) { c.MaxOpenFiles = 3 })
	for round := range 2 {
		for i := range 10 {
			must(t, out, texts(fmt.Sprintf("%d@f%d", round, i)))
			if n := out.openFiles(); n > 3 {
				t.Fatalf("%d files are open", n)
			}
		}
	}
	for i := range 10 {
		if got := content(t, fmt.Sprintf("%s/f%d", dir, i)); got != "0\n1\n" {
			t.Errorf("f%d: %q", i, got)
		}
	}
}

func TestIdleFilesAreClosed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		out := open(t, 1, dir+"/%{to}", nil)
		must(t, out, texts("m@a", "m@b"))
		time.Sleep(defaultStaleCleanup + time.Second)
		must(t, out, texts("m@b"))
		if n := out.openFiles(); n != 2 {
			t.Errorf("%d files are open after one interval, want 2", n)
		}
		time.Sleep(defaultStaleCleanup)
		synctest.Wait()
		if n := out.openFiles(); n != 1 {
			t.Errorf("%d files are open after two intervals, want 1", n)
		}
		must(t, out, texts("m@a"))
		if err := out.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if got := content(t, dir+"/a") + content(t, dir+"/b"); got != "m\nm\nm\nm\n" {
		t.Errorf("got %q", got)
	}
}

func TestBuildProblems(t *testing.T) {
	f := func(want string, set func(*Config)) {
		t.Helper()
		_, p := built(func(c *Config) {
			c.Path = event.MustTemplate("/tmp/x")
			set(c)
		})
		for _, x := range p.List {
			if strings.Contains(x.Field+": "+x.Text, want) {
				return
			}
		}
		t.Errorf("no problem says %q: %v", want, p.List)
	}
	path := func(s string) func(*Config) { return func(c *Config) { c.Path = event.MustTemplate(s) } }
	f("path: \"/%{a}/x\" begins with a reference", path("/%{a}/x"))
	f("path: \"%{a}\" begins with a reference", path("%{a}"))
	f("path: \"x%{a}\" begins with a reference", path("x%{a}"))
	f("path: \"/tmp/../%{a}\" begins", path("/tmp/../%{a}"))
	f("path: \"/tmp/\" is a folder", path("/tmp/"))
	f("file_mode: found \"888\", expected octal digits", func(c *Config) { c.FileMode = "888" })
	f("dir_mode: found \"17777\"", func(c *Config) { c.DirMode = "17777" })
	f("stale_cleanup_interval: found 0s", func(c *Config) { c.StaleCleanup = 0 })
	f("max_open_files: found 0", func(c *Config) { c.MaxOpenFiles = 0 })
	f("flush_interval: found -1s", func(c *Config) { c.FlushInterval = plugin.Duration(-time.Second) })
	f("flush_interval: events count as delivered before", func(c *Config) { c.FlushInterval = plugin.Duration(time.Second) })
	f("codec: codec \"none\" cannot encode", func(c *Config) { c.Codec = plugin.Codec{Name: "none"} })
}

// FuzzPath checks that no value of a field names a file outside of the root.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"x", "../x", "a/../../b", "/etc/passwd", "..", ".", "", "a//b", "a/./b", "x\x00", "é", strings.Repeat("a/", 200), "\xff"} {
		f.Add(s, "/var/log/%{to}/%{to}.gz")
		f.Add(s, "/var/log/a%{to}")
		f.Add(s, "rel/%{to}")
	}
	f.Fuzz(func(t *testing.T, to, pattern string) {
		tmpl, err := event.ParseTemplate(pattern, nil)
		if err != nil {
			return
		}
		env := plugin.Env{Problems: &plugin.Problems{}, Dir: "/base"}
		p := newPaths(&Config{Path: tmpl}, env)
		if env.Problems.Failed() || p.constant != "" {
			return
		}
		e := &event.Event{Time: day}
		e.Fields.Add("to", event.StringOf(to))
		got, err := p.of(nil, e)
		if err != nil {
			return
		}
		path := string(got)
		if filepath.Clean(path) != path || !strings.HasPrefix(path, p.root+"/") || strings.Contains(path, "\x00") {
			t.Errorf("%q with %q: %q is not below %q", pattern, to, path, p.root)
		}
		static, _, _ := strings.Cut(pattern, "%{")
		if want := filepath.Dir(filepath.Clean("/" + static + "x")); filepath.IsAbs(static) && p.root != want {
			t.Errorf("%q: the root is %q, want %q", pattern, p.root, want)
		}
	})
}
