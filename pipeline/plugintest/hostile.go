package plugintest

import (
	"math"
	"strings"
	"time"

	"sluice/pipeline/event"
)

// Sizes of what is hostile by its size.
const (
	hugeText   = 10 << 20 // given once in a suite: it takes long
	longText   = 64 << 10
	deepLevels = 200
	manyFields = 1000
)

// HostileValues returns values that a field of a log event may have and no plugin may stumble over.
func HostileValues() []event.Value {
	s := event.StringOf
	return []event.Value{
		{},
		s(""), s(" "), s("\x00"), s("a\x00b"), s("\xff\xfe\xc3\x28"), s("\xe2\x82"), s("\u2028 \u202e \ufeff"),
		s("%{message} %{+yyyy} %{[a}"), s("[a][b]"), s("][["), s("line 1\nline 2\r\n\tline 3\r"), s(`"\`), s("{}[]:,&*!|>'%@`"),
		s("99999999999999999999999999"), s("-0"), s("1e400"), s("0x10"), s("true"), s("NaN"),
		s("2026-02-30T25:61:61.999999999+99:99"), s("Feb 29 23:59:60"), s("日本語 ünï 🙂 \U0010ffff"),
		event.IntOf(0), event.IntOf(math.MinInt64), event.IntOf(math.MaxInt64),
		event.FloatOf(math.NaN()), event.FloatOf(math.Inf(-1)), event.FloatOf(math.MaxFloat64), event.FloatOf(math.Copysign(0, -1)),
		event.BoolOf(true), event.BoolOf(false),
		event.TimeOf(time.Time{}), event.TimeOf(time.Unix(1_700_000_000, 1)), event.TimeOf(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)),
		event.ListOf(), event.ListOf(event.Value{}), event.ListOf(s("a"), event.IntOf(1), event.ListOf(s("b")), event.MapOf(&event.Fields{})),
		event.MapOf(&event.Fields{}), event.MapOf(&event.Fields{{Name: "", Value: s("no name")}, {Name: "a.b", Value: s("dot")}, {Name: "[x]", Value: event.Value{}}}),
		deep(), s(strings.Repeat("x", longText)),
	}
}

// deep returns maps and lists within each other.
func deep() event.Value {
	v := event.StringOf("bottom")
	for i := range deepLevels {
		if i%2 == 0 {
			v = event.ListOf(v)
		} else {
			v = event.MapOf(&event.Fields{{Name: "a", Value: v}})
		}
	}
	return v
}

// hostile appends events in which each of the named fields has each hostile value, and some that are strange as
// a whole. Each refers to an ack of its own, made by ack.
func hostile(b *event.Batch, fields []string, ack func() *event.Ack) {
	if len(fields) == 0 {
		fields = []string{event.MessageField}
	}
	b.Now = now()
	values := HostileValues()
	add := func(f event.Fields) *event.Event {
		a := ack()
		e := b.Append(a)
		a.Seal()
		e.Fields = append(e.Fields, f...)
		return e
	}
	for _, name := range fields {
		p := event.MustPath(name)
		for _, v := range values {
			_ = p.Set(add(nil), v.Clone()) // @timestamp takes only times
		}
	}
	add(nil)
	add(nil).Time = time.Time{}
	for _, tags := range []event.Value{event.StringOf("one"), event.IntOf(7), event.MapOf(&event.Fields{}), event.ListOf(event.IntOf(1))} {
		add(event.Fields{{Name: event.TagsField, Value: tags}, {Name: event.MessageField, Value: event.StringOf("tagged")}})
	}
	wide := add(nil)
	for i := range manyFields {
		wide.Fields.Add("field"+string(rune('a'+i%26))+strings.Repeat("x", i/26), event.IntOf(int64(i)))
	}
	odd := add(event.Fields{{Name: "", Value: event.StringOf("no name")}, {Name: "[a][b]", Value: event.IntOf(1)}, {Name: "ключ\xff", Value: event.StringOf("v")}})
	odd.Meta = event.Fields{{Name: "x", Value: event.StringOf("meta")}}
	odd.ID = event.ID{Stream: math.MaxUint64, Offset: 1<<48 - 1, Hash: math.MaxUint32, Part: math.MaxUint32}
}

// huge appends one event with a line of 10 MB.
func huge(b *event.Batch, fields []string, ack func() *event.Ack) {
	name := event.MessageField
	if len(fields) > 0 {
		name = fields[0]
	}
	p := event.MustPath(name)
	a := ack()
	e := b.Append(a)
	a.Seal()
	_ = p.Set(e, event.StringOf(strings.Repeat("long line ", hugeText/10))) // @timestamp takes only times
}

// HostileBytes returns bodies that a decoder may be given. Each call makes them anew.
func HostileBytes() [][]byte {
	texts := []string{
		"", "\n", "\r\n", "\n\n\n", " ", "\x00", "\xff\xfe\xfd", "plain text", "no end", "one\ntwo\n", "one\r\ntwo", "\xef\xbb\xbfbom\n",
		"{}", "[]", "null", "1", `"text"`, `{"a":1}`, `{"a":1}` + "\n" + `{"a":2}` + "\n", `{"a":`, `{"a":1}}`, `{"a":1} x`, `[{"a":1},2,[3],null]`,
		`{"":""}`, `{"a":1,"a":2}`, `{"@timestamp":"never"}`, `{"@timestamp":5}`, `{"@metadata":"text"}`, `{"tags":{}}`, `{"message":{"a":1}}`,
		`{"a":"\ud800"}`, `{"a":"\u0000"}`, "{\"a\":\"\xff\"}", `{"n":1e999}`, `{"n":123456789012345678901234567890}`,
		strings.Repeat("[", deepLevels*100), strings.Repeat(`{"a":`, deepLevels*100), "SLC1", "\x1f\x8b\x08\x00", "\x28\xb5\x2f\xfd",
		"日本語 🙂\n", strings.Repeat("y", hugeText), `{"a":"` + strings.Repeat("z", hugeText) + `"}`,
	}
	bodies := make([][]byte, len(texts))
	for i, s := range texts {
		bodies[i] = []byte(s)
	}
	return bodies
}
