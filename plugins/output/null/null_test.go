package null

import (
	"testing"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func TestNull(t *testing.T) {
	spec := Plugin()
	built, err := spec.Build([]any{spec.Defaults()}, plugin.Env{})
	if err != nil {
		t.Fatal(err)
	}
	output, ok := built.(*plugin.BuiltOutput)
	if !ok {
		t.Fatalf("built a %T", built)
	}
	o, err := output.Start(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	v := event.NewView(0, []*event.Event{{}, {}})
	if err := o.Write(t.Context(), v); err != nil || !v.AllDone(err) {
		t.Errorf("got %v", err)
	}
	if err := o.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
