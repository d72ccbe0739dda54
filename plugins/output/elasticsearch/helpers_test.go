package elasticsearch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/internal/localindex"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start builds and starts the output with options changed by set, as a configuration would.
func start(tb testing.TB, lanes int, set func(*Config)) plugin.Output {
	tb.Helper()
	b, problems := built(set)
	if problems.Failed() {
		tb.Fatalf("problems: %v", problems.List)
	}
	out, err := b.Start(tb.Context(), lanes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := out.Close(tb.Context()); err != nil && tb.Context().Err() == nil {
			tb.Error(err)
		}
	})
	return out
}

func built(set func(*Config)) (*plugin.BuiltOutput, *plugin.Problems) {
	spec := Plugin()
	c := spec.Defaults()
	set(c.(*Config))
	problems := &plugin.Problems{}
	b, err := spec.Build([]any{c}, plugin.Env{Problems: problems})
	if err != nil {
		problems.Errorf("", "%v", err)
		return nil, problems
	}
	return b.(*plugin.BuiltOutput), problems
}

func tmpl(s string) event.Template { return event.MustTemplate(s) }

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// events makes n events with ids, times and a message; change may add to them.
func events(n int, change func(i int, e *event.Event)) []*event.Event {
	list := make([]*event.Event, n)
	for i := range list {
		e := &event.Event{Time: day, Observed: day, ID: event.ID{Stream: 7, Offset: int64(i * 100), Hash: 5}}
		e.Fields.Add("message", event.StringOf(fmt.Sprintf("line %d", i)))
		e.Fields.Add("n", event.IntOf(int64(i)))
		if change != nil {
			change(i, e)
		}
		list[i] = e
	}
	return list
}

// outcomes writes events and describes what became of each: "done", "duplicate", "retry: ...", "reject: ...".
func outcomes(tb testing.TB, out plugin.Output, list []*event.Event) []string {
	tb.Helper()
	v := event.NewView(0, list)
	err := out.Write(tb.Context(), v)
	told := make([]string, len(list))
	for i := range told {
		o := v.Outcome(i, err)
		switch o.Kind {
		case event.Done:
			told[i] = "done"
		case event.Duplicate:
			told[i] = "duplicate"
		case event.ToRetry:
			told[i] = fmt.Sprintf("retry: %v", o.Err)
		case event.Refused:
			told[i] = fmt.Sprintf("reject: %v", o.Err)
		default:
			tb.Fatalf("event %d has no outcome", i)
		}
	}
	return told
}

func count(told []string, prefix string) int {
	n := 0
	for _, s := range told {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

// cluster is an index behind a handler that a test may put faults into.
type cluster struct {
	*localindex.Server
	url string
}

func newCluster(tb testing.TB, o localindex.Options, wrap func(http.Handler) http.Handler) *cluster {
	tb.Helper()
	s := localindex.New(o)
	var h http.Handler = s
	if wrap != nil {
		h = wrap(h)
	}
	srv := httptest.NewServer(h)
	tb.Cleanup(srv.Close)
	return &cluster{s, srv.URL}
}

func (c *cluster) config(set func(*Config)) func(*Config) {
	return func(conf *Config) {
		conf.Hosts = []string{c.url}
		if set != nil {
			set(conf)
		}
	}
}

// always answers every bulk request with the same status and body.
func always(tb testing.TB, status int, body string) string {
	tb.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	tb.Cleanup(srv.Close)
	return srv.URL
}

// noEnv is the environment of a plugin outside of a pipeline.
func noEnv() plugin.Env { return plugin.Env{Problems: &plugin.Problems{}} }
