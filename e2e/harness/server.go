package harness

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"time"
)

// startWait is how long a server may take until it answers, its download from a package registry excluded.
const startWait = 2 * time.Minute

// Server is a real server, run by its script in e2e/servers.
type Server struct {
	Program
	Port int
	URL  string // http://127.0.0.1:PORT
}

// StartServer installs and runs e2e/servers/NAME.sh with its data in dir, and waits until url answers.
func StartServer(ctx context.Context, name, dir, probe string) (*Server, error) {
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Program: Program{
			Name: name,
			Path: filepath.Join(root, "e2e", "servers", name+".sh"),
			Log:  dir + ".log",
		},
		Port: port,
		URL:  "http://127.0.0.1:" + strconv.Itoa(port),
	}
	s.Args = []string{"install"}
	if err := s.Start(); err != nil {
		return nil, err
	}
	<-s.Done()
	if s.err != nil {
		return nil, fmt.Errorf("install %s: %w\n%s", name, s.err, s.Tail())
	}
	s.Args = []string{"run", strconv.Itoa(port), dir}
	if err := s.Start(); err != nil {
		return nil, err
	}
	answers := func() (bool, string) {
		ok, err := Answers(ctx, s.URL+probe)
		return ok, fmt.Sprintf("%s: no answer: %v", name, err)
	}
	if err := Until(ctx, startWait, answers, &s.Program); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%w\n%s", err, s.Tail())
	}
	return s, nil
}

// FreePort returns a TCP port of 127.0.0.1 that nobody listens on now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nothing to wait for
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close() //nolint:errcheck // it has served its purpose
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		panic("BUG: a TCP listener without a TCP address")
	}
	return addr.Port, nil
}

// Answers reports whether a GET of url is answered with a status below 500.
func Answers(ctx context.Context, url string) (bool, error) {
	status, err := get(ctx, url)
	return status > 0 && status < http.StatusInternalServerError, err
}

// OK reports whether a GET of url is answered with 200.
func OK(ctx context.Context, url string) (bool, error) {
	status, err := get(ctx, url)
	return status == http.StatusOK, err
}

func get(ctx context.Context, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close() //nolint:errcheck // only the status counts
	return resp.StatusCode, nil
}
