package syntax_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"sluice/internal/regex/syntax"
)

// Hostile expressions get an answer, and memory that is in proportion to the limits, whatever their size.
func TestLimits(t *testing.T) {
	f := func(name, expr, want string) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tree, err := syntax.Parse(expr, syntax.Options{})
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 400 {
			t.Errorf("%s: found %d MiB allocated, expected at most 400", name, used)
		}
		switch {
		case err == nil && want != "":
			t.Errorf("%s: found a tree, expected an error with %q", name, want)
		case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: found error %v, expected %q", name, err, want)
		case err == nil:
			checkTree(t, tree)
		}
	}
	repeat := strings.Repeat
	f("size", repeat("a", 1<<20+1), "of 1048577 bytes")
	const size = 270000
	f("text", repeat("a", size), "")
	f("dots", repeat(".", size), "operations")
	f("parentheses", repeat("(", size), "inside of each other")
	f("closed parentheses", repeat("(?:", 999)+repeat(")", 999), "")
	f("look-behinds", repeat("(?<=", 900)+repeat(")", 900), "")
	f("brackets", repeat("[", size), "inside of each other")
	f("options", repeat("(?i)", size/4), "inside of each other")
	f("repeats", "a"+repeat("*", size-1), "inside of each other")
	f("intervals", "a"+repeat("{2}", 1001), "inside of each other")
	f("alternatives", repeat("|", size), "operations")
	f("groups", repeat("()", 40000), "more than 32767 groups")
	f("names", repeat("(?<x>)", 30000)+`\k<x>`, "")
	f("properties", repeat(`\p{L}`, size/5), "")
	f("brackets with properties", repeat(`[\p{L}]`, 4000), "ranges")
	f("folded brackets", "(?i)"+repeat(`[\W]`, size/4-4), "operations")
	f("folded text", "(?i)"+repeat("s", size), "operations")
	f("a chain", "(?i)"+repeat("s", 100), "")
	f("folded classes", "(?i)"+repeat(`[ßx]`, size/4), "operations")
	f("escaped text", repeat(`\x41`, size/4), "")
	f("comments", repeat("(?#)", size/4), "")
	f("blanks", "(?x)"+repeat(" ", size-4), "")
	f("conditions", "(a)"+repeat("(?(1)a|b)", 100000), "operations")
	f("back-references", "(a)"+repeat(`\1`, size), "operations")
	f("calls", "(a)"+repeat(`\g<1>`, 2000), "calls")
	f("unclosed", repeat("(?#", size/3), "comment")
	f("distant ends of posix brackets", "[["+repeat("[:a", 800)+repeat("b", 100000)+":]", "without an end")
	f("posix brackets", "["+repeat("[:a", size/3-20)+repeat("b", 30)+":]]", "")
	f("many properties in a bracket", "["+repeat(`\p{L}`, size/5-10)+"]", "ranges")
	f("complements", repeat(`\P{L}`, size/5), "")
	f("folded properties", "(?i)"+repeat(`\p{Greek}`, size/9-1), "operations")
	f("far names", repeat("(?<x>)", 30000)+"(?<y>)"+repeat(`\k<y>`, 100000), "")
	f("far names of many", repeat("(?<x>)", 30000)+repeat(`\k<x>`, 100000), "ranges")
	f("posix", repeat("[[:a", size/4), "inside of each other")

	// Calls of calls, which would be many if they were followed one by one.
	var s strings.Builder
	for i := range 400 {
		fmt.Fprintf(&s, `(?<a%d>x|\g<a%d>\g<a%d>)`, i, i+1, i+1)
	}
	s.WriteString("(?<a400>x)")
	f("doubling calls", s.String(), "")
	s.Reset()
	for i := range 400 {
		fmt.Fprintf(&s, `(?<a%d>x\g<a%d>\g<a%d>)`, i, i+1, i+1)
	}
	s.WriteString(`(?<a400>x|y\g<a0>)(?<=\g<a399>)`)
	f("a ring of calls", s.String(), "look-behind")
	s.Reset()
	for i := range 900 {
		fmt.Fprintf(&s, `(?<a%d>x\g<a%d>|`, i, (i+1)%900)
	}
	f("calls of nested groups", s.String()+"y"+repeat(")", 900), "")
}
