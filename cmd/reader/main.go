// Command reader takes lines from a queue and indexes them.
package main

import (
	_ "time/tzdata" // zones resolve where the machine has none; the shipper leaves them to the machine, for its size

	"sluice/cmd/internal/program"
	"sluice/pipeline/cli"
	"sluice/plugins/full"
)

var version = "unknown" // set by the linker

func main() {
	program.Main(cli.Program{
		Name: "reader", Summary: "takes lines from a queue and indexes them", Version: version, Listen: "127.0.0.1:9600",
	}, full.Reader())
}
