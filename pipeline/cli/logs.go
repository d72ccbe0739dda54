package cli

import (
	"io"
	"log/slog"
)

// logFlags choose how `run` logs.
type logFlags struct{ format, level choice }

func newLogFlags() logFlags {
	return logFlags{
		format: choice{"auto", []string{"auto", "text", "json"}},
		level:  choice{"info", []string{"debug", "info", "warn", "error"}},
	}
}

// open returns a logger that writes to w, one beside it that folds no repetitions, for answers to what an operator does, and
// a func that writes what the first holds back.
func (l *logFlags) open(w io.Writer) (log, answers *slog.Logger, flush func()) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level.value)); err != nil {
		panic("BUG: " + err.Error()) // the flag takes only names of levels
	}
	o := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(w, o)
	if l.format.value == "text" || l.format.value == "auto" && isTerminal(w) {
		h = slog.NewTextHandler(w, o)
	}
	f := newFoldHandler(h)
	return slog.New(f), slog.New(h), f.Close
}
