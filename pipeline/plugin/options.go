package plugin

import (
	"fmt"
	"strings"
	"time"
)

// The types that options may have, beside string, bool, int, int64, float64 and []string (for which a
// scalar is a list of one): config decodes them with positions and refuses what does not fit.
//
//	Duration        5s, 1m30s, 500ms; bare numbers are refused
//	Size            10MiB, 512KB, 100B; bare numbers are refused
//	Secret          text that is never printed
//	event.Path      a field reference
//	[]event.Path    a list of them
//	event.Template  text with %{references}, dates in the pipeline's zone
//	Codec           a codec's name, or a map with one key: {json: {target: x}}
//	Pairs[T]        a map with the order of its keys kept; T is any of the option types or event.Value
//	event.Value     any YAML value
//	*T              T, or nil where the option is not set
//	struct          a nested map of options

// Duration is a length of time, written with a unit.
type Duration time.Duration

// D returns d as a time.Duration.
func (d Duration) D() time.Duration { return time.Duration(d) }

// String writes the duration as it is written in YAML: 1m, not 1m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Size is a number of bytes, written with a unit.
type Size int64

var sizeUnits = []struct {
	name string
	n    int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// String writes the size with the largest unit that divides it.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if s != 0 && int64(s)%u.n == 0 {
			return fmt.Sprintf("%d%s", int64(s)/u.n, u.name)
		}
	}
	return fmt.Sprintf("%dB", int64(s))
}

// Secret is text that must not be shown: every way of printing it prints stars.
type Secret string

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

const redacted = "********"

// String returns stars, or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps %#v from showing the text.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps encoders from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Pair is one entry of a map option.
type Pair[T any] struct {
	Key   string
	Value T
}

// Pairs is a map option in the order in which it was written. Keys are unique.
type Pairs[T any] []Pair[T]

// Codec is a codec option: what to build decoders and encoders with.
type Codec struct {
	Name  string
	Built *BuiltCodec // nil until config has built it
}

// CodecNamed is the default value of a codec option.
func CodecNamed(name string) Codec { return Codec{Name: name} }

// Decoder returns a new decoder, or an error when the codec only encodes.
func (c Codec) Decoder() (Decoder, error) {
	if c.Built == nil || c.Built.NewDecoder == nil {
		return nil, fmt.Errorf("codec %q cannot decode", c.Name)
	}
	return c.Built.NewDecoder(), nil
}

// Encoder returns a new encoder, or an error when the codec only decodes.
func (c Codec) Encoder() (Encoder, error) {
	if c.Built == nil || c.Built.NewEncoder == nil {
		return nil, fmt.Errorf("codec %q cannot encode", c.Name)
	}
	return c.Built.NewEncoder(), nil
}
