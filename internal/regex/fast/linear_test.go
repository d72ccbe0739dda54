package fast

import (
	"errors"
	"strings"
	"testing"

	"sluice/internal/regex/regextest"
	"sluice/internal/regex/syntax"
)

// maxPerByte is how many steps (instructions, and bytes looked at) a machine may take for each byte of a text, with Match and
// Continue together. What it takes of usual expressions is about one.
const maxPerByte = 150

// stepsOf returns the steps that p takes for s.
func stepsOf(p *Program, s string) int {
	m, caps := p.NewMachine(), make([]int32, p.slots)
	if m.Match(s, caps) == GaveUp {
		m.Continue(s, caps)
	}
	return m.Steps()
}

// far are expressions whose way forward is short, but that look far ahead at each step, and succeed.
var far = []struct{ expr, text, last string }{
	{`(?:\d+\.\d+|\d)*$`, "1", ""},
	{`(?:\d+\.\d+|\d)*x`, "1", ""},
	{`(?:a(?=a*c))*c$`, "a", "c"},
	{`(?:a(?=.*c))*$`, "a", "c"},
	{`(?:a(?=[a-z]*c))*$`, "a", "c" + strings.Repeat("z", 4000)},
	{`(?:a(?=.*?c))*$`, "a", "c"},
	{`(?:a(?!.*b))*$`, "a", "c"},
	{`(?:(?<x>a)(?=a*c))*c$`, "a", "c"},
	{`(?>[a-z]+=|[a-z])*$`, "a", ""},
	{`(?>[a-z]+=|(?<x>[a-z]))*$`, "a", ""},
	{`(?:[a-z]*[0-9]|a)*$`, "a", ""},
	{`(?:\([^)]*\)|.)*$`, "(", ""},
	{`(?:\([^)]*\)|(?<x>.))*$`, "(", ""},
	{`(?:%{[^}]*}|%|{)*$`, "%{", ""},
	{`(?>a*?b|a)*c`, "a", ""},
	{`(?:[a-z]*?b)*c`, "b", ""},
	{`(?:[a-z]*?b)*c`, "b", strings.Repeat("z", 4000)},
	{`(?:[a-z]*?a\b)*c`, "ab", ""},
	{`(?:.*?a)*c`, "a", strings.Repeat("z", 4000)},
	{`(?:(?>[a-z]*b)|a)*$`, "a", ""},
	{`(?:é+x|é)*$`, "é", ""},
	{`(?:(?:é|a)+x|é|a)*$`, "é", ""},
	{`(?:\d+\.\d+|\d|é)*$`, "1é", ""},
	{`(?:(?:a*?,)+b|a)*$`, "a,", ""},
	{`(?:\w+\s+)*!`, "ab cd ", ""},
	{`^(?:a|a)*$`, "a", "!"},
	{`(?:.*a){20}$`, "a", "!"},
	{`.*?.*?.*?.*?.*?=`, "a", ""},
	{`(?:(?=(?:a*b)*c)a*b)*d`, "ab", ""},
	{`(?:(?=(?:a*b)*c)a*b)*d`, "ab", "c"},
	{`(?:(?!(?:a*b)*c)a*b)*d`, "ab", ""},
	{`(?:"[^"]*"|[^"])*,;`, `"a",`, ""},
	{`^(?:[^,]*,)*[^,]*;$`, "a,", ""},
	{`(?:a{1,60}){1,60}b`, "a", ""},
}

// What a machine does is bounded by the length of the text: for expressions that need far more, for usual and for random
// ones. Nothing is timed: the machine counts, if it is built for that.
func TestLinear(t *testing.T) {
	if !Counted {
		t.Skip("only builds with the race detector count")
	}
	for _, c := range far {
		tree := parse(t, c.expr)
		for _, mode := range modes {
			p, err := compile(tree, mode.opt)
			if errors.Is(err, ErrUnsupported) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range []int{8 << 10, 32 << 10} {
				s := strings.Repeat(c.text, n/len(c.text)) + c.last
				if steps := stepsOf(p, s); steps > maxPerByte*len(s) {
					t.Errorf("%s, %s: %d steps for each of %d bytes", c.expr, mode.name, steps/len(s), len(s))
					break
				}
			}
		}
	}
}

// Each text is made long by repeating it.
func TestLinearRandom(t *testing.T) {
	if !Counted {
		t.Skip("only builds with the race detector count")
	}
	g := regextest.Seeded(11, regextest.Options{Mode: regextest.Fast, Invalid: true})
	for range 150 {
		c := g.Next()
		tree, err := syntax.Parse(c.Expr, syntax.Options{})
		if err != nil {
			continue
		}
		p, err := Compile(tree)
		if err != nil {
			continue
		}
		for _, s := range c.Subjects {
			for _, n := range []int{2 << 10, 8 << 10} {
				long := strings.Repeat(s, n/(len(s)+1))
				if steps := stepsOf(p, long); steps > maxPerByte*(len(long)+100) {
					t.Errorf("%s on %q: %d steps for each of %d bytes", c.Expr, s, steps/len(long), len(long))
				}
			}
		}
	}
}

// TestNests compiles repeats of repeats, 40 deep: what works on each of them twice does not come to an end here.
func TestNests(t *testing.T) {
	const deep = 40
	for _, core := range []string{"$", "(?=a)b", "a$|b"} {
		for _, wrap := range []string{"(?:", "(?:b|", "(?:c|b|"} {
			for _, repeat := range []string{"*", "{2}", "+?"} {
				expr := strings.Repeat(wrap, deep) + core + strings.Repeat(")"+repeat, deep)
				tree, err := syntax.Parse(expr, syntax.Options{})
				if err != nil {
					t.Fatalf("%s: %v", expr, err)
				}
				if _, err := Compile(tree); err != nil && !errors.Is(err, ErrUnsupported) {
					t.Errorf("%s: %v", expr, err)
				}
			}
		}
	}
}
