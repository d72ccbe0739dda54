package statelog

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// load opens the log in dir and returns its records.
func load(t *testing.T, dir string) (*Log, []string, Report) {
	t.Helper()
	var recs []string
	l, rep, err := Open(dir, func(r []byte) error {
		recs = append(recs, string(r))
		return nil
	})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, recs, rep
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
}

func TestLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	l, recs, rep := load(t, dir)
	if !rep.Fresh || len(recs) != 0 {
		t.Errorf("new folder: fresh %v, %d records", rep.Fresh, len(recs))
	}
	for _, r := range []string{"one", "", strings.Repeat("x", 100_000)} {
		if err := l.Append([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Append([]byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, func([]byte) error { return nil }); !errors.Is(err, ErrLocked) {
		t.Errorf("a second Open: got %v, want ErrLocked", err)
	}
	closeLog(t, l)
	closeLog(t, l)
	if err := l.Append([]byte("late")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Append after Close: got %v", err)
	}
	l, recs, rep = load(t, dir)
	want := []string{"one", "", strings.Repeat("x", 100_000), "a", "b"}
	if rep.Fresh || rep.Lost != 0 || !slices.Equal(recs, want) {
		t.Errorf("got %d records, %+v", len(recs), rep)
	}
	if err := l.Rewrite(func(add func([]byte)) { add([]byte("snapshot")) }); err != nil {
		t.Fatal(err)
	}
	if err := l.Append([]byte("more")); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	_, recs, _ = load(t, dir)
	if !slices.Equal(recs, []string{"snapshot", "more"}) {
		t.Errorf("after a snapshot: %q", recs)
	}
}

func TestApplyError(t *testing.T) {
	dir := t.TempDir()
	l, _, _ := load(t, dir)
	if err := l.Append([]byte("x")); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	bad := errors.New("of a newer version")
	if _, _, err := Open(dir, func([]byte) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	load(t, dir) // the folder was let go of
}

// TestDamage cuts the file at every byte and flips every byte: Open always succeeds, with a prefix of the records,
// keeps a copy, and what is appended then is there the next time.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	l, _, _ := load(t, dir)
	var want []string
	var ends []int
	for i := range 6 {
		want = append(want, strings.Repeat("r", i*3)+strconv.Itoa(i))
		if err := l.Append([]byte(want[i])); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int(l.Size()))
	}
	closeLog(t, l)
	whole, err := os.ReadFile(filepath.Join(dir, logName))
	if err != nil {
		t.Fatal(err)
	}
	good := func(damagedAt int) int { // records before the damage
		n := 0
		for n < len(ends) && ends[n] <= damagedAt {
			n++
		}
		return n
	}
	for i := range whole {
		checkDamaged(t, fmt.Sprintf("cut at %d", i), whole[:i], want[:good(i)])
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x41
		n := good(i)
		if i < len(magic) {
			n = 0
		}
		checkDamaged(t, fmt.Sprintf("flip at %d", i), flipped, want[:n])
	}
	checkDamaged(t, "zeros behind", append(bytes.Clone(whole), make([]byte, 4096)...), want)
}

// checkDamaged opens a log of which only the records want are good.
func checkDamaged(t *testing.T, what string, data []byte, want []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, logName), data, filePerm); err != nil {
		t.Fatal(err)
	}
	l, recs, rep := load(t, dir)
	if rep.Fresh || !slices.Equal(recs, want) {
		t.Fatalf("%s: got %q, %+v; want %d records", what, recs, rep, len(want))
	}
	if rep.Lost > 0 {
		if aside, err := os.ReadFile(rep.Aside); err != nil || !bytes.Equal(aside, data) {
			t.Fatalf("%s: the damaged file was not set aside: %v", what, err)
		}
	}
	if err := l.Append([]byte("after")); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	closeLog(t, l)
	_, recs, rep = load(t, dir)
	if rep.Lost != 0 || !slices.Equal(recs, append(slices.Clone(want), "after")) {
		t.Fatalf("%s: the second time: got %q, %+v", what, recs, rep)
	}
}

// flaky is a file whose writes fail when a byte budget is used up, as on a full disk.
type flaky struct {
	*os.File
	room *int
}

func (f flaky) WriteAt(p []byte, off int64) (int, error) {
	if len(p) > *f.room {
		n, _ := f.File.WriteAt(p[:*f.room], off)
		*f.room = 0
		return n, syscall.ENOSPC
	}
	*f.room -= len(p)
	return f.File.WriteAt(p, off)
}

// TestFullDisk fills the disk at every byte: a failed Append or Rewrite leaves the log as it was, and the
// next one that has room succeeds.
func TestFullDisk(t *testing.T) {
	for room := range 200 {
		dir := t.TempDir()
		left := 1 << 20
		open := func(name string) (file, error) {
			f, err := createFile(name)
			if err != nil {
				return nil, err
			}
			return flaky{f.(*os.File), &left}, nil
		}
		l, _, err := openWith(dir, func([]byte) error { return nil }, open)
		if err != nil {
			t.Fatal(err)
		}
		left = room
		var want []string
		for i := range 8 {
			rec := fmt.Sprintf("record %d", i)
			if l.Append([]byte(rec), []byte("second")) == nil {
				want = append(want, rec, "second")
			}
			if i == 4 && l.Rewrite(func(add func([]byte)) { add([]byte("snapshot")) }) == nil {
				want = []string{"snapshot"}
			}
			if i == 6 {
				left = 1 << 20
			}
		}
		if len(want) < 2 || want[len(want)-2] != "record 7" {
			t.Fatalf("room %d: the last record was not written: %q", room, want)
		}
		closeLog(t, l)
		_, got, rep := load(t, dir)
		if rep.Lost != 0 || !slices.Equal(got, want) {
			t.Fatalf("room %d: got %q, want %q, %+v", room, got, want, rep)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(magic))
	f.Add(appendRecord([]byte(magic), []byte("abc")))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out []byte
		n, err := scan(data, func(r []byte) error { out = appendRecord(out, r); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && !bytes.Equal(data[:n], append([]byte(magic), out...)) {
			t.Errorf("the records that were read are not the %d good bytes", n)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	l, _, err := Open(b.TempDir(), func([]byte) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing depends on it
	rec := make([]byte, 40)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Append(rec); err != nil {
			b.Fatal(err)
		}
	}
}
