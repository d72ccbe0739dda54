package pack

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// record is a segment with its frames.
type record struct {
	Segment
	Frames []Frame
}

// write packs records.
func write(tb testing.TB, level string, records []record) string {
	tb.Helper()
	w, err := NewWriter(level)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range records {
		w.Begin(&records[i].Segment)
		for k := range records[i].Frames {
			w.Add(&records[i].Frames[k])
		}
	}
	body, err := w.AppendBody(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return string(body)
}

// read unpacks a body.
func read(body string) ([]record, error) {
	r, err := NewReader()
	if err != nil {
		return nil, err
	}
	return readWith(r, body)
}

func readWith(r *Reader, body string) ([]record, error) {
	m, err := r.Open(body)
	if err != nil {
		return nil, err
	}
	var records []record
	for {
		var x record
		if !m.Segment(&x.Segment) {
			return records, nil
		}
		for want := m.Left(); want > 0; want-- {
			if m.Left() != want {
				return nil, fmt.Errorf("%d frames are left, expected %d", m.Left(), want)
			}
			var f Frame
			if !m.Next(&f) {
				return nil, errors.New("a frame is missing")
			}
			x.Frames = append(x.Frames, f)
		}
		records = append(records, x)
	}
}

// same compares records as people see them: nil and empty are the same.
func same(a, b []record) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }

func randomRecords(dice *rand.Rand) []record {
	var records []record
	text := func() []byte { return bytes.Repeat([]byte{byte(dice.IntN(256))}, dice.IntN(200)) }
	for i := range 1 + dice.IntN(4) {
		x := record{Segment: Segment{Stream: dice.Uint64(), Offset: dice.Int64N(1 << 48), Time: dice.Int64(), Fields: []Field{
			{Name: "message", Slot: Text},
			{Name: "host", Slot: Value, JSON: []byte(`"web1"`)},
			{Name: "log", Slot: Map, Map: []Field{{Name: "offset", Slot: Offset}, {Name: "stream", Slot: Stream}}},
		}}}
		if i > 0 && dice.IntN(2) == 0 {
			x.Stream, x.Joined = records[i-1].Stream, true
		}
		offset, at := x.Offset, x.Time
		for range 1 + dice.IntN(30) {
			f := Frame{Text: text(), Offset: offset, Time: at, Last: dice.IntN(3) == 0}
			if dice.IntN(4) == 0 {
				f.HasHash, f.Hash = true, dice.Uint32()
			}
			if dice.IntN(4) == 0 {
				f.When, f.Seconds, f.Nanos = WhenOwn, dice.Int64()-dice.Int64(), uint32(dice.IntN(1e9))
			}
			if dice.IntN(9) == 0 {
				f.When, f.Seconds, f.Nanos = WhenNone, 0, 0
			}
			if dice.IntN(9) == 0 {
				f.Part, f.Fields, f.Meta = dice.Uint32()|1, []byte(`{"a":1}`), []byte(`{}`)
			}
			x.Frames = append(x.Frames, f)
			offset += int64(len(f.Text)) + dice.Int64N(3)
			at += dice.Int64N(1000) - 500
		}
		records = append(records, x)
	}
	return records
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(60) {
		records := randomRecords(rand.New(rand.NewPCG(seed, 0)))
		level := Levels()[seed%uint64(len(Levels()))]
		body := write(t, level, records)
		got, err := read(body)
		if err != nil || !same(records, got) {
			t.Fatalf("seed %d, level %s: %v\n%+v\nbecame\n%+v", seed, level, err, records, got)
		}
		h, err := ReadHeader(body)
		events := 0
		for _, x := range records {
			events += len(x.Frames)
		}
		if err != nil || h.Events != events {
			t.Errorf("seed %d: header %+v, %v; the message has %d events", seed, h, err, events)
		}
		for _, c := range []byte(body) {
			if c <= ' ' || c > '~' {
				t.Fatalf("seed %d: the body has the byte %#x", seed, c)
			}
		}
	}
}

// TestCutMessages cuts messages at many places, and changes many bytes: no panic, and never more than the whole.
func TestCutMessages(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 0))
	records := randomRecords(dice)
	r, err := NewReader()
	if err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"none", "fastest"} {
		body := write(t, level, records)
		for i := 0; i < len(body); i += 1 + dice.IntN(20) {
			if _, err := readWith(r, body[:i]); err == nil {
				t.Fatalf("level %s: the first %d of %d bytes are a message", level, i, len(body))
			}
		}
		bin, _ := base64.StdEncoding.DecodeString(body[len(magic):])
		for i := 0; i < len(bin); i += 1 + dice.IntN(20) {
			changed := bytes.Clone(bin)
			changed[i] ^= 0x55
			got, err := readWith(r, magic+base64.StdEncoding.EncodeToString(changed))
			if err == nil && level != "none" && !same(got, records) {
				t.Errorf("level %s: a change of byte %d of %d is not noticed", level, i, len(bin))
			}
		}
	}
}

