package sqs

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"sluice/internal/localqueue"
	"sluice/internal/sqs"
	"sluice/pipeline/plugin"
	"sluice/pipeline/plugintest"
	"sluice/plugins/codec/pack"
	"sluice/plugins/codec/plain"
)

func TestConformance(t *testing.T) {
	const messages = 25
	queue := func(options string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			srv := localqueue.New()
			web := httptest.NewServer(srv)
			t.Cleanup(web.Close)
			if err := srv.Create("logs", nil); err != nil {
				t.Fatal(err)
			}
			bodies := make([]string, messages)
			for i := range bodies {
				bodies[i] = fmt.Sprintf(`{"message":"line %d"}`, i)
			}
			send(t, sqs.New(sqs.Options{Queue: "logs", Region: "local", Endpoint: web.URL, AccessKey: "x", SecretKey: "y"}), bodies...)
			return fmt.Sprintf("{queue: logs, region: local, endpoint: %q, access_key_id: x, secret_access_key: yyy, polling_frequency: 1s%s}", web.URL, options)
		}
	}
	with := []plugin.Spec{pack.Plugin(), plain.Plugin()}
	plugintest.Input(t, Plugin(),
		plugintest.Case{Name: "pack", Setup: queue(""), With: with, Events: messages},
		plugintest.Case{Name: "plain", Setup: queue(", codec: plain, id_field: id"), With: with, Events: messages},
	)
}
