package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/fsnotify/fsnotify"
)

// settle spaces the looks at notices, so that the kernel folds those of a file that is written to all the time.
const settle = 20 * time.Millisecond

// watch asks for notices of changes; without them everything is polled.
func (f *Follower) watch() {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		f.o.Log.Warn("changes of files are polled: notices of them are not to be had", "err", err)
		return
	}
	f.watcher = w
}

// run looks after the streams until Close.
func (f *Follower) run() {
	tick := time.NewTicker(f.o.StatInterval)
	defer tick.Stop()
	var events <-chan fsnotify.Event
	var errs <-chan error
	if f.watcher != nil {
		events, errs = f.watcher.Events, f.watcher.Errors
	}
	var rest <-chan time.Time // set: notices wait until then
	for {
		now := events
		if rest != nil {
			now = nil
		}
		select {
		case <-f.stop:
			return
		case g := <-f.requests:
			g()
		case e := <-now:
			f.notice(e)
			f.notices(events)
			rest = time.After(settle)
		case <-rest:
			rest = nil
		case err := <-errs:
			f.o.Log.Debug("notices of changes were lost", "err", err)
			f.rediscover()
		case <-tick.C:
			f.tick()
		}
	}
}

// notices takes what has come together.
func (f *Follower) notices(events <-chan fsnotify.Event) {
	for {
		select {
		case e := <-events:
			f.notice(e)
		default:
			return
		}
	}
}

// notice handles one change of a folder that is watched.
func (f *Follower) notice(e fsnotify.Event) {
	f.mu.Lock()
	st := f.byPath[e.Name]
	ending := f.ending
	if st != nil && e.Has(fsnotify.Write) {
		f.pushLocked(st)
	}
	f.mu.Unlock()
	if ending || e.Op == fsnotify.Write && st != nil || e.Op == fsnotify.Chmod {
		return
	}
	if st != nil {
		f.poll(st)
		return
	}
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		delete(f.watched, e.Name) // if it was a folder, its watch is gone
		return
	}
	if !e.Has(fsnotify.Create) {
		return
	}
	fi, err := os.Stat(e.Name)
	switch {
	case err != nil:
	case fi.IsDir():
		f.rediscover()
	case fi.Mode().IsRegular() && f.matches(e.Name):
		f.newcomer(candidate{e.Name, infoOf(fi)})
	}
}

// newcomer follows one file that has appeared.
func (f *Follower) newcomer(c candidate) {
	if st := f.consider(c, false); st != nil {
		f.give(st, true)
	}
}

func (f *Follower) rediscover() {
	if err := f.discover(false); err != nil {
		f.o.Log.Error("look for files", "err", err)
	}
}

// tick is one turn of looking after the streams.
func (f *Follower) tick() {
	f.turn++
	f.mu.Lock()
	streams := sortedStreams(f.streams)
	ending := f.ending
	f.mu.Unlock()
	now := time.Now()
	for _, st := range streams {
		if !ending && f.due(st, now) {
			f.poll(st)
		}
		if st.isGone(f) {
			f.follow(st, now)
		}
		f.closeOld(st, now)
	}
	if !ending && f.turn%f.o.DiscoverEvery == 0 {
		f.rediscover()
		if f.o.CleanAfter > 0 {
			f.state.clean(f.o.CleanAfter)
		}
	}
	f.state.maintain()
}

// due pushes what waits for its time, and reports whether the size of the file is to be asked for: at every turn
// where it is active or there are no notices, else in turns.
func (f *Follower) due(st *Stream, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	idle := now.Sub(st.changed)
	if f.o.FlushAfter > 0 && f.o.Split.Rule != nil && st.pending > 0 && !st.flushed && idle >= f.o.FlushAfter {
		st.flush = true
		f.pushLocked(st)
	}
	if rotated := st.gone || st.path != st.Path; rotated && st.pending > 0 && !st.final && idle >= goneFlush {
		st.final = true
		f.pushLocked(st)
	}
	if st.later || len(st.redo) > 0 && !now.Before(st.redo[0].due) {
		st.later = false
		f.pushLocked(st)
	}
	return f.watcher == nil || idle < activeFor || (f.turn+st.seq)%f.o.DiscoverEvery == 0
}

func (st *Stream) isGone(f *Follower) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return st.gone && !st.dead
}

// poll looks whether the file is still at its path and has changed.
func (f *Follower) poll(st *Stream) {
	f.mu.Lock()
	path, gone := st.path, st.gone
	f.mu.Unlock()
	if gone {
		return
	}
	info, err := statPath(path)
	if err == nil && info.key == st.key {
		f.identify(st, info.size)
		f.mu.Lock()
		if info.size != st.size || !st.mtime.Equal(info.changed) {
			f.pushLocked(st)
		}
		f.mu.Unlock()
		return
	}
	f.mu.Lock()
	f.markGone(st)
	f.mu.Unlock()
	if err == nil && info.regular {
		f.newcomer(candidate{path, info})
	}
}

// identify saves the identity of a stream whose file has its first bytes, or begins anew, also when nobody has time
// to read: by it the file is found again when it is renamed meanwhile.
func (f *Follower) identify(st *Stream, size int64) {
	f.mu.Lock()
	known := st.entered && size >= st.given || !st.entered && size == 0
	f.mu.Unlock()
	if known || !f.hold(st) {
		return
	}
	defer f.give(st, false)
	err := f.openHandle(st)
	if err == nil {
		err = f.renewIfShorter(st)
	}
	if errors.Is(err, errChanged) {
		f.renew(st)
	}
}

