package elasticsearch

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// action is what a bulk request does with one document.
type action uint8

const (
	create action = iota
	index
	update
	remove
)

func (a action) String() string { return [...]string{"create", "index", "update", "delete"}[a] }

func parseAction(s string) (action, bool) {
	for a := create; a <= remove; a++ {
		if s == a.String() {
			return a, true
		}
	}
	return 0, false
}

// maxIDBytes and maxIndexBytes are limits of Elasticsearch.
// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/mapping-id-field.html
// https://www.elastic.co/guide/en/elasticsearch/reference/8.19/indices-create-index.html
const (
	maxIDBytes    = 512
	maxIndexBytes = 255
)

// option is an option that is a template, or the metadata field that stands for it when it is not set.
type option struct {
	template event.Template
	set      bool
	meta     event.Path // [@metadata][_ingest_document][NAME]
	meta2    event.Path // asked when meta is not there
}

// target says where an event goes and as what. It is read-only.
type target struct {
	action       option
	constAction  action
	isConst      bool
	index        option
	daily        bool // the index depends on nothing but the day
	dated        bool // the index names a date
	id           option
	routing      option
	pipeline     option
	version      option
	versionType  string
	versionMeta  event.Path // asked when versionType is not set
	past, future time.Duration
	quarantine   string
	stream       *dataStream
	body         *updateBody
}

func newTarget(c *Config, env plugin.Env) *target {
	ingest := func(t event.Template, name string) option {
		return option{template: t, set: t.String() != "", meta: event.MustPath("[@metadata][_ingest_document][" + name + "]")}
	}
	t := &target{
		action: option{template: c.Action, set: c.Action.String() != ""},
		index:  ingest(c.Index, "index"), id: ingest(c.DocumentID, "id"), routing: ingest(c.Routing, "routing"),
		pipeline: ingest(c.Pipeline, "pipeline"), version: ingest(c.Version, "version"), versionType: c.VersionType,
		past: c.DateWindow.Past.D(), future: c.DateWindow.Future.D(), quarantine: c.QuarantineIndex,
		body: newUpdateBody(c, env),
	}
	t.versionMeta = event.MustPath("[@metadata][_ingest_document][version_type]")
	t.pipeline.meta2 = event.MustPath("[@metadata][target_ingest_pipeline]")
	t.isConst = !t.action.set || c.Action.IsConst()
	if t.isConst && t.action.set {
		var ok bool
		if t.constAction, ok = parseAction(c.Action.String()); !ok {
			env.Problems.Errorf("action", "found %q, expected create, index, update or delete", c.Action.String())
		}
	}
	if c.DataStream {
		t.stream = newDataStream(c, env)
	} else {
		t.setIndex(c, env)
	}
	t.check(c, env)
	t.warn(c, env)
	return t
}

// setIndex fills in the default of index and checks it as far as that can be done without an event.
func (t *target) setIndex(c *Config, env plugin.Env) {
	if !t.index.set {
		name := defaultIndex
		if env.ECS {
			name = defaultECSIndex
		}
		tmpl, err := event.ParseTemplate(name, env.Loc())
		if err != nil {
			panic("BUG: " + err.Error())
		}
		t.index.template = tmpl
	}
	t.dated = len(t.index.template.Dates()) > 0
	t.daily = t.index.template.DateOnly()
	if why := badIndexName(t.index.template.Filled("x")); why != "" {
		env.Problems.Errorf("index", "%q is no name of an index: it %s", t.index.template.String(), why)
	}
	if why := badIndexName(c.QuarantineIndex); why != "" {
		env.Problems.Errorf("quarantine_index", "%q is no name of an index: it %s", c.QuarantineIndex, why)
	}
	if t.past < 0 || t.future < 0 {
		env.Problems.Errorf("date_window", "found a negative length of time, expected 0s or more")
	}
}

// check reports options that do not go together.
func (t *target) check(c *Config, env plugin.Env) {
	p := env.Problems
	if t.isConst && (t.constAction == update || t.constAction == remove) && !t.id.set {
		p.Errorf("document_id", "the option is missing; action %s needs to know which document", t.constAction)
	}
	if t.version.set {
		switch {
		case c.VersionType == "":
			p.Errorf("version_type", "the option is missing; Elasticsearch takes a version only with external, external_gt or external_gte")
		case t.isConst && (t.constAction == create || t.constAction == update):
			p.Errorf("version", "action %s takes no version; only index and delete do", t.constAction)
		}
	}
	for _, o := range []struct {
		name string
		set  bool
	}{{"doc_as_upsert", c.DocAsUpsert}, {"upsert", c.Upsert.String() != ""}, {"script", c.Script != ""}, {"scripted_upsert", c.ScriptedUpsert}} {
		if o.set && t.isConst && t.constAction != update {
			p.Errorf(o.name, "the option is for action update, but action is %s", t.constAction)
		}
	}
	if c.ScriptedUpsert && c.Script == "" {
		p.Errorf("scripted_upsert", "there is no script; set script")
	}
	if c.DocAsUpsert && (c.Upsert.String() != "" || c.Script != "") {
		p.Errorf("doc_as_upsert", "the option does not go together with upsert or script")
	}
	if c.RetryOnConflict < 0 {
		p.Errorf("retry_on_conflict", "found %d, expected 0 or more", c.RetryOnConflict)
	}
}

