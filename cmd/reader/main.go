// Command reader takes lines from a queue and indexes them.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones resolve where the machine has none; the shipper leaves them to the machine, for its size

	"sluice/pipeline/cli"
	"sluice/pipeline/plugin"
	"sluice/plugins/full"
)

var version = "unknown" // set by the linker

func main() {
	set, err := plugin.NewSet(full.Reader()...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "reader:", err)
		os.Exit(cli.ExitFailed)
	}
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
	os.Exit(cli.Main(ctx, cli.Program{
		Name: "reader", Summary: "takes lines from a queue and indexes them", Version: version,
		Plugins: set, Listen: "127.0.0.1:9600", SetLogger: slog.SetDefault, Reloads: reloads,
	}, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, LookupEnv: os.LookupEnv}))
}

// reloads begins to take SIGHUP, which asks for the configuration to be read again.
func reloads() <-chan os.Signal {
	hangups := make(chan os.Signal, 1) // what comes during a reload asks for one more
	signal.Notify(hangups, syscall.SIGHUP)
	return hangups
}
