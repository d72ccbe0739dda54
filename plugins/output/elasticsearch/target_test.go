package elasticsearch

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/localindex"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// sentBody returns the bulk body that one event makes.
func sentBody(t *testing.T, set func(*Config), change func(*event.Event)) string {
	t.Helper()
	spec := Plugin()
	c := spec.Defaults().(*Config)
	set(c)
	env := noEnv()
	tg := newTarget(c, env)
	if env.Problems.Failed() {
		t.Fatalf("problems: %v", env.Problems.List)
	}
	l := newLane(tg, 0)
	list := events(1, func(_ int, e *event.Event) {
		e.Fields.Remove("n")
		if change != nil {
			change(e)
		}
	})
	if err := l.add(0, list[0]); err != nil {
		return "error: " + err.Error()
	}
	return string(l.body)
}

const (
	bareID  = "AAAAAAAAAAcAAAAAAAAAAAAF"
	bareDoc = `{"@timestamp":"2026-03-01T12:00:00.000Z","message":"line 0"}`
)

func TestBodies(t *testing.T) {
	f := func(want string, set func(*Config), change func(*event.Event)) {
		t.Helper()
		if got := sentBody(t, set, change); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	none := func(*Config) {}
	f(`{"create":{"_index":"logstash-2026.03.01","_id":"`+bareID+`"}}`+"\n"+bareDoc+"\n", none, nil)
	f(`{"create":{"_index":"logstash-2026.03.01"}}`+"\n"+bareDoc+"\n", none, func(e *event.Event) { e.ID = event.ID{} })
	f(`{"create":{"_index":"logstash-2026.03.01","_id":"`+bareID+`.3"}}`+"\n"+bareDoc+"\n", none, func(e *event.Event) { e.ID.Part = 3 })
	f(`{"index":{"_index":"a","_id":"x\"y","routing":"line 0","pipeline":"p"}}`+"\n"+bareDoc+"\n", func(c *Config) {
		c.Action, c.Index, c.DocumentID = tmpl("index"), tmpl("a"), tmpl(`x"y`)
		c.Routing, c.Pipeline = tmpl("%{message}"), tmpl("p")
	}, nil)
	f(`{"delete":{"_index":"logstash-2026.03.01","_id":"7","routing":"r"}}`+"\n", func(c *Config) {
		c.Action, c.DocumentID, c.Routing, c.Pipeline = tmpl("delete"), tmpl("7"), tmpl("r"), tmpl("p")
	}, nil)
	f(`{"index":{"_index":"logstash-2026.03.01","_id":"`+bareID+`","version":12,"version_type":"external_gte"}}`+"\n"+bareDoc+"\n", func(c *Config) {
		c.Action, c.Version, c.VersionType = tmpl("index"), tmpl("12"), "external_gte"
	}, nil)
	f(`{"update":{"_index":"logstash-2026.03.01","_id":"7","retry_on_conflict":1}}`+"\n"+`{"doc":`+bareDoc+"}\n", func(c *Config) {
		c.Action, c.DocumentID = tmpl("update"), tmpl("7")
	}, nil)
	f(`{"update":{"_index":"logstash-2026.03.01","_id":"7"}}`+"\n"+`{"doc":`+bareDoc+`,"doc_as_upsert":true}`+"\n", func(c *Config) {
		c.Action, c.DocumentID, c.DocAsUpsert, c.RetryOnConflict = tmpl("update"), tmpl("7"), true, 0
	}, nil)
	f(`{"update":{"_index":"logstash-2026.03.01","_id":"7"}}`+"\n"+`{"doc":`+bareDoc+`,"upsert":{"m":"line 0","n":1}}`+"\n", func(c *Config) {
		c.Action, c.DocumentID, c.Upsert, c.RetryOnConflict = tmpl("update"), tmpl("7"), tmpl("{\"m\":\"%{message}\",\n\"n\":1}"), 0
	}, nil)
	f(`{"update":{"_index":"logstash-2026.03.01","_id":"7"}}`+"\n"+`{"script":{"source":"ctx._source.n++","lang":"painless","params":{"event":`+bareDoc+`}},"scripted_upsert":true,"upsert":{}}`+"\n", func(c *Config) {
		c.Action, c.DocumentID, c.Script, c.ScriptedUpsert, c.RetryOnConflict = tmpl("update"), tmpl("7"), "ctx._source.n++", true, 0
	}, nil)
	f(`{"update":{"_index":"logstash-2026.03.01","_id":"7"}}`+"\n"+`{"script":{"id":"count","params":{"e":`+bareDoc+`}}}`+"\n", func(c *Config) {
		c.Action, c.DocumentID, c.Script, c.ScriptType, c.ScriptVar, c.RetryOnConflict = tmpl("update"), tmpl("7"), "count", "indexed", "e", 0
	}, nil)
}

func TestMetadata(t *testing.T) {
	meta := func(path, value string) func(*event.Event) {
		return func(e *event.Event) {
			for p := range strings.SplitSeq(path, ",") {
				ref := event.MustPath("[@metadata]" + p)
				if err := ref.Set(e, event.StringOf(value)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	f := func(want string, set func(*Config), change func(*event.Event)) {
		t.Helper()
		if got := sentBody(t, set, change); !strings.HasPrefix(got, want) {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	none := func(*Config) {}
	f(`{"create":{"_index":"own","_id":"`+bareID+`"}}`, none, meta("[_ingest_document][index]", "own"))
	f(`{"create":{"_index":"logstash-2026.03.01","_id":"own"}}`, none, meta("[_ingest_document][id]", "own"))
	f(`{"create":{"_index":"logstash-2026.03.01","_id":"`+bareID+`","routing":"own","pipeline":"own"}}`, none, meta("[_ingest_document][routing],[_ingest_document][pipeline]", "own"))
	f(`{"create":{"_index":"logstash-2026.03.01","_id":"`+bareID+`","pipeline":"own"}}`, none, meta("[target_ingest_pipeline]", "own"))
	f(`error: index name "OWN" must be in lower case`, none, meta("[_ingest_document][index]", "OWN"))
	f(`{"create":{"_index":"set","_id":"set","routing":"set","pipeline":"set"}}`, func(c *Config) {
		c.Index, c.DocumentID, c.Routing, c.Pipeline = tmpl("set"), tmpl("set"), tmpl("set"), tmpl("set")
	}, meta("[_ingest_document][index],[_ingest_document][id],[_ingest_document][routing],[_ingest_document][pipeline]", "own"))
	asIndex := func(c *Config) { c.Action = tmpl("index") }
	version := meta("[_ingest_document][version]", "4")
	f(`error: version type "", expected external`, asIndex, version)
	f(`{"index":{"_index":"logstash-2026.03.01","_id":"`+bareID+`","version":4,"version_type":"external"}}`, asIndex, func(e *event.Event) {
		version(e)
		meta("[_ingest_document][version_type]", "external")(e)
	})
	f(`error: version "x", expected a whole number from 0`, func(c *Config) {
		c.Action, c.Version, c.VersionType = tmpl("index"), tmpl("%{v}"), "external"
	}, func(e *event.Event) { e.Fields.Add("v", event.StringOf("x")) })
}

func TestActions(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(func(conf *Config) {
		conf.Action, conf.DocumentID, conf.Index = tmpl("%{do}"), tmpl("%{id}"), tmpl("a")
	}))
	f := func(do, id, want string) {
		t.Helper()
		told := outcomes(t, out, events(1, func(_ int, e *event.Event) {
			e.Fields.Add("do", event.StringOf(do))
			e.Fields.Add("id", event.StringOf(id))
		}))
		if !strings.HasPrefix(told[0], want) {
			t.Errorf("%s %s: got %q, want %q", do, id, told[0], want)
		}
	}
	f("create", "1", "done")
	f("create", "1", "duplicate")
	f("index", "1", "done")
	f("update", "1", "done")
	f("update", "2", "reject: status 404 document_missing_exception")
	f("delete", "1", "done")
	f("delete", "1", "done")
	f("destroy", "1", `reject: action "destroy", expected create, index, update or delete`)
}

func TestVersions(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(func(conf *Config) {
		conf.Action, conf.DocumentID, conf.Version, conf.VersionType = tmpl("index"), tmpl("one"), tmpl("%{v}"), "external"
	}))
	for i, step := range []struct {
		version int64
		want    string
	}{{5, "done"}, {4, "duplicate"}, {5, "duplicate"}, {6, "done"}} {
		told := outcomes(t, out, events(1, func(_ int, e *event.Event) { e.Fields.Add("v", event.IntOf(step.version)) }))
		if told[0] != step.want {
			t.Errorf("step %d: got %q, want %q", i, told[0], step.want)
		}
	}
}

func TestDataStream(t *testing.T) {
	own := func(kind, dataset, space string) func(*event.Event) {
		return func(e *event.Event) {
			inner := event.Fields{}
			for _, f := range [][2]string{{"type", kind}, {"dataset", dataset}, {"namespace", space}} {
				if f[1] != "" {
					inner.Add(f[0], event.StringOf(f[1]))
				}
			}
			e.Fields.Add("data_stream", event.MapOf(&inner))
		}
	}
	f := func(index, doc string, set func(*Config), change func(*event.Event)) {
		t.Helper()
		got := sentBody(t, func(c *Config) {
			c.DataStream = true
			set(c)
		}, change)
		want := fmt.Sprintf(`{"create":{"_index":"%s","_id":"%s"}}`+"\n"+`{"@timestamp":"2026-03-01T12:00:00.000Z","message":"line 0"%s}`+"\n", index, bareID, doc)
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	}
	none := func(*Config) {}
	f("logs-generic-default", `,"data_stream":{"type":"logs","dataset":"generic","namespace":"default"}`, none, nil)
	f("logs-generic-default", "", func(c *Config) { c.DataStreamSyncFields = false }, nil)
	f("logs-nginx-default", `,"data_stream":{"dataset":"nginx","type":"logs","namespace":"default"}`, none, own("", "nginx", ""))
	f("metrics-cpu-prod", `,"data_stream":{"type":"metrics","dataset":"cpu","namespace":"prod"}`, none, own("metrics", "cpu", "prod"))
	f("logs-generic-default", `,"data_stream":{"type":"logs","dataset":"generic","namespace":"default"}`, func(c *Config) { c.DataStreamAutoRouting = false }, own("metrics", "cpu", "prod"))
	got := sentBody(t, func(c *Config) { c.DataStream = true }, own("logs", "Ngi nx", "x"))
	if !strings.HasPrefix(got, `error: index name "logs-Ngi nx-x" must`) {
		t.Errorf("got %s", got)
	}
	got = sentBody(t, func(c *Config) { c.DataStream = true }, func(e *event.Event) {
		inner := event.Fields{{Name: "dataset", Value: event.IntOf(5)}}
		e.Fields.Add("data_stream", event.MapOf(&inner))
	})
	if !strings.Contains(got, "[data_stream][dataset]: found integer, expected string") {
		t.Errorf("got %s", got)
	}
}

func TestPreview(t *testing.T) {
	b, problems := built(func(c *Config) { c.Routing = tmpl("%{n}") })
	if problems.Failed() {
		t.Fatal(problems.List)
	}
	list := events(1, nil)
	got, err := b.Preview(list[0])
	want := map[string]string{"index": "logstash-2026.03.01", "id": bareID, "action": "create", "routing": "0"}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v (%v), want %v", got, err, want)
	}
	list[0].Fields.Remove("n")
	if got, err := b.Preview(list[0]); err == nil {
		t.Errorf("got %v for an event without the field", got)
	}
}

func TestECS(t *testing.T) {
	spec := Plugin()
	c := spec.Defaults().(*Config)
	loc := time.FixedZone("east", 13*3600)
	tg := newTarget(c, plugin.Env{Problems: &plugin.Problems{}, ECS: true, Location: loc})
	got, err := tg.preview(events(1, nil)[0])
	if err != nil || got["index"] != "ecs-logstash-2026.03.02" {
		t.Errorf("got %v (%v)", got, err)
	}
}

func TestBuildProblems(t *testing.T) {
	f := func(want string, set func(*Config)) {
		t.Helper()
		_, p := built(set)
		for _, x := range p.List {
			if strings.Contains(x.Field+": "+x.Text, want) {
				return
			}
		}
		t.Errorf("no problem says %q: %v", want, p.List)
	}
	yes, ten := true, 10
	for want, set := range map[string]func(*Config){
		`action: found "destroy", expected`:                        func(c *Config) { c.Action = tmpl("destroy") },
		`index: "Logs" is no name of an index: it must be in lo`:   func(c *Config) { c.Index = tmpl("Logs") },
		`index: "a b-%{type}" is no name of an index: it must not`: func(c *Config) { c.Index = tmpl("a b-%{type}") },
		`quarantine_index: "" is no name`:                          func(c *Config) { c.QuarantineIndex = "" },
		`date_window: found a negative`:                            func(c *Config) { c.DateWindow.Past = -1 },
		`document_id: the option is missing; action update`:        func(c *Config) { c.Action = tmpl("update") },
		`version_type: the option is missing`:                      func(c *Config) { c.Action, c.Version = tmpl("index"), tmpl("1") },
		`version: action create takes no version`:                  func(c *Config) { c.Version, c.VersionType = tmpl("1"), "external" },
		`doc_as_upsert: the option is for action update`:           func(c *Config) { c.DocAsUpsert = true },
		`scripted_upsert: there is no script`:                      func(c *Config) { c.ScriptedUpsert = true },
		`doc_as_upsert: the option does not go together`:           func(c *Config) { c.DocAsUpsert, c.Script = true, "x" },
		`upsert: found list, expected a JSON object`:               func(c *Config) { c.Upsert = tmpl("[1]") },
		`retry_on_conflict: found -1`:                              func(c *Config) { c.RetryOnConflict = -1 },
		`bulk_max_bytes: found 1KiB, expected at least 64KiB`:      func(c *Config) { c.BulkMaxBytes = 1024 },
		`timeout: found 0s`:                                        func(c *Config) { c.Timeout = 0 },
		`compression_level: found 10, expected 0 to 9`:             func(c *Config) { c.CompressionLevel = &ten },
		`hosts: found nothing`:                                     func(c *Config) { c.Hosts = nil },
		`hosts[0]: found the scheme "ftp"`:                         func(c *Config) { c.Hosts = []string{"ftp://x"} },
		`hosts[1]: found a name or password in the address`:        func(c *Config) { c.Hosts = []string{"x", "http://u:p@x"} },
		`hosts[0]: found a query`:                                  func(c *Config) { c.Hosts = []string{"http://x?a=b"} },
		`hosts[0]: found ""`:                                       func(c *Config) { c.Hosts = []string{""} },
		`hosts[0]: found an address with http, but ssl_enabled`:    func(c *Config) { c.SSLEnabled = &yes },
		`path: "http://x/a" already names a path`:                  func(c *Config) { c.Hosts, c.Path = []string{"http://x/a"}, "b" },
		`cloud_id: the part behind the colon is no Base64`:         func(c *Config) { c.CloudID = "x:?" },
		`cloud_id: it names no Elasticsearch`:                      func(c *Config) { c.CloudID = "x:eA==" },
		`user: user and password need each other`:                  func(c *Config) { c.User = "x" },
		`cloud_auth: found no colon`:                               func(c *Config) { c.CloudAuth = "x" },
		`api_key: an API key is sent over https only`:              func(c *Config) { c.APIKey = "a:b" },
		`: found more than one of user, cloud_auth and api_key`:    func(c *Config) { c.User, c.Password, c.CloudAuth = "a", "b", "c:d" },
		`proxy: found no URL`:                                      func(c *Config) { c.Proxy = "proxy" },
		`ssl_certificate_authorities[0]: open`:                     func(c *Config) { c.SSLAuthorities = []string{"/nonexistent/ca.pem"} },
		`ssl_certificate_authorities[0]: found no certificate`:     func(c *Config) { c.SSLAuthorities = []string{"testdata/README.md"} },
		`ssl_certificate: ssl_certificate and ssl_key need each`:   func(c *Config) { c.SSLKey = "x" },
		`ssl_certificate: open`:                                    func(c *Config) { c.SSLCertificate, c.SSLKey = "/nonexistent/a", "/nonexistent/b" },
		`ca_trusted_fingerprint: found "abc"`:                      func(c *Config) { c.CATrusted = "abc" },
		`ssl_verification_mode: the server's certificate is not`:   func(c *Config) { c.SSLVerification = "none" },
		`template: open`:                                           func(c *Config) { c.Template = "/nonexistent/t.json" },
		`template: "testdata/README.md" is no index template`:      func(c *Config) { c.Template = "testdata/README.md" },
		`data_stream_dataset: "A" is no part`:                      func(c *Config) { c.DataStream, c.DataStreamDataset = true, "A" },
		`index: a data stream's name is made of`:                   func(c *Config) { c.DataStream, c.Index = true, tmpl("x") },
		`action: found "index", but a data stream takes only c`:    func(c *Config) { c.DataStream, c.Action = true, tmpl("index") },
		`data_stream: an event that is delivered again after a`:    func(c *Config) { c.DataStream = true },
		`action: index without a version overwrites`:               func(c *Config) { c.Action = tmpl("index") },
		`action: an update is done again`:                          func(c *Config) { c.Action, c.DocumentID = tmpl("update"), tmpl("%{x}") },
		`action: the action comes from the event`:                  func(c *Config) { c.Action = tmpl("%{x}") },
		`document_id: the action is create, so the first documen`:  func(c *Config) { c.DocumentID = tmpl("%{x}") },
	} {
		f(want, set)
	}
	if _, p := built(func(*Config) {}); len(p.List) > 0 {
		t.Errorf("the defaults have problems: %v", p.List)
	}
}

// TestSecretsStaySecret checks that no problem shows what must not be shown.
func TestSecretsStaySecret(t *testing.T) {
	const secret = "hunter2"
	_, p := built(func(c *Config) {
		c.Hosts = []string{"http://u:" + secret + "@x"}
		c.User, c.CloudAuth, c.APIKey, c.Proxy, c.CloudID = "u", secret, secret, secret, secret
	})
	if text := fmt.Sprint(p.List); strings.Contains(text, secret) || len(p.List) < 4 {
		t.Errorf("problems: %s", text)
	}
}

// recordRequests returns a handler that keeps what it is asked, and answers that all is well.
func recordRequests(got chan<- *http.Request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got <- r
		_, _ = io.WriteString(w, `{"errors":false,"items":[]}`)
	})
}
