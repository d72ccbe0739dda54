// Package program is what shipper and reader have in common beside their plugins: signals, and the end of the process.
package program

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"sluice/pipeline/cli"
	"sluice/pipeline/plugin"
)

// Main runs a program with plugins on the arguments, streams and signals of the process, and exits. SIGTERM and SIGINT
// stop it, a second one ends it at once; SIGHUP asks `run` to read its configuration again.
func Main(p cli.Program, plugins []plugin.Spec) {
	set, err := plugin.NewSet(plugins...)
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", err)
		os.Exit(cli.ExitFailed)
	}
	p.Plugins, p.SetLogger, p.Reloads = set, slog.SetDefault, reloads
	os.Exit(cli.Main(stopped(), p, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, LookupEnv: os.LookupEnv}))
}

// stopped returns a context that ends with the first signal to stop.
func stopped() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		for first := time.Now(); time.Since(first) < time.Second; { // some send a signal twice, to us and to our group
			<-signals
		}
		os.Exit(cli.ExitFailed)
	}()
	return ctx
}

func reloads() <-chan os.Signal {
	hangups := make(chan os.Signal, 1) // what comes during a reload asks for one more
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups
}
