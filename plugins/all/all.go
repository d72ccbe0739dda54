// Package all lists the plugins of each program: one line each, sorted within their kind. A plugin that
// stands in no list is in no program.
package all

import (
	"slices"

	"sluice/pipeline/plugin"
	"sluice/plugins/codec/json"
	"sluice/plugins/codec/json_lines"
	"sluice/plugins/codec/line"
	"sluice/plugins/codec/pack"
	"sluice/plugins/codec/plain"
	"sluice/plugins/codec/rubydebug"
	"sluice/plugins/filter/date"
	"sluice/plugins/filter/drop"
	"sluice/plugins/filter/grok"
	"sluice/plugins/filter/multiline"
	"sluice/plugins/filter/mutate"
	fileinput "sluice/plugins/input/file"
	"sluice/plugins/input/generator"
	"sluice/plugins/input/heartbeat"
	sqsinput "sluice/plugins/input/sqs"
	"sluice/plugins/input/stdin"
	"sluice/plugins/output/elasticsearch"
	fileoutput "sluice/plugins/output/file"
	"sluice/plugins/output/null"
	sqsoutput "sluice/plugins/output/sqs"
	"sluice/plugins/output/stdout"
)

// Shipper returns the plugins of the program that runs beside applications. It stays small: it links
// neither Elasticsearch nor the receiving side of a queue.
func Shipper() []plugin.Spec {
	return slices.Concat(common(), []plugin.Spec{
		sqsoutput.Plugin(),
	})
}

// Reader returns the plugins of the program that takes events from queues to Elasticsearch.
func Reader() []plugin.Spec {
	return slices.Concat(common(), []plugin.Spec{
		sqsinput.Plugin(),

		elasticsearch.Plugin(),
		sqsoutput.Plugin(),
	})
}

// common are the plugins that both programs have.
func common() []plugin.Spec {
	return []plugin.Spec{
		fileinput.Plugin(),
		generator.Plugin(),
		heartbeat.Plugin(),
		stdin.Plugin(),

		json.Plugin(),
		json_lines.Plugin(),
		line.Plugin(),
		pack.Plugin(),
		plain.Plugin(),
		rubydebug.Plugin(),

		date.Plugin(),
		drop.Plugin(),
		grok.Plugin(),
		multiline.Plugin(),
		mutate.Plugin(),

		fileoutput.Plugin(),
		null.Plugin(),
		stdout.Plugin(),
	}
}
