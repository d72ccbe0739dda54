package elasticsearch

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"sluice/internal/localindex"
	"sluice/pipeline/plugintest"
)

func TestConformance(t *testing.T) {
	var srv *localindex.Server // of the check that runs
	cluster := func(options string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			srv = localindex.New(localindex.Options{})
			web := httptest.NewServer(srv)
			t.Cleanup(web.Close)
			return fmt.Sprintf("{hosts: [%q]%s}", web.URL, options)
		}
	}
	plugintest.Output(t, Plugin(),
		plugintest.Case{Name: "defaults", Setup: cluster(""), Delivered: func(*testing.T) int { return len(srv.Documents("*")) }},
		plugintest.Case{Name: "an index by a field", Setup: cluster(", index: 'logs-%{message}', document_id: '%{message}'")},
		plugintest.Case{Name: "a data stream", Setup: cluster(", data_stream: true")},
	)
}
