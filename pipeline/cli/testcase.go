package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/nearest"
	"sluice/pipeline"
	"sluice/pipeline/config"
	"sluice/pipeline/event"
	"sluice/pipeline/expect"
	"sluice/pipeline/plugin"
)

// testDay is the day on which the lines of a case are read, at midnight, unless it says otherwise.
const testDay = "2026-01-01"

func testNow() time.Time {
	t, err := time.Parse(time.DateOnly, testDay)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return t
}

// testStream is the stream that the lines of a case belong to when their input gives them none, so that
// their ids are the same in every run.
const testStream = 1

// testCase is one case, from `tests:` or from a txtar file.
type testCase struct {
	name    string
	place   string // file:line, or the file
	lines   []byte // what a file or stream contains; log lines, where the input is a queue
	message []byte // the body of one message, or a file's content as it is; nil: lines
	events  []event.Fields
	fields  event.Fields // set on each event that is read
	input   string       // id or plugin of the input; "": the first
	now     time.Time

	want    []event.Fields // nil: only dropped is compared
	dropped *int
	mode    expect.Mode

	golden *goldenFile // where --update writes
}

// testResult is what came of a case.
type testResult struct {
	events  []event.Fields // as expect.Shown makes them, with specials; the rejected ones last
	dropped int
}

// subject is a pipeline under test.
type subject struct {
	p   *config.Pipeline
	cov *coverage
}

// run feeds a case to new instances of the pipeline's filters.
func (s *subject) run(ctx context.Context, c *testCase) (testResult, error) {
	b := &event.Batch{Now: testNow()}
	if !c.now.IsZero() {
		b.Now = c.now.UTC()
	}
	step, err := s.inputOf(c)
	if err == nil {
		err = read(b, c, step)
	}
	if err != nil {
		b.Settle(event.Released)
		return testResult{}, err
	}
	return s.filter(ctx, b)
}

// inputOf finds the input that a case is read by.
func (s *subject) inputOf(c *testCase) (*plugin.InputStep, error) {
	var names []string
	for i := range s.p.Inputs {
		in := &s.p.Inputs[i]
		if c.input == "" || c.input == in.ID || c.input == in.Plugin {
			return in, nil
		}
		names = append(names, in.ID, in.Plugin)
	}
	if c.input == "" { // filters alone: plain lines
		return &plugin.InputStep{Built: &plugin.BuiltInput{}}, nil
	}
	return nil, didYouMean(fmt.Errorf("there is no input %q", c.input), c.input, names)
}

func didYouMean(err error, found string, names []string) error {
	if n := nearest.Name(found, names); n != "" {
		return fmt.Errorf("%w; did you mean %q?", err, n)
	}
	return err
}

// read makes the events of a case and applies the input's options to them.
func read(b *event.Batch, c *testCase, step *plugin.InputStep) error {
	var err error
	switch {
	case c.events != nil:
		err = readEvents(b, c.events)
	case c.message != nil && step.Built.NewDecoder != nil:
		err = decode(b, step.Built.NewDecoder(), c.message)
	case c.message != nil:
		readLines(b, c.message)
	case step.Built.NewDecoder == nil || step.Built.Packed:
		readLines(b, c.lines)
	default:
		err = decodeLines(b, step.Built.NewDecoder(), c.lines)
	}
	if err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	offset := int64(0)
	for e := range b.All() {
		if !e.HasID() {
			e.ID = event.ID{Stream: testStream, Offset: offset, Hash: event.HashLine(e.Raw)}
		}
		offset += int64(len(e.Raw)) + 1
		if err := setFields(e, c.fields); err != nil {
			return fmt.Errorf("set the case's fields: %w", err)
		}
	}
	pipeline.Decorate(&step.Decor, b.All())
	return nil
}

func quietAck() *event.Ack { return event.NewAck(func(event.Status) {}) }

// decodeLines gives a decoder lines: at once when it finds them itself, else one by one.
func decodeLines(b *event.Batch, d plugin.Decoder, text []byte) error {
	if _, ok := d.(plugin.FinishDecoder); ok {
		return decode(b, d, text)
	}
	for line := range bytes.Lines(text) {
		if err := decode(b, d, bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return err
		}
	}
	return nil
}

// decode gives a decoder one file or message.
func decode(b *event.Batch, d plugin.Decoder, raw []byte) error {
	a := quietAck()
	defer a.Seal()
	return plugin.Guard(func() error {
		err := d.Decode(raw, b, a)
		if f, ok := d.(plugin.FinishDecoder); ok {
			err = errors.Join(err, f.Finish(b, a))
		}
		return err
	})
}

