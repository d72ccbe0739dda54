// Package all lists the plugins of each program: one line each, sorted within their kind. A plugin that
// stands in no list is in no program. The shipper itself takes its list from package light, so that it links
// nothing but that.
package all

import (
	"slices"

	"sluice/pipeline/plugin"
	"sluice/plugins/input/sqs"
	"sluice/plugins/light"
	"sluice/plugins/output/elasticsearch"
)

// Shipper returns the plugins of the program that runs beside applications.
func Shipper() []plugin.Spec { return light.Plugins() }

// Reader returns the plugins of the program that takes events from queues to Elasticsearch.
func Reader() []plugin.Spec {
	return slices.Concat(light.Plugins(), []plugin.Spec{
		sqs.Plugin(),

		elasticsearch.Plugin(),
	})
}
