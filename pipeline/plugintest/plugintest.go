package plugintest

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/pipeline/config"
	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

// Case is one configuration with which a suite runs a plugin. Each check makes the plugin anew.
type Case struct {
	Name   string
	Config string // the plugin's options in YAML

	// Setup, where it is set, makes what the plugin needs (folders, files, servers) and returns the options
	// in place of Config. It is called for each check.
	Setup func(t *testing.T) string

	// With are the codecs that the options name.
	With []plugin.Spec

	// Env is given to the plugin as it is, but for the fields that configuration fills; DataDir is
	// a new folder for each check when it is empty.
	Env plugin.Env

	// Fields are the fields that the options speak of; they get hostile values. None: message.
	Fields []string

	// Events is how many events an input gives when it is read once to the end; 0 is not checked.
	Events int

	// FailStart, where it is set, returns options with which the plugin builds but cannot start.
	FailStart func(t *testing.T) string

	// Delivered, where it is set, tells how many events the output has delivered since Setup.
	Delivered func(t *testing.T) int

	// Unreliable says that an output may fail as a whole although no event is bad.
	Unreliable bool

	// RoundTrip says that a codec decodes what it encodes to equal events.
	RoundTrip bool
}

// hangs is how long anything may take before a check calls it hanging.
const hangs = time.Minute

// suite checks the description of a plugin and runs checks for each case.
func suite(t *testing.T, spec plugin.Spec, kind plugin.Kind, cases []Case, check func(*testing.T, plugin.Spec, Case)) {
	t.Helper()
	if spec.Kind != kind {
		t.Fatalf("%s is a %s, not a %s", spec.Name, spec.Kind, kind)
	}
	t.Run("description", func(t *testing.T) { describe(t, spec) })
	if len(cases) == 0 {
		cases = []Case{{Name: "defaults"}}
	}
	for _, c := range cases {
		name := c.Name
		if name == "" {
			name = c.Config
		}
		t.Run(name, func(t *testing.T) { check(t, spec, c) })
	}
}

// describe checks that every option can be explained, and that defaults are not shared.
func describe(t *testing.T, spec plugin.Spec) {
	if spec.Summary == "" || strings.HasSuffix(spec.Summary, ".") {
		t.Errorf("summary %q: expected one line without a full stop", spec.Summary)
	}
	a, b := spec.Defaults(), spec.Defaults()
	if a == nil || reflect.TypeOf(a).Kind() != reflect.Pointer || reflect.TypeOf(a).Elem().Kind() != reflect.Struct {
		t.Fatalf("Defaults: found %T, expected a pointer to a struct", a)
	}
	if reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() && reflect.TypeOf(a).Elem().Size() > 0 {
		t.Error("Defaults returned the same struct twice")
	}
	checkDocs(t, "", reflect.TypeOf(a).Elem())
}

// frameworks reports whether an option is one that every input and filter has, so that no plugin may define it.
func frameworks(option string) bool {
	switch option {
	case "add_field", "remove_field", "add_tag", "remove_tag", "id", "type", "tags", "enable_metric":
		return true
	}
	return false
}

func checkDocs(t *testing.T, at string, typ reflect.Type) {
	for f := range typ.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		doc := f.Tag.Get("doc")
		if doc == "" || !strings.HasSuffix(doc, ".") {
			t.Errorf("option %s%s: doc tag is %q, expected a sentence with a full stop", at, name, doc)
		}
		if at == "" && frameworks(name) {
			t.Errorf("option %s belongs to the framework", name)
		}
		if inner := nested(f.Type); inner != nil {
			checkDocs(t, at+name+".", inner)
		}
	}
}

// nested returns the struct type of a nested map of options, which has yaml tags of its own, else nil.
func nested(typ reflect.Type) reflect.Type {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct {
		return nil
	}
	for f := range typ.Fields() {
		if f.Tag.Get("yaml") != "" {
			return typ
		}
	}
	return nil
}

// Build makes a plugin from options in YAML as configuration does; with are codecs that the options name.
// Anything that is wrong, beside warnings, fails the test.
func Build[B any](t *testing.T, spec plugin.Spec, yaml string, env plugin.Env, with ...plugin.Spec) B {
	t.Helper()
	set, err := plugin.NewSet(append([]plugin.Spec{spec}, with...)...)
	if err != nil {
		t.Fatal(err)
	}
	before := spec.Defaults()
	built, problems := config.Build(set, spec.Kind, spec.Name, yaml, env)
	for _, p := range problems {
		if !p.Warning {
			t.Errorf("options:\n%s\n%s", yaml, p)
		}
	}
	if !reflect.DeepEqual(before, spec.Defaults()) {
		t.Error("building the plugin has changed its defaults")
	}
	b, ok := built.(B)
	if t.Failed() || !ok {
		t.Fatalf("build %s: found %T, expected %T", spec.Name, built, b)
	}
	return b
}

// made builds the plugin of a case.
func made[B any](t *testing.T, spec plugin.Spec, c Case) B {
	t.Helper()
	yaml := c.Config
	if c.Setup != nil {
		yaml = c.Setup(t)
	}
	return Build[B](t, spec, yaml, c.env(t), c.With...)
}

func (c Case) env(t *testing.T) plugin.Env {
	env := c.Env
	if env.DataDir == "" {
		env.DataDir = t.TempDir()
	}
	return env
}

// leakless runs f as a subtest and fails it for what f leaves behind. What setup returns is made before
// the counting begins.
func leakless[B any](t *testing.T, name string, setup func(*testing.T) B, f func(*testing.T, B)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		b := setup(t)
		running := goleak.IgnoreCurrent()
		acks := event.WatchAcks()
		f(t, b)
		if left := acks.Stop(); len(left) > 0 {
			t.Errorf("%d acks were never settled, made at %s", len(left), left[0])
		}
		goleak.VerifyNone(t, running)
	})
}

// within runs f and fails the test when it does not come back.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	limit := time.NewTimer(hangs)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		t.Fatalf("%s does not return", what)
	}
}

// now is the time at which the events of all checks are read.
func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

// cancelled returns a context that is over.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
