// Command shipper tails files and sends their lines to a queue.
package main

import (
	"sluice/cmd/internal/program"
	"sluice/pipeline/cli"
	"sluice/plugins/all"
)

var version = "unknown" // set by the linker

func main() {
	program.Main(cli.Program{
		Name: "shipper", Summary: "tails files and sends their lines to a queue", Version: version, Listen: "127.0.0.1:9610",
	}, all.Shipper())
}
