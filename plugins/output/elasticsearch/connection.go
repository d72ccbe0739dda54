package elasticsearch

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"sluice/pipeline/plugin"
)

const (
	defaultPort = "9200"
	cloudPort   = "443"

	dialTimeout  = 10 * time.Second
	idleTimeout  = 90 * time.Second
	keepAlive    = 30 * time.Second
	readBuffer   = 32 << 10
	plainBuffer  = 1 << 20   // about a body: one write to the socket (docs/performance.md)
	zippedBuffer = 128 << 10 // about a compressed body
)

// connection is where requests go and how. Read-only.
type connection struct {
	urls           []*url.URL
	user, password string
	apiKey         string
	header         http.Header
	query          string // parameters, encoded
	bulkPath       string
	proxy          func(*http.Request) (*url.URL, error)
	tls            *tls.Config
	local          bool // all hosts are this machine
}

func newConnection(c *Config, env plugin.Env) *connection {
	conn := &connection{header: http.Header{}, bulkPath: c.BulkPath, proxy: http.ProxyFromEnvironment}
	conn.setHosts(c, env.Problems)
	conn.setAuth(c, env.Problems)
	conn.setTLS(c, env)
	q := url.Values{}
	for _, p := range c.Parameters {
		q.Set(p.Key, p.Value)
	}
	conn.query = q.Encode()
	for _, h := range c.CustomHeaders {
		conn.header.Set(h.Key, h.Value.Reveal())
	}
	if conn.header.Get("User-Agent") == "" {
		conn.header.Set("User-Agent", "sluice/"+env.Version)
	}
	if p := c.Proxy.Reveal(); p != "" {
		u, err := url.Parse(p)
		if err != nil || u.Host == "" {
			env.Problems.Errorf("proxy", "found no URL, expected one such as http://proxy:3128")
		}
		conn.proxy = http.ProxyURL(u)
	}
	return conn
}

func (conn *connection) setHosts(c *Config, p *plugin.Problems) {
	hosts, port, scheme := c.Hosts, defaultPort, ""
	if c.SSLEnabled != nil {
		scheme = map[bool]string{true: "https", false: "http"}[*c.SSLEnabled]
	}
	if id := c.CloudID.Reveal(); id != "" {
		host, err := parseCloudID(id)
		if err != nil {
			p.Errorf("cloud_id", "%v", err)
			return
		}
		hosts, port, scheme = []string{host}, cloudPort, "https"
	}
	if len(hosts) == 0 {
		p.Errorf("hosts", "found nothing, expected at least one address")
	}
	conn.local = true
	for i, h := range hosts {
		u, err := parseHost(h, scheme, port)
		if err != nil {
			p.Errorf(fmt.Sprintf("hosts[%d]", i), "%v", err)
			continue
		}
		u.Path = strings.TrimRight(u.Path, "/")
		if path := strings.Trim(c.Path, "/"); path != "" {
			if u.Path != "" {
				p.Errorf("path", "%q already names a path; give it once", h)
			}
			u.Path = "/" + path
		}
		conn.urls = append(conn.urls, u)
		ip := net.ParseIP(u.Hostname())
		conn.local = conn.local && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
	}
}

// parseHost reads host, host:port or a URL.
func parseHost(s, scheme, port string) (*url.URL, error) {
	text := strings.TrimPrefix(s, "//")
	if !strings.Contains(text, "://") {
		if scheme == "" {
			scheme = "http"
		}
		text = scheme + "://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("found %s, expected host, host:port or a URL", quote(s))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("found the scheme %q, expected http or https", u.Scheme)
	case scheme != "" && u.Scheme != scheme:
		return nil, fmt.Errorf("found an address with %s, but ssl_enabled says %s", u.Scheme, scheme)
	case u.User != nil:
		return nil, errors.New("found a name or password in the address; use user and password, which are kept secret")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("found a query in the address; use parameters")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return u, nil
}

// parseCloudID returns the address in a Cloud ID: LABEL:BASE64(host[:port]$elasticsearch[:port]$kibana).
func parseCloudID(id string) (string, error) {
	_, data, ok := strings.Cut(id, ":")
	if !ok {
		data = id
	}
	text, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		if text, err = base64.RawStdEncoding.DecodeString(data); err != nil {
			return "", errors.New("the part behind the colon is no Base64")
		}
	}
	parts := strings.Split(string(text), "$")
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" || parts[1] == "undefined" {
		return "", errors.New("it names no Elasticsearch")
	}
	host, port, _ := strings.Cut(parts[0], ":")
	name, own, _ := strings.Cut(parts[1], ":")
	if own != "" {
		port = own
	}
	if port == "" {
		port = cloudPort
	}
	return "https://" + name + "." + host + ":" + port, nil
}

