package file

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sluice/pipeline/event"
)

// badDisk is a disk on which a share of the calls fails: writes stop half-way, as on a full disk.
type badDisk struct {
	disk
	mu       sync.Mutex
	rng      *rand.Rand
	share    float64
	truncate bool // cutting back fails too
}

func (d *badDisk) fails() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < d.share
}

func (d *badDisk) upTo(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n + 1)
}

func (d *badDisk) open(path string, create bool, perm fs.FileMode) (handle, error) {
	if d.fails() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EMFILE}
	}
	h, err := d.disk.open(path, create, perm)
	if err != nil {
		return nil, err
	}
	return &badFile{h, d}, nil
}

func (d *badDisk) mkdir(path string, perm fs.FileMode) error {
	if d.fails() {
		return &fs.PathError{Op: "mkdir", Path: path, Err: syscall.ENOSPC}
	}
	return d.disk.mkdir(path, perm)
}

type badFile struct {
	handle
	d *badDisk
}

func (f *badFile) Write(b []byte) (int, error) {
	if f.d.fails() {
		n, err := f.handle.Write(b[:f.d.upTo(len(b))])
		return n, errors.Join(err, syscall.ENOSPC)
	}
	return f.handle.Write(b)
}

func (f *badFile) Sync() error {
	if f.d.fails() {
		return syscall.EIO
	}
	return f.handle.Sync()
}

func (f *badFile) Truncate(size int64) error {
	if f.d.truncate && f.d.fails() {
		return syscall.EIO
	}
	return f.handle.Truncate(size)
}

// TestFaults writes numbered records from several lanes to several files on a bad disk, tries again what was
// not delivered, and finds each record whole: once, or, when cutting back fails too, at least once.
func TestFaults(t *testing.T) {
	for seed := range uint64(24) {
		zip, truncate := seed%2 == 1, seed%4 >= 2
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			dir := t.TempDir()
			bad := &badDisk{rng: rand.New(rand.NewPCG(seed, 1)), share: 0.2, truncate: truncate}
			end := ".log"
			if zip {
				end += ".gz"
			}
			const lanes, batches, size = 3, 10, 20
			out := open(t, lanes, dir+"/sub/%{to}"+end, func(c *Config) { c.Gzip, c.MaxOpenFiles = zip, 2 })
			out.store.fs = bad
			var wg sync.WaitGroup
			for lane := range lanes {
				wg.Go(func() {
					for batch := range batches {
						list := make([]string, size)
						for i := range list {
							list[i] = fmt.Sprintf("<%d-%d-%d>@f%d", lane, batch, i, i%4)
						}
						writeAll(t, out, lane, texts(list...))
					}
				})
			}
			wg.Wait()
			bad.mu.Lock()
			bad.share = 0
			bad.mu.Unlock()
			if err := out.Close(t.Context()); err != nil {
				t.Error(err)
			}
			seen := map[string]int{}
			for _, path := range under(t, dir) {
				if strings.Contains(path, tornSuffix) {
					continue
				}
				for line := range strings.Lines(content(t, path)) {
					seen[line]++
				}
			}
			for lane := range lanes {
				for batch := range batches {
					for i := range size {
						line := fmt.Sprintf("<%d-%d-%d>\n", lane, batch, i)
						if n := seen[line]; n == 0 || n > 1 && !truncate {
							t.Errorf("%q is there %d times", line, n)
						}
						delete(seen, line)
					}
				}
			}
			if len(seen) > 0 {
				t.Errorf("lines that nobody wrote: %v", seen)
			}
		})
	}
}

// writeAll writes events until all are delivered, each time only those that were not.
func writeAll(t *testing.T, out *output, lane int, list []*event.Event) {
	t.Helper()
	for range 1000 {
		told := outcomes(t, out, lane, list)
		var left []*event.Event
		for i, s := range told {
			if strings.HasPrefix(s, "reject") {
				t.Errorf("event %d: %s", i, s)
			} else if s != "done" {
				left = append(left, list[i])
			}
		}
		if list = left; len(list) == 0 {
			return
		}
	}
	t.Errorf("%d events could not be written", len(list))
}