func message(flags byte, raw, events uint64, payload []byte) string {
	bin := binary.AppendUvarint(binary.AppendUvarint([]byte{flags}, raw), events)
	return magic + base64.StdEncoding.EncodeToString(append(bin, payload...))
}

func TestErrors(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := enc.EncodeAll(make([]byte, 2*MaxRaw), nil)
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	segment := func(b ...byte) []byte { return append([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0}, b...) }
	raw := func(events uint64, b []byte) string { return message(0, uint64(len(b)), events, b) }
	f := func(body, want string) {
		t.Helper()
		_, err := read(body)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want %q", body, err, want)
		}
	}
	f("", ErrNotPacked.Error())
	f("{}", ErrNotPacked.Error())
	f("sluice:", ErrNotPacked.Error())
	f("sluice12345:", ErrNotPacked.Error())
	f("sluice2:AAAA", "packed message of version 2: this program reads version 1")
	f(magic, "found 0 bytes, expected flags and two numbers")
	f(magic+"AA=A", "illegal base64 data")
	f(message(2, 0, 0, nil), "unknown flags 0x2")
	f(message(0, MaxRaw+1, 0, nil), "found 33554433 raw bytes, expected at most 33554432")
	f(message(0, 8, 3, make([]byte, 8)), "found 3 events in 8 bytes, expected at most 2")
	f(message(0, 9, 0, make([]byte, 8)), "found 8 raw bytes, expected 9 as its header says")
	f(message(flagZstd, 8, 0, []byte("nothing")), "inflate packed message of 7 bytes into 8")
	f(message(flagZstd, 1000, 0, bomb), "inflate packed message of")
	f(message(flagZstd, MaxRaw, 0, bomb), "inflate packed message of")
	f(raw(1, segment(0, 1, 3, 0, 0, 0)[:15]), "segment 0: the message ends within it")
	f(raw(0, segment(0, 0, 0)), "segment 0: found 0 frames in 0 bytes, expected 1 to 0")
	f(raw(2, segment(0, 2, 3, 0, 0, 0)), "segment 0: found 2 frames in 3 bytes, expected 1 to 1")
	f(raw(1, segment(0, 1, 4, 0, 0, 0, 9)), "segment 0: found 1 bytes behind its last frame")
	f(raw(1, segment(0, 1, 3, 8, 0, 0)), "segment 0, frame 0: the message ends within it")
	f(raw(1, segment(0, 1, 3, 0, 1, 0)), "segment 0, frame 0: its offset is negative")
	f(raw(1, segment(0, 1, 4, frameMore, 0, 0, 0x80)), "frame 0: unknown flags 0x80")
	f(raw(1, segment(0, 1, 4, frameMore, 0, 0, 3)), "frame 0: it has a time and says that it has none")
	f(raw(1, segment(0, 1, 5, frameMore, 0, 0, moreFields, 0)), "announces fields or metadata and has none")
	f(raw(1, segment(0, 1, 5, frameMore, 0, 0, morePart, 0)), "found part number 0")
	f(raw(0, segment(1, 9, 1, 'a', 1, 3, 0, 0, 0)), `field "a" has the unknown slot 9`)
	f(raw(2, segment(0, 1, 3, 0, 0, 0)), "found 1 events, expected 2 as the header says")
	f(raw(1, append([]byte{1}, segment(0, 1, 3, 0, 0, 0)[1:]...)), "it goes on with stream 0807060504030201")
	f(raw(1, append([]byte{2}, segment(0, 1, 3, 0, 0, 0)[1:]...)), "segment 0: unknown flags 0x2")
	deep := segment()
	for range maxDepth {
		deep = append(deep, 1, byte(Map), 1, 'a')
	}
	f(raw(0, append(deep, 0, 1, 3, 0, 0, 0)), "nested deeper than 16 levels")
	wide := append(segment(), 0xff, 0xff, 3) // 65,535 fields for each of 100 events
	wide = append(wide, bytes.Repeat([]byte{byte(Text), 0}, 65535)...)
	wide = append(append(wide, 100, 0xac, 2), make([]byte, 300)...)
	f(raw(100, wide), "its events have more than 4194304 fields in all")
}

