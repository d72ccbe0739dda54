package tail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"sluice/internal/metrics"
	"sluice/internal/retry"
)

// blockSize is how much is read at once: larger blocks gain nothing, smaller ones cost system calls.
const blockSize = 256 << 10

// Defaults and limits of Options.
const (
	DefaultMaxOpen = 4095     // Logstash's
	DefaultMaxLine = 10 << 20 // bytes
	MaxDelimiter   = maxCheck // bytes of a delimiter: as many are known of what is before a span
	redoAfter      = time.Second
	handleWait     = 100 * time.Millisecond // until another look whether a file was closed
	goneFlush      = 5 * time.Second        // a rotated file's last line without an end waits so long for more
	deletedClose   = time.Minute            // a deleted file that nobody writes to pins its space so long
	activeFor      = time.Minute            // a file that grew within is asked for its size at every turn
)

// ErrNoRoom is what Room.Take returns when there is no memory now: Next then returns no span.
var ErrNoRoom = errors.New("no room in the memory budget")

// Options are what a Follower is given. Paths, Split, Lanes, StatInterval and DiscoverEvery must be set.
type Options struct {
	Paths   []string // globs with **, absolute
	Exclude []string // globs; without a slash they are for the file's name
	Never   []string // folders, absolute, of which nothing is followed: our own, or we would follow ourselves
	Split   Splitter

	Lanes   int  // how many goroutines call Next
	Ordered bool // every stream is given to one lane only, in order
	Once    bool // end with io.EOF at the end of what is there at the start
	FromEnd bool // of files that are there at the very first start, only what is added is read
	Finish  bool // a file is complete at its end: its last line needs no delimiter, and Completed is called
	Poll    bool // ask for changes, do not wait for notices of them

	StatInterval  time.Duration // between two looks at files that grow
	DiscoverEvery int           // looks between two searches for new files
	IgnoreOlder   time.Duration // what is in files that changed longer ago is not read; 0: all is
	CloseOlder    time.Duration // handles of files that did not change for so long are closed; 0: never
	CleanAfter    time.Duration // state of files that are gone is forgotten; 0: never
	FlushAfter    time.Duration // an event that waits for further lines is given out; 0: never
	MaxOpen       int           // files open at the same time; 0: DefaultMaxOpen

	Newest, ByPath bool // order of files found together: newest first; by path instead of time of change

	// Completed is told, with Finish, that all of a file is acknowledged; read says that it was not so already
	// when the file was found. It is called by one goroutine.
	Completed func(path string, read bool)

	Log     *slog.Logger
	Metrics *metrics.Scope
}

// Follower follows the files that match globs. Next may be called concurrently by different lanes, the other
// methods by anyone.
type Follower struct {
	o        Options
	state    *State
	counters counters
	requests chan func() // run by the loop
	pieces   [][]Piece   // scratch space of each lane
	stop     chan struct{}
	loop     sync.WaitGroup

	// Of the loop only.
	watcher *fsnotify.Watcher // nil: everything is polled
	watched map[string]bool   // folders
	found   int               // streams so far
	told    map[string]bool   // what was complained about

	archives map[fileKey]fileInfo // files that are not read
	unread   map[string]error     // with Once: paths that could not be read, and why

	turn int

	mu       sync.Mutex
	streams  map[fileKey]*Stream
	byPath   map[string]*Stream
	queues   []*queue
	nextLane int
	ending   bool // Once, or Drain was called
	closed   bool
	open     int // handles
}

// queue is the streams that may have something to read, for one lane or for all.
type queue struct {
	list   []*Stream
	busy   int           // streams that were taken and not given back
	signal chan struct{} // holds a token for each lane that may have to look
}

// Start finds files and begins to follow them. The state stays the caller's, who closes it after Close.
func Start(state *State, o Options) (*Follower, error) {
	if o.MaxOpen <= 0 {
		o.MaxOpen = DefaultMaxOpen
	}
	f := &Follower{
		o: o, state: state, counters: newCounters(o.Metrics),
		requests: make(chan func()), stop: make(chan struct{}),
		watched: map[string]bool{}, told: map[string]bool{}, archives: map[fileKey]fileInfo{}, unread: map[string]error{},
		pieces: make([][]Piece, o.Lanes), streams: map[fileKey]*Stream{}, byPath: map[string]*Stream{}, ending: o.Once,
	}
	queues := 1
	if o.Ordered {
		queues = o.Lanes
	}
	for range queues {
		f.queues = append(f.queues, &queue{signal: make(chan struct{}, o.Lanes)})
	}
	if !o.Poll && !o.Once {
		f.watch()
	}
	if err := f.discover(true); err != nil {
		f.release()
		return nil, err
	}
	f.counters.gauges(o.Metrics, f)
	f.loop.Go(f.run)
	return f, nil
}