// TestTornEnds opens files that end in every way a crash can leave, and finds the whole records and the rest
// set aside.
func TestTornEnds(t *testing.T) {
	one := appended(t, nil, []byte("one\n"))
	two := appended(t, append([]byte(nil), one...), []byte("two\n"))
	foreign := foreignMember(t, "zero\n")
	f := func(name string, before []byte, want, torn string) {
		t.Helper()
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, before, 0o600); err != nil {
			t.Fatal(err)
		}
		out := open(t, 1, path, func(c *Config) { c.Gzip = strings.HasSuffix(name, ".gz") })
		must(t, out, texts("new"))
		if got := content(t, path); got != want+"new\n" {
			t.Errorf("%s of %d bytes: got %q, want %q", name, len(before), got, want+"new\n")
		}
		var aside []byte
		for _, p := range under(t, dir) {
			if p != path {
				b, err := os.ReadFile(p)
				if err != nil {
					t.Fatal(err)
				}
				aside = append(aside, b...)
			}
		}
		if string(aside) != torn {
			t.Errorf("%s of %d bytes: set aside %q, want %q", name, len(before), aside, torn)
		}
	}
	f("a.log", []byte("one\ntwo\n"), "one\ntwo\n", "")
	f("a.log", []byte("one\ntw"), "one\n", "tw")
	f("a.log", []byte("tw"), "", "tw")
	long := strings.Repeat("x", 3*lookBack)
	f("a.log", []byte("one\n"+long), "one\n", long)
	for i := 1; i < len(two)-len(one); i++ {
		f("a.gz", two[:len(one)+i], "one\n", string(two[len(one):len(one)+i]))
	}
	f("a.gz", two, "one\ntwo\n", "")
	f("a.gz", append(append([]byte(nil), foreign...), two...), "zero\none\ntwo\n", "")
	f("a.gz", append(append([]byte(nil), foreign...), two[:len(two)-3]...), "zero\none\n", string(two[len(one):len(two)-3]))
	f("a.gz", append(append([]byte(nil), two...), foreign[:5]...), "one\ntwo\n", string(foreign[:5]))
	empty := append(append([]byte(nil), one...), make([]byte, 100)...) // the length came to the disk, the bytes did not
	f("a.gz", empty, "one\n", string(empty[len(one):]))
	holes := append([]byte(nil), two...)
	clear(holes[len(one)+memberHeader+extraBytes:])
	f("a.gz", holes, "one\n", string(holes[len(one):]))
}

// FuzzMembers cuts a row of gzip members, ours and those of other programs, anywhere: the end that is found is
// that of the last whole member.
func FuzzMembers(f *testing.F) {
	f.Add([]byte{0, 1, 0}, uint(40))
	f.Add([]byte{1, 1}, uint(1000))
	f.Add([]byte{4, 6, 200}, uint(90))
	f.Fuzz(func(t *testing.T, kinds []byte, cut uint) {
		var all []byte
		ends := []int{0}
		for i, k := range kinds[:min(len(kinds), 8)] {
			text := fmt.Sprintf("%d %s\n", i, strings.Repeat("x", int(k)*7))
			if k%2 == 0 {
				all = appended(t, all, []byte(text))
			} else {
				all = append(all, foreignMember(t, text)...)
			}
			ends = append(ends, len(all))
		}
		size := int(min(cut, uint(len(all))))
		want := 0
		for _, end := range ends {
			if end <= size {
				want = end
			}
		}
		got, err := endOfMembers(bytes.NewReader(all[:size]), int64(size))
		if err != nil || got != int64(want) {
			t.Errorf("%d of %d bytes: got %d (%v), want %d; members end at %v", size, len(all), got, err, want, ends)
		}
	})
}

const childDir = "SLUICE_TEST_FILE_OUTPUT"

// child writes numbered lines for ever, and says on standard output which are delivered.
func child(dir string) {
	b, problems := built(func(c *Config) {
		c.Path, c.Gzip = event.MustTemplate(dir+"/%{to}.gz"), true
	})
	if problems.Failed() {
		panic(problems.List)
	}
	out, err := b.Start(ctx(), 1)
	if err != nil {
		panic(err)
	}
	for i := 0; ; i++ {
		list := make([]string, 50)
		for j := range list {
			list[j] = fmt.Sprintf("%d %s@%c", i*len(list)+j, strings.Repeat("x", 1+j*20), 'a'+j%2)
		}
		v := event.NewView(0, texts(list...))
		if err := out.Write(ctx(), v); err != nil {
			panic(err)
		}
		for range list {
			_, _ = os.Stdout.WriteString(".")
		}
	}
}

// TestKill kills a process that writes, at several moments, and finds everything that it called delivered.
func TestKill(t *testing.T) {
	for round := range 6 {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1)
		delivered := 0
		for delivered < 137*(round+1) {
			n, err := stdout.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			delivered += n
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for {
			n, err := stdout.Read(buf)
			if err != nil {
				break
			}
			delivered += n
		}
		_ = cmd.Wait() // it was killed
		out := open(t, 1, dir+"/%{to}.gz", func(c *Config) { c.Gzip = true })
		must(t, out, texts("end@a", "end@b"))
		seen := map[string]bool{}
		for _, name := range []string{"/a.gz", "/b.gz"} {
			text := content(t, dir+name)
			if !strings.HasSuffix(text, "\nend\n") {
				t.Errorf("%s does not end as it should", name)
			}
			for line := range strings.Lines(text) {
				number, _, _ := strings.Cut(line, " ")
				seen[number] = true
			}
		}
		for i := range delivered {
			if !seen[strconv.Itoa(i)] {
				t.Errorf("round %d: line %d of %d is missing", round, i, delivered)
			}
		}
		if err := out.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