// renewIfShorter returns errChanged when the file of a stream that was taken ends before what was read, and gives
// it an identity where it has none.
func (f *Follower) renewIfShorter(st *Stream) error {
	info, err := statFile(st.file)
	if err != nil || info.size < st.pos {
		return cmp.Or(err, errChanged)
	}
	if st.ID == 0 {
		return f.enter(st, info)
	}
	return nil
}

// follow looks after a stream whose file was renamed or deleted: it is read to its end by its handle and let go of
// when nothing was added for long and all is acknowledged.
func (f *Follower) follow(st *Stream, now time.Time) {
	if !f.hold(st) {
		return
	}
	if st.file == nil {
		f.findAgain(st)
		return
	}
	if err := f.renewIfShorter(st); errors.Is(err, errChanged) {
		f.renew(st)
		f.give(st, false)
		return
	}
	info, err := statFile(st.file)
	f.mu.Lock()
	grown := err == nil && info.size != st.size
	st.links = info.links
	idle := now.Sub(st.changed)
	wait := f.o.CloseOlder
	if info.links == 0 {
		wait = deletedClose
	}
	over := !grown && wait > 0 && idle >= wait && len(st.inflight) == 0 && st.given+st.pending >= st.size && !f.ending
	f.mu.Unlock()
	f.give(st, grown)
	if over && f.hold(st) {
		f.remove(st, info.links == 0)
	}
}

// findAgain looks for a renamed file whose handle was closed because it had nothing to read. The stream is taken.
func (f *Follower) findAgain(st *Stream) {
	path, ok := filesIn(filepath.Dir(st.path))[st.key]
	if !ok {
		f.remove(st, false)
		return
	}
	f.mu.Lock()
	st.path = path
	f.mu.Unlock()
	switch err := f.openHandle(st); {
	case errors.Is(err, errTooMany):
		f.give(st, false) // the next turn comes back to it
	case err != nil:
		f.remove(st, false) // if it is followed at its new path, the next search finds it
	default:
		f.give(st, true)
	}
}

// remove follows a stream no longer; it has been taken. forget says that its file is gone for good.
func (f *Follower) remove(st *Stream, forget bool) {
	f.closeHandle(st)
	f.mu.Lock()
	st.dead = true
	delete(f.streams, st.key)
	if f.byPath[st.path] == st {
		delete(f.byPath, st.path)
	}
	f.mu.Unlock()
	f.give(st, false)
	f.state.unclaim(st.key, f)
	if forget && st.ID != 0 {
		f.state.forget(st.ID)
	}
}

// closeOld closes the handle of a file that has not changed for long, and tells of files that are complete.
func (f *Follower) closeOld(st *Stream, now time.Time) {
	f.mu.Lock()
	idle := st.idle() && !st.gone
	old := idle && f.o.CloseOlder > 0 && now.Sub(st.changed) >= f.o.CloseOlder
	done := idle && f.o.Finish && !st.complete && st.given == st.size && st.size > 0
	f.mu.Unlock()
	if done {
		f.finish(st)
	}
	if old && f.hold(st) {
		f.closeHandle(st)
		f.give(st, false)
	}
}

// finish tells that a file is complete, if it still is what was read.
func (f *Follower) finish(st *Stream) {
	info, err := statPath(st.path)
	f.mu.Lock()
	ok := err == nil && info.key == st.key && info.size == st.committed
	st.complete = ok
	path, read := st.path, st.readAny
	f.mu.Unlock()
	if ok && f.o.Completed != nil {
		f.o.Completed(path, read)
	}
}

// watchFolders asks for notices of every folder in which a file may appear, or a folder that leads to one.
func (f *Follower) watchFolders() {
	if f.watcher == nil {
		return
	}
	for _, glob := range f.o.Paths {
		for _, dir := range foldersOf(glob) {
			f.watchFolder(dir)
		}
	}
	f.mu.Lock()
	streams := sortedStreams(f.streams)
	f.mu.Unlock()
	for _, st := range streams {
		f.watchTarget(st)
	}
}

func (f *Follower) watchFolder(dir string) {
	if f.watched[dir] {
		return
	}
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return // it is looked for again with the next search
	}
	if err := f.watcher.Add(dir); err != nil {
		f.tellOnce(dir, "folder is polled: notices of its changes are not to be had", "err", err)
		return
	}
	f.watched[dir] = true
}

// watchTarget watches where a symbolic link leads, since the folder of the link tells nothing of the file.
func (f *Follower) watchTarget(st *Stream) {
	target, err := filepath.EvalSymlinks(st.path)
	if err != nil || target == st.path {
		return
	}
	f.watchFolder(filepath.Dir(target))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byPath[target] == nil {
		f.byPath[target] = st
	}
}

// foldersOf returns the folders, and the links that may lead to some, to which the parts of a glob lead.
func foldersOf(glob string) []string {
	base, rest := doublestar.SplitPattern(filepath.ToSlash(glob))
	dirs := []string{base}
	parts := strings.Split(rest, "/")
	for i := 1; i < len(parts); i++ {
		// What cannot be listed holds nothing that can be read; the glob itself was checked at build time.
		_ = doublestar.GlobWalk(os.DirFS(base), strings.Join(parts[:i], "/"), func(p string, d fs.DirEntry) error {
			if d.IsDir() || d.Type()&fs.ModeSymlink != 0 {
				dirs = append(dirs, filepath.Join(base, p))
			}
			return nil
		})
	}
	return dirs
}
