// Package all lists the plugins that both programs have, one line each, sorted within their kind: those that
// the shipper, which runs beside applications, can afford. Package full adds the reader's, so that the shipper
// links none of them. A plugin that stands in no list is in no program.
package all

import (
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
	"sluice/plugins/input/stdin"
	fileoutput "sluice/plugins/output/file"
	"sluice/plugins/output/null"
	"sluice/plugins/output/sqs"
	"sluice/plugins/output/stdout"
)

// Shipper returns the plugins of the program that runs beside applications.
func Shipper() []plugin.Spec {
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
		sqs.Plugin(),
		stdout.Plugin(),
	}
}
