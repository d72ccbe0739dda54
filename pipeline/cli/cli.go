// Package cli is the command line that both programs share: run, check, test, grok, plugins, schema, version
// and completion.
//
// Main is given all that it touches: arguments, streams, environment. It exits no process, takes no signal
// and sets no global logger; cmd does.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"sluice/internal/nearest"
	"sluice/pipeline/plugin"
)

// Exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1 // at run time: a plugin could not be started, a test failed
	ExitUsage  = 2 // bad configuration or usage
)

// Program is what distinguishes one program from the other.
type Program struct {
	Name    string // "reader"
	Summary string // one line, no full stop
	Version string
	Plugins *plugin.Set
	Listen  string // where `run` serves unless told otherwise

	// Reloads, where it is set, begins to listen for what asks `run` to read its configuration again. It listens until the
	// end of the process, as a signal that nobody takes would be that.
	Reloads func() <-chan os.Signal

	// SetLogger, where it is set, is given the logger of `run` as the default of the process.
	SetLogger func(*slog.Logger)
}

// Streams are the program's standard streams and environment.
type Streams struct {
	In        io.Reader
	Out, Err  io.Writer
	LookupEnv func(string) (string, bool) // nil: that of the process
}

// Main runs the program with arguments (without its name) and returns its exit code. The end of ctx is a
// graceful stop.
func Main(ctx context.Context, p Program, args []string, s Streams) int {
	if s.LookupEnv == nil {
		s.LookupEnv = os.LookupEnv
	}
	a := &app{p, s}
	root := a.root() //nolint:contextcheck // cobra hands the context to the commands
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	if f, ok := errors.AsType[*failure](err); ok {
		if f.err != nil {
			a.errorf("%s: %v", p.Name, f.err)
		}
		return f.code
	}
	a.errorf("%s: %s\nSee '%s --help'.", p.Name, strings.TrimSpace(err.Error()), cmd.CommandPath())
	return ExitUsage
}

// app is one run of a program.
type app struct {
	p Program
	s Streams
}

// failure is an error with the exit code that it means; every other error is one of usage.
type failure struct {
	code int
	err  error // nil when all has been said
}

// Error returns the message of the cause.
func (f *failure) Error() string {
	if f.err == nil {
		return "failed"
	}
	return f.err.Error()
}

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

func failed(err error) error { return &failure{ExitFailed, err} }

// bad is an error about what a file or an option holds: the command is fine, so nothing is said about its usage.
func bad(err error) error { return &failure{ExitUsage, err} }

// noArgs and files are cobra's rules in our words.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

func files(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("expected a FILE")
	}
	return nil
}

func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.s.Out, format, args...) // who closed our output does not want to hear more
}

func (a *app) errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.s.Err, format+"\n", args...)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.p.Name,
		Short: a.p.Summary,
		Long: a.p.Name + ": " + a.p.Summary + ".\n\n" +
			"Exit codes: 0 fine, 1 failed at run time, 2 bad configuration or usage.",
		Args:          unknownCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.runCommand(), a.checkCommand(), a.testCommand(), a.grokCommand(), a.pluginsCommand(), a.schemaCommand(), a.versionCommand())
	return root
}

// unknownCommand refuses arguments of the program itself: each is a command that is not there.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return didYouMean(fmt.Errorf("unknown command %q", args[0]), args[0], names)
}

// flagError adds the nearest flag to the message about an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if n := nearest.Name(unknown.GetSpecifiedName(), names); n != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, n)
	}
	return err
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		Run:   func(*cobra.Command, []string) { a.printf("%s %s\n", a.p.Name, a.p.Version) },
	}
}

// isTerminal reports whether a stream is shown to a person. A stream may say so itself.
func isTerminal(stream any) bool {
	switch s := stream.(type) {
	case interface{ IsTerminal() bool }:
		return s.IsTerminal()
	case *os.File:
		return term.IsTerminal(int(s.Fd()))
	}
	return false
}

// choice is a flag that takes one of a few words.
type choice struct {
	value   string
	allowed []string
}

// String returns the word.
func (c *choice) String() string { return c.value }

// Type names what the flag takes, for help.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// Set takes one of the allowed words.
func (c *choice) Set(s string) error {
	if slices.Contains(c.allowed, s) {
		c.value = s
		return nil
	}
	if n := nearest.Name(s, c.allowed); n != "" {
		return fmt.Errorf("expected one of %s; did you mean %q?", strings.Join(c.allowed, ", "), n)
	}
	return fmt.Errorf("expected one of %s", strings.Join(c.allowed, ", "))
}
