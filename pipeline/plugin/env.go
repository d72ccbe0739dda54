package plugin

import (
	"log/slog"
	"time"

	"sluice/internal/budget"
	"sluice/internal/metrics"
)

// Env is what a plugin is given when it is built. Zero values work: a nil Budget has no limit, a nil
// Metrics shows nothing.
type Env struct {
	Pipeline string         // pipeline.id
	ID       string         // the step's id: the id option, or its place ("filters[2].grok")
	Logger   *slog.Logger   // carries pipeline and id already
	Location *time.Location // pipeline.timezone, UTC by default
	ECS      bool           // ecs_compatibility is v1 or v8
	Dir      string         // relative paths in options are relative to this folder: the config file's
	DataDir  string         // folder for the plugin's state, made by the plugin when it starts
	Budget   *budget.Budget // max_memory
	Metrics  *metrics.Scope
	Problems *Problems // where build reports what is wrong with the options
	Version  string    // of the program, for User-Agent and the like
}

// Loc returns the pipeline's zone, UTC where none is set.
func (e Env) Loc() *time.Location {
	if e.Location == nil {
		return time.UTC
	}
	return e.Location
}

// Log returns the logger, one that discards where none is set.
func (e Env) Log() *slog.Logger {
	if e.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return e.Logger
}
