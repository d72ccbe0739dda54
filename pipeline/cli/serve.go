package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// headerTimeout bounds how long a client may take to send its request.
const headerTimeout = 5 * time.Second

// listen opens the address at which the program serves. A busy port is an error when the operator chose
// it; that of the default is a warning, and nil is returned: several programs may run on one machine.
func listen(ctx context.Context, addr string, chosen bool, log *slog.Logger) (net.Listener, error) {
	if addr == "" {
		return nil, nil //nolint:nilnil // nothing is to be served
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, bad(fmt.Errorf("--listen: %w; expected an address as 127.0.0.1:9600", err))
	}
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", addr)
	if err != nil && !chosen && errors.Is(err, syscall.EADDRINUSE) {
		log.Warn("the default address is taken; health and metrics are not served", "address", addr)
		return nil, nil //nolint:nilnil // nothing is to be served
	}
	if err != nil {
		return nil, failed(fmt.Errorf("serve on %s: %w", addr, err))
	}
	return l, nil
}

// serve answers requests at l until the returned func is called.
func serve(l net.Listener, h http.Handler, log *slog.Logger) (stop func()) {
	if l == nil {
		return func() {}
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("serving health and metrics ended", "err", err)
		}
	}()
	return func() {
		_ = s.Close() // what is asked of a program that ends need not be answered
		<-done
	}
}

// handler answers /healthz, /readyz and /metrics, for the generation that runs at the time.
func (p *process) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if waiting := p.current.Load().waiting(); len(waiting) > 0 {
			answer(w, http.StatusServiceUnavailable, "not ready: pipeline "+strings.Join(waiting, ", ")+"\n")
			return
		}
		answer(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		p.current.Load().registry.Write(w)
	})
	return mux
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text) // a client that went away needs no answer
}
