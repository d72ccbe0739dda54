package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// maxTold bounds what is remembered of complaints; beyond it they come once more.
const maxTold = 1000

// candidate is a path that matches the globs.
type candidate struct {
	path string
	info fileInfo
}

// discover looks for files and begins to follow those that are new. first says that it is the start. It fails only
// when new streams cannot be saved.
func (f *Follower) discover(first bool) error {
	found := f.candidates()
	f.sort(found)
	var ready []*Stream
	archives := map[fileKey]fileInfo{}
	for _, c := range found {
		if st := f.consider(c, first); st != nil {
			ready = append(ready, st)
		}
		if a, ok := f.archives[c.info.key]; ok {
			archives[c.info.key] = a
		}
	}
	f.archives = archives
	if first {
		ready = append(ready, f.findMoved()...)
		if f.o.CleanAfter > 0 {
			f.state.clean(f.o.CleanAfter)
		}
	}
	var err error
	if len(ready) > 0 {
		err = f.state.sync() // one for all
	}
	for _, st := range ready {
		st.saved = err == nil
		f.give(st, true)
	}
	f.watchFolders()
	return err
}

// candidates returns the regular files that match, each path once.
func (f *Follower) candidates() []candidate {
	var list []candidate
	seen := map[string]bool{}
	for _, glob := range f.o.Paths {
		paths, err := doublestar.FilepathGlob(glob)
		if err != nil { // checked at build time
			f.o.Log.Error("look for files", "path", glob, "err", err)
		}
		for _, p := range paths {
			if seen[p] || f.excluded(p) {
				continue
			}
			seen[p] = true
			info, err := statPath(p)
			if err == nil && info.regular {
				list = append(list, candidate{p, info})
			}
		}
	}
	return list
}

// excluded reports whether a path matches a glob of exclude, or lies in a folder of our own.
func (f *Follower) excluded(path string) bool {
	for _, dir := range f.o.Never {
		if strings.HasPrefix(path, dir+string(filepath.Separator)) {
			return true
		}
	}
	for _, glob := range f.o.Exclude {
		subject := path
		if !strings.ContainsRune(glob, filepath.Separator) {
			subject = filepath.Base(path)
		}
		if ok, _ := doublestar.PathMatch(glob, subject); ok { // a bad glob is found at build time
			return true
		}
	}
	return false
}

// matches reports whether a path would be followed.
func (f *Follower) matches(path string) bool {
	for _, glob := range f.o.Paths {
		if ok, _ := doublestar.PathMatch(glob, path); ok { // a bad glob is found at build time
			return !f.excluded(path)
		}
	}
	return false
}

func (f *Follower) sort(list []candidate) {
	slices.SortFunc(list, func(a, b candidate) int {
		c := 0
		if !f.o.ByPath {
			c = a.info.changed.Compare(b.info.changed)
		}
		c = cmp.Or(c, strings.Compare(a.path, b.path))
		if f.o.Newest {
			c = -c
		}
		return c
	})
}

// consider looks at a file that matches. It returns a stream, taken, when the file was not followed yet and is to
// be read.
func (f *Follower) consider(c candidate, first bool) *Stream {
	f.mu.Lock()
	st := f.streams[c.info.key]
	if st != nil {
		if old := f.byPath[c.path]; old != nil && old != st {
			f.markGone(old)
		}
		if st.gone { // renamed to a path that is followed too
			st.gone, st.path = false, c.path
		}
		f.byPath[st.path] = st
		if st.size != c.info.size || !st.mtime.Equal(c.info.changed) {
			f.pushLocked(st)
		}
		f.mu.Unlock()
		return nil
	}
	if old := f.byPath[c.path]; old != nil {
		f.markGone(old)
	}
	f.mu.Unlock()
	if !f.state.claim(c.info.key, f) {
		f.tellOnce(c.path, "file is read by another input already; give this input a state_path of its own to read it twice")
		return nil
	}
	st = f.adopt(c, first)
	if st == nil {
		f.state.unclaim(c.info.key, f)
	}
	return st
}

// tellOnce warns about a path once.
func (f *Follower) tellOnce(path, text string, args ...any) {
	if len(f.told) >= maxTold {
		clear(f.told)
	}
	if !f.told[path+text] {
		f.told[path+text] = true
		f.o.Log.Warn(text, append([]any{"path", path}, args...)...)
	}
}

// adopt begins to follow a file: where the state says, when it knows the file. It returns the stream, taken, or nil
// when the file cannot be read now.
func (f *Follower) adopt(c candidate, first bool) *Stream {
	if old, ok := f.archives[c.info.key]; ok && old == c.info {
		return nil
	}
	st := f.newStream(c)
	st.atStart = first && c.info.size > 0
	file, info, err := f.openFile(c.path)
	switch {
	case errors.Is(err, errTooMany):
		return f.enroll(st) // it is opened when another one is closed
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.key != c.info.key:
		f.discard(file)
		return nil // it was replaced just now: another notice will come
	case err == nil:
		st.file = file
		if err = f.enter(st, info); err == nil {
			delete(f.unread, c.path)
			return f.enroll(st) // an empty file too: its writer may rename it before anybody reads
		}
		f.closeHandle(st)
	}
	if errors.Is(err, errArchive) {
		f.archives[c.info.key] = c.info
	} else if f.o.Once {
		f.unread[c.path] = err
	}
	f.counters.errors.Inc()
	f.tellOnce(c.path, "file cannot be read; it is tried again", "err", err)
	return nil
}

