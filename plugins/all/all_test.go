package all_test

import (
	"slices"
	"testing"

	"sluice/pipeline/plugin"
	"sluice/plugins/all"
	"sluice/plugins/full"
)

func TestSets(t *testing.T) {
	for name, specs := range map[string][]plugin.Spec{"shipper": all.Shipper(), "reader": full.Reader()} {
		set, err := plugin.NewSet(specs...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, k := range []plugin.Kind{plugin.InputKind, plugin.FilterKind, plugin.OutputKind, plugin.CodecKind} {
			if len(set.Names(k)) == 0 {
				t.Errorf("%s has no %s", name, k)
			}
		}
	}
}

// TestShipperIsSmall holds the program that runs beside applications to what it is for.
func TestShipperIsSmall(t *testing.T) {
	for _, s := range all.Shipper() {
		if s.Kind == plugin.OutputKind && s.Name == "elasticsearch" || s.Kind == plugin.InputKind && s.Name == "sqs" {
			t.Errorf("the shipper has the %s %s", s.Kind, s.Name)
		}
	}
	for _, s := range full.Reader() {
		if s.Kind == plugin.CodecKind && !slices.ContainsFunc(all.Shipper(), func(o plugin.Spec) bool { return o.Kind == s.Kind && o.Name == s.Name }) {
			t.Errorf("the shipper lacks the codec %s", s.Name)
		}
	}
}
