package cli_test

import (
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"sluice/pipeline/cli"
)

// reloadable is a program that runs, and can be asked to reload.
type reloadable struct {
	*started

	ask chan os.Signal
}

func startReloadable(t *testing.T, stdin string, args ...string) *reloadable {
	t.Helper()
	ask := make(chan os.Signal, 1)
	return &reloadable{startWith(t, stdin, func(p *cli.Program) { p.Reloads = func() <-chan os.Signal { return ask } }, args...), ask}
}

// reload asks for a reload and waits for what the log then says.
func (r *reloadable) reload(t *testing.T, says string) {
	t.Helper()
	r.ask <- syscall.SIGHUP
	r.errs.await(t, says)
}

// metrics checks lines of /metrics, and that the program is ready.
func (r *reloadable) metrics(t *testing.T, want ...string) {
	t.Helper()
	url := "http://" + r.address(t)
	if code, body := get(t, url+"/readyz"); code != http.StatusOK {
		t.Errorf("not ready: %s", body)
	}
	_, body := get(t, url+"/metrics")
	for _, line := range want {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("metrics lack %s:\n%s", line, body)
		}
	}
}

// quick makes pipelines stop soon: the input of the tests waits for as long as a batch does.
const quick = "pipeline: {flush_interval: 10ms}\n"

func TestReload(t *testing.T) {
	r := startReloadable(t, "", "run", "-c", config(t, quick+waiting))
	r.out.await(t, `"one"`)
	r.metrics(t, `sluice_config_last_reload_successful 1`, `sluice_config_last_reload_success_timestamp_seconds 0`)
	write(t, "a.yaml", "pipeline: {id: b}\n"+strings.Replace(waiting, "one", "two", 1))
	r.reload(t, `"msg":"reloaded"`)
	r.out.await(t, `"two"`)
	r.metrics(t, `sluice_config_reloads_total{result="success"} 1`, `sluice_config_last_reload_successful 1`)
	if _, body := get(t, "http://"+r.address(t)+"/metrics"); !strings.Contains(body, `{pipeline="b",kind="in"}`) || strings.Contains(body, `{pipeline="main"`) {
		t.Errorf("the counters are not those of the new pipeline:\n%s", body)
	}
	r.end(t, cli.ExitOK)
	if !strings.Contains(r.errs.String(), `"msg":"stopped","pipeline":"main","in":1`) {
		t.Errorf("nothing is said of the events of the old pipeline:\n%s", r.errs)
	}
}