// readLines makes an event of each line, as they stand in a queue's message that was packed by a shipper: in
// the order of one stream, the last one marked as such.
func readLines(b *event.Batch, text []byte) {
	a := quietAck()
	defer a.Seal()
	offset := int64(0)
	for line := range bytes.Lines(text) {
		e := b.Append(a)
		e.ID.Offset = offset
		offset += int64(len(line))
		e.SetLine(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")))
		e.ID.Stream, e.ID.Hash = testStream, event.HashLine(e.Raw)
		e.Last = offset == int64(len(text))
	}
}

func readEvents(b *event.Batch, all []event.Fields) error {
	for i, f := range all {
		a := quietAck()
		e := b.Append(a)
		a.Seal()
		e.ID = event.ID{Stream: testStream, Offset: int64(i)}
		e.Last = i == len(all)-1
		if err := e.SetFields(f.Clone()); err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	return nil
}

// setFields sets fields whose names may be references.
func setFields(e *event.Event, f event.Fields) error {
	for _, x := range f {
		p, err := event.ParsePath(x.Name)
		if err != nil {
			return err
		}
		v := x.Value.Clone()
		if t, ok := event.ParseTime(v.Str()); ok && p.IsTimestamp() {
			v = event.TimeOf(t)
		}
		if err := p.Set(e, v); err != nil {
			return err
		}
	}
	return nil
}

// filter runs the chain to its end and asks the outputs about what is left.
func (s *subject) filter(ctx context.Context, b *event.Batch) (testResult, error) {
	var rejected []event.Fields
	reject := func(step string, e *event.Event) {
		f := expect.Shown(e).Clone()
		f.Add(expect.Rejected, event.StringOf(step+": "+e.Err().Error()))
		rejected = append(rejected, f)
		e.Settle(event.DeadLettered)
		b.Recycle(e)
	}
	chain := pipeline.NewChain(s.p.Filters, pipeline.ChainOptions{
		Reject: func(step *plugin.FilterStep, e *event.Event) { reject(step.ID, e) },
		Branch: s.cov.branch,
	})
	in := b.Len()
	b.Compact(func(e *event.Event) { reject("input", e) })
	err := chain.Run(ctx, b)
	out := b.TakeIf(func(*event.Event) bool { return true })
	if err == nil {
		err = chain.Flush(ctx, b, plugin.End, false)
		out = append(out, b.TakeIf(func(*event.Event) bool { return true })...)
	}
	chain.Covered(s.cov.alternative)
	r := testResult{dropped: in + b.Made - b.Joined - len(out) - len(rejected)}
	for _, e := range out {
		if err == nil {
			r.events = append(r.events, s.deliver(e))
		}
		e.Settle(event.Delivered)
	}
	r.events = append(r.events, rejected...)
	return r, err
}

// deliver tells where an event would go.
func (s *subject) deliver(e *event.Event) event.Fields {
	f := expect.Shown(e).Clone()
	var outputs []event.Value
	where := map[string][]event.Value{}
	for i := range s.p.Outputs {
		o := &s.p.Outputs[i]
		if o.If != nil {
			yes, err := o.If.Eval(e)
			if err != nil || !yes {
				continue
			}
		}
		s.cov.output(i)
		outputs = append(outputs, event.StringOf(o.ID))
		if o.Built.Preview == nil {
			continue
		}
		names, err := o.Built.Preview(e)
		if err != nil {
			f.Set(expect.Rejected, event.StringOf(o.ID+": "+err.Error()))
			continue
		}
		for k, v := range names {
			if x := event.StringOf(v); !slices.ContainsFunc(where["@"+k], x.Equal) {
				where["@"+k] = append(where["@"+k], x)
			}
		}
	}
	if len(outputs) > 0 {
		f.Add(expect.Output, event.ListOf(outputs...))
	}
	for _, name := range []string{expect.Index, expect.ID, expect.Path} {
		switch v := where[name]; len(v) {
		case 0:
		case 1:
			f.Add(name, v[0])
		default:
			f.Add(name, event.ListOf(v...))
		}
	}
	return f
}

// compare returns what is not as the case expects it, as text.
func (s *subject) compare(c *testCase, r testResult) []mismatch {
	var found []mismatch
	if c.dropped != nil && *c.dropped != r.dropped {
		found = append(found, mismatch{what: "dropped events", want: strconv.Itoa(*c.dropped), got: strconv.Itoa(r.dropped)})
	}
	if c.want == nil && c.dropped != nil {
		return found
	}
	for i := range max(len(c.want), len(r.events)) {
		event := fmt.Sprintf("event %d", i+1)
		switch {
		case i >= len(r.events):
			found = append(found, mismatch{what: event, want: string(c.want[i].AppendJSON(nil))})
		case i >= len(c.want):
			found = append(found, mismatch{what: event, got: strings.TrimSuffix(string(expect.AppendLine(nil, r.events[i])), "\n")})
		default:
			for _, d := range expect.Compare(c.want[i], s.named(c.want[i], r.events[i]), c.mode) {
				found = append(found, mismatch{event + ": " + d.Path, d.Want, d.Got})
			}
		}
	}
	return found
}

// mismatch is one thing that is not as expected; "" stands for what is not there.
type mismatch struct{ what, want, got string }

// named says what an event's outputs are in the words of the expectation: by id or by plugin; and one value of
// several, where the expectation names just one and it is among them.
func (s *subject) named(want, got event.Fields) event.Fields {
	got = slices.Clone(got)
	if w, ok := want.Get(expect.Output); ok {
		if v, ok := got.Get(expect.Output); ok {
			got.Set(expect.Output, s.outputsAs(w, v.List()))
		}
	}
	for _, name := range []string{expect.Output, expect.Index, expect.ID, expect.Path} {
		w, _ := want.Get(name)
		v, _ := got.Get(name)
		if w.Kind() == event.String && slices.ContainsFunc(v.List(), w.Equal) {
			got.Set(name, w)
		}
	}
	return got
}

// outputsAs renames outputs to their plugins' names where the expectation does not name the id.
func (s *subject) outputsAs(want event.Value, ids []event.Value) event.Value {
	named := want.List()
	if want.Kind() == event.String {
		named = []event.Value{want}
	}
	out := slices.Clone(ids)
	for i, id := range ids {
		if slices.ContainsFunc(named, id.Equal) {
			continue
		}
		for j := range s.p.Outputs {
			if o := &s.p.Outputs[j]; o.ID == id.Str() && slices.ContainsFunc(named, event.StringOf(o.Plugin).Equal) {
				out[i] = event.StringOf(o.Plugin)
			}
		}
	}
	return event.ListOf(out...)
}
