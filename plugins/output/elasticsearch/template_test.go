package elasticsearch

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/internal/localindex"
	"sluice/pipeline/event"
)

const templateFile = `{"index_patterns":["logstash-*"],"template":{"mappings":{"properties":{"n":{"type":"keyword"}}}}}`

func writeTemplate(t *testing.T, text string) string {
	t.Helper()
	path := t.TempDir() + "/template.json"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// counted is a cluster that counts the requests for templates by method, and refuses them while it is told.
func counted(t *testing.T) (c *cluster, puts *atomic.Int64, refuse *atomic.Bool) {
	t.Helper()
	puts, refuse = &atomic.Int64{}, &atomic.Bool{}
	c = newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/_index_template/") || strings.HasPrefix(r.URL.Path, "/_template/") {
				if refuse.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				if r.Method == http.MethodPut {
					puts.Add(1)
				}
			}
			h.ServeHTTP(w, r)
		})
	})
	return c, puts, refuse
}

func TestTemplate(t *testing.T) {
	c, puts, refuse := counted(t)
	set := c.config(func(conf *Config) { conf.Template = writeTemplate(t, templateFile) })
	out := start(t, 3, set)
	refuse.Store(true)
	if told := outcomes(t, out, events(2, nil)); count(told, `retry: install the index template "logstash": status 503`) != 2 {
		t.Errorf("got %q", told)
	}
	if len(c.Indices("")) > 0 {
		t.Error("events were indexed before their template was there")
	}
	refuse.Store(false)
	var wg sync.WaitGroup
	for lane := range 3 {
		wg.Go(func() {
			writeAll(t, out, lane, events(5, func(_ int, e *event.Event) { e.ID.Stream = uint64(lane + 1) }))
		})
	}
	wg.Wait()
	if puts.Load() != 1 || len(c.Documents("")) != 15 {
		t.Errorf("%d installations, %d documents", puts.Load(), len(c.Documents("")))
	}
	// A template that is there stays, unless it is to be replaced.
	outcomes(t, start(t, 1, set), events(1, nil))
	if puts.Load() != 1 {
		t.Error("a template that was there was replaced")
	}
	outcomes(t, start(t, 1, func(conf *Config) {
		set(conf)
		conf.TemplateOverwrite = true
	}), events(1, nil))
	if puts.Load() != 2 {
		t.Error("template_overwrite did not replace the template")
	}
	outcomes(t, start(t, 1, func(conf *Config) {
		set(conf)
		conf.ManageTemplate, conf.TemplateName = false, "other"
	}), events(1, nil))
	if puts.Load() != 2 {
		t.Error("a template was installed although manage_template is false")
	}
}

// TestTemplateRefused holds the events back while the cluster does not take the template.
func TestTemplateRefused(t *testing.T) {
	c, _, _ := counted(t)
	out := start(t, 1, c.config(func(conf *Config) {
		conf.Template = writeTemplate(t, `{"index_patterns":["x"],"template":{"mappings":{"properties":{"n":{"type":"no such type"}}}}}`)
	}))
	if told := outcomes(t, out, events(1, nil)); !strings.Contains(told[0], "retry: install the index template") || !strings.Contains(told[0], "no such type") {
		t.Errorf("got %q", told)
	}
}

func TestLegacyTemplate(t *testing.T) {
	var paths []string
	var mu sync.Mutex
	c := newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/_template/") {
				mu.Lock()
				defer mu.Unlock()
				paths = append(paths, r.Method+" "+r.URL.Path)
				if r.Method == http.MethodHead {
					w.WriteHeader(http.StatusNotFound)
				}
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	out := start(t, 1, c.config(func(conf *Config) {
		conf.Template, conf.TemplateAPI, conf.TemplateName = writeTemplate(t, templateFile), "legacy", "mine"
	}))
	if told := outcomes(t, out, events(1, nil)); told[0] != "done" {
		t.Error(told)
	}
	if got := strings.Join(paths, ", "); got != "HEAD /_template/mine, PUT /_template/mine" {
		t.Errorf("requests: %s", got)
	}
}

func TestProbe(t *testing.T) {
	f := func(want string, h http.HandlerFunc, set func(*Config)) {
		t.Helper()
		c := newCluster(t, localindex.Options{}, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if h != nil && strings.HasPrefix(r.URL.Path, "/_security/") {
					h(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		b, _ := built(c.config(set))
		err := b.Probe(t.Context())
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	user := func(c *Config) { c.User, c.Password = "me", "x" }
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	f("", nil, func(*Config) {})
	f("", nil, user) // the index has no security: taken as it is
	f("", reply(200, `{"has_all_requested":true}`), user)
	f(`missing on "logs-*": the privileges create_doc`, reply(200, `{"has_all_requested":false,"index":{"logs-*":{"auto_configure":true,"create_doc":false}}}`), func(c *Config) {
		user(c)
		c.Index = tmpl("logs-%{+yyyy.MM.dd}")
	})
	f("status 403", reply(403, `{"error":{"type":"security_exception","reason":"no"}}`), user)
	f("no such host", nil, func(c *Config) { c.Hosts = []string{"es.invalid"} })
}