func (f *Follower) queue(lane int) *queue { return f.queues[lane%len(f.queues)] }

// pushLocked puts a stream into its queue, or remembers to do so when it is given back. f.mu is held.
func (f *Follower) pushLocked(st *Stream) {
	switch {
	case st.dead || st.queued || f.ending && st.finished:
	case st.busy:
		st.again = true
	default:
		st.queued = true
		q := f.queue(st.lane)
		q.list = append(q.list, st)
		q.wake()
	}
}

func (q *queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default: // every lane has a token
	}
}

// pop takes the next stream of a queue. end says that there will never be another.
func (f *Follower) pop(q *queue) (st *Stream, end bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, true
	}
	if len(q.list) == 0 {
		return nil, f.ending && q.busy == 0
	}
	st = q.list[0]
	q.list[0] = nil
	q.list = q.list[1:]
	st.queued, st.busy, st.again = false, true, false
	q.busy++
	return st, false
}

// give returns a stream that was taken; more says that there may be more to read at once.
func (f *Follower) give(st *Stream, more bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := f.queue(st.lane)
	st.busy = false
	q.busy--
	if more || st.again {
		f.pushLocked(st)
	}
	if f.ending && q.busy == 0 && len(q.list) == 0 {
		for range f.o.Lanes {
			q.wake() // all are at the end
		}
	}
}

// hold takes a stream out of its turn, if nobody has it.
func (f *Follower) hold(st *Stream) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if st.busy || st.dead {
		return false
	}
	q := f.queue(st.lane)
	if st.queued { // nobody may have time to read for long
		i := slices.Index(q.list, st)
		q.list = slices.Delete(q.list, i, i+1)
	}
	st.busy, st.again, st.queued = true, st.queued, false
	q.busy++
	return true
}

