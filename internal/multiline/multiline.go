// Package multiline decides which lines make one event. It knows nothing of events or files: it is given lines
// in order and says of each whether it belongs to the lines before it.
package multiline

// Caps of an event, as in Logstash's multiline codec.
const (
	DefaultMaxLines = 500
	DefaultMaxBytes = 10 << 20
)

// What says to which neighbour a line belongs that the rule marks.
type What uint8

// The neighbours.
const (
	Previous What = iota // a marked line belongs to the line before it
	Next                 // a marked line belongs to the line after it
)

// Rule says which lines belong together. It is read-only, and may be used concurrently if Match may.
type Rule struct {
	Match    func(line []byte) bool // must neither keep nor change the line
	Negate   bool                   // the lines that do not match are the marked ones
	What     What
	MaxLines int // of one event; 0 is no limit
	MaxBytes int // of one event, one byte between lines counted; a single line may be longer; 0 is no limit
}

// Marked reports whether the rule binds line to its neighbour.
func (r *Rule) Marked(line []byte) bool { return r.Match(line) != r.Negate }

// Place says where a line belongs.
type Place uint8

// The places of a line. All but Joins begin an event: what was open is complete.
const (
	Joins     Place = iota // to the open event
	Begins                 // an event
	Orphan                 // an event, but the line belongs to one before it, of which nothing is open: it was cut off
	OverLines              // an event, but the line belongs to the open one, which has no room for another line
	OverBytes              // an event, but the line belongs to the open one, which has no room for its bytes
)

// Cut reports whether the event that the line begins is the rest of another.
func (p Place) Cut() bool { return p >= Orphan }

// Joiner applies a rule to the lines of one stream. It belongs to one goroutine.
type Joiner struct {
	rule    *Rule
	lines   int // of the open event; 0: none is open
	bytes   int
	waiting bool // the last line belongs to the one after it
	ended   bool // the open event is complete: nothing can join it any more
}

// New returns a joiner with nothing open. rule must not change while it is used.
func New(rule *Rule) Joiner { return Joiner{rule: rule} }

// Add takes the next line and says where it belongs.
func (j *Joiner) Add(line []byte) Place {
	marked := j.rule.Marked(line)
	p := j.place(marked, len(line))
	if p == Joins {
		j.lines++
		j.bytes += 1 + len(line)
	} else {
		j.lines, j.bytes = 1, len(line)
	}
	j.waiting = marked && j.rule.What == Next
	j.ended = j.rule.What == Next && !marked
	return p
}

func (j *Joiner) place(marked bool, size int) Place {
	open := j.lines > 0 && !j.ended
	belongs := marked
	if j.rule.What == Next {
		belongs = open
	}
	switch {
	case !belongs:
		return Begins
	case !open:
		return Orphan
	case j.rule.MaxLines > 0 && j.lines >= j.rule.MaxLines:
		return OverLines
	case j.rule.MaxBytes > 0 && j.bytes+1+size > j.rule.MaxBytes:
		return OverBytes
	}
	return Joins
}

// Open reports whether the next line may still join what was added last.
func (j *Joiner) Open() bool { return j.lines > 0 && !j.ended }

// Waiting reports whether the last line belongs to the one after it: a Close now would cut the event.
func (j *Joiner) Waiting() bool { return j.waiting }

// Lines and Bytes return the size of the event to which the last line was added.
func (j *Joiner) Lines() int { return j.lines }

// Bytes returns the bytes of the event to which the last line was added, one between lines counted.
func (j *Joiner) Bytes() int { return j.bytes }

// Close forgets the open event: the next line begins one.
func (j *Joiner) Close() { j.lines, j.bytes, j.waiting, j.ended = 0, 0, false, false }
