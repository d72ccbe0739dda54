// Package pack is the codec of the messages between shipper and reader: many events, compressed, in one
// message body, each with its identity, its times and its raw line (docs/wire.md). Bodies that are not packed
// are read as Logstash's JSON: one event, or a list of them.
package pack

import (
	"sluice/internal/pack"
	"sluice/pipeline/plugin"
)

// Config is the options of the pack codec.
type Config struct {
	RawBytes plugin.Size `yaml:"raw_bytes" doc:"Raw bytes of lines after which a message is full, 1KiB to 16MiB; about one bulk request of the reader."`
	Level    string      `yaml:"level" oneof:"none|fastest|default|better|best" doc:"How hard zstd tries to make messages small; none leaves them as they are."`
}

// Plugin describes the pack codec.
func Plugin() plugin.Spec {
	return plugin.NewCodec("pack", "many events, compressed, in one message", Config{RawBytes: 1 << 20, Level: "fastest"}, build)
}

// Limits of raw_bytes: a smaller message is not worth its request, and a larger one needs room for its
// fields beside its lines.
const minRawBytes, maxRawBytes = 1 << 10, pack.MaxRaw / 2

func build(c Config, env plugin.Env) (*plugin.BuiltCodec, error) {
	if c.RawBytes < minRawBytes || c.RawBytes > maxRawBytes {
		env.Problems.Errorf("raw_bytes", "found %s, expected %s to %s", c.RawBytes, plugin.Size(minRawBytes), plugin.Size(maxRawBytes))
	}
	if _, err := pack.NewWriter(c.Level); err != nil {
		env.Problems.Errorf("level", "%v", err)
	}
	return &plugin.BuiltCodec{
		NewDecoder: func() plugin.Decoder { return &decoder{} },
		NewEncoder: func() plugin.Encoder { return &encoder{level: c.Level, raw: int(c.RawBytes)} },
	}, nil
}
