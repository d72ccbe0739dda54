package elasticsearch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/localindex"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func TestParseHost(t *testing.T) {
	f := func(host, scheme, want string) {
		t.Helper()
		u, err := parseHost(host, scheme, defaultPort)
		if err != nil {
			t.Errorf("%s: %v", host, err)
		} else if u.String() != want {
			t.Errorf("%s: got %s, want %s", host, u, want)
		}
	}
	f("es", "", "http://es:9200")
	f("//es", "", "http://es:9200")
	f("es:9201", "", "http://es:9201")
	f("es", "https", "https://es:9200")
	f("https://es", "", "https://es:9200")
	f("https://es:443/path", "", "https://es:443/path")
	f("10.0.0.1", "", "http://10.0.0.1:9200")
	f("[::1]", "", "http://[::1]:9200")
	f("http://[::1]:9201", "", "http://[::1]:9201")
}

func TestCloudID(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		got, err := parseCloudID("label:" + base64.StdEncoding.EncodeToString([]byte(text)))
		if err != nil || got != want {
			t.Errorf("%s: got %s (%v), want %s", text, got, err, want)
		}
	}
	f("eu-west-1.aws.found.io$abc$def", "https://abc.eu-west-1.aws.found.io:443")
	f("host:9243$abc$def", "https://abc.host:9243")
	f("host:9243$abc:9244$def:1", "https://abc.host:9244")
	f("host$abc", "https://abc.host:443")
}

// request makes one Write to a server that keeps the request, and returns it.
func request(t *testing.T, set func(*Config)) *http.Request {
	t.Helper()
	got := make(chan *http.Request, 1)
	srv := httptest.NewServer(recordRequests(got))
	defer srv.Close()
	out := start(t, 1, func(c *Config) {
		c.Hosts = []string{srv.URL}
		set(c)
	})
	if told := outcomes(t, out, events(1, nil)); told[0] != "done" {
		t.Fatal(told[0])
	}
	return <-got
}

func TestRequest(t *testing.T) {
	r := request(t, func(c *Config) {
		c.Path, c.User, c.Password = "/proxy/es/", "me", "secret"
		c.Parameters = plugin.Pairs[string]{{Key: "timeout", Value: "5s"}, {Key: "a b", Value: "&"}}
		c.CustomHeaders = plugin.Pairs[plugin.Secret]{{Key: "X-Own", Value: "yes"}}
	})
	if r.Method != "POST" || r.URL.Path != "/proxy/es/_bulk" || r.Header.Get("Content-Type") != contentType || r.Header.Get("X-Own") != "yes" ||
		r.ContentLength < 100 || r.Header.Get("Content-Encoding") != "" || !strings.HasPrefix(r.Header.Get("User-Agent"), "sluice/") {
		t.Errorf("request: %s %s %v", r.Method, r.URL, r.Header)
	}
	if user, password, _ := r.BasicAuth(); user != "me" || password != "secret" {
		t.Errorf("authorization: %q", r.Header.Get("Authorization"))
	}
	if q := r.URL.Query(); q.Get("timeout") != "5s" || q.Get("a b") != "&" || q.Get("filter_path") != "errors,items.*.status,items.*.error" {
		t.Errorf("query: %v", q)
	}
	one := 1
	r = request(t, func(c *Config) { c.BulkPath, c.CompressionLevel, c.CloudAuth = "/other/_bulk", &one, "a:b:c" })
	if user, password, _ := r.BasicAuth(); r.URL.Path != "/other/_bulk" || r.Header.Get("Content-Encoding") != "gzip" || user != "a" || password != "b:c" {
		t.Errorf("request: %s %v", r.URL, r.Header)
	}
}

// TestCompressionDefault compresses for hosts that are not this machine.
func TestCompressionDefault(t *testing.T) {
	f := func(hosts []string, want int) {
		t.Helper()
		out := start(t, 1, func(c *Config) { c.Hosts = hosts })
		if got := out.(*output).lanes[0].level; got != want {
			t.Errorf("%v: level %d, want %d", hosts, got, want)
		}
	}
	f([]string{"http://127.0.0.1", "localhost", "[::1]"}, 0)
	f([]string{"http://127.0.0.1", "es1"}, 1)
}

func TestProxy(t *testing.T) {
	got := make(chan *http.Request, 1)
	proxy := httptest.NewServer(recordRequests(got))
	defer proxy.Close()
	out := start(t, 1, func(c *Config) { c.Hosts, c.Proxy = []string{"http://es.invalid:9200"}, plugin.Secret(proxy.URL) })
	if told := outcomes(t, out, events(1, nil)); told[0] != "done" {
		t.Fatal(told[0])
	}
	if r := <-got; r.URL.Host != "es.invalid:9200" {
		t.Errorf("the proxy was asked for %s", r.URL)
	}
}

