package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/pipeline/event"
	"sluice/pipeline/plugin"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// lines is a codec that writes the message and a newline and refuses "bad".
type lines struct{}

func (lines) AppendEvent(dst []byte, e *event.Event) ([]byte, error) {
	v, _ := e.Fields.Get(event.MessageField)
	if v.Str() == "bad" {
		return dst, fmt.Errorf("found %q", "bad")
	}
	return append(append(dst, v.Text()...), '\n'), nil
}

func linesCodec() plugin.Codec {
	return plugin.Codec{Name: "lines", Built: &plugin.BuiltCodec{NewEncoder: func() plugin.Encoder { return lines{} }}}
}

// built builds the output as a configuration would.
func built(set func(*Config)) (*plugin.BuiltOutput, *plugin.Problems) {
	spec := Plugin()
	c := spec.Defaults()
	conf := c.(*Config)
	conf.Codec = linesCodec()
	set(conf)
	problems := &plugin.Problems{}
	b, err := spec.Build([]any{c}, plugin.Env{Problems: problems})
	if err != nil {
		problems.Errorf("", "%v", err)
		return nil, problems
	}
	return b.(*plugin.BuiltOutput), problems
}

func open(tb testing.TB, lanes int, path string, set func(*Config)) *output {
	tb.Helper()
	b, problems := built(func(c *Config) {
		c.Path = event.MustTemplate(path)
		if set != nil {
			set(c)
		}
	})
	if problems.Failed() {
		tb.Fatalf("problems: %v", problems.List)
	}
	out, err := b.Start(tb.Context(), lanes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = out.Close(tb.Context()) })
	return out.(*output)
}

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// texts makes an event of each message, with a field "to" of what follows an @.
func texts(messages ...string) []*event.Event {
	list := make([]*event.Event, len(messages))
	for i, m := range messages {
		text, to, _ := strings.Cut(m, "@")
		e := &event.Event{Time: day, Observed: day}
		e.Fields.Add("message", event.StringOf(text))
		if to != "" {
			e.Fields.Add("to", event.StringOf(to))
		}
		list[i] = e
	}
	return list
}

// outcomes writes events and says what became of each.
func outcomes(tb testing.TB, out plugin.Output, lane int, list []*event.Event) []string {
	tb.Helper()
	v := event.NewView(lane, list)
	err := out.Write(tb.Context(), v)
	told := make([]string, len(list))
	for i := range told {
		switch o := v.Outcome(i, err); o.Kind {
		case event.Done:
			told[i] = "done"
		case event.ToRetry:
			told[i] = fmt.Sprintf("retry: %v", o.Err)
		case event.Refused:
			told[i] = fmt.Sprintf("reject: %v", o.Err)
		default:
			tb.Fatalf("event %d: outcome %v", i, o.Kind)
		}
	}
	return told
}

// must fails the test when an event was not delivered.
func must(tb testing.TB, out plugin.Output, list []*event.Event) {
	tb.Helper()
	for i, s := range outcomes(tb, out, 0, list) {
		if s != "done" {
			tb.Errorf("event %d: %s", i, s)
		}
	}
}

// content returns what a file holds, inflated if its name ends in .gz.
func content(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return string(b)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return string(all)
}

// under returns the paths of all files below a folder.
func under(tb testing.TB, dir string) []string {
	tb.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// foreignMember is a gzip member as other programs write it.
func foreignMember(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ctx is for the child process, which has no test.
func ctx() context.Context { return context.Background() }

// appended returns dst with one of our gzip members behind it.
func appended(tb testing.TB, dst, records []byte) []byte {
	tb.Helper()
	var c compressor
	m, err := c.member(records)
	if err != nil {
		tb.Fatal(err)
	}
	return append(dst, m...)
}
