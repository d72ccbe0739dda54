package sqs

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"sluice/internal/localqueue"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/json"
	"sluice/plugins/codec/pack"
)

func TestConformance(t *testing.T) {
	queue := func(options string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			srv := localqueue.New()
			web := httptest.NewServer(srv)
			t.Cleanup(web.Close)
			if err := srv.Create("logs", nil); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("{queue: logs, region: local, endpoint: %q, access_key_id: x, secret_access_key: yyy%s}", web.URL, options)
		}
	}
	with := []plugin.Spec{pack.Plugin(), json.Plugin()}
	plugintest.Output(t, Plugin(),
		plugintest.Case{Name: "pack", Setup: queue(""), With: with},
		plugintest.Case{Name: "json, cut", Setup: queue(", codec: json, oversize: truncate"), With: with},
	)
}
