package grok

import "time"

// watch measures how long expressions take in engine re2, which counts no steps, and how long all of an event's take
// together. Only long texts are measured: shorter ones are done before any timeout that makes sense.
type watch struct {
	limit    time.Duration
	perEvent bool
	spent    time.Duration
	started  time.Time
	expired  bool
}

// minWatched is the length of text, in bytes, from which time is measured.
const minWatched = 4096

func (f *filter) watch() watch {
	return watch{limit: f.timeout, perEvent: f.perEvent}
}

// before starts to measure an expression, and reports whether the time is up already.
func (w *watch) before(text string) bool {
	if w.expired {
		return true
	}
	if w.limit > 0 && len(text) >= minWatched {
		w.started = time.Now()
	}
	return false
}

// after ends what before started.
func (w *watch) after(text string) {
	if w.limit <= 0 || len(text) < minWatched {
		return
	}
	took := time.Since(w.started)
	if w.perEvent {
		w.spent += took
		took = w.spent
	}
	w.expired = took > w.limit
}
