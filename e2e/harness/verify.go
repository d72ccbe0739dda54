package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Source is one log that is watched: its type and file, rotated or not, and which lines are joined.
type Source struct {
	Type      string
	Log       string
	Continues func(line string) bool
}

// Report is what Verify has found to be right.
type Report struct {
	Files                 int            // generations with at least one line
	Lines, Events, Joined int            // lines in the files, documents expected, of those joined from several lines
	Formless              int            // events that do not have the form of their type: only their text was compared
	ByIndex               map[string]int // documents
	ByType                map[string]int
}

// generation is one file that a log has been rotated into, or the log itself.
type generation struct {
	source Source
	file   string
	events []Event
	taken  bool
}

// Verify proves that the documents are the events of the sources: all of them, none twice, each with the right
// fields, types and time, in the index of its own day. It returns at most maxErrors errors.
func Verify(sources []Source, docs []Doc, indexPrefix string) (Report, []error) {
	r := Report{ByIndex: map[string]int{}, ByType: map[string]int{}}
	v := &verifier{prefix: indexPrefix, report: &r}
	for _, s := range sources {
		v.addSource(s)
	}
	streams := map[string][]Doc{}
	for _, d := range docs {
		r.ByIndex[d.Index]++
		stream, _ := d.Source["stream"].(string)
		streams[stream] = append(streams[stream], d)
	}
	for stream, docs := range streams {
		v.stream(stream, docs)
	}
	for _, g := range v.generations {
		if !g.taken && len(g.events) > 0 {
			v.errorf("%s: %d events, and no stream of documents is this file", g.file, len(g.events))
		}
	}
	if len(docs) != r.Events {
		v.errorf("%d documents, want %d", len(docs), r.Events)
	}
	return r, v.errors
}

const maxErrors = 10

type verifier struct {
	prefix      string
	generations []*generation
	report      *Report
	errors      []error
}

func (v *verifier) errorf(format string, args ...any) {
	if len(v.errors) < maxErrors {
		v.errors = append(v.errors, fmt.Errorf(format, args...))
	}
}

func (v *verifier) addSource(s Source) {
	files, err := Generations(s.Log)
	if err != nil {
		v.errorf("%s: %w", s.Log, err)
		return
	}
	for _, file := range files {
		events, err := ReadEvents(file, s.Continues)
		if err != nil {
			v.errorf("read %s: %w", file, err)
			continue
		}
		v.generations = append(v.generations, &generation{source: s, file: file, events: events})
		v.report.Events += len(events)
		v.report.Files += min(1, len(events))
		for _, e := range events {
			n := strings.Count(e.Text, "\n")
			v.report.Lines += 1 + n
			if n > 0 {
				v.report.Joined++
			}
		}
	}
}

// stream finds the file that the documents of one stream are, and compares all of them.
func (v *verifier) stream(stream string, docs []Doc) {
	slices.SortFunc(docs, func(a, b Doc) int { return int(a.offset() - b.offset()) })
	g := v.generationOf(docs)
	if g == nil {
		v.errorf("stream %q: no file holds its %d documents; the first: %s %s %v", stream, len(docs), docs[0].Index, docs[0].ID, docs[0].Source)
		return
	}
	g.taken = true
	byOffset := map[int64]Event{}
	for _, e := range g.events {
		byOffset[e.Offset] = e
	}
	for _, d := range docs {
		e, ok := byOffset[d.offset()]
		if !ok {
			v.errorf("%s: a document with offset %d, where no event begins or which has one already: %s %v", g.file, d.offset(), d.ID, d.Source)
			continue
		}
		delete(byOffset, e.Offset)
		v.document(g, e, d)
	}
	for _, e := range byOffset {
		v.errorf("%s: no document for offset %d: %.200q", g.file, e.Offset, e.Text)
	}
}

// generationOf returns the file that holds the first of the documents, and, where several begin with the same line, as
// files that were written in the same millisecond may, the most of the others; nil where there is none.
func (v *verifier) generationOf(docs []Doc) *generation {
	var candidates []*generation
	for _, g := range v.generations {
		if !g.taken && g.fits(docs[0]) {
			candidates = append(candidates, g)
		}
	}
	if len(candidates) < 2 {
		return append(candidates, nil)[0]
	}
	best, most := candidates[0], 0
	for _, g := range candidates {
		n := 0
		for _, d := range docs {
			if g.fits(d) {
				n++
			}
		}
		if n > most || n == most && len(g.events) == len(docs) {
			best, most = g, n
		}
	}
	return best
}

// fits reports whether a document is an event of this file.
func (g *generation) fits(d Doc) bool {
	if d.Source["type"] != g.source.Type {
		return false
	}
	i := slices.IndexFunc(g.events, func(e Event) bool { return e.Offset == d.offset() })
	if i < 0 {
		return false
	}
	w, ok := Expect(g.source.Type, g.events[i], d.time())
	if !ok {
		return d.Source["message"] == g.events[i].Text
	}
	return len(w.Differences(d)) == 0
}

func (v *verifier) document(g *generation, e Event, d Doc) {
	w, ok := Expect(g.source.Type, e, d.time())
	if !ok {
		v.report.Formless++
		w = Want{Fields: map[string]any{"message": e.Text}}
	}
	w.Fields["type"] = g.source.Type
	for _, diff := range w.Differences(d) {
		v.errorf("%s, offset %d: %s", g.file, e.Offset, diff)
	}
	if path, _ := d.Source["path"].(string); !strings.HasPrefix(path, g.source.Log) {
		v.errorf("%s, offset %d: path is %v", g.file, e.Offset, d.Source["path"])
	}
	if host, _ := d.Source["host"].(string); host == "" {
		v.errorf("%s, offset %d: host is %v", g.file, e.Offset, d.Source["host"])
	}
	if want := v.prefix + d.time().UTC().Format("2006.01.02"); d.Index != want {
		v.errorf("%s, offset %d: in index %s, want %s", g.file, e.Offset, d.Index, want)
	}
	v.report.ByType[g.source.Type]++
}

// Identity is what makes an event unique: the stream it belongs to, and its place there.
func (d Doc) Identity() string { return fmt.Sprint(d.Source["stream"], "/", d.Source["offset"]) }

func (d Doc) offset() int64 {
	n, _ := d.Source["offset"].(json.Number)
	offset, err := n.Int64()
	if err != nil {
		return -1
	}
	return offset
}

// time is the document's time; the zero time where it has none, which then differs from every expectation.
func (d Doc) time() time.Time {
	t, _ := d.Time() // see above
	return t
}