func (conn *connection) setAuth(c *Config, p *plugin.Problems) {
	kinds := 0
	if c.User != "" || c.Password != "" {
		kinds++
		conn.user, conn.password = c.User, c.Password.Reveal()
		if c.User == "" || c.Password == "" {
			p.Errorf("user", "user and password need each other")
		}
	}
	if c.CloudAuth != "" {
		kinds++
		var ok bool
		if conn.user, conn.password, ok = strings.Cut(c.CloudAuth.Reveal(), ":"); !ok {
			p.Errorf("cloud_auth", "found no colon, expected name:password")
		}
	}
	if c.APIKey != "" {
		kinds++
		conn.apiKey = c.APIKey.Reveal()
		if strings.Contains(conn.apiKey, ":") {
			conn.apiKey = base64.StdEncoding.EncodeToString([]byte(conn.apiKey))
		}
		for _, u := range conn.urls {
			if u.Scheme != "https" {
				p.Errorf("api_key", "an API key is sent over https only, but %q is plain http", u.Host)
				break
			}
		}
	}
	if kinds > 1 {
		p.Errorf("", "found more than one of user, cloud_auth and api_key, expected one")
	}
}

func (conn *connection) setTLS(c *Config, env plugin.Env) {
	p := env.Problems
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	for i, v := range c.SSLSupported {
		n := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}[v]
		if i == 0 {
			t.MinVersion, t.MaxVersion = n, n
		}
		t.MinVersion, t.MaxVersion = min(t.MinVersion, n), max(t.MaxVersion, n)
	}
	for i, f := range c.SSLAuthorities {
		if t.RootCAs == nil {
			t.RootCAs = x509.NewCertPool()
		}
		pem, err := os.ReadFile(inDir(env.Dir, f))
		if err != nil {
			p.Errorf(fmt.Sprintf("ssl_certificate_authorities[%d]", i), "%v", err)
		} else if !t.RootCAs.AppendCertsFromPEM(pem) {
			p.Errorf(fmt.Sprintf("ssl_certificate_authorities[%d]", i), "found no certificate in %q, expected PEM", f)
		}
	}
	switch {
	case c.SSLCertificate != "" && c.SSLKey != "":
		cert, err := tls.LoadX509KeyPair(inDir(env.Dir, c.SSLCertificate), inDir(env.Dir, c.SSLKey))
		if err != nil {
			p.Errorf("ssl_certificate", "%v", err)
		}
		t.Certificates = []tls.Certificate{cert}
	case c.SSLCertificate != "" || c.SSLKey != "":
		p.Errorf("ssl_certificate", "ssl_certificate and ssl_key need each other")
	}
	if c.CATrusted != "" {
		digest, err := hex.DecodeString(strings.ReplaceAll(c.CATrusted, ":", ""))
		if err != nil || len(digest) != sha256.Size {
			p.Errorf("ca_trusted_fingerprint", "found %s, expected 64 hexadecimal digits", quote(c.CATrusted))
		}
		trust(t, digest)
	}
	if c.SSLVerification == "none" {
		t.InsecureSkipVerify = true // asked for, and warned of
		t.VerifyConnection = nil
	}
	conn.tls = t
}

func inDir(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// trust makes t check the server's chain against the authority of that digest, which the server shows
// itself, beside the authorities that t trusts anyway.
func trust(t *tls.Config, digest []byte) {
	roots := t.RootCAs
	t.InsecureSkipVerify = true // VerifyConnection checks the chain and the name
	t.VerifyConnection = func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{DNSName: s.ServerName, Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range s.PeerCertificates {
			if sum := sha256.Sum256(cert.Raw); bytes.Equal(sum[:], digest) {
				o.Roots = x509.NewCertPool()
				o.Roots.AddCert(cert)
			}
			o.Intermediates.AddCert(cert)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}

// open makes the HTTP client; nothing is sent yet.
func (conn *connection) open(lanes int, zipped bool) (*elastictransport.Client, *http.Transport, error) {
	buffer := plainBuffer
	if zipped {
		buffer = zippedBuffer
	}
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	t := &http.Transport{
		Proxy: conn.proxy, DialContext: d.DialContext, TLSClientConfig: conn.tls.Clone(), TLSHandshakeTimeout: dialTimeout,
		DisableCompression: true, // replies are small, as filter_path cuts them
		MaxIdleConns:       0, MaxIdleConnsPerHost: lanes + 1, IdleConnTimeout: idleTimeout,
		WriteBufferSize: buffer, ReadBufferSize: readBuffer, ExpectContinueTimeout: time.Second,
	}
	o := []elastictransport.Option{
		elastictransport.WithURLs(conn.urls...), elastictransport.WithHeader(conn.header), elastictransport.WithTransport(t),
		elastictransport.WithDisableRetry(), // the engine retries, with its own back-off
	}
	switch {
	case conn.apiKey != "":
		o = append(o, elastictransport.WithAPIKey(conn.apiKey))
	case conn.user != "":
		o = append(o, elastictransport.WithBasicAuth(conn.user, conn.password))
	}
	c, err := elastictransport.NewClient(o...)
	if err != nil {
		return nil, nil, fmt.Errorf("make the client: %w", err)
	}
	return c, t, nil
}