func TestWriterRefusesWhatAReaderWould(t *testing.T) {
	w, err := NewWriter("fastest")
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(&Segment{})
	w.Add(&Frame{Text: make([]byte, MaxRaw)})
	if _, err := w.AppendBody(nil); err == nil {
		t.Error("a message larger than a reader takes was written")
	}
	w.Reset()
	w.Begin(&Segment{Fields: make([]Field, MaxFields/2)})
	for range 3 {
		w.Add(&Frame{})
	}
	if _, err := w.AppendBody(nil); err == nil {
		t.Error("a message with more fields than a reader takes was written")
	}
	if _, err := NewWriter("most"); err == nil {
		t.Error("an unknown level was taken")
	}
}

// TestWire holds the example of docs/wire.md, byte by byte.
func TestWire(t *testing.T) {
	records := []record{{
		Segment: Segment{
			Stream: 0x0123456789abcdef, Offset: 1000, Time: 1_700_000_000_000_000_000,
			Fields: []Field{
				{Name: "message", Slot: Text},
				{Name: "path", Slot: Value, JSON: []byte(`"/a.log"`)},
				{Name: "stream", Slot: Stream},
				{Name: "offset", Slot: Offset},
			},
		},
		Frames: []Frame{
			{Text: []byte("hi"), Offset: 1000, Time: 1_700_000_000_000_000_000},
			{Text: []byte("you"), Offset: 1004, Time: 1_700_000_000_000_000_001, Last: true},
		},
	}}
	body := write(t, "none", records)
	bin, err := base64.StdEncoding.DecodeString(body[len(magic):])
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(page), "## An example\n")
	if !ok || !strings.Contains(example, body+"\n") {
		t.Errorf("docs/wire.md has not the body\n%s", body)
	}
	var dump []byte
	for line := range strings.SplitSeq(example, "\n") {
		if hex, _, ok := strings.Cut(strings.TrimPrefix(line, "    "), "  "); ok && strings.HasPrefix(line, "    ") {
			for digits := range strings.FieldsSeq(hex) {
				b, err := strconv.ParseUint(digits, 16, 8)
				if err != nil {
					t.Fatalf("docs/wire.md: line %q: %v", line, err)
				}
				dump = append(dump, byte(b))
			}
		}
	}
	if !bytes.Equal(dump, bin) {
		t.Errorf("docs/wire.md explains\n% x\nthe message is\n% x", dump, bin)
	}
}

// plainly is docs/wire.md in the most obvious way: it reads a payload number by number.
func plainly(raw []byte, events uint64) (records []record, err error) {
	defer func() {
		if v := recover(); v != nil {
			records, err = nil, fmt.Errorf("%v", v)
		}
	}()
	must := func(ok bool) {
		if !ok {
			panic("not in the format")
		}
	}
	r := bytes.NewReader(raw)
	number := func() uint64 { v, err := binary.ReadUvarint(r); must(err == nil); return v }
	signed := func() int64 { v, err := binary.ReadVarint(r); must(err == nil); return v }
	octet := func() byte { v, err := r.ReadByte(); must(err == nil); return v }
	exactly := func(n uint64) []byte {
		must(n <= uint64(r.Len()))
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		must(err == nil)
		return b
	}
	var template func(depth int) []Field
	template = func(depth int) (fields []Field) {
		must(depth > 0)
		for n := number(); n > 0; n-- {
			f := Field{Slot: Slot(octet())}
			f.Name = string(exactly(number()))
			must(f.Slot < slots)
			if f.Slot == Value {
				f.JSON = exactly(number())
			}
			if f.Slot == Map {
				f.Map = template(depth - 1)
			}
			fields = append(fields, f)
		}
		return fields
	}
	total, fields := uint64(0), 0
	for r.Len() > 0 {
		var x record
		flags := octet()
		must(flags <= 1)
		x.Joined = flags == 1
		x.Stream = binary.LittleEndian.Uint64(exactly(8))
		must(!x.Joined || len(records) > 0 && records[len(records)-1].Stream == x.Stream)
		x.Offset, x.Time = int64(number()), signed()
		must(x.Offset >= 0)
		x.Fields = template(maxDepth)
		n, size := number(), number()
		must(size <= uint64(r.Len()) && n >= 1 && n <= size/minFrame)
		end := uint64(r.Len()) - size
		offset, at := x.Offset, x.Time
		for range n {
			var f Frame
			head := number()
			f.Offset, f.Time = offset+signed(), at+signed()
			must(f.Offset >= 0)
			f.Text = exactly(head >> 3)
			f.Last = head&1 != 0
			if f.HasHash = head&2 != 0; f.HasHash {
				f.Hash = binary.LittleEndian.Uint32(exactly(4))
			}
			if head&4 != 0 {
				more := octet()
				must(more < 32 && more&3 != 3)
				if more&1 != 0 {
					f.When, f.Seconds = WhenOwn, signed()
					nanos := number()
					must(nanos < 1e9)
					f.Nanos = uint32(nanos)
				}
				if more&2 != 0 {
					f.When = WhenNone
				}
				if more&4 != 0 {
					part := number()
					must(part > 0 && part < 1<<32)
					f.Part = uint32(part)
				}
				if more&8 != 0 {
					f.Fields = exactly(number())
					must(len(f.Fields) > 0)
				}
				if more&16 != 0 {
					f.Meta = exactly(number())
					must(len(f.Meta) > 0)
				}
			}
			must(uint64(r.Len()) >= end)
			if f.Fields == nil {
				fields += countFields(x.Fields)
			}
			offset, at = f.Offset+int64(len(f.Text))+1, f.Time
			x.Frames = append(x.Frames, f)
			total++
		}
		must(uint64(r.Len()) == end && fields <= MaxFields)
		records = append(records, x)
	}
	must(total == events)
	return records, nil
}

