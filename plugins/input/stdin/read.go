package stdin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"sluice/internal/budget"
	"sluice/internal/lane"
	"sluice/pipeline/event"

	"golang.org/x/sys/unix"
)

const (
	blockBytes = 256 << 10 // is read into piece by piece; the events point into it
	minRead    = 16 << 10  // with less room left in the block, a new one is taken
	maxLines   = 2000      // that one Read decodes
	pollEvery  = 100 * time.Millisecond
)

// input reads the file with lane 0, which keeps the order; the other lanes wait for the end. There is no
// reading goroutine: what was not asked for stays in the pipe, for who reads next.
type input struct {
	file     *os.File
	fd       int32
	decoder  streamDecoder
	budget   *budget.Budget
	gate     *lane.Gate
	draining atomic.Bool

	block   []byte // room for the next reads
	pending []byte // was read, and is not decoded yet
	atEnd   bool
}

// Drain says that nothing more is to be read.
func (in *input) Drain() { in.draining.Store(true) }

// Close does nothing: standard input is not ours to close.
func (in *input) Close(context.Context) error {
	in.gate.End()
	in.budget.Release(int64(len(in.pending)))
	in.pending = nil
	return nil
}

// Read appends the events of what is there, and waits for input when nothing is.
func (in *input) Read(ctx context.Context, number int, b *event.Batch, wait time.Duration) error {
	if number != 0 {
		return in.gate.Read(ctx, wait)
	}
	until := time.Now().Add(wait)
	for before := b.Len(); b.Len() == before; {
		if len(in.pending) == 0 {
			if in.atEnd || in.draining.Load() {
				return in.finish(b)
			}
			if ok, err := in.fill(ctx, b, until); !ok {
				return err
			}
		}
		if err := in.decode(b); err != nil {
			return err
		}
	}
	return nil
}

// finish decodes a last line without a newline and ends the input.
func (in *input) finish(b *event.Batch) error {
	a := event.NewAck(func(event.Status) {})
	err := in.decoder.Finish(b, a)
	a.Seal()
	in.atEnd = true
	in.gate.End()
	return errors.Join(err, io.EOF)
}

// decode decodes at most maxLines of what is pending.
func (in *input) decode(b *event.Batch) error {
	n := len(in.pending)
	if bytes.Count(in.pending, []byte{'\n'}) > maxLines {
		n = 0
		for range maxLines {
			n += bytes.IndexByte(in.pending[n:], '\n') + 1
		}
	}
	src := in.pending[:n:n]
	in.pending = in.pending[n:]
	a := event.NewAck(func(event.Status) { in.budget.Release(int64(n)) })
	defer a.Seal()
	b.Bytes += n
	return in.decoder.Decode(src, b, a)
}

// fill reads once into pending, or reports false: the time is over, or an error.
func (in *input) fill(ctx context.Context, b *event.Batch, until time.Time) (bool, error) {
	if len(in.block) < minRead {
		in.block = make([]byte, blockBytes)
	}
	room := int64(len(in.block))
	if ok, err := in.reserve(ctx, b, room, until); !ok {
		return false, err
	}
	ready, err := in.poll(ctx, until)
	if !ready {
		in.budget.Release(room)
		return false, err
	}
	n, err := in.file.Read(in.block)
	in.budget.Release(room - int64(n))
	in.pending, in.block = in.block[:n:n], in.block[n:]
	b.Now = time.Now().UTC() // the line came now, not when the wait for it began
	switch {
	case errors.Is(err, io.EOF):
		in.atEnd = true
	case err != nil:
		return n > 0, fmt.Errorf("read standard input: %w", err)
	}
	return true, nil
}

// reserve takes memory from the budget; it waits for it only while b is empty.
func (in *input) reserve(ctx context.Context, b *event.Batch, n int64, until time.Time) (bool, error) {
	if in.budget.TryAcquire(n) {
		return true, nil
	}
	if b.Len() > 0 {
		return false, nil
	}
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	if in.budget.Acquire(waiting, n) == nil {
		return true, nil
	}
	return false, ctx.Err()
}

// poll waits until a read will not block and reports whether it is so. A blocked read could not be ended,
// and would take lines away from whoever reads next; so the wait is by poll, in slices short enough for a
// stop.
func (in *input) poll(ctx context.Context, until time.Time) (bool, error) {
	for {
		fds := []unix.PollFd{{Fd: in.fd, Events: unix.POLLIN}}
		slice := max(min(pollEvery, time.Until(until)), 0)
		n, err := unix.Poll(fds, int((slice+time.Millisecond-1)/time.Millisecond))
		switch {
		case n > 0: // input, its end, or an error that Read will tell
			return true, nil
		case err != nil && !errors.Is(err, unix.EINTR):
			return false, fmt.Errorf("poll standard input: %w", err)
		case ctx.Err() != nil:
			return false, ctx.Err()
		case in.draining.Load() || !time.Now().Before(until):
			return false, nil
		}
	}
}
