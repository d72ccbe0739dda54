package tail

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t *testing.T, dir string, machine uint64) *State {
	t.Helper()
	s, err := openState(dir, quiet(), machine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func sorted(s *State) []Entry {
	list := s.Entries()
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// fill writes a state in which everything occurs, and returns what each record left behind.
func fill(t *testing.T, s *State) {
	t.Helper()
	mint := func(path string, ino uint64, off int64) uint64 {
		id, err := s.mint(Entry{Path: path, key: fileKey{7, ino}, born: 123456789, Offset: off, head: digest{3, 99}, check: digest{2, 98}})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	a, b := mint("/a", 1, 0), mint("/b", 2, 5)
	s.note(a, Note{Start: 0, End: 100, Observed: 1e18, Why: Flushed})
	s.note(a, Note{Start: 100, End: 300, Observed: 1e18 + 1, Cuts: []Cut{{5, LineCut}, {5, OverLines}, {90, OverBytes}}})
	s.note(b, Note{Start: 5, End: 6, Observed: 2e18, Why: Ended})
	s.commit(a, 100, digest{64, 1}, digest{100, 2})
	s.commit(a, 50, digest{9, 9}, digest{9, 9}) // late: nothing goes back
	c := mint("/c", 3, 0)
	s.end(b)
	s.forget(c)
	mint("/d", 1, 0) // the inode of /a was reused
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	if !s.Fresh() {
		t.Error("a new state is not fresh")
	}
	fill(t, s)
	want := sorted(s)
	if len(want) != 3 || want[0].Offset != 100 || len(want[0].notes) != 1 || !want[0].ended || !want[1].ended || want[0].head != (digest{100, 2}) {
		t.Fatalf("got %+v", want)
	}
	for range 2 { // from the log, then from a snapshot
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir, 1)
		if got := sorted(s); s.Fresh() || !reflect.DeepEqual(got, want) {
			t.Fatalf("opened again: got\n%+v\nwant\n%+v", got, want)
		}
	}
	if e, ok := s.lookup(fileKey{7, 1}); !ok || e.Path != "/d" {
		t.Errorf("lookup of a reused inode: got %+v, %v", e, ok)
	}
	if e, ok := s.lookupMoved(fileKey{8, 1}, "/d"); !ok || e.Path != "/d" {
		t.Errorf("lookup on another device: got %+v, %v", e, ok)
	}
	if _, ok := s.lookupMoved(fileKey{8, 1}, "/x"); ok {
		t.Error("lookup on another device under another path found something")
	}
}

func TestStateOfAnotherMachine(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, 2)
	if len(s.Entries()) != 0 || s.Fresh() {
		t.Errorf("got %d streams, fresh %v; want none, and nothing may be skipped as at a first start", len(s.Entries()), s.Fresh())
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "state.log.foreign-*")); len(aside) != 1 {
		t.Errorf("set aside: %q", aside)
	}
}

// TestDamagedState cuts the state at every byte and flips every byte: it always opens, and no offset is ahead of
// what it was at some time.
func TestDamagedState(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	fill(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "state.log"))
	if err != nil {
		t.Fatal(err)
	}
	check := func(data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.log"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir, 1)
		if s.Fresh() {
			t.Fatal("a damaged state counts as a first start: files would be skipped")
		}
		for _, e := range s.Entries() {
			if e.Path == "/a" && e.Offset != 0 && e.Offset != 100 || e.Path == "/b" && e.Offset != 5 {
				t.Fatalf("the offset of %s is %d", e.Path, e.Offset)
			}
		}
		if _, err := s.mint(Entry{Path: "/new"}); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range whole {
		check(whole[:i])
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1 << (i % 8)
		check(flipped)
	}
}

func TestSnapshotKeepsTheLogSmall(t *testing.T) {
	s := open(t, t.TempDir(), 1)
	id, err := s.mint(Entry{Path: "/a"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(40_000) {
		s.note(id, Note{Start: i, End: i + 1, Observed: i})
		s.commit(id, i+1, digest{1, 1}, digest{1, 1})
		s.maintain()
	}
	if n := s.file.Size(); n > 2*snapshotGrowth {
		t.Errorf("the log has %d bytes", n)
	}
	if e := s.Entries(); len(e) != 1 || e[0].Offset != 40_000 || len(e[0].notes) != 0 {
		t.Errorf("got %+v", e)
	}
}

func TestClean(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "there")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := statPath(name)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(dir, "state"), 1)
	old := time.Now().Add(-time.Hour).Unix()
	add := func(path string, key fileKey, seen int64) {
		id, err := s.mint(Entry{Path: path, key: key})
		if err != nil {
			t.Fatal(err)
		}
		s.streams[id].seen = seen
	}
	add(name, info.key, old)
	add("/gone", fileKey{1, 1}, old)
	add("/gone lately", fileKey{1, 2}, time.Now().Unix())
	add("/followed", fileKey{1, 3}, old)
	s.claim(fileKey{1, 3}, t)
	s.clean(time.Minute)
	var left []string
	for _, e := range sorted(s) {
		left = append(left, e.Path)
	}
	if want := []string{"/followed", "/gone lately", name}; !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q", left, want)
	}
}

func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1)
	if err := s.file.Append([]byte{recHeader, stateFormat + 1, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openState(dir, quiet(), 1); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("got %v", err)
	}
}

func FuzzApply(f *testing.F) {
	f.Add(headerRecord(1))
	f.Add((&Entry{ID: 1, Path: "/a"}).record())
	f.Add((&Entry{ID: 1}).offsetRecord())
	f.Add(noteRecord(1, &Note{End: 5, Cuts: []Cut{{1, LineCut}}}))
	f.Add(forgetRecord(1))
	f.Fuzz(func(t *testing.T, rec []byte) {
		s := &State{machine: 1, streams: map[uint64]*Entry{}, byFile: map[fileKey]*Entry{}}
		s.put(&Entry{ID: 1, key: fileKey{1, 1}})
		_ = s.apply(rec) // must neither panic nor go back
		for _, e := range s.Entries() {
			if e.Offset < 0 {
				t.Error("a negative offset")
			}
		}
	})
}