// FuzzOpen compares the reader with the obvious one, on payloads of any bytes.
func FuzzOpen(f *testing.F) {
	for seed := range uint64(8) {
		body := write(f, "none", randomRecords(rand.New(rand.NewPCG(seed, 0))))
		h, err := ReadHeader(body)
		if err != nil {
			f.Fatal(err)
		}
		bin, _ := base64.StdEncoding.DecodeString(body[len(magic):])
		f.Add(bin[h.size:], uint64(h.Events))
	}
	f.Fuzz(func(t *testing.T, raw []byte, events uint64) {
		if events > uint64(len(raw)) {
			return
		}
		want, wantErr := plainly(raw, events)
		got, err := read(message(0, uint64(len(raw)), events, raw))
		if (err == nil) != (wantErr == nil) || !same(got, want) {
			t.Errorf("read: %+v, %v\nplainly: %+v, %v", got, err, want, wantErr)
		}
	})
}

// FuzzBody gives the reader bodies of any text.
func FuzzBody(f *testing.F) {
	f.Add(write(f, "fastest", randomRecords(rand.New(rand.NewPCG(1, 0)))))
	f.Add(message(flagZstd, 10, 1, []byte("x")))
	f.Fuzz(func(t *testing.T, body string) {
		h, headErr := ReadHeader(body)
		records, err := read(body)
		events := 0
		for _, x := range records {
			events += len(x.Frames)
		}
		if err == nil && (headErr != nil || h.Events != events) {
			t.Errorf("header %+v, %v; the message has %d events", h, headErr, events)
		}
	})
}

func TestReaderKeepsItsMessages(t *testing.T) {
	r, err := NewReader()
	if err != nil {
		t.Fatal(err)
	}
	open := func(seed uint64) (*Message, []record) {
		records := randomRecords(rand.New(rand.NewPCG(seed, 0)))
		m, err := r.Open(write(t, "none", records))
		if err != nil {
			t.Fatal(err)
		}
		return m, records
	}
	first, want := open(1)
	for seed := range uint64(10) {
		open(seed)
	}
	var s Segment
	var f Frame
	if !first.Segment(&s) || !first.Next(&f) || !reflect.DeepEqual(f.Text, want[0].Frames[0].Text) {
		t.Error("a later message has changed an earlier one")
	}
}

func BenchmarkOpen(b *testing.B) {
	line := []byte(`10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a/path/to/something.html?id=12345 HTTP/1.1" 200 1234 "http://example.org/" "Mozilla/5.0"`)
	w, err := NewWriter("fastest")
	if err != nil {
		b.Fatal(err)
	}
	w.Begin(&Segment{Stream: 1, Fields: []Field{{Name: "message", Slot: Text}}})
	offset := int64(0)
	dice := rand.New(rand.NewPCG(1, 1))
	for w.Len() < 1<<20 {
		copy(line, fmt.Sprintf("%d.%d.%d.", 100+dice.IntN(100), 100+dice.IntN(100), 100+dice.IntN(100)))
		w.Add(&Frame{Text: line, Offset: offset})
		offset += int64(len(line)) + 1
	}
	bin, err := w.AppendBody(nil)
	if err != nil {
		b.Fatal(err)
	}
	r, err := NewReader()
	if err != nil {
		b.Fatal(err)
	}
	body := string(bin)
	var s Segment
	var f Frame
	b.SetBytes(int64(w.Len()))
	b.ReportAllocs()
	for b.Loop() {
		m, err := r.Open(body)
		if err != nil {
			b.Fatal(err)
		}
		for m.Segment(&s) {
			for m.Next(&f) {
			}
		}
	}
}
