package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"sluice/internal/cputime"
	"sluice/pipeline/cli"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// started is a program that runs in a goroutine.
type started struct {
	out, errs *buffer
	stop      context.CancelFunc
	code      chan int
}

func start(t *testing.T, listen string, args ...string) *started {
	t.Helper()
	return startWith(t, "", func(p *cli.Program) { p.Listen = listen }, args...)
}

// startWith starts the program as change makes it, with a text as its standard input.
func startWith(t *testing.T, stdin string, change func(p *cli.Program), args ...string) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &started{&buffer{}, &buffer{}, cancel, make(chan int, 1)}
	p := program(t, s.out)
	change(&p)
	go func() {
		s.code <- cli.Main(ctx, p, args, cli.Streams{In: strings.NewReader(stdin), Out: s.out, Err: s.errs, LookupEnv: environment("")})
	}()
	t.Cleanup(func() {
		cancel()
		if len(s.code) == 0 {
			<-s.code
		}
	})
	return s
}

func (s *started) end(t *testing.T, want int) {
	t.Helper()
	s.stop()
	code := <-s.code
	s.code <- code
	if code != want {
		t.Errorf("exit code %d, expected %d: %s", code, want, s.errs)
	}
}

var addressAttr = regexp.MustCompile(`"address":"([^"]+)"`)

// address waits for the log line that tells where the program serves.
func (s *started) address(t *testing.T) string {
	t.Helper()
	s.errs.await(t, `"address"`)
	return addressAttr.FindStringSubmatch(s.errs.String())[1]
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func config(t *testing.T, text string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "a.yaml", text)
	return "a.yaml"
}

const waiting = "inputs: [lines: {lines: [one], wait: true}]\noutputs: [print]\n"

