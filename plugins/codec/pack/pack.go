// Package pack is the codec of the messages between shipper and reader: many events, compressed, in one
// message body, with the identity of each (docs/wire.md). Bodies that are not packed are read as Logstash's
// JSON: one event, or a list of them.
package pack

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"sluice/internal/pack"
	"sluice/pipeline/plugin"
)

// Config is the codec's options.
type Config struct {
	RawBytes plugin.Size `yaml:"raw_bytes" doc:"Raw bytes after which a message is full; about one bulk request of the reader."`
	Level    string      `yaml:"level" oneof:"fastest|default|better|best" doc:"How hard zstd tries."`
}

// Plugin describes the pack codec.
func Plugin() plugin.Spec {
	return plugin.NewCodec("pack", "many events, compressed, in one message", Config{RawBytes: 1 << 20, Level: "fastest"}, build)
}

var levels = map[string]zstd.EncoderLevel{
	"fastest": zstd.SpeedFastest, "default": zstd.SpeedDefault, "better": zstd.SpeedBetterCompression, "best": zstd.SpeedBestCompression,
}

// minRawBytes keeps a message worth its request.
const minRawBytes = 1 << 10

func build(c Config, env plugin.Env) (*plugin.BuiltCodec, error) {
	if c.RawBytes < minRawBytes || c.RawBytes > pack.MaxRaw {
		env.Problems.Errorf("raw_bytes", "found %s, expected %s to %s", c.RawBytes, plugin.Size(minRawBytes), plugin.Size(pack.MaxRaw))
	}
	l := layout{env.ECS}
	if _, err := pack.NewWriter(levels[c.Level]); err != nil { // the options are right: say so now
		return nil, fmt.Errorf("build packer: %w", err)
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder { return &decoder{layout: l} },
		NewEncoder: func() plugin.Encoder { return &encoder{layout: l, level: levels[c.Level], raw: int(c.RawBytes)} },
	}, nil
}
