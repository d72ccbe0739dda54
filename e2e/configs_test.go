package e2e

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/pipeline/cli"
	"sluice/pipeline/plugin"
	"sluice/plugins/all"
	"sluice/plugins/full"
)

// run runs a command of the program that a configuration is for, by its name: reader.yaml, shipper-fifo.yaml.
func run(t *testing.T, file string, args ...string) (code int, out string) {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".yaml"), "-")
	lists := map[string][]plugin.Spec{"shipper": all.Shipper(), "reader": full.Reader()}
	specs, ok := lists[name]
	if !ok {
		t.Fatalf("%s: the name does not begin with a program's", file)
	}
	set, err := plugin.NewSet(specs...)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	env := map[string]string{"LOG_DIR": "/var/log"}
	code = cli.Main(t.Context(), cli.Program{Name: name, Version: "test", Plugins: set}, append(args, file), cli.Streams{
		In: strings.NewReader(""), Out: &b, Err: &b,
		LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	return code, b.String()
}

// TestConfigs checks every configuration of configs/ and runs its cases. None may be without.
func TestConfigs(t *testing.T) {
	files, err := filepath.Glob("../configs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("../configs/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 || len(examples) < 8 {
		t.Errorf("%d configurations and %d examples, expected 2 and 8 at least", len(files), len(examples))
	}
	passed := regexp.MustCompile(`(?m)^[1-9]\d* passed`)
	for _, file := range append(files, examples...) {
		t.Run(strings.TrimPrefix(file, "../configs/"), func(t *testing.T) {
			if code, out := run(t, file, "check"); code != cli.ExitOK {
				t.Errorf("check: exit code %d\n%s", code, out)
			}
			code, out := run(t, file, "test")
			if code != cli.ExitOK || !passed.MatchString(out) {
				t.Errorf("test: exit code %d\n%s", code, out)
			}
		})
	}
}