// warn says where the promise of exactly one document for each event is weaker (docs/delivery.md).
func (t *target) warn(c *Config, env plugin.Env) {
	p := env.Problems
	switch {
	case t.stream != nil:
		p.Warnf("data_stream", "an event that is delivered again after a rollover meets another backing index: it may be there twice")
	case !t.isConst:
		p.Warnf("action", "the action comes from the event: what update does is done again when an event is delivered again, and index overwrites")
	case t.constAction == update:
		p.Warnf("action", "an update is done again when an event is delivered again")
	case t.constAction == index && !t.version.set:
		p.Warnf("action", "index without a version overwrites: an event that is delivered again may replace a newer document")
	case !t.action.set && t.id.set:
		p.Warnf("document_id", "the action is create, so the first document of an id stays; Logstash's default is index, by which the last one stays: set action to say which")
	}
	if c.SSLVerification == "none" {
		p.Warnf("ssl_verification_mode", "the server's certificate is not checked: anybody on the way can read and change what is sent")
	}
}

// badIndexName returns what is wrong with a name, as the end of a sentence that begins with "it", or "".
func badIndexName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxIndexBytes:
		return "is longer than 255 bytes"
	case name == "." || name == "..":
		return "must not be . or .."
	case name[0] == '_' || name[0] == '-' || name[0] == '+':
		return "must not begin with _, - or +"
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			return "must be in lower case"
		case c <= ' ' || c == 0x7f || strings.IndexByte(`"*\<|,>/?#:`, c) >= 0:
			return "must not contain " + strconv.QuoteRune(rune(c))
		case c >= 0x80:
			return badUnicodeName(name)
		}
	}
	return ""
}

// badUnicodeName is badIndexName for what it leaves to it.
func badUnicodeName(name string) string {
	for _, c := range name {
		switch {
		case c == '\uFFFD':
			return "must be valid UTF-8"
		case strings.ContainsRune(`"*\<|,>/?#: `, c) || c < ' ':
			return "must not contain " + strconv.QuoteRune(c)
		}
	}
	if strings.ToLower(name) != name {
		return "must be in lower case"
	}
	return ""
}

var errNoTime = errors.New("the event has no time to name the index by")

// dayName is an index name that is good for one day.
type dayName struct {
	from, to int64 // Unix seconds
	name     string
}

// keptDays is how many days' names a lane remembers: those of a window that moves, and some old logs.
const keptDays = 8

// names finds the names of indices for one lane.
type names struct {
	t    *target
	days [keptDays]dayName
	next int
	buf  []byte
	copy event.Event // an event whose own time is missing, with the time at which it was read
}

// index returns the name of an event's index, valid until the next call, and whether it is the quarantine.
func (n *names) index(e *event.Event) (name []byte, quarantined bool, err error) {
	t := n.t
	if t.stream != nil {
		n.buf, err = t.stream.appendName(n.buf[:0], e)
		return n.buf, false, n.checked(err)
	}
	if !t.index.set && len(e.Meta) > 0 {
		if v, ok := t.index.meta.Get(e); ok {
			n.buf = v.AppendText(n.buf[:0])
			return n.buf, false, n.checked(nil)
		}
	}
	if !t.dated {
		n.buf, err = t.index.template.Append(n.buf[:0], e)
		return n.buf, false, n.checked(err)
	}
	when := e.Time
	if when.IsZero() {
		if when = e.Observed; when.IsZero() {
			return nil, false, errNoTime
		}
	}
	if t.outside(when, e.Observed) {
		n.buf = append(n.buf[:0], t.quarantine...)
		return n.buf, true, nil
	}
	n.buf, err = n.dated(n.buf[:0], e, when)
	return n.buf, false, err
}

// checked returns err, or what is wrong with the name in the buffer.
func (n *names) checked(err error) error {
	if err != nil {
		return fmt.Errorf("name the index: %w", err)
	}
	if why := badIndexName(textOf(n.buf)); why != "" {
		return fmt.Errorf("index name %s %s", quote(string(n.buf)), why)
	}
	return nil
}

