package event

import (
	"bufio"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

// refusedTemplates are those that Logstash finds out about event by event, and Sluice when it reads the
// configuration.
var refusedTemplates = map[string]string{
	"%{{ISO8601}}": "no pattern letter: Logstash tags each event _mutate_error",
}

// TestGolden compares templates with what a real Logstash made of them.
func TestGolden(t *testing.T) {
	file, err := os.Open("testdata/sprintf.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	compared := 0
	for lines.Scan() {
		v, err := ParseJSON([]byte(lines.Text()))
		if err != nil {
			t.Fatal(err)
		}
		c := Event{Fields: *v.Map()}
		text, ok := at1(t, &c, "[filters][0][mutate][add_field][r]").AsString()
		if !ok || text == "${f}" { // that one is the configuration's, which refuses it
			continue
		}
		tmpl, err := ParseTemplate(text, nil)
		if reason, refused := refusedTemplates[text]; refused != (err != nil) {
			t.Errorf("%s: %v; expected refusal: %v %s", text, err, refused, reason)
		}
		if err != nil {
			continue
		}
		compared += golden(t, &c, &tmpl)
	}
	if compared < 200 {
		t.Errorf("only %d events compared", compared)
	}
}

func golden(t *testing.T, c *Event, tmpl *Template) int {
	t.Helper()
	wants := at1(t, c, "want").List()
	for i, in := range at1(t, c, "events").List() {
		var e Event
		e.Time = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
		if err := e.SetFields(*in.Map()); err != nil {
			t.Fatal(err)
		}
		e.Fields.Add("@version", StringOf("1"))
		want, _ := wants[i].Map().Get("r")
		if got := tmpl.Expand(&e); got != want.Str() {
			t.Errorf("%s of %s: got %q, want %q", tmpl, in.AppendJSON(nil), got, want.Str())
		}
	}
	return len(wants)
}

func at1(t *testing.T, e *Event, path string) Value {
	t.Helper()
	p := MustPath(path)
	v, ok := p.Get(e)
	if !ok {
		t.Fatalf("no %s in %s", path, e.AppendJSON(nil))
	}
	return v
}

func sample() *Event {
	return &Event{
		Time: time.Date(2024, 12, 30, 15, 4, 5, 678e6, time.UTC),
		Fields: Fields{
			{"s", StringOf("text")},
			{"i", IntOf(-7)},
			{"f", FloatOf(12.5)},
			{"t", BoolOf(true)},
			{"n", Value{}},
			{"list", ListOf(StringOf("a"), Value{}, ListOf(IntOf(1), IntOf(2)), FloatOf(1e20))},
			{"map", MapOf(&Fields{{"x", IntOf(1)}, {"y", FloatOf(1e20)}})},
			{"when", TimeOf(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))},
			{"inf", FloatOf(math.Inf(-1))},
			{"nan", FloatOf(math.NaN())},
		},
		Meta: Fields{{"index", StringOf("logs")}},
	}
}

func TestTemplate(t *testing.T) {
	berlin := time.FixedZone("UTC+1", 3600)
	f := func(text, want string, loc *time.Location) {
		t.Helper()
		tmpl, err := ParseTemplate(text, loc)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		e := sample()
		if got := tmpl.Expand(e); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
		got, err := tmpl.Append([]byte(">"), e)
		missing := strings.Contains(want, "%{")
		if missing && (!errors.Is(err, ErrMissing) || string(got) != ">") {
			t.Errorf("%s: strict: got %q, %v, want ErrMissing", text, got, err)
		}
		if !missing && (err != nil || string(got) != ">"+want) {
			t.Errorf("%s: strict: got %q, %v", text, got, err)
		}
	}
	f("", "", nil)
	f("plain } text {", "plain } text {", nil)
	f("%{s}-%{[s]}", "text-text", nil)
	f("%{i}%{f}%{t}", "-712.5true", nil)
	f("<%{n}>", "<%{n}>", nil) // null is missing
	f("%{list}", "a,,1,2,1.0E20", nil)
	f("%{[list][0]}%{[list][-1]}", "a1.0E20", nil)
	f("%{[list][9]}", "%{[list][9]}", nil)
	f("%{map}", `{"x":1,"y":1.0E20}`, nil)
	f("%{when} %{inf} %{nan}", "2020-01-01T00:00:00.000Z -Infinity NaN", nil)
	f("%{[@metadata][index]}", "logs", nil)
	f("%{[@metadata][nope]}", "%{[@metadata][nope]}", nil)
	f("%{@timestamp}", "2024-12-30T15:04:05.678Z", nil)
	f("%{+yyyy.MM.dd} %{+%s}", "2024.12.30 1735571045", nil)
	f("%{+HH}", "16", berlin)
	f("%{+xxxx.ww}", "2025.01", nil)
	f("%{{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}}", "2024-12-30T15:04:05.678Z", nil)
	f("%{{uuuu/MMM/d EEE EEEE h a K k D ''}}", "2024/Dec/30 Mon Monday 3 PM 3 15 365 '", nil)
	f("%{{HH:mm xxx Z xx}}", "16:04 +01:00 +0100 +0100", berlin)
	f("%{{'it''s' yy}}", "it's 24", nil)
	f("a %{{yyyy}}}", "a 2024}", nil)
}

// TestTemplateOpen checks texts in which nothing is closed: they stand for themselves, as in Logstash.
func TestTemplateOpen(t *testing.T) {
	for _, text := range []string{"%{", "a%{f", "%", "%%{", "}{", "%{[a]"} {
		tmpl, err := ParseTemplate(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !tmpl.IsConst() || tmpl.Expand(sample()) != text {
			t.Errorf("%s: got %q", text, tmpl.Expand(sample()))
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := ParseTemplate(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	f("%{}", "empty field reference")
	f("x%{[a}", "not closed")
	f("%{a]}", "outside brackets")
	f("%{+}", "no date pattern")
	f("%{+yyyyb}", "unknown letter")
	f("%{{}}", "no date pattern")
	f("%{{ISO8601}}", `letter 'I' is not supported`)
	f("%{{YYYY}}", `letter 'Y' is not supported`)
	f("%{{ww}}", `letter 'w' is not supported`)
	f("%{{yyyy[-MM]}}", `'[' at 5 is not supported`)
	f("%{{MMMMM}}", "too many letters")
	f("%{{ssn}}", "write SSSSSSSSS")
	f("%{{yyyy'x}}", "java.time pattern")
	f("%{{HH z}}", `letter 'z' is not supported`)
	f("%{{HH ZZZZ}}", "zone ZZZZ is not supported")
	if _, err := ParseTemplate("%{{XXX}}", time.FixedZone("CET", 3600)); err == nil || !strings.Contains(err.Error(), "in CET") {
		t.Errorf("XXX outside of UTC: %v", err)
	}
}

func TestTemplateQuestions(t *testing.T) {
	f := func(text string, isConst, dateOnly, clock bool, dates ...string) {
		t.Helper()
		tmpl := MustTemplate(text)
		if tmpl.IsConst() != isConst || tmpl.DateOnly() != dateOnly || tmpl.UsesClock() != clock {
			t.Errorf("%s: const %v, date only %v, clock %v", text, tmpl.IsConst(), tmpl.DateOnly(), tmpl.UsesClock())
		}
		if strings.Join(tmpl.Dates(), "|") != strings.Join(dates, "|") {
			t.Errorf("%s: dates %q", text, tmpl.Dates())
		}
		if tmpl.String() != text || tmpl.Location() != time.UTC {
			t.Errorf("%s: String %q, Location %v", text, tmpl.String(), tmpl.Location())
		}
	}
	f("logs", true, true, false)
	f("logs-%{+yyyy.MM.dd}", false, true, false, "yyyy.MM.dd")
	f("logs-%{+yyyy.MM.dd.HH}", false, false, false, "yyyy.MM.dd.HH")
	f("logs-%{{yyyy}}", false, true, false, "yyyy")
	f("%{type}-%{+yyyy}", false, false, false, "yyyy")
	f("%{+%s}", false, false, false)
	f("%{{TIME_NOW}}", false, false, true)
}

func TestTemplateWithoutTime(t *testing.T) {
	tmpl := MustTemplate("%{+yyyy} %{@timestamp} %{+%s}")
	var e Event
	if got := tmpl.Expand(&e); got != tmpl.String() {
		t.Errorf("got %q", got)
	}
	if _, err := tmpl.Append(nil, &e); !errors.Is(err, ErrMissing) {
		t.Errorf("got %v", err)
	}
}

func TestTimeNow(t *testing.T) {
	tmpl := MustTemplate("%{{TIME_NOW}}")
	before := time.Now()
	now, ok := ParseTime(tmpl.Expand(&Event{}))
	if !ok || now.Before(before) || now.After(time.Now()) {
		t.Errorf("got %v, %v", now, ok)
	}
}

func FuzzParseTemplate(f *testing.F) {
	for _, s := range []string{"%{a}", "%{[a][b]}x", "%{+yyyy}", "%{{yyyy'x'}}", "%{{TIME_NOW}}", "%{", "}%{}{", "%{[[a][b]][c]}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tmpl, err := ParseTemplate(s, nil)
		if err != nil {
			return
		}
		var e Event // all references lead nowhere: the text stays, but for the clock
		if got := tmpl.Expand(&e); got != s && !tmpl.UsesClock() {
			t.Errorf("%q became %q", s, got)
		}
		tmpl.Expand(sample())
	})
}