// known returns what the state knows of a file. Device numbers may change when a machine starts: then the inode and
// the path must do, and the content is compared as always.
func (f *Follower) known(st *Stream) (Entry, bool) {
	if e, ok := f.state.lookup(st.key); ok {
		return e, true
	}
	return f.state.lookupMoved(st.key, st.Path)
}

// resume puts a stream where its entry says, if the file is the one that the entry means.
func (f *Follower) resume(st *Stream, e *Entry, info fileInfo) (bool, error) {
	same, err := recognised(st.file, info.size, bornAt(st.file), e)
	if err != nil {
		return false, err
	}
	if !same {
		if e.key == st.key {
			f.counters.generations.Inc()
			f.o.Log.Info("file begins anew: it was truncated or replaced while it was not watched",
				"path", st.Path, "was", e.Path, "offset", e.Offset)
			f.gone(e)
		}
		return false, nil
	}
	check, err := checkAt(st.file, e.Offset)
	if err != nil {
		return false, err
	}
	if e.key != st.key {
		f.state.moved(e.ID, st.key)
	}
	f.begin(st, e, check)
	return true, nil
}

// gone ends an entry whose data cannot be found, and tells what is known to be lost.
func (f *Follower) gone(e *Entry) {
	if lost := e.noted() - e.Offset; lost > 0 {
		f.counters.lost.Add(float64(lost))
		f.o.Log.Error("lines are lost: they were read but not delivered, and their file is gone", "path", e.Path,
			"offset", e.Offset, "at_least_bytes", lost)
	}
	f.state.end(e.ID)
}

// firstOffset is where a file begins that was not known.
func (f *Follower) firstOffset(st *Stream, info fileInfo) int64 {
	old := f.o.IgnoreOlder > 0 && time.Since(info.changed) > f.o.IgnoreOlder
	if old || f.o.FromEnd && st.atStart && f.state.Fresh() {
		return info.size
	}
	return 0
}

func (f *Follower) newStream(c candidate) *Stream {
	f.found++
	changed := c.info.changed
	if now := time.Now(); changed.After(now) {
		changed = now
	}
	return &Stream{
		Path: c.path, seq: f.found, key: c.info.key, path: c.path, links: c.info.links,
		size: c.info.size, mtime: c.info.changed, changed: changed,
	}
}

// enroll makes a stream one that is followed, and takes it.
func (f *Follower) enroll(st *Stream) *Stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.o.Ordered {
		st.lane = f.nextLane % f.o.Lanes
		f.nextLane++
	}
	f.streams[st.key] = st
	if !st.gone {
		f.byPath[st.path] = st
	}
	st.busy = true
	f.queue(st.lane).busy++
	return st
}

// markGone says that a stream is no longer where it was found. f.mu is held.
func (f *Follower) markGone(st *Stream) {
	if !st.gone {
		st.gone, st.later = true, true
		f.counters.rotations.Inc()
	}
	if f.byPath[st.path] == st {
		delete(f.byPath, st.path)
	}
}

// findMoved looks for the files that the state knows, that this follower would follow, and that are not where
// they were: renamed while nobody watched. It returns their streams, taken.
func (f *Follower) findMoved() []*Stream {
	missing := map[string][]Entry{}
	done := map[fileKey]bool{}
	for _, e := range f.state.latest() {
		if !f.matches(e.Path) || f.streams[e.key] != nil || done[e.key] {
			continue
		}
		done[e.key] = true
		dir := filepath.Dir(e.Path)
		missing[dir] = append(missing[dir], e)
	}
	var list []*Stream
	for dir, entries := range missing {
		files := filesIn(dir)
		for i := range entries {
			if st := f.findEntry(&entries[i], files); st != nil {
				list = append(list, st)
			}
		}
	}
	return list
}

// filesIn returns the regular files of a folder.
func filesIn(dir string) map[fileKey]string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // a folder that is gone has no files
	}
	files := map[fileKey]string{}
	for _, e := range entries {
		if fi, err := e.Info(); err == nil && fi.Mode().IsRegular() {
			files[infoOf(fi).key] = filepath.Join(dir, e.Name())
		}
	}
	return files
}

// findEntry follows the file of an entry to its new name.
func (f *Follower) findEntry(e *Entry, files map[fileKey]string) *Stream {
	path, ok := files[e.key]
	if !ok {
		if !e.ended {
			f.gone(e)
		}
		return nil
	}
	if !f.state.claim(e.key, f) {
		return nil
	}
	file, info, err := f.openFile(path)
	if err != nil {
		f.tellOnce(path, "file cannot be opened", "err", err)
		return nil
	}
	st := f.newStream(candidate{path, info})
	st.Path, st.file, st.gone = e.Path, file, true
	same := false
	if !e.ended {
		same, err = f.resume(st, e, info)
	}
	if err == nil && !same && e.born != 0 && e.born == bornAt(file) && info.size > 0 {
		same, err = true, f.birth(st, 0) // not a stranger's: it was truncated, written to and renamed
	}
	if err != nil || !same || info.size == st.pos {
		f.closeHandle(st)
		f.state.unclaim(e.key, f)
		return nil
	}
	f.o.Log.Info("file was renamed while it was not watched; it is read to its end", "path", e.Path, "is", path)
	return f.enroll(st)
}
