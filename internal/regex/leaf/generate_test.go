package leaf_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sluice/internal/regex/leaf"
	"sluice/internal/regex/syntax"
	"sluice/patterns"
)

var update = flag.Bool("update", false, "write the generated files")

// leaves are the sub-expressions that are worth a function of their own: those in the expressions for the usual logs,
// where functions are faster than tables by more than a few nanoseconds a line.
var leaves = []struct {
	name, grok string
	mode       leaf.Mode
	numeric    bool   // begins with numbers more often than not
	before     string // mode First: of the ends that a byte of this class follows
}{
	{"IPOrHost", "IPORHOST", leaf.Ends, true, ""},
	{"IP", "IP", leaf.Ends, false, ""},
	{"IPv6", "IPV6", leaf.Ends, false, ""},
	{"IPv4", "IPV4", leaf.Ends, false, ""},
	{"Hostname", "HOSTNAME", leaf.Ends, false, ""},
	{"HTTPDate", "HTTPDATE", leaf.Ends, false, ""},
	{"HAProxyDate", "HAPROXYDATE", leaf.Ends, false, ""},
	{"SyslogTimestamp", "SYSLOGTIMESTAMP", leaf.Ends, false, ""},
	{"TimestampISO8601", "TIMESTAMP_ISO8601", leaf.Ends, false, ""},
	{"LogLevel", "LOGLEVEL", leaf.Ends, false, ""},
	{"LogLevelBeforeClass", "LOGLEVEL", leaf.First, false, `[\s$A-Z_a-z]`}, // as in %{LOGLEVEL}%{SPACE}%{JAVACLASS}
	{"HTTPUser", "HTTPDUSER", leaf.Ends, false, ""},
	{"TZ", "TZ", leaf.Ends, false, ""},
	{"JavaClass", "JAVACLASS", leaf.Ends, false, ""},
	{"Month", "MONTH", leaf.Ends, false, ""},
	{"Time", "TIME", leaf.Ends, false, ""},
	{"Day", "DAY", leaf.Ends, false, ""},
	{"CiscoTimestamp", "CISCOTIMESTAMP", leaf.Ends, false, ""},
	{"CiscoAction", "CISCO_ACTION", leaf.Ends, false, ""},
	{"HTTPDErrorDate", "HTTPDERROR_DATE", leaf.Ends, false, ""},
	{"NginxErrorDate", "NGINX_ERROR_DATE", leaf.Ends, false, ""},
	{"TomcatTimestamp", "CATALINA8_DATESTAMP", leaf.Ends, false, ""},
	{"MAC", "MAC", leaf.Ends, false, ""},
	{"Number", "BASE10NUM", leaf.First, false, ""},
}

// sources returns the trees of leaves.
func sources(tb testing.TB) []leaf.Source {
	tb.Helper()
	lib := patterns.NewLibrary(true)
	var list []leaf.Source
	for _, l := range leaves {
		x, err := lib.Expand("%{"+l.grok+"}", true)
		if err != nil {
			tb.Fatalf("expand %s: %v", l.grok, err)
		}
		n := decided(parse(tb, x.Text), l.mode)
		expr := "%{" + l.grok + "}"
		if l.before != "" {
			expr += "(?=" + l.before + ")"
			look := &syntax.Node{Op: syntax.Look, Subs: []*syntax.Node{parse(tb, l.before)}}
			n = &syntax.Node{Op: syntax.Seq, Subs: []*syntax.Node{n, look}}
		}
		list = append(list, leaf.Source{Name: l.name, Expr: expr, Node: n, Mode: l.mode, Numeric: l.numeric})
	}
	return list
}

// parse returns the tree of expr, in which plain parentheses are no groups.
func parse(tb testing.TB, expr string) *syntax.Node {
	tb.Helper()
	tree, err := syntax.Parse("(?<x>"+expr+")", syntax.Options{})
	if err != nil {
		tb.Fatalf("parse %s: %v", expr, err)
	}
	return tree.Root.Subs[0]
}

// decided returns n as it is between neighbours that leave nothing to look at, which is the usual case (an address before
// a blank need not look whether a digit follows): without anything that has no width, except for look-aheads at the next
// byte that are not the last of n. If mode is First, and n is an atomic group, it is the operand.
func decided(n *syntax.Node, mode leaf.Mode) *syntax.Node {
	n = strip(n, true)
	if mode == leaf.First && n.Op == syntax.Atomic {
		return n.Subs[0]
	}
	return n
}

func strip(n *syntax.Node, last bool) *syntax.Node {
	switch n.Op {
	case syntax.WordBoundary, syntax.NotWordBoundary, syntax.LineStart, syntax.LineEnd:
		return &syntax.Node{Op: syntax.Empty}
	case syntax.Look:
		if last || n.Behind || n.Subs[0].Op != syntax.OneOf {
			return &syntax.Node{Op: syntax.Empty}
		}
	}
	m := *n
	m.Subs = nil
	for i, s := range n.Subs {
		s = strip(s, last && n.Op != syntax.Repeat && (n.Op != syntax.Seq || i == len(n.Subs)-1))
		if s.Op != syntax.Empty || n.Op != syntax.Seq {
			m.Subs = append(m.Subs, s)
		}
	}
	if n.Op == syntax.Seq && len(m.Subs) == 1 {
		return m.Subs[0]
	}
	return &m
}

// TestGenerated sees that the generated files are what the patterns and the generator make today. With -update it writes them.
func TestGenerated(t *testing.T) {
	files, err := leaf.Generate(sources(t))
	if err != nil {
		t.Fatal(err)
	}
	have, err := filepath.Glob("zz_*_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for _, name := range have {
			if files[name] == nil {
				if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
		}
		for name, text := range files {
			if err := os.WriteFile(name, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	slices.Sort(have)
	if want := slices.Sorted(maps.Keys(files)); !slices.Equal(have, want) {
		t.Fatalf("found the files %v, expected %v; run go generate ./internal/regex/leaf", have, want)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what is generated now; run go generate ./internal/regex/leaf", name)
		}
	}
}
