// Package full lists the plugins of the reader: those that the shipper has, and those that receive and index.
package full

import (
	"sluice/pipeline/plugin"
	"sluice/plugins/all"
	"sluice/plugins/input/sqs"
	"sluice/plugins/output/elasticsearch"
)

// Reader returns the plugins of the program that takes events from queues to Elasticsearch.
func Reader() []plugin.Spec {
	return append(all.Shipper(),
		sqs.Plugin(),

		elasticsearch.Plugin(),
	)
}
