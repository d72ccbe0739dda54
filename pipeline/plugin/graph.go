package plugin

import (
	"time"

	"sluice/pipeline/event"
)

// Pipeline is a compiled pipeline: what config makes of YAML and the engine runs.
type Pipeline struct {
	Settings Settings
	Inputs   []InputStep
	Filters  []FilterStep
	Outputs  []OutputStep
}

// Settings are the options of `pipeline:`.
type Settings struct {
	ID            string
	Workers       int           // lanes of each input
	BatchEvents   int           // a batch is full at so many events
	BatchBytes    int           // or so many raw bytes
	MaxMemory     int64         // the byte budget
	FlushInterval time.Duration // how long a batch that is not full waits for more
	StopTimeout   time.Duration // the deadline of a graceful stop
	RetryTimeout  time.Duration // after which what is still failing is dead-lettered; 0: never
	Location      *time.Location
	ECS           bool
	DataDir       string // state: file offsets, dead letters
	DeadLetters   string // folder of the dead letters
}

// InputStep is one input with the framework's options for it.
type InputStep struct {
	ID     string
	Plugin string // its name, for metrics
	Built  *BuiltInput
	Decor  Decor

	NoMetrics bool // enable_metric: false
}

// FilterStep is a filter, or a condition with two branches.
type FilterStep struct {
	ID     string
	Plugin string // its name; "if" for a condition
	Built  *BuiltFilter
	Decor  Decor

	NoMetrics bool // enable_metric: false

	If   Condition // set for a condition
	Text string    // the condition as written
	Then []FilterStep
	Else []FilterStep
}

// OutputStep is one output. Conditions around it are joined into If; nil takes every event.
type OutputStep struct {
	ID         string
	Plugin     string
	Built      *BuiltOutput
	If         Condition
	Text       string
	BestEffort bool          // policy: best_effort
	Timeout    time.Duration // of one Write of a best-effort output

	NoMetrics bool // enable_metric: false
}

// Decor is the options that every input and filter has. For a filter they apply to the events on which it
// did its work (Event.Match), in Logstash's order: add_field, remove_field, add_tag, remove_tag.
type Decor struct {
	AddField    []AddField
	RemoveField []event.Template // names, each a field reference once expanded
	AddTag      []event.Template
	RemoveTag   []event.Template
	Type        string // inputs: sets `type` unless the event has one
	Tags        []string
}

// AddField is one entry of add_field: name and values are templates; an existing field becomes a list.
type AddField struct {
	Name   event.Template
	Values []event.Template
}

// Empty reports whether there is nothing to do.
func (d *Decor) Empty() bool {
	return len(d.AddField) == 0 && len(d.RemoveField) == 0 && len(d.AddTag) == 0 && len(d.RemoveTag) == 0 &&
		d.Type == "" && len(d.Tags) == 0
}
