package cli

import (
	"bytes"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzCase reads any text as a case file; what is written after an update must read as the same case.
func FuzzCase(f *testing.F) {
	f.Add("name\n-- fields --\n{\"a\":1}\n-- in --\nline\n-- want --\n{\"a\":1}\n")
	f.Add("-- config --\nfilters: []\n-- now --\n2026-01-01T00:00:00Z\n-- message --\nx\n-- want --\n")
	f.Add("-- events --\n{}\n{\"@timestamp\":\"x\"}\n-- pipeline --\nmain\n-- input --\nx\n-- want --\n{\"x\":[null]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCase("a.txtar", []byte(text))
		if err != nil {
			if c != nil || err.Error() == "" {
				t.Errorf("case %v, error %q", c, err)
			}
			return
		}
		c.golden.padded()
		c.golden.setWant(c.want)
		again, err := parseCase("a.txtar", txtar.Format(c.golden.archive))
		if err != nil {
			t.Fatalf("after an update: %v", err)
		}
		if len(again.want) != len(c.want) || again.name != c.name || !bytes.Equal(again.lines, c.lines) {
			t.Errorf("%q became %q", text, txtar.Format(c.golden.archive))
		}
		for i := range c.want {
			if !c.want[i].Equal(again.want[i]) {
				t.Errorf("event %d: %s became %s", i, c.want[i].AppendJSON(nil), again.want[i].AppendJSON(nil))
			}
		}
	})
}

func TestBelongs(t *testing.T) {
	f := func(name, base string, want bool) {
		t.Helper()
		if got := belongs(name, base); got != want {
			t.Errorf("belongs(%q, %q) = %v", name, base, got)
		}
	}
	f("reader.txtar", "reader", true)
	f("reader_x.txtar", "reader", true)
	f("reader-x.txtar", "reader", true)
	f("reader.x.txtar", "reader", true)
	f("readers.txtar", "reader", false)
	f("shipper.txtar", "reader", false)
	f("reader", "reader", false)
}