// TestReloadKeepsOld gives a running program configurations that cannot take its place.
func TestReloadKeepsOld(t *testing.T) {
	const withPatterns = quick + "inputs: [lines: {lines: [one], wait: true}]\n" +
		"filters: [grok: {patterns_dir: p, match: {message: '%{ONE:n}'}}]\noutputs: [print]\n"
	for name, c := range map[string]struct {
		change func(t *testing.T)
		says   string
	}{
		"an unknown key": {
			func(t *testing.T) { write(t, "a.yaml", "inptus: []\n") },
			`a.yaml:1:1: unknown key \"inptus\"; did you mean \"inputs\"?`,
		},
		"a file that is gone": {
			func(t *testing.T) { remove(t, "a.yaml") },
			`a.yaml:1:1: open: no such file`,
		},
		"a patterns folder that is gone": {
			func(t *testing.T) { remove(t, "p") },
			`a.yaml:3:32: filters[0].grok.patterns_dir[0]: read patterns: stat p: no such file`,
		},
		"a pattern that is wrong": {
			func(t *testing.T) { write(t, "p/own", "ONE (one\n") },
			`ONE: p/own:1:5: found a ( without an end`,
		},
		"a pipeline that cannot start": {
			func(t *testing.T) {
				write(t, "a.yaml", "inputs: [lines: {broke: no luck}]\noutputs: [print]\n")
			},
			"pipeline main: start inputs[0].lines: no luck",
		},
		"a pipeline beside that cannot start": {
			func(t *testing.T) {
				write(t, "b.yaml", "pipeline: {id: b}\ninputs: [lines: {broke: no luck}]\noutputs: [print]\n")
			},
			"pipeline b: start inputs[0].lines: no luck",
		},
	} {
		t.Run(name, func(t *testing.T) {
			config(t, withPatterns)
			if err := os.Mkdir("p", 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, "p/own", "ONE one\n")
			files := []string{"-c", "a.yaml"}
			if strings.HasPrefix(name, "a pipeline beside") {
				files = []string{"-c", "."}
			}
			r := startReloadable(t, "", append([]string{"run"}, files...)...)
			r.out.await(t, `"n":"one"`)
			c.change(t)
			r.reload(t, "the old configuration goes on")
			if log := r.errs.String(); !strings.Contains(log, c.says) {
				t.Errorf("the log does not say %s:\n%s", c.says, log)
			}
			r.metrics(t, `sluice_config_reloads_total{result="failure"} 1`, `sluice_config_last_reload_successful 0`)

			write(t, "a.yaml", quick+strings.Replace(waiting, "one", "two", 1)) // and a good one takes its place after all
			_ = os.Remove("b.yaml")                                             // it is there in one case only
			r.reload(t, `"msg":"reloaded"`)
			r.out.await(t, `"two"`)
			r.metrics(t, `sluice_config_last_reload_successful 1`)
			r.end(t, cli.ExitOK)
		})
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

func TestReloadRefused(t *testing.T) {
	t.Run("configuration from standard input", func(t *testing.T) {
		r := startReloadable(t, waiting, "run", "-c", "-")
		r.out.await(t, "one")
		r.reload(t, "the configuration came from standard input")
		r.metrics(t, `sluice_config_reloads_total{result="failure"} 1`)
		r.end(t, cli.ExitOK)
	})
	t.Run("an input that cannot be handed on", func(t *testing.T) {
		r := startReloadable(t, "", "run", "-c", config(t, "inputs: [lines: {lines: [one], wait: true, blocks: true}]\noutputs: [print]\n"))
		r.out.await(t, "one")
		r.reload(t, "inputs[0].lines of pipeline main cannot be given from one input to another")
		r.metrics(t, `sluice_config_reloads_total{result="failure"} 1`)
		r.end(t, cli.ExitOK)
	})
}

// TestStopDuringReload stops a program that was asked to reload.
func TestStopDuringReload(t *testing.T) {
	r := startReloadable(t, "", "run", "-c", config(t, waiting))
	r.out.await(t, "one")
	r.ask <- syscall.SIGHUP
	r.end(t, cli.ExitOK)
}

// TestStopDuringBuild stops a program that reads a file without an end.
func TestStopDuringBuild(t *testing.T) {
	r := startReloadable(t, "", "run", "-c", config(t, quick+waiting))
	r.out.await(t, "one")
	remove(t, "a.yaml")
	if err := syscall.Mkfifo("a.yaml", 0o600); err != nil {
		t.Fatal(err)
	}
	r.ask <- syscall.SIGHUP
	w, err := os.OpenFile("a.yaml", os.O_WRONLY, 0) // waits until it is being read
	if err != nil {
		t.Fatal(err)
	}
	r.end(t, cli.ExitOK)
	if err := w.Close(); err != nil { // the end of the file after all
		t.Error(err)
	}
}

// TestOnceIsNotReloaded holds that a run to the end of its input does not listen.
func TestOnceIsNotReloaded(t *testing.T) {
	p := program(t, &buffer{})
	p.Reloads = func() <-chan os.Signal {
		t.Error("it listens")
		return nil
	}
	name := config(t, "inputs: [lines: {lines: [one]}]\noutputs: [print]\n")
	errs := &buffer{}
	if code := cli.Main(t.Context(), p, []string{"run", "--once", "-c", name}, cli.Streams{Out: errs, Err: errs, LookupEnv: environment("")}); code != cli.ExitOK {
		t.Errorf("exit code %d: %s", code, errs)
	}
}