// outside reports whether an event's time is outside the window around the time at which it was read.
func (t *target) outside(when, observed time.Time) bool {
	if observed.IsZero() {
		return false
	}
	d := when.Sub(observed)
	return t.past > 0 && d < -t.past || t.future > 0 && d > t.future
}

// dated appends the name that an event's time makes.
func (n *names) dated(dst []byte, e *event.Event, when time.Time) ([]byte, error) {
	if n.t.daily {
		u := when.Unix()
		for i := range n.days {
			if d := &n.days[i]; u >= d.from && u < d.to {
				return append(dst, d.name...), nil
			}
		}
	}
	if e.Time.IsZero() {
		n.copy = event.Event{Time: when, Fields: e.Fields, Meta: e.Meta}
		defer func() { n.copy = event.Event{} }() // it must not keep the event's bytes alive
		e = &n.copy
	}
	dst, err := n.t.index.template.Append(dst, e)
	n.buf = dst
	if err = n.checked(err); err == nil && n.t.daily {
		n.remember(when, string(dst))
	}
	return dst, err
}

// remember keeps the name of a day in the template's zone, whose days need not have 24 hours.
func (n *names) remember(when time.Time, name string) {
	loc := n.t.index.template.Location()
	y, m, d := when.In(loc).Date()
	from, to := time.Date(y, m, d, 0, 0, 0, 0, loc), time.Date(y, m, d+1, 0, 0, 0, 0, loc)
	if when.Before(from) || !when.Before(to) { // a zone whose days do not begin at midnight
		return
	}
	n.days[n.next] = dayName{from.Unix(), to.Unix(), name}
	n.next = (n.next + 1) % keptDays
}

// get appends what an option says for an event; ok is false when it says nothing.
func (o *option) get(dst []byte, e *event.Event) (out []byte, ok bool, err error) {
	if o.set {
		dst, err = o.template.Append(dst, e)
		return dst, err == nil, err
	}
	if len(e.Meta) == 0 {
		return dst, false, nil
	}
	v, found := o.meta.Get(e)
	if !found && !o.meta2.IsZero() {
		v, found = o.meta2.Get(e)
	}
	if !found {
		return dst, false, nil
	}
	return v.AppendText(dst), true, nil
}

// actionOf returns what to do with an event.
func (t *target) actionOf(e *event.Event) (action, error) {
	if t.isConst {
		return t.constAction, nil
	}
	s, err := t.action.template.Append(nil, e)
	if err != nil {
		return 0, fmt.Errorf("find the action: %w", err)
	}
	a, ok := parseAction(string(s))
	if !ok {
		return 0, fmt.Errorf("action %s, expected create, index, update or delete", quote(string(s)))
	}
	return a, nil
}

// preview says where an event would go.
func (t *target) preview(e *event.Event) (map[string]string, error) {
	n := names{t: t}
	name, _, err := n.index(e)
	if err != nil {
		return nil, err
	}
	a, err := t.actionOf(e)
	if err != nil {
		return nil, err
	}
	where := map[string]string{"index": string(name), "action": a.String()}
	id, ok, err := t.appendID(nil, e, a)
	if err != nil {
		return nil, err
	}
	if ok {
		where["id"] = string(id)
	}
	for _, o := range []struct {
		name string
		opt  *option
	}{{"routing", &t.routing}, {"pipeline", &t.pipeline}, {"version", &t.version}} {
		text, ok, err := o.opt.get(nil, e)
		if err != nil {
			return nil, fmt.Errorf("find the %s: %w", o.name, err)
		}
		if ok {
			where[o.name] = string(text)
		}
	}
	return where, nil
}

// appendID appends the id of an event's document; ok is false where Elasticsearch is to make one.
func (t *target) appendID(dst []byte, e *event.Event, a action) (id []byte, ok bool, err error) {
	start := len(dst)
	id, ok, err = t.id.get(dst, e)
	switch {
	case err != nil:
		return dst, false, fmt.Errorf("make the document's id: %w", err)
	case !ok && e.HasID() && (a == create || a == index):
		return e.AppendID(dst), true, nil
	case !ok && (a == update || a == remove):
		return dst, false, fmt.Errorf("action %s, but document_id is not set", a)
	case ok && len(id) == start:
		return dst, false, errors.New("the document's id is empty")
	case len(id)-start > maxIDBytes:
		return dst, false, fmt.Errorf("the document's id is %d bytes long, expected at most %d: %s", len(id)-start, maxIDBytes, quote(string(id[start:])))
	}
	return id, ok, nil
}

// quoteBytes is how much of a value an error shows.
const quoteBytes = 128

func quote(s string) string {
	if len(s) > quoteBytes {
		return strconv.Quote(s[:quoteBytes]) + "..."
	}
	return strconv.Quote(s)
}