// secure starts a TLS server over an index and returns its URL and its certificate as a file.
func secure(t *testing.T, clients *x509.CertPool) (srv *httptest.Server, ca string) {
	t.Helper()
	srv = httptest.NewUnstartedServer(localindex.New(localindex.Options{}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if clients != nil {
		srv.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	writePEM(t, ca, "CERTIFICATE", srv.Certificate().Raw)
	return srv, ca
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	srv, ca := secure(t, nil)
	f := func(want string, set func(*Config)) {
		t.Helper()
		out := start(t, 1, func(c *Config) {
			c.Hosts = []string{srv.URL}
			set(c)
		})
		if told := outcomes(t, out, events(1, nil)); !strings.Contains(told[0], want) {
			t.Errorf("got %q, want %q", told[0], want)
		}
	}
	digest := sha256.Sum256(srv.Certificate().Raw)
	f("certificate signed by unknown authority", func(*Config) {})
	f("done", func(c *Config) { c.SSLAuthorities = []string{ca} })
	f("duplicate", func(c *Config) { c.SSLVerification = "none" })
	f("duplicate", func(c *Config) { c.CATrusted = strings.ToUpper(hex.EncodeToString(digest[:])) })
	f("certificate signed by unknown authority", func(c *Config) { c.CATrusted = strings.Repeat("ab", 32) })
	f("duplicate", func(c *Config) { c.CATrusted, c.SSLAuthorities = strings.Repeat("ab", 32), []string{ca} })
	f("duplicate", func(c *Config) { c.SSLAuthorities, c.SSLSupported = []string{ca}, []string{"TLSv1.2"} })
	yes := true
	f("duplicate", func(c *Config) {
		c.Hosts, c.SSLEnabled, c.SSLAuthorities = []string{strings.TrimPrefix(srv.URL, "https://")}, &yes, []string{ca}
	})
	f("duplicate", func(c *Config) { c.SSLAuthorities, c.APIKey = []string{ca}, "id:key" })
}

// TestWrongName refuses a certificate for another name, however it is trusted.
func TestWrongName(t *testing.T) {
	srv, ca := secure(t, nil)
	digest := sha256.Sum256(srv.Certificate().Raw)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []func(*Config){
		func(c *Config) { c.SSLAuthorities = []string{ca} },
		func(c *Config) { c.CATrusted = hex.EncodeToString(digest[:]) },
	} {
		out := start(t, 1, func(c *Config) {
			c.Hosts = []string{"https://localhost:" + u.Port()} // the certificate is for 127.0.0.1 and example.com
			set(c)
		})
		if told := outcomes(t, out, events(1, nil)); !strings.Contains(told[0], "certificate is valid for") {
			t.Errorf("got %q", told[0])
		}
	}
}

func TestClientCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writePEM(t, dir+"/cert.pem", "CERTIFICATE", der)
	writePEM(t, dir+"/key.pem", "PRIVATE KEY", keyDER)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	srv, ca := secure(t, pool)
	out := start(t, 1, func(c *Config) {
		c.Hosts, c.SSLAuthorities = []string{srv.URL}, []string{ca}
		c.SSLCertificate, c.SSLKey = dir+"/cert.pem", dir+"/key.pem"
	})
	if told := outcomes(t, out, events(1, nil)); told[0] != "done" {
		t.Errorf("got %q", told[0])
	}
	without := start(t, 1, func(c *Config) { c.Hosts, c.SSLAuthorities = []string{srv.URL}, []string{ca} })
	if told := outcomes(t, without, events(1, nil)); !strings.HasPrefix(told[0], "retry") {
		t.Errorf("the server took a client without a certificate: %q", told[0])
	}
}

// guarded is a cluster that lets in who has the right name, while it is closed.
func guarded(t *testing.T, status int) (*cluster, *atomic.Bool) {
	t.Helper()
	var locked atomic.Bool
	c := newCluster(t, localindex.Options{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if locked.Load() {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(`{"error":{"root_cause":[],"type":"security_exception","reason":"action [indices:data/write/bulk] is unauthorized for user [me]"},"status":403}`))
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	return c, &locked
}

// TestPaused says once that nobody is let in, loses nothing, and goes on when it may.
func TestPaused(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		c, locked := guarded(t, status)
		var log strings.Builder
		spec := Plugin()
		conf := spec.Defaults().(*Config)
		conf.Hosts = []string{c.url}
		b, err := spec.Build([]any{conf}, plugin.Env{Problems: &plugin.Problems{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.(*plugin.BuiltOutput).Start(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		locked.Store(true)
		for range 3 {
			told := outcomes(t, out, events(2, nil))
			if count(told, "retry: paused until Elasticsearch accepts the credentials again: status ") != 2 {
				t.Errorf("got %q", told)
			}
		}
		locked.Store(false)
		if told := outcomes(t, out, events(2, nil)); count(told, "done") != 2 {
			t.Errorf("got %q", told)
		}
		if n := strings.Count(log.String(), "writing is paused"); n != 1 || strings.Count(log.String(), "accepts the credentials again") < 1 {
			t.Errorf("logged %d times:\n%s", n, log.String())
		}
		if err := out.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestPausedItems does the same for a privilege that is missing on some indices only.
func TestPausedItems(t *testing.T) {
	item := `{"create":{"status":403,"error":{"type":"security_exception","reason":"no"}}}`
	url := always(t, 200, `{"errors":true,"items":[{"create":{"status":201}},`+item+`]}`)
	var log strings.Builder
	spec := Plugin()
	conf := spec.Defaults().(*Config)
	conf.Hosts = []string{url}
	b, err := spec.Build([]any{conf}, plugin.Env{Problems: &plugin.Problems{}, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.(*plugin.BuiltOutput).Start(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if told := outcomes(t, out, events(2, nil)); told[0] != "done" || !strings.HasPrefix(told[1], "retry: paused") {
			t.Errorf("got %q", told)
		}
	}
	if n := strings.Count(log.String(), "level="); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log.String())
	}
	if err := out.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestClosedOutput(t *testing.T) {
	c := newCluster(t, localindex.Options{}, nil)
	out := start(t, 1, c.config(nil))
	for range 2 {
		if err := out.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := out.Write(t.Context(), event.NewView(0, events(1, nil))); err == nil {
		t.Error("a closed output writes")
	}
}