func TestServes(t *testing.T) {
	s := start(t, "127.0.0.1:0", "run", "-c", config(t, waiting))
	url := "http://" + s.address(t)
	s.out.await(t, "one") // so everything has started
	for path, want := range map[string]string{
		"/healthz": "ok\n",
		"/readyz":  "ready\n",
		"/metrics": `sluice_build_info{version="v1.2.3"} 1`,
	} {
		if code, body := get(t, url+path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if _, body := get(t, url+"/metrics"); !strings.Contains(body, `sluice_pipeline_events_total{pipeline="main",kind="in"}`) {
		t.Errorf("metrics lack the pipeline:\n%s", body)
	}
	if code, _ := get(t, url+"/other"); code != http.StatusNotFound {
		t.Errorf("/other: %d", code)
	}
	s.end(t, cli.ExitOK)
	if !strings.Contains(s.errs.String(), `"msg":"stopping"`) || !strings.Contains(s.errs.String(), `"msg":"stopped"`) {
		t.Errorf("log:\n%s", s.errs)
	}
}

// taken returns an address that something serves on.
func taken(t *testing.T) string {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestDefaultAddressTaken(t *testing.T) {
	s := start(t, taken(t), "run", "-c", config(t, waiting))
	s.out.await(t, "one")
	s.errs.await(t, "the default address is taken")
	s.end(t, cli.ExitOK)
}

func TestChosenAddressTaken(t *testing.T) {
	addr := taken(t)
	code, _, errs := run(t.Context(), t, "run", "-c", config(t, waiting), "--listen", addr)
	if code != cli.ExitFailed || !strings.Contains(errs.String(), "serve on "+addr) {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

func TestNoAddress(t *testing.T) {
	s := start(t, "127.0.0.1:0", "run", "-c", config(t, waiting), "--listen", "")
	s.out.await(t, "one")
	s.end(t, cli.ExitOK)
	if strings.Contains(s.errs.String(), `"address"`) {
		t.Errorf("something is served:\n%s", s.errs)
	}
}

func TestOnceServesWhenAsked(t *testing.T) {
	s := start(t, "127.0.0.1:0", "run", "--once", "--listen", "127.0.0.1:0", "-c", config(t, waiting))
	if code, body := get(t, "http://"+s.address(t)+"/healthz"); code != http.StatusOK {
		t.Errorf("%d %s", code, body)
	}
	s.end(t, cli.ExitFailed)
	if !strings.Contains(s.errs.String(), "stopped before the end of the input") {
		t.Errorf("log:\n%s", s.errs)
	}
}

func TestOneFailsAllStop(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a.yaml", waiting)
	write(t, "b.yaml", "pipeline: {id: b}\ninputs: [lines: {broke: no luck}]\noutputs: [print]\n")
	s := start(t, "127.0.0.1:0", "run", "-c", ".")
	code := <-s.code
	s.code <- code
	if code != cli.ExitFailed || !strings.Contains(s.errs.String(), "reader: pipeline b: start inputs[0].lines: no luck") {
		t.Errorf("exit code %d:\n%s", code, s.errs)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	out, errs := &buffer{}, &buffer{terminal: true}
	name := config(t, "inputs: [lines: {lines: [one], wait: true}]\noutputs: [sink]\n")
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int)
	go func() {
		code <- cli.Main(ctx, program(t, out), []string{"run", "--once", "-c", name}, cli.Streams{
			In: strings.NewReader(""), Out: out, Err: errs, LookupEnv: environment(""),
		})
	}()
	errs.await(t, "1 lines  ")
	cancel()
	<-code
	if !strings.Contains(errs.String(), "level=INFO msg=starting") {
		t.Errorf("no text log on a terminal:\n%s", errs)
	}
}

// TestCheckedStarts holds the promise that what check passes starts, and what it does not pass does not run.
func TestCheckedStarts(t *testing.T) {
	for _, text := range []string{
		"inputs: [lines]\noutputs: [print]\n",
		"inputs: [lines: {lines: [a, b], type: x, tags: [t]}]\nfilters: [do: {what: drop}]\noutputs: [print, sink]\n",
		"pipeline: {id: x, workers: 3, max_memory: 32MiB, timezone: Asia/Tokyo}\ninputs: [lines, lines]\noutputs: [if: '[a]', then: [print]]\n",
		"inputs: [lines: {lines: ['${HOME:-x}']}]\nfilters:\n- if: '\"a\" in [tags] and not [b] == 1'\n  then: []\n  else: [do: {what: match}]\noutputs: [print]\n",
		"inputs: [lines]\noutputs: []\n",
		"inputs: [lines: {pause: -1s}]\noutputs: [print]\n",
		"inputs: [lines]\nfilters: [do]\noutputs: [print]\n",
		"inputs: [lines]\nfilters: [do: {what: match, add_field: {'[': b}}]\noutputs: [print]\n",
		"inputs: [lines]\noutputs: [print: {index: '%{['}]\n",
		"inputs: [lines: {id: a}, lines: {id: a}]\noutputs: [print]\n",
		"", "x", "- a\n", "inputs: [lines]\noutputs: [print]\n---\nx: y\n", "inputs: [lines]\noutputs: [print]\nextra: 1\n",
	} {
		name := config(t, text)
		checked, _, problems := run(t.Context(), t, "check", name)
		ran, _, errs := run(t.Context(), t, "run", "--once", "-c", name)
		if checked != ran || checked == cli.ExitFailed {
			t.Errorf("check says %d, run %d for\n%s\n%s%s", checked, ran, text, problems, errs)
		}
	}
}

func TestSchema(t *testing.T) {
	code, out, _ := run(t.Context(), t, "schema")
	var schema struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal([]byte(out.String()), &schema); err != nil || code != cli.ExitOK {
		t.Fatalf("exit code %d, %v", code, err)
	}
	for _, key := range []string{"pipeline", "inputs", "filters", "outputs", "tests"} {
		if schema.Properties[key] == nil {
			t.Errorf("the schema lacks %q", key)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, _ := run(t.Context(), t, "completion", shell); code != cli.ExitOK || !strings.Contains(out.String(), "reader") {
			t.Errorf("%s: exit code %d", shell, code)
		}
	}
	if _, out, _ := run(t.Context(), t, "__complete", "plugins", ""); !strings.Contains(out.String(), "print\n") {
		t.Errorf("plugins are not completed: %s", out)
	}
}

func TestUpdateKeepsMode(t *testing.T) {
	name := config(t, "inputs: [lines]\noutputs: [print]\n")
	write(t, "a.txtar", "-- in --\nl1\n-- want --\n")
	if err := os.Chmod("a.txtar", 0o640); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run(t.Context(), t, "test", "--update", name); code != cli.ExitOK {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	if info, err := os.Stat("a.txtar"); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// BenchmarkTest200 runs 200 cases, loading included.
func BenchmarkTest200(b *testing.B) {
	b.Chdir(b.TempDir())
	var text strings.Builder
	text.WriteString("inputs: [lines]\nfilters: [do: {where: x, what: match, add_field: {a: b}}]\noutputs: [print]\ntests:\n")
	for i := range 200 {
		text.WriteString("- {name: t" + strings.Repeat("x", i) + ", input: {lines: [x, y]}, expect: [{message: x, a: b}, {message: y}]}\n")
	}
	if err := os.WriteFile("a.yaml", []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	cpu := cputime.Start(b)
	for b.Loop() {
		out := &buffer{}
		if code := cli.Main(b.Context(), program(b, out), []string{"test", "a.yaml"}, cli.Streams{Out: out, Err: out, LookupEnv: environment("")}); code != cli.ExitOK {
			b.Fatal(out)
		}
	}
	cpu.Report(200)
}
