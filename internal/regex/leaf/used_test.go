package leaf_test

import (
	"strings"
	"testing"

	"sluice/internal/regex/corpus"
	"sluice/internal/regex/fast"
	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
	"sluice/patterns"
)

// TestUsed sees that the usual expressions really have the functions in them: a pattern, or the simplifier, may change in
// such a way that what is left of a pattern in an expression is another automaton.
func TestUsed(t *testing.T) {
	want := map[string]string{
		"apache": "IPOrHost HTTPDate HTTPUser Number", "nginx": "IPOrHost HTTPDate Number", "syslog": "SyslogTimestamp IPOrHost TimestampISO8601",
		"haproxy": "SyslogTimestamp IPOrHost IP HAProxyDate", "log4j": "TimestampISO8601 LogLevelBeforeClass", "pg": "TimestampISO8601 TZ",
	}
	hashes := map[string]string{}
	var c leaf.Cache
	for _, src := range sources(t) {
		d, _ := c.Build(src.Node, src.Mode)
		hashes[src.Name] = d.Hash()
	}
	lib := patterns.NewLibrary(true)
	for _, f := range corpus.Formats() {
		x, err := lib.Expand(f.Grok, true)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := syntax.Parse(x.Text, syntax.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := fast.Compile(tree)
		if err != nil {
			t.Fatal(err)
		}
		dump := p.Dump()
		for name := range strings.FieldsSeq(want[f.Name]) {
			if !strings.Contains(dump, hashes[name]) {
				t.Errorf("%s: found no automaton of %s in the program", f.Name, name)
			}
		}
	}
}
