package multiline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func indented(line []byte) bool { return len(line) > 0 && line[0] == ' ' }

// join applies a joiner to lines and writes one event per line: its lines joined by "|", with a mark where
// it is the rest of another ("+") and where it was closed while it waited for a line (">").
func join(r *Rule, lines []string) []string {
	j := New(r)
	var out []string
	for _, l := range lines {
		waited := j.Waiting()
		switch p := j.Add([]byte(l)); {
		case p == Joins:
			out[len(out)-1] += "|" + l
			continue
		case p.Cut():
			if waited {
				out[len(out)-1] += ">"
			}
			l = "+" + l
		}
		out = append(out, l)
	}
	if j.Waiting() {
		out[len(out)-1] += ">"
	}
	return out
}

func TestJoin(t *testing.T) {
	f := func(r Rule, in, want string) {
		t.Helper()
		r.Match = indented
		var lines []string
		if in != "" {
			lines = strings.Split(in, ",")
		}
		if got := strings.Join(join(&r, lines), ","); got != want {
			t.Errorf("%+v of %q:\ngot  %q\nwant %q", r, in, got, want)
		}
	}
	f(Rule{}, "", "")
	f(Rule{}, "a, b, c,d,e, f", "a| b| c,d,e| f")
	f(Rule{}, " a, b,c", "+ a| b,c")
	f(Rule{}, ",,", ",,")
	f(Rule{Negate: true}, " a,b,c, d, e,f", " a|b|c, d, e|f")
	f(Rule{What: Next}, " a, b,c,d, e", " a| b|c,d, e>")
	f(Rule{What: Next, Negate: true}, "a,b, c, d,e", "a|b| c, d,e>")
	f(Rule{MaxLines: 2}, "a, b, c, d, e,f", "a| b,+ c| d,+ e,f")
	f(Rule{MaxLines: 1}, "a, b,c", "a,+ b,c")
	f(Rule{MaxBytes: 5}, "aa, b, c,ddddddd, e", "aa| b,+ c,ddddddd,+ e")
	f(Rule{What: Next, MaxLines: 2}, " a, b, c,d", " a| b>,+ c|d")
	f(Rule{What: Next, MaxBytes: 4}, " a,b, ccccc,d", " a|b, ccccc>,+d")
}

func TestClose(t *testing.T) {
	j := New(&Rule{Match: indented})
	j.Add([]byte("a"))
	if !j.Open() || j.Lines() != 1 || j.Bytes() != 1 {
		t.Errorf("after one line: open %v, %d lines, %d bytes", j.Open(), j.Lines(), j.Bytes())
	}
	j.Close()
	if j.Open() {
		t.Error("open after Close")
	}
	if p := j.Add([]byte(" b")); p != Orphan || !p.Cut() {
		t.Errorf("a line that belongs to one before the Close: got %d, want Orphan", p)
	}
}

// obvious joins lines by looking at all of them: an event ends where the next line does not belong to the one
// before it, or does not fit.
func obvious(r *Rule, lines []string) []string {
	bound := func(i int) bool { // line i belongs to line i-1
		if i == 0 {
			return false
		}
		if r.What == Next {
			return r.Marked([]byte(lines[i-1]))
		}
		return r.Marked([]byte(lines[i]))
	}
	var out []string
	for i := 0; i < len(lines); {
		n, size := 1, len(lines[i])
		for i+n < len(lines) && bound(i+n) && n < r.MaxLines && size+1+len(lines[i+n]) <= r.MaxBytes {
			size += 1 + len(lines[i+n])
			n++
		}
		e := strings.Join(lines[i:i+n], "|")
		if bound(i) || i == 0 && r.What == Previous && r.Marked([]byte(lines[0])) {
			e = "+" + e
		}
		if r.What == Next && r.Marked([]byte(lines[i+n-1])) {
			e += ">"
		}
		out = append(out, e)
		i += n
	}
	return out
}

func FuzzJoin(f *testing.F) {
	f.Add([]byte("a\n b\n c\nd"), uint8(0), uint8(3), uint8(9))
	f.Add([]byte(" a\nb\n\n\n c"), uint8(3), uint8(1), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, kind, maxLines, maxBytes uint8) {
		r := &Rule{
			Match: indented, Negate: kind&1 != 0, What: What(kind >> 1 & 1),
			MaxLines: int(maxLines) + 1, MaxBytes: int(maxBytes) + 1,
		}
		var lines []string
		for l := range bytes.SplitSeq(text, []byte("\n")) {
			lines = append(lines, string(l))
		}
		got, want := fmt.Sprintf("%q", join(r, lines)), fmt.Sprintf("%q", obvious(r, lines))
		if got != want {
			t.Errorf("%+v:\ngot  %s\nwant %s", r, got, want)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	line := []byte("  File \"/srv/app/main.py\", line 17, in handle")
	j := New(&Rule{Match: indented, MaxLines: DefaultMaxLines, MaxBytes: DefaultMaxBytes})
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		j.Add(line)
	}
}