// Next returns the next span for a lane, nil after wait or when there is no room for one, io.EOF at the end, or
// ctx's error.
func (f *Follower) Next(ctx context.Context, lane int, wait time.Duration, room Room) (*Span, error) {
	q := f.queue(lane)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		st, end := f.pop(q)
		switch {
		case end:
			return nil, io.EOF
		case st != nil:
			sp, err := f.serve(st, lane, room)
			switch {
			case errors.Is(err, ErrNoRoom):
				return nil, nil //nolint:nilnil // no span now
			case errors.Is(err, errTooMany): // what the caller holds may have to be acknowledged first
				return nil, retry.Sleep(ctx, min(wait, handleWait))
			}
			if sp != nil || err != nil {
				return sp, err
			}
			continue
		}
		select {
		case <-q.signal:
		case <-timer.C:
			return nil, nil //nolint:nilnil // nothing came
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// serve reads the next span of a stream that was taken, and gives the stream back. nil: there is nothing.
func (f *Follower) serve(st *Stream, lane int, room Room) (*Span, error) {
	sp, more, err := f.read(st, room)
	switch {
	case errors.Is(err, errTooMany):
		more = true
	case err != nil && !isWait(err):
		f.complain(st, err)
		err, more = nil, false
	}
	f.give(st, more)
	if sp == nil {
		return nil, err
	}
	if sp.acked { // its data is gone
		return nil, nil //nolint:nilnil // go on with the next
	}
	replay := sp.replay
	sp.Pieces = f.pieces[lane]
	sp.split.split(sp, replay)
	f.pieces[lane] = sp.Pieces
	f.counters.count(sp)
	if !replay {
		f.state.note(st.ID, sp.note())
	}
	sp.replay = true // from now on
	return sp, nil
}

// isWait reports whether an error comes from the Room, not from the file.
func isWait(err error) bool {
	return errors.Is(err, ErrNoRoom) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// complain tells of a file that cannot be read, once until it can be; it is tried again at the next turn.
func (f *Follower) complain(st *Stream, err error) {
	f.counters.errors.Inc()
	f.mu.Lock()
	first := !st.failed
	st.failed, st.later, st.finished = true, true, f.ending
	f.mu.Unlock()
	if first {
		f.o.Log.Error("file cannot be read; it is tried again", "path", st.Path, "err", err)
	}
}

// Done says that a span is acknowledged. What is acknowledged without a gap is saved.
func (f *Follower) Done(sp *Span) {
	st := sp.Stream
	f.mu.Lock()
	sp.acked = true
	sp.Data, sp.Pieces = nil, nil
	var last *Span
	n := 0
	for n < len(st.inflight) && st.inflight[n].acked {
		last = st.inflight[n]
		n++
	}
	clear(st.inflight[:n])
	st.inflight = st.inflight[n:]
	if last != nil {
		st.committed = last.End()
	}
	f.mu.Unlock()
	if last != nil {
		f.state.commit(st.ID, last.End(), last.check, last.head)
	}
}

// Again says that a span was given back: it is read again later, unless the follower ends.
func (f *Follower) Again(sp *Span) {
	f.mu.Lock()
	st := sp.Stream
	sp.Data, sp.Pieces = nil, nil
	lost := st.dead && !f.closed && !f.ending
	if !lost {
		sp.due = time.Now().Add(redoAfter)
		st.redo = append(st.redo, sp)
	}
	f.mu.Unlock()
	if lost {
		f.lose(st, sp)
	}
}

// lose tells of a span that was given back although its data is gone, and lets the ones behind it go on.
func (f *Follower) lose(st *Stream, sp *Span) {
	f.counters.lost.Add(float64(sp.length))
	f.o.Log.Error("lines are lost: they were not delivered, and their file was truncated or replaced meanwhile",
		"path", st.Path, "offset", sp.Start, "bytes", sp.length)
	f.Done(sp)
}

// Drain makes the follower end: what is in the files now is given out, then io.EOF. It returns when new files
// were looked for.
func (f *Follower) Drain() {
	f.ask(func() {
		if err := f.discover(false); err != nil {
			f.o.Log.Error("look for files", "err", err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ending = true
		for _, st := range sortedStreams(f.streams) {
			f.pushLocked(st)
		}
		for _, q := range f.queues {
			for range f.o.Lanes {
				q.wake()
			}
		}
	})
}

// ask runs g on the loop and waits for it; after Close it does nothing.
func (f *Follower) ask(g func()) {
	done := make(chan struct{})
	select {
	case f.requests <- func() { defer close(done); g() }:
		<-done
	case <-f.stop:
	}
}

// Left returns how many bytes are in the files and were not given out yet.
func (f *Follower) Left() int64 {
	return f.sum(func(st *Stream) int64 { return st.size - st.given })
}

// behind returns how many bytes are in the files and are not acknowledged.
func (f *Follower) behind() int64 {
	return f.sum(func(st *Stream) int64 { return st.size - st.committed })
}

func (f *Follower) sum(of func(*Stream) int64) (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, st := range f.streams {
		n += max(of(st), 0)
	}
	return n
}

// Close stops following. Spans that are not Done by then are given out again after the next Start. With Once, files
// that could not be read are an error. It may be called twice.
func (f *Follower) Close() error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil
	}
	f.closed = true
	f.mu.Unlock()
	close(f.stop)
	f.loop.Wait()
	f.release()
	if err := f.state.sync(); err != nil {
		return fmt.Errorf("save the state of files: %w", err)
	}
	for path, err := range f.unread {
		return fmt.Errorf("read all that is there: %d files cannot be read, among them %s: %w", len(f.unread), path, err)
	}
	return nil
}

// release closes all that is open, and tells what was not read of files that cannot be found again.
func (f *Follower) release() {
	if f.watcher != nil {
		_ = f.watcher.Close() // only watched
	}
	f.mu.Lock()
	streams := sortedStreams(f.streams)
	f.mu.Unlock()
	for _, st := range streams {
		if f.o.Finish && !st.complete && st.committed == st.size {
			f.finish(st)
		}
		f.mu.Lock()
		unread, lost := max(st.size-st.given, 0), max(st.size-st.committed, 0)
		f.mu.Unlock()
		f.counters.unread.Add(float64(unread))
		if st.links == 0 && st.file != nil && lost > 0 && !st.dead {
			f.counters.lost.Add(float64(lost))
			f.o.Log.Error("lines are lost: a deleted file was not read and delivered to its end", "path", st.Path, "bytes", lost)
		}
		f.closeHandle(st)
		f.state.unclaim(st.key, f)
	}
}

// sortedStreams returns streams in the order in which they were found.
func sortedStreams(m map[fileKey]*Stream) []*Stream {
	list := make([]*Stream, 0, len(m))
	for _, st := range m {
		list = append(list, st)
	}
	slices.SortFunc(list, func(a, b *Stream) int { return cmp.Compare(a.seq, b.seq) })
	return list
}
