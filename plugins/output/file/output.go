package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// maxKeptBytes is how large a buffer may be to be kept for the next Write.
const maxKeptBytes = 4 << 20

// startEnv is what an output is started with.
type startEnv struct {
	plugin.Env
	lanes int
}

// output is a running file output.
type output struct {
	paths *paths
	store *store
	lanes []*lane

	stop   chan struct{}
	once   sync.Once
	keeper sync.WaitGroup
	err    error // of Close
}

func start(p *paths, codec plugin.Codec, how storing, env startEnv) (*output, error) {
	o := &output{paths: p, stop: make(chan struct{}), lanes: make([]*lane, env.lanes)}
	for i := range o.lanes {
		enc, err := codec.Encoder()
		if err != nil {
			return nil, err
		}
		o.lanes[i] = &lane{encoder: enc, groups: map[string]*group{}}
	}
	how.lines = endsLines(codec)
	o.store = newStore(how, env.Log())
	o.keeper.Go(o.keep)
	return o, nil
}

// endsLines reports whether a codec ends every event with a newline, so that a torn one can be seen.
func endsLines(codec plugin.Codec) bool {
	enc, err := codec.Encoder()
	if err != nil {
		return false
	}
	e := &event.Event{}
	e.Fields.Add(event.MessageField, event.StringOf("x"))
	b, err := enc.AppendEvent(nil, e)
	return err == nil && len(b) > 0 && b[len(b)-1] == '\n'
}

// keep closes idle files, and syncs for flush_interval, until the output is closed.
func (o *output) keep() {
	idle := time.NewTicker(o.store.idle)
	defer idle.Stop()
	var flush <-chan time.Time
	if d := o.store.flush; d > 0 {
		t := time.NewTicker(d)
		defer t.Stop()
		flush = t.C
	}
	for {
		select {
		case <-o.stop:
			return
		case <-idle.C:
			o.store.closeIdle()
		case <-flush:
			o.store.syncAll()
		}
	}
}

// lane is the scratch space of one worker.
type lane struct {
	encoder plugin.Encoder
	zip     compressor
	path    []byte
	groups  map[string]*group // of this Write, by path
	order   []*group
	spare   []*group
}

// group is the events of one Write that go to one file.
type group struct {
	path    string
	records []byte
	last    int   // where the last record begins
	events  []int // their places in the view
}

// group returns the group of a path, made where there is none.
func (l *lane) group(path []byte) *group {
	if n := len(l.order); n > 0 && l.order[n-1].path == string(path) {
		return l.order[n-1]
	}
	if g := l.groups[string(path)]; g != nil {
		return g
	}
	g := &group{}
	if n := len(l.spare); n > 0 {
		g, l.spare = l.spare[n-1], l.spare[:n-1]
	}
	g.path = string(path)
	l.groups[g.path] = g
	l.order = append(l.order, g)
	return g
}

// reset makes the groups ready for the next Write; a few are kept with their room.
func (l *lane) reset() {
	const few = 64
	for _, g := range l.order {
		if len(l.spare) < few && cap(g.records) <= maxKeptBytes {
			*g = group{records: g.records[:0], events: g.events[:0]}
			l.spare = append(l.spare, g)
		}
	}
	clear(l.groups)
	clear(l.order)
	l.order = l.order[:0]
}

var errClosed = errors.New("the output is closed")

// Write appends the view's events to their files and returns when they are on the disk.
func (o *output) Write(ctx context.Context, v *event.View) error {
	select {
	case <-o.stop:
		return errClosed
	default:
	}
	l := o.lanes[v.Lane]
	defer l.reset()
	for i, e := range v.All() {
		if err := o.add(l, i, e); err != nil {
			v.Reject(i, err)
		}
	}
	var failed error
	for k, g := range l.order {
		err := ctx.Err()
		if err == nil {
			err = o.flush(l, g)
		}
		if err == nil {
			continue
		}
		if hopeless(err) {
			g.mark(v, event.Outcome{Kind: event.Refused, Err: err})
			continue
		}
		g.mark(v, event.Outcome{Kind: event.ToRetry, Err: err})
		if failed = err; ctx.Err() != nil {
			for _, g := range l.order[k+1:] {
				g.mark(v, event.Outcome{Kind: event.ToRetry, Err: err})
			}
			break
		}
	}
	return o.verdict(v, failed)
}

// verdict returns the error of a Write of which nothing was delivered; other failures are told event by
// event.
func (o *output) verdict(v *event.View, failed error) error {
	if failed == nil {
		return nil
	}
	for i := range v.Len() {
		if !v.Marked(i) {
			return nil
		}
	}
	return failed
}

func (g *group) mark(v *event.View, o event.Outcome) {
	for _, i := range g.events {
		v.Set(i, o)
	}
}

// add encodes one event into the group of its file. An error is about the event.
func (o *output) add(l *lane, i int, e *event.Event) error {
	path, err := o.paths.of(l.path, e)
	if l.path = path; err != nil {
		return err
	}
	g := l.group(path)
	records, err := l.encoder.AppendEvent(g.records, e)
	if err != nil {
		return fmt.Errorf("encode the event: %w", err)
	}
	g.last, g.records = len(g.records), records
	g.events = append(g.events, i)
	return nil
}

// flush writes one group.
func (o *output) flush(l *lane, g *group) error {
	if len(g.records) == 0 {
		return nil
	}
	records := g.records
	if o.store.overwrite {
		records = records[g.last:]
	}
	if o.store.zip {
		var err error
		if records, err = l.zip.member(records); err != nil {
			return fmt.Errorf("compress for %s: %w", quote(g.path), err)
		}
	}
	f := o.store.take(g.path)
	defer o.store.give(f)
	if o.store.overwrite {
		return o.store.replace(f, records)
	}
	return o.store.append(f, records)
}

// Close syncs and closes all files.
func (o *output) Close(context.Context) error {
	o.once.Do(func() {
		close(o.stop)
		o.keeper.Wait()
		o.err = o.store.close()
	})
	return o.err
}

// notThere reports whether an error says that a file does not exist.
func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
