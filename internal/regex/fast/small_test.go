package fast

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"sluice/internal/regex/syntax"
)

// small makes expressions and subjects of so few characters that whatever can meet does.
type small struct {
	*rand.Rand
	groups int
}

func (g *small) of(texts ...string) string { return texts[g.IntN(len(texts))] }

func (g *small) char() string {
	return g.of("a", "b", `\.`, "a", "[ab]", "[a.]", "[^a]", ".", "[ab]", " ", "é", "[aé]", `\w`, `\S`)
}

func (g *small) quantifier() string {
	return g.of("*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{2,}", "{0,2}?", "*", "+")
}

func (g *small) atom(depth int) string {
	if depth == 0 {
		return g.char()
	}
	switch g.IntN(14) {
	case 0, 1:
		return "(?:" + g.alternatives(depth-1) + ")" + g.of("", g.quantifier())
	case 2:
		g.groups++
		return fmt.Sprintf("(?<g%d>%s)", g.groups, g.alternatives(depth-1)) + g.of("", "", g.quantifier())
	case 3:
		return "(?>" + g.alternatives(depth-1) + ")" + g.of("", "", g.quantifier())
	case 4:
		return g.of("(?=", "(?!") + g.alternatives(depth-1) + ")"
	case 5:
		return g.of("(?<=", "(?<!") + g.of(g.char(), g.char()+g.char(), g.char()+"|"+g.char()+g.char()) + ")"
	case 6:
		return g.of(`\b`, `\B`, "^", "$", `\A`, `\z`, `\Z`)
	case 7: // words with separators
		word := g.char() + g.of("*", "+", g.char()+"*", g.char()+"+")
		sep := g.of(`\.`, " ", "b", g.char())
		return g.of("(?:"+word+sep+")*"+word, word+"(?:"+sep+word+")*", "(?:"+word+sep+")*"+g.char()+"*")
	default:
		return g.char() + g.of("", "", g.quantifier())
	}
}

func (g *small) sequence(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(4) {
		b.WriteString(g.atom(depth))
	}
	return b.String()
}

func (g *small) alternatives(depth int) string {
	subs := []string{g.sequence(depth)}
	for g.IntN(3) == 0 {
		subs = append(subs, g.of(g.sequence(depth), g.sequence(depth), ""))
	}
	return strings.Join(subs, "|")
}

func (g *small) subject() string {
	var b strings.Builder
	for range g.IntN(9) {
		b.WriteString(g.of("a", "b", ".", "a", "b", "a.b", " ", "é", "\n", "\xc3"))
	}
	return b.String()
}

// SMALL=N makes N expressions instead of the few that time allows.
func TestSmallAlphabet(t *testing.T) {
	n := 1200
	if s := os.Getenv("SMALL"); s != "" {
		if _, err := fmt.Sscan(s, &n); err != nil {
			t.Fatal(err)
		}
	}
	answers := 0
	g := &small{Rand: rand.New(rand.NewPCG(uint64(n), 3))}
	for range n {
		g.groups = 0
		expr := g.alternatives(2)
		tree, err := syntax.Parse(expr, syntax.Options{})
		if err != nil {
			continue
		}
		subjects := make([]string, 8)
		for i := range subjects {
			subjects[i] = g.subject()
		}
		answers += check(t, tree, subjects)
	}
	if answers < 10*n {
		t.Errorf("only %d answers were compared", answers)
	}
}

func FuzzSmallAlphabet(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := &small{Rand: rand.New(rand.NewPCG(seed, 5))}
		tree, err := syntax.Parse(g.alternatives(2), syntax.Options{})
		if err != nil {
			return
		}
		check(t, tree, []string{g.subject(), g.subject(), g.subject(), g.subject() + g.subject()})
	})
}
